"""Tokenizers of pre-trained models: ids as those of `AutoTokenizer`, special tokens, folders with and without files."""

import json

import numpy as np
import pytest
from tokenizers import Tokenizer as Engine
from tokenizers import decoders, models, pre_tokenizers, processors

from tests.pretrained_folders import vocabulary, write_model, write_settings, write_tokenizer
from weft.config import Config, validated
from weft.errors import ConfigError
from weft.text.tokenizers.base import Frame
from weft.text.tokenizers.choices import TokenizerChoice
from weft.text.tokenizers.pretrained import PretrainedTokenizerConfig

TEXTS = [
    "The film is not good, and I hate it!",
    "这部电影很好看，演员真棒。",
    "good电影 ＧＯＯＤ　Ünseen\tit\nis",
    "",
    "e" * 150,
    "GPT-4o 👍🏽 ##s \x00 don't",
]


class Settings(Config):
    tokenizer: TokenizerChoice


def read(folder, **settings):
    return PretrainedTokenizerConfig(folder=str(folder), **settings).learn([])


def rows(tokenizer, texts):
    encoded = tokenizer.encode(texts)
    assert encoded.values_NW.dtype == np.int32
    return [row.tolist() for row in np.split(encoded.values_NW[:, 0], np.cumsum(encoded.lengths_R)[:-1])]


def write_vocab(folder, **settings):
    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary()) + "\n", encoding="utf-8")
    if settings:
        write_settings(folder, **settings)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    write_model(folder)
    return folder


def write_bytes(folder):
    """A tokenizer as RoBERTa's: over bytes, two separators between texts, padding numbered 1."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "<mask>"]
    engine = Engine(models.BPE({piece: number for number, piece in enumerate(pieces)}, [], unk_token="<unk>"))
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    engine.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    engine.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    engine.save(str(folder / "tokenizer.json"))
    roles = {"bos": "<s>", "cls": "<s>", "sep": "</s>", "eos": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
    given = {f"{role}_token": token for role, token in roles.items()}
    (folder / "special_tokens_map.json").write_text(json.dumps(given), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}', encoding="utf-8")


def test_ids_are_those_of_transformers(bert):
    from transformers import AutoTokenizer

    theirs, ours = AutoTokenizer.from_pretrained(bert), read(bert)
    assert rows(ours, TEXTS) == [theirs(text, add_special_tokens=False)["input_ids"] for text in TEXTS]
    assert ours.frame == Frame(before=(2,), between=(3,), after=(3,))
    for role in ("pad", "unk", "cls", "sep", "mask"):
        assert ours.special(f"{role}_token") == getattr(theirs, f"{role}_token_id")
    assert ours.special("bos_token") is None
    assert ours.encode(["the 鱻"]).unknown == 1


def test_ids_over_bytes_are_those_of_transformers(tmp_path):
    from transformers import AutoTokenizer

    write_bytes(tmp_path)
    theirs, ours = AutoTokenizer.from_pretrained(tmp_path), read(tmp_path)
    assert rows(ours, TEXTS) == [theirs(text, add_special_tokens=False)["input_ids"] for text in TEXTS]
    assert ours.frame == Frame(before=(0,), between=(2, 2), after=(2,))
    assert ours.frame.room(1) == 2
    assert ours.frame.room(2) == 4
    assert (ours.special("pad_token"), ours.special("mask_token")) == (1, theirs.mask_token_id)
    assert ours.encode(TEXTS).unknown == 0


@pytest.mark.parametrize(
    "settings", [{}, {"do_lower_case": False}, {"tokenize_chinese_chars": False}, {"strip_accents": False}], ids=str
)
def test_a_vocabulary_alone_makes_a_bert(settings, tmp_path):
    from transformers import BertTokenizer

    write_vocab(tmp_path, **settings)
    theirs, ours = BertTokenizer.from_pretrained(tmp_path), read(tmp_path)
    assert rows(ours, TEXTS) == [theirs(text, add_special_tokens=False)["input_ids"] for text in TEXTS]
    assert ours.frame == Frame((2,), (3,), (3,))
    assert ours.special("mask_token") == 4


def test_texts_spell_no_special_token(bert):
    ours = read(bert)
    found = rows(ours, ["[SEP] [PAD]"])[0]
    assert not {0, 2, 3} & set(found)


def test_half_a_surrogate_pair_is_unknown(bert):
    assert rows(read(bert), ["the \ud83d"])[0][0] == vocabulary().index("the")


def test_texts_may_be_normalized_before(bert):
    ours = read(bert, normalize={"unicode": "NFKC"})
    assert rows(ours, ["ＧＯＯＤ"]) == rows(ours, ["good"])
    assert rows(read(bert), ["ＧＯＯＤ"]) != rows(read(bert), ["good"])


def test_saved_is_loaded_without_the_folder(bert, tmp_path):
    ours = read(bert)
    ours.save(tmp_path)
    again = PretrainedTokenizerConfig(folder="gone").load(tmp_path)
    assert again.sizes == ours.sizes == (len(vocabulary()),)
    assert list(again.pieces) == list(ours.pieces) == vocabulary()
    assert rows(again, TEXTS) == rows(ours, TEXTS)
    assert (again.frame, again.roles) == (ours.frame, ours.roles)


def test_a_config_survives_being_written():
    held = Settings(tokenizer={"kind": "pretrained", "folder": "./模型"})
    assert validated(Settings, held.model_dump(mode="json")) == held
    assert held.tokenizer.describe() == "that of ./模型"
    changed = PretrainedTokenizerConfig(folder="./bert", normalize={"script": "simplified"})
    assert "script simplified" in changed.describe()


def damaged(folder):
    write_tokenizer(folder)
    (folder / "tokenizer.json").write_text("{", encoding="utf-8")


def no_settings(folder):
    write_tokenizer(folder)
    (folder / "tokenizer_config.json").write_text("{", encoding="utf-8")


def no_bert(folder):
    (folder / "vocab.txt").write_text("the\n的\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (damaged, "cannot be read"),
        (no_settings, "is not JSON"),
        (no_bert, r"has no `\[UNK\]`"),
        (lambda folder: None, r"no tokenizer\.json.*\n.*save_pretrained"),
        (lambda folder: folder.rmdir(), "there is no such folder"),
    ],
)
def test_folders_that_cannot_be_read(made, said, tmp_path):
    folder = tmp_path / "模型"
    folder.mkdir()
    made(folder)
    with pytest.raises(ConfigError, match=said) as caught:
        read(folder)
    assert "模型" in caught.value.where
