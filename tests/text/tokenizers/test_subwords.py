"""Subwords of four kinds: learned twice the same, joined again the text, in English and Chinese."""

import subprocess
import sys

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.config import validated
from weft.errors import ConfigError
from weft.text.normalize import NormalizeConfig, normalize
from weft.text.tokenizers.subwords import (
    BpeTokenizerConfig,
    BytesTokenizerConfig,
    UnigramTokenizerConfig,
    WordpieceTokenizerConfig,
)
from weft.text.tokenizers.vocab import PAD, UNKNOWN

TEXTS = ["the film is good", "the good film", "这部电影很好看", "电影不好看!", ""] * 5
BPE = BpeTokenizerConfig(size=60).learn(TEXTS)
KINDS = {
    kind.model_fields["kind"].default: kind
    for kind in (BpeTokenizerConfig, WordpieceTokenizerConfig, UnigramTokenizerConfig, BytesTokenizerConfig)
}
LEARNED = {name: kind(size=300).learn(TEXTS) for name, kind in KINDS.items()}
KEPT = NormalizeConfig(unicode="NFC", case="keep", space="keep")
LINES = ["  The film\r\n\r\nis  good ", "这部电影\n很好看！\n", "▁ a\tb\n 好"] * 5
LEARNED_KEPT = {name: kind(size=300, normalize=KEPT).learn([*TEXTS, *LINES]) for name, kind in KINDS.items()}
every = pytest.mark.parametrize("kind", KINDS)


def ids(text, tokenizer=BPE):
    return tokenizer.encode([text]).values_NW[:, 0].tolist()


def pieces(text, tokenizer=BPE):
    return [tokenizer.pieces[number] for number in ids(text, tokenizer)]


def test_frequent_words_are_one_piece():
    assert pieces("The FILM　good") == ["▁the", "▁film", "▁good"]
    assert "电影" in pieces("看电影")


known = st.text(st.sampled_from("thefilmisgood 这部电影很好看!"))


@every
@settings(deadline=None, max_examples=60)
@given(text=known)
def test_joining_the_pieces_gives_back_the_text(kind, text):
    text = normalize([text], NormalizeConfig())[0]
    assert LEARNED[kind].decode([ids(text, LEARNED[kind])]) == [text]
    assert LEARNED[kind].engine.decode(ids(text, LEARNED[kind])) == text


@pytest.mark.parametrize("kind", ["bpe", "unigram", "bytes"])
@settings(deadline=None, max_examples=100)
@given(text=st.text(st.sampled_from("Tefilmsgoodab▁\t\r\n  这部电影很好看！")))
def test_white_space_that_is_kept_comes_back(kind, text):
    encoded = LEARNED_KEPT[kind].encode([text, f"{text} "])
    assert encoded.unknown == 0
    rows = np.split(encoded.values_NW[:, 0], encoded.lengths_R[:1])
    assert LEARNED_KEPT[kind].decode(rows) == normalize([text, f"{text} "], KEPT)
    assert LEARNED_KEPT[kind].engine.decode(rows[0].tolist()) == normalize([text], KEPT)[0]


@every
def test_white_space_is_kept_in_wordpieces_too(kind):
    assert LEARNED_KEPT[kind].decode([ids(text, LEARNED_KEPT[kind]) for text in LINES]) == normalize(LINES, KEPT)


@every
def test_a_line_break_is_a_piece_of_its_own_where_it_is_kept(kind):
    learned = LEARNED_KEPT[kind]
    new_line = [number for number in range(2, learned.sizes[0]) if b"\n" in b"".join(learned.spell([number]))]
    assert len(new_line) == 1
    assert ids("film\n\n 好\n", learned).count(new_line[0]) == 3


@every
def test_a_text_in_parts_is_the_parts_of_the_text_where_white_space_is_kept(kind):
    """So what a model writes after a prompt is joined to it without a look at either."""
    learned = LEARNED_KEPT[kind]
    first, second = ids("The film is\n", learned), ids(" 这部电影 good", learned)
    assert "".join(learned.decode([first, second])) == learned.decode([first + second])[0]


@every
def test_padding_is_left_out_and_the_unknown_is_seen(kind):
    learned = LEARNED[kind]
    good, film = ids("good", learned), ids("the film", learned)
    assert learned.decode([[PAD, *good, PAD, PAD], [], [PAD], film]) == ["good", "", "", "the film"]
    assert learned.decode([[UNKNOWN, *good]]) == ["\ufffd good" if kind != "bytes" else "\ufffdgood"]


def test_a_block_for_a_space_is_read_as_one_where_white_space_is_one():
    texts = ["the▁film", "▁the film"]
    assert BPE.decode([ids(text) for text in texts]) == ["the film"] * 2
    assert LEARNED["bytes"].decode([ids(text, LEARNED["bytes"]) for text in texts]) == texts


@settings(deadline=None, max_examples=60)
@given(data=st.binary())
def test_bytes_that_are_no_text_are_replaced(data):
    single = {bytes(*LEARNED["bytes"].spell([number])): number for number in range(2, LEARNED["bytes"].sizes[0])}
    assert set(single) >= {bytes([byte]) for byte in range(256)}
    row = [single[bytes([byte])] for byte in data]
    assert LEARNED["bytes"].decode([row]) == [data.decode("utf-8", "replace")]


@settings(deadline=None, max_examples=100)
@given(text=st.text(st.characters(codec="utf-8")))
def test_bytes_know_every_text(text):
    text = normalize([text], NormalizeConfig())[0]
    encoded = LEARNED["bytes"].encode([text])
    assert encoded.unknown == 0
    assert LEARNED["bytes"].decode([encoded.values_NW[:, 0]]) == [text]


def test_no_piece_spans_han_and_other_scripts_or_punctuation():
    learned = BpeTokenizerConfig(size=200).learn(["好看good!好看good!"] * 9)
    learned_pieces = set(learned.engine.get_vocab()) - {"<pad>", "<unknown>"}
    assert {"好看", "good", "!"} <= learned_pieces
    for piece in learned_pieces:
        assert regex.fullmatch(r"\p{Han}+|\p{P}|[^\p{Han}\p{P}]+", piece)


def test_unseen_characters_are_unknown_one_by_one():
    encoded = BPE.encode(["the 龘龘"])
    assert encoded.values_NW[:, 0].tolist().count(UNKNOWN) == encoded.unknown == 2


@every
def test_a_text_that_spells_the_padding_has_none(kind):
    spelled = KINDS[kind](size=400).learn([*TEXTS, "the <pad> film<pad> <unknown> 很<pad>"])
    for text in ("the <pad> film<pad>", "<pad>", "<unknown>", "很<pad>好<unknown>"):
        assert not {PAD, UNKNOWN} & set(ids(text, spelled))
        assert spelled.decode([ids(text, spelled)]) == [text]


def test_sizes_and_types():
    encoded = BPE.encode(TEXTS)
    assert BPE.sizes == (BPE.engine.get_vocab_size(),)
    assert BPE.sizes[0] <= 60
    assert encoded.values_NW.max() < BPE.sizes[0]
    assert encoded.values_NW.shape == (encoded.lengths_R.sum(), 1)
    assert encoded.lengths_R.tolist()[4::5] == [0] * 5


def test_no_texts():
    assert BPE.encode([]).values_NW.shape == (0, 1)
    assert BpeTokenizerConfig().learn([]).encode(["很好 a"]).unknown == len("▁很好") + len("▁a")


PRINTED = """
import sys
from weft.text.tokenizers import subwords
for kind in sys.argv[2:]:
    print(ascii(getattr(subwords, kind)(size=300).learn(sys.argv[1].split("|")).pieces))
"""


@pytest.fixture(scope="module")
def learned_elsewhere():
    """The pieces of each kind as two other processes learn them."""
    code = [sys.executable, "-c", PRINTED, "|".join(TEXTS), *(kind.__name__ for kind in KINDS.values())]
    printed = [subprocess.run(code, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    return [dict(zip(KINDS, one.splitlines(), strict=True)) for one in printed]


@every
def test_learned_in_another_process_is_the_same(kind, learned_elsewhere):
    # hash tables have another order in every process
    assert [one[kind] for one in learned_elsewhere] == [ascii(LEARNED[kind].pieces)] * 2


@every
def test_pieces_by_id(kind):
    learned = LEARNED[kind]
    assert learned.pieces[:2] == ["<pad>", "<unknown>"]
    assert len(learned.pieces) == learned.sizes[0] == len(set(learned.pieces))


def test_wordpieces_that_go_on_are_marked_and_a_han_character_stands_alone():
    learned = LEARNED["wordpiece"]
    assert pieces("the 电影", learned) == ["▁the", "▁", "电", "影"]
    assert pieces("film", WordpieceTokenizerConfig(size=20).learn(["film"])) == ["▁film"]
    assert pieces("filmed", WordpieceTokenizerConfig(size=90).learn(["film ed d e"] * 9))[-1].startswith("##")
    assert LEARNED["wordpiece"].encode(["龘好 the"]).unknown == 1


def test_unigram_takes_the_most_probable_pieces():
    learned = UnigramTokenizerConfig(size=20).learn(["aaab"] * 50 + ["ab"] * 50 + ["电影好"] * 50 + ["电影"] * 50)
    assert pieces("电影好", learned) in (["▁", "电影", "好"], ["▁", "电影好"])
    assert len(learned.pieces) <= 20
    assert pieces("b", learned)[-1] == "b"


def test_no_single_character_is_dropped():
    learned = UnigramTokenizerConfig(size=1).learn(TEXTS)
    assert learned.encode(TEXTS).unknown == 0
    assert {len(piece) for piece in learned.pieces[2:]} == {1}


@pytest.mark.parametrize("size", [257, 0])
def test_a_size_without_room_for_all_bytes_is_refused(size):
    with pytest.raises(ConfigError, match=r"size: .*258"):
        validated(BytesTokenizerConfig, {"size": size})


def test_described():
    assert BpeTokenizerConfig().describe() == "bpe"
    config = UnigramTokenizerConfig(size=4000, normalize=NormalizeConfig(case="keep", unicode="NFC"))
    assert config.describe() == "unigram, unicode NFC, case keep, size 4000"


def test_fewer_pieces_than_asked_for_are_explained():
    assert LEARNED["bpe"].counted == (
        f"vocabulary size {LEARNED['bpe'].sizes[0]} (of at most 300: the texts yield no more)"
    )
    assert BpeTokenizerConfig(size=40).learn(TEXTS).counted == "vocabulary size 40"


def test_a_size_below_one_is_refused():
    with pytest.raises(ConfigError, match="size"):
        validated(BpeTokenizerConfig, {"size": 0})
