"""Attention to look at: weights that add up over pieces that can be read, of every decoder that has any."""

import json
from types import SimpleNamespace

import pytest
import torch

from weft.config import overridden, validated
from weft.data.examples.source_target import SourceTarget
from weft.evaluation.attention_maps import END, attention_maps, readable, write_attention_maps
from weft.run import RunConfig
from weft.text.tokenizers.subwords import BpeTokenizerConfig, BytesTokenizerConfig

PAIRS = [
    ("A red car stops here.", "一辆红车停在这里。"),
    ("Two cars are red.", "两辆车是红的。"),
    ("It is ten past three.", "现在三点十分。"),
]
EXAMPLES = [SourceTarget(source, (target,)) for source, target in PAIRS]
SMALL = {
    "transformer": ["task.decoder.width=8", "task.decoder.heads=2", "task.decoder.feed_forward=8"],
    "gru": ["task.decoder.width=8", "task.decoder.hidden=8"],
    "lstm": ["task.decoder.width=8", "task.decoder.hidden=8", "task.decoder.feeding=attended"],
}


pytestmark = pytest.mark.usefixtures("one_thread")


def made(decoder, *sets):
    settings = {"data": {"train": "-"}, "task": {"kind": "seq2seq", "decoder": {"kind": decoder}}}
    config = validated(RunConfig, overridden(settings, [*SMALL[decoder], *sets]))
    task = config.task.learn(EXAMPLES)
    torch.manual_seed(0)
    return task, task.build_model()


def looked(task, model, texts=None):
    answers = [SimpleNamespace(text=text) for text in (texts or [target for _, target in PAIRS])]
    return attention_maps(task, model, examples=EXAMPLES, answers=answers)


@pytest.mark.parametrize("decoder", SMALL)
def test_each_piece_looks_once(decoder, tmp_path):
    task, model = made(decoder)
    found = looked(task, model.train())
    assert model.training
    assert found
    for one in found:
        source, target = next(
            pair for pair in PAIRS if pair[0].split()[0] == one.source[0] or pair[0][0] == one.source[0]
        )
        assert "".join(one.source[:-1]) == source.replace(" ", "")
        assert "".join(one.target[:-1]) == target
        assert one.source[-1] == one.target[-1] == END
        weights_TS = torch.tensor(one.weights_TS)
        assert weights_TS.shape == (len(one.target), len(one.source))
        torch.testing.assert_close(weights_TS.sum(1), torch.ones(len(one.target)), atol=0.02, rtol=0)
    write_attention_maps(tmp_path / "attention.json", found)
    assert json.loads((tmp_path / "attention.json").read_text(encoding="utf-8"))[0]["target"] == found[0].target


def test_bytes_are_joined_and_their_weights_too():
    task, model = made("transformer", "task.tokenizer.kind=bytes", "task.tokenizer.size=258")
    one = looked(task, model, ["车红", "", ""])[0]
    assert one.target == ["车", "红", END]
    assert all(abs(sum(row) - 1) < 0.03 for row in one.weights_TS)


def test_without_attention_there_is_nothing_to_look_at(tmp_path):
    assert looked(*made("gru", "task.decoder.attention=none")) == []
    assert looked(*made("gru"), ["", "", ""]) == []
    write_attention_maps(tmp_path / "attention.json", [])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("config", [BpeTokenizerConfig(size=300), BytesTokenizerConfig(size=300)])
@pytest.mark.parametrize("text", ["A red car 红车 😀 stops", "红车。", "a"])
def test_readable_pieces_are_the_text(config, text):
    tokenizer = config.learn([text, *(one for pair in PAIRS for one in pair)])
    ids = tokenizer.encode([text]).values_NW[:, 0].tolist()
    pieces, first = readable(tokenizer, ids)
    assert len(pieces) == len(first)
    assert first == sorted(set(first))
    assert first[0] == 0
    assert "".join(pieces).replace("␣", "") == tokenizer.decode([ids])[0].replace(" ", "")
