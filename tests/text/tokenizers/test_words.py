"""Tokenizers over pieces: each view says what it should of each position, from training texts alone."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.config import validated
from weft.errors import ConfigError
from weft.text.normalize import NormalizeConfig
from weft.text.segment import segment
from weft.text.tokenizers.vocab import PAD, UNKNOWN, VocabularyConfig
from weft.text.tokenizers.words import CharTokenizerConfig, MixedTokenizerConfig, WordTokenizerConfig

TEXTS = ["The film is good", "这部电影真好看", "a good 电影", "", "the film was not good, 不好看"]
VIEWS = ("bigram", "word", "prefix", "suffix")
ALL = VocabularyConfig(min_count=1)
KINDS = {"word": WordTokenizerConfig, "mixed": MixedTokenizerConfig, "char": CharTokenizerConfig}
MIXED = MixedTokenizerConfig(views=VIEWS, vocabulary=ALL).learn(TEXTS)


def pieces(text, unit="mixed"):
    return segment([text.lower()], unit).pieces


def ids(tokenizer, text, view=0):
    return tokenizer.encode([text]).values_NW[:, view].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_the_pieces_are_those_of_the_unit(kind):
    tokenizer = KINDS[kind](vocabulary=ALL).learn(TEXTS)
    known = tokenizer.known["piece"].pieces
    for text in TEXTS:
        assert [known[number] for number in ids(tokenizer, text)] == pieces(text, tokenizer.config.unit)


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_for_the_piece_and_each_view_each_below_its_size(kind):
    tokenizer = KINDS[kind](views=VIEWS, vocabulary=ALL).learn(TEXTS)
    encoded = tokenizer.encode([*TEXTS, "quite new, 从未见过"])
    assert encoded.values_NW.dtype == np.int32
    assert encoded.values_NW.shape == (encoded.lengths_R.sum(), 5)
    assert len(tokenizer.sizes) == 5
    assert (encoded.values_NW.max(0) < tokenizer.sizes).all()
    assert encoded.values_NW.min() >= 0


def test_word_prefix_and_suffix_views():
    text = "电影 goodness 新"
    known = [MIXED.known[view].pieces for view in ("word", "prefix", "suffix")]
    assert [known[0][number] for number in ids(MIXED, text, 2)] == ["电影", "电影", "<unknown>", "<unknown>"]
    assert [known[1][number] for number in ids(MIXED, text, 3)] == ["电", "影", "goo", "<unknown>"]
    assert [known[2][number] for number in ids(MIXED, text, 4)] == ["电", "影", "<unknown>", "<unknown>"]
    assert [known[2][number] for number in ids(MIXED, "mood a", 4)] == ["ood", "a"]


def test_unseen_pieces_are_unknown_and_unseen_pairs_are_nothing():
    encoded = MIXED.encode(["good banana 的"])
    assert encoded.values_NW[1:, 0].tolist() == [UNKNOWN, UNKNOWN]
    assert encoded.values_NW[:, 1].tolist() == [PAD, PAD, PAD]
    assert encoded.unknown == 2


def test_seen_pairs_have_a_number_each():
    pairs = {}
    for text in TEXTS:
        cut = pieces(text)
        for pair, number in zip(pairwise([*cut, None]), ids(MIXED, text, 1), strict=True):
            assert number > PAD
            assert pairs.setdefault(pair, number) == number
    assert len(set(pairs.values())) == len(pairs)
    assert ids(MIXED, "film good", 1)[0] == PAD


def test_the_last_position_never_pairs_with_the_next_text():
    first, second = "a good", "film is good"
    together = MIXED.encode([first, second]).values_NW[:, 1].tolist()
    assert together == ids(MIXED, first, 1) + ids(MIXED, second, 1)
    assert together[1] == ids(MIXED, "good", 1)[0]
    assert ids(MIXED, "film is", 1)[1] != ids(MIXED, second, 1)[1]


def test_rare_pieces_are_not_known():
    tokenizer = MixedTokenizerConfig(vocabulary=VocabularyConfig(min_count=2)).learn(TEXTS)
    assert ids(tokenizer, "good film was 好 部") == [
        *ids(tokenizer, "good film"),
        UNKNOWN,
        ids(tokenizer, "好")[0],
        UNKNOWN,
    ]
    assert UNKNOWN not in ids(tokenizer, "good film 好")


def test_a_text_without_pieces_has_length_zero():
    encoded = MIXED.encode(["", " \n", "很好", ""])
    assert encoded.lengths_R.tolist() == [0, 0, 2, 0]
    assert MIXED.encode([]).values_NW.shape == (0, 5)


words = st.sampled_from(["good", "film", "the", "new", "电影", "好看", "新", "!", " ", "  ", "3.5"])


@settings(deadline=None, max_examples=50)
@given(many=st.lists(st.lists(words).map(" ".join), max_size=6))
def test_many_as_one_by_one(many):
    together, alone = MIXED.encode(many), [MIXED.encode([text]) for text in many]
    assert together.lengths_R.tolist() == [int(one.lengths_R[0]) for one in alone]
    assert together.values_NW.tolist() == [row for one in alone for row in one.values_NW.tolist()]
    assert together.unknown == sum(one.unknown for one in alone)


# back to text

KEPT = NormalizeConfig(case="keep", unicode="NFC", space="keep")
CHARS = CharTokenizerConfig(vocabulary=ALL, normalize=KEPT).learn(
    ["春眠不觉晓，\n处处 闻啼鸟。\n", " The  film\t is good"]
)


@settings(deadline=None, max_examples=60)
@given(text=st.text(st.sampled_from("春眠不觉晓，。Thefilm \t\r\n")))
def test_characters_come_back_as_they_were(text):
    assert CHARS.decode([ids(CHARS, text)]) == [text.replace("\r\n", "\n").replace("\r", "\n")]


def test_words_are_spaced_to_be_read_whatever_the_views():
    row = MIXED.encode(["the film was good, 这部电影 NOT good"]).values_NW[:, 0]
    assert MIXED.decode([row, [PAD, *row[:2], PAD], []]) == ["the film was good,这部电影 not good", "the film", ""]
    word = WordTokenizerConfig(vocabulary=ALL, stop_words=("en",)).learn(TEXTS)
    assert word.decode([ids(word, "the film was not 好看 好看 banana")]) == ["film not 好看好看\ufffd"]


@pytest.mark.parametrize("kind", ["word", "mixed"])
def test_white_space_cannot_be_kept_between_words(kind):
    with pytest.raises(ConfigError, match="white space cannot be kept where texts are cut into words"):
        validated(KINDS[kind], {"normalize": {"space": "keep"}})


# letters


def spelled(tokenizer, text):
    """The ids of the letters at each position."""
    encoded = tokenizer.encode([text])
    words = np.split(encoded.letters.ids_N, np.cumsum(encoded.letters.lengths_U)[:-1])
    return [set(words[number].tolist()) for number in encoded.values_NW[:, -1]]


def runs(word, shortest, longest):
    """The runs of letters of a marked word, but for the whole of it."""
    marked = f"<{word}>"
    found = {marked[a:b] for a in range(len(marked)) for b in range(a + 1, len(marked) + 1)}
    return {run for run in found if shortest <= len(run) <= longest and run != marked} if len(word) > 1 else set()


SPELLED = {
    span: MixedTokenizerConfig(views=("letters", "bigram"), letters=span, vocabulary=ALL).learn(
        ["good goodness mood, 电影 woods", "a fil film films 好"]
    )
    for span in [(3, 6), (1, 2), (2, 2)]
}
spans = pytest.mark.parametrize("span", SPELLED)


@spans
def test_words_share_letters_as_they_share_runs(span):
    words = ["good", "goodness", "mood", "电", "影", "woods", "a", "fil", "film", "films", "好", ","]
    ids_of = {word: spelled(SPELLED[span], word)[0] for word in words}
    numbers = {}
    for one in words:
        assert len(ids_of[one]) == len(runs(one, *span))
        for other in words:
            assert len(ids_of[one] & ids_of[other]) == len(runs(one, *span) & runs(other, *span))
        numbers |= dict.fromkeys(ids_of[one])
    assert sorted(numbers) == list(range(1, SPELLED[span].sizes[-1]))


def test_a_word_that_training_never_saw_has_the_letters_that_it_saw():
    tokenizer = SPELLED[3, 6]
    (found,) = spelled(tokenizer, "moods")
    assert ids(tokenizer, "moods") == [UNKNOWN]
    known = spelled(tokenizer, "good goodness mood woods fil film films")
    assert found == set().union(*(one & found for one in known))
    assert known[2] & found
    assert len(found) == len(runs("moods", 3, 6) & set().union(*(runs(w, 3, 6) for w in ("mood", "woods", "good"))))
    assert spelled(tokenizer, "xyz 新 ！") == [set(), set(), set()]
    assert tokenizer.encode(["xyz 新"]).values_NW[:, -1].tolist() == [0, 0]


def test_rare_letters_are_not_known():
    """Counted at every position: twice in one word that stands twice, never in a word that only a view shows."""
    config = MixedTokenizerConfig(views=("word", "letters"), vocabulary=VocabularyConfig(min_count=2))
    tokenizer = config.learn(["film film good 电影", "电影 mood"])
    found = spelled(tokenizer, "film good 电影")
    assert [len(one) for one in found] == [len(runs("film", 3, 6)), len({"ood", "od>", "ood>"}), 0, 0]
    assert tokenizer.sizes[-1] == len(runs("film", 3, 6)) + 3 + 1


def test_letters_are_kept_once_for_each_distinct_word():
    encoded = SPELLED[3, 6].encode(["good 电影 good", "film good"] * 50)
    assert len(encoded.letters.lengths_U) == 3
    assert encoded.values_NW[:5, -1].tolist() == [1, 0, 0, 1, 2]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "char", "views": ["letters"]}, "single characters have no letters"),
        ({"kind": "mixed", "letters": [2, 4]}, "letters are read by view `letters` alone"),
        ({"kind": "mixed", "views": ["letters"], "letters": [4, 2]}, r"letters run from few to many, found `\[4, 2\]`"),
        ({"kind": "mixed", "views": ["letters"], "letters": [0, 2]}, "letters"),
    ],
)
def test_letters_that_change_nothing_are_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        validated(KINDS[wrong["kind"]], wrong)


def test_described():
    spelled_out = MixedTokenizerConfig(views=("letters", "bigram"), letters=(2, 4))
    assert spelled_out.describe() == "mixed + 2-4 letters inside words + bigram"
    assert MixedTokenizerConfig(views=("bigram", "word")).describe() == "mixed + bigram + word"
    assert CharTokenizerConfig().describe() == "char"
