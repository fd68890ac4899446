"""A language model in GPT-2's format: the same scores and the same ids as `transformers` reads them."""

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import weft
from weft.cli.export import command
from weft.config import validated
from weft.dataset import Examples
from weft.errors import ConfigError
from weft.export.gpt2 import export_gpt2
from weft.run import RunConfig, fit_in_memory
from weft.tasks.language_model import Document, LanguageModelConfig

TEXTS = [
    "The cat sat on the mat.",
    "春眠不覺曉，處處聞啼鳥。",
    "A dog ran home, and it rained.",
    "夜來風雨聲，花落知多少。",
]
GPT2 = {"kind": "gpt", "width": 8, "layers": 2, "heads": 2, "feed_forward": 12, "positions": "learned", "norm": "layer"}


def trained(tokenizer, **decoder):
    settings = {"kind": "language_model", "unit": "row", "context": 16, "tokenizer": tokenizer}
    task = validated(LanguageModelConfig, {**settings, "decoder": {**GPT2, "max_length": 64, **decoder}})
    passages = [Document(text) for text in TEXTS * 3]
    config = RunConfig(data=weft.DataConfig(train="texts.txt"), training=weft.TrainingConfig(epochs=1))
    return fit_in_memory(config, Examples(task, passages, passages[:2], [], []))


@pytest.mark.parametrize("kind", ["char", "bpe", "bytes"])
def test_transformers_gives_the_same_ids_and_scores(tmp_path, kind):
    transformers = pytest.importorskip("transformers")
    model = trained({"kind": kind, **({} if kind == "char" else {"size": 300})})
    export_gpt2(model, tmp_path / "gpt2")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "gpt2").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "gpt2")
    for text in [*TEXTS, "  Two\r\nlines，ｆｕｌｌ\tQ"]:
        ids = model.task.tokenizer.encode([text]).values_NW[:, 0]
        assert tokenizer(text, add_special_tokens=False).input_ids == ids.tolist()
        ids_BT = torch.from_numpy(np.concatenate([[model.task.end], ids]).astype(np.int64))[None]
        loaded = tokenizer(text, return_tensors="pt")
        assert loaded.input_ids.tolist() == ids_BT.tolist()
        with torch.no_grad():
            torch.testing.assert_close(theirs(**loaded).logits, model.network(ids_BT), atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(theirs(ids_BT).logits, model.network(ids_BT), atol=1e-5, rtol=1e-5)
    assert "`<|end|>` before them" in (tmp_path / "gpt2" / "README.md").read_text(encoding="utf-8")
    assert tokenizer.eos_token_id == model.task.end == theirs.config.eos_token_id


def test_what_is_no_gpt2_is_refused(tmp_path):
    model = trained({"kind": "char"}, positions="rotary", norm="rms")
    with pytest.raises(ConfigError, match="rotary ones and rms norms"):
        export_gpt2(model, tmp_path / "gpt2")
    words = trained({"kind": "word"})
    with pytest.raises(ConfigError, match="`word` has no form that other libraries read"):
        export_gpt2(words, tmp_path / "gpt2")
    assert not (tmp_path / "gpt2").exists()


def test_the_command_writes_no_folder_twice(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "config.json").write_text("{}", encoding="utf-8")
    result = CliRunner().invoke(command, ["run", "--output", str(tmp_path / "there")])
    assert "exists already" in str(result.exception)
