"""One search over a decoder with a real tokenizer: beginnings, banned and forced words, lengths; outputs as texts."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.decoding.choices import Beam, Greedy, MinimumRisk, Sample
from weft.decoding.generate import Output
from weft.decoding.minimum_bayes_risk import least_risk
from weft.errors import ConfigError
from weft.models.rnn_decoder import GruDecoderConfig
from weft.tasks.generation.generator import Generator, as_texts, prefix_ids
from weft.text.tokenizers.choices import EXACT, exactly
from weft.text.tokenizers.subwords import BpeTokenizerConfig, BytesTokenizerConfig, UnigramTokenizerConfig
from weft.text.tokenizers.vocab import UNKNOWN
from weft.text.tokenizers.words import CharTokenizerConfig, WordTokenizerConfig

TEXTS = [
    "A man is riding a horse on the beach.",
    "Two dogs run after a cat, and a man is riding.",
    "一个男人在海滩上骑马。",
    "两只狗在追一只猫，男人在骑马。",
]
TOKENIZERS = {
    "bpe": BpeTokenizerConfig(size=90, normalize=EXACT),
    "unigram": UnigramTokenizerConfig(size=90, normalize=EXACT),
    "bytes": BytesTokenizerConfig(size=300, normalize=EXACT),
    "char": CharTokenizerConfig.model_validate({"vocabulary": {"min_count": 1}, "normalize": EXACT}),
    "word": WordTokenizerConfig.model_validate({"vocabulary": {"min_count": 1}, "normalize": EXACT}),
}
LEARNED = {kind: config.learn(TEXTS) for kind, config in TOKENIZERS.items()}
SEARCHES = [Greedy(), Beam(3, alternatives=2), Sample(seed=4, samples=2), MinimumRisk(samples=3)]
ROWS, LONGEST = 3, 24
each_tokenizer = pytest.mark.parametrize("kind", TOKENIZERS)
each_search = pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.kind)


@pytest.fixture(autouse=True)
def _inference():
    with torch.inference_mode():
        yield


def writer(kind, search, *, longest=LONGEST, **settings):
    """A decoder with random weights, which hardly ever ends."""
    tokenizer = LEARNED[kind]
    end = tokenizer.sizes[0]
    torch.manual_seed(0)
    decoder = GruDecoderConfig(width=8, hidden=6, layers=1).build(end + 1, memory_width=None).eval()
    for weight in decoder.parameters():
        torch.nn.init.normal_(weight)
    return Generator(decoder, tokenizer, search.model_copy(update=settings), end, longest)


def outputs(one, *, prompt=()):
    ids_BP = torch.tensor([[one.end, *prompt]] * ROWS)
    start = partial(one.decoder.start, None, rows=ROWS)
    return one.write(start, ids_BP, [np.array([row]) for row in range(ROWS)])


def texts(one, **more):
    return [text for row in outputs(one, **more) for text in one.tokenizer.decode([output.ids for output in row])]


def ids_of(tokenizer, text):
    return tokenizer.encode([text]).values_NW[:, 0].tolist()


# beginnings


@each_tokenizer
@each_search
def test_every_output_begins_with_the_prefix(kind, search):
    for prefix in ("A man is", "一个男人"):
        one = writer(kind, search, prefix=prefix)
        found = outputs(one)
        ids = ids_of(one.tokenizer, prefix)
        assert all(output.ids[: len(ids)] == ids for row in found for output in row)
        assert all(len(output.ids) <= LONGEST for row in found for output in row)
        assert all(text.startswith(prefix) for text in texts(one))


def test_a_prompt_is_read_and_not_told():
    prompt = ids_of(LEARNED["bpe"], "A man")
    (first, *_), *_ = outputs(writer("bpe", Greedy()), prompt=prompt)
    (again, *_), *_ = outputs(writer("bpe", Greedy(), prefix="A man", max_length=LONGEST + len(prompt)))
    assert again.ids == prompt + first.ids
    assert again.log_probability == pytest.approx(first.log_probability, abs=1e-4)


def test_a_prefix_is_no_choice_and_counts_in_no_mean():
    one = writer("bpe", Greedy(), prefix="A man is")
    given_ids = len(prefix_ids(one.search, one.tokenizer))
    found = outputs(one)
    means = [row[0][1] for row in as_texts(found, one.tokenizer, one.search)]
    for (output,), mean in zip(found, means, strict=True):
        assert mean == pytest.approx(output.log_probability / (len(output.ids) - given_ids + output.ended))


def test_a_prefix_that_cannot_be_written_is_told():
    with pytest.raises(
        ConfigError, match=r"`Привет` has a character that the model cannot write\nhint: begin"
    ) as error:
        outputs(writer("bpe", Greedy(), prefix="Привет"))
    assert error.value.where == "search.prefix"
    with pytest.raises(ConfigError, match="leaves no room, where an output has at most 3"):
        outputs(writer("char", Greedy(), prefix="A man", max_length=3))
    assert prefix_ids(Greedy(prefix="  "), LEARNED["bpe"]) == []


# words


def test_words_are_spelled_in_each_way_they_may_be_written():
    bpe = writer("bpe", Greedy())
    spelled = {tuple(LEARNED["bpe"].pieces[number] for number in ids) for ids in bpe.spell("riding")}
    assert {"".join(pieces) for pieces in spelled} == {"▁riding", "riding"}
    spelled = {tuple(LEARNED["bpe"].pieces[number] for number in ids) for ids in bpe.spell("骑马")}
    assert {"".join(pieces) for pieces in spelled} == {"▁骑马", "骑马"}
    assert bpe.spell("слово") == []
    assert writer("char", Greedy()).spell("骑马")[0] == ids_of(LEARNED["char"], "骑马")
    assert writer("word", Greedy()).spell("zebra") == []


@each_tokenizer
@given(st.sampled_from(["man", "riding", "a cat", "骑马", "猫，", "狗", "A", "n", "зебра", "马zz"]))
@settings(max_examples=10, deadline=None)
def test_spellings_are_known_and_spell_the_word(kind, word):
    one = writer(kind, Greedy())
    for ids in one.spell(word):
        assert UNKNOWN not in ids
        assert one.tokenizer.decode([ids])[0].split() == word.split() or kind == "word"


@each_tokenizer
@each_search
def test_banned_words_are_never_written(kind, search):
    free = texts(writer(kind, search))
    seen = {token for output in outputs(writer(kind, search)) for one in output for token in one.ids}
    written = sorted({text for text in LEARNED[kind].decode([[number] for number in seen]) if text.strip("� ")})
    banned = (*written[:4], "man", "骑马")
    one = writer(kind, search, banned=banned)
    runs = [ids for word in banned for ids in one.spell(word)]
    for row in outputs(one):
        for output in row:
            for run in runs:
                assert not any(output.ids[at : at + len(run)] == run for at in range(len(output.ids)))
    found = texts(one)
    assert found != free or not written
    assert kind != "char" or not any(word in text for text in found for word in banned)


@each_tokenizer
@each_search
def test_forced_words_are_always_written(kind, search):
    for words in (("riding", "horse"), ("骑马", "男人"), ("dogs", "猫")):
        found = texts(writer(kind, search, forced=words))
        assert all(word in text for text in found for word in words), (words, found)


def test_a_greedy_search_that_has_words_to_place_is_a_beam_of_one():
    for words in (("riding",), ("骑马", "男人")):
        greedy, beam = (outputs(writer("bpe", search, forced=words)) for search in (Greedy(), Beam(1)))
        assert [[one.ids for one in row] for row in greedy] == [[one.ids for one in row] for row in beam]


def test_a_prefix_may_hold_a_forced_word():
    found = outputs(writer("bpe", Greedy(), prefix="Two dogs", forced=("dogs",), max_length=5))
    assert len(found) == ROWS


def test_a_forced_word_that_cannot_be_had_is_told():
    with pytest.raises(ConfigError, match="`слово` cannot be written in the vocabulary of this model"):
        outputs(writer("bpe", Greedy(), forced=("слово",)))
    with pytest.raises(ConfigError, match=r"an output has at most 3\nhint: force fewer words, or raise `max_length`"):
        outputs(writer("char", Greedy(), forced=("riding",), max_length=3))
    with pytest.raises(ConfigError, match="`骑马` holds what is banned"):
        outputs(writer("char", Beam(3), forced=("骑马",), banned=("马",)))


# lengths and sizes


@each_search
@pytest.mark.parametrize("prefix", ["", "两只狗"])
def test_lengths_are_kept_a_prefix_included(search, prefix):
    bounds = {"min_length": 9, "max_length": 12, "prefix": prefix}
    for row in outputs(writer("char", search, **bounds), prompt=[5, 6]):
        assert all(9 <= len(output.ids) <= 12 for output in row)


def test_outputs_are_no_longer_than_the_task_says():
    assert max(len(row[0].ids) for row in outputs(writer("char", Greedy(), longest=4))) <= 4
    assert max(len(row[0].ids) for row in outputs(writer("char", Greedy(min_length=9), longest=4, max_length=10))) <= 10


def test_a_beam_as_wide_as_the_vocabulary_is_refused():
    size = LEARNED["char"].sizes[0]
    with pytest.raises(ConfigError, match=rf"a beam of {size} is as wide as the vocabulary of {size}\nhint") as error:
        outputs(writer("char", Beam(size)))
    assert error.value.where == "search.size"


@pytest.mark.parametrize(("search", "count"), [(Greedy(), 1), (Beam(3, alternatives=2), 2), (Sample(samples=3), 3)])
def test_so_many_outputs_a_row_the_best_first(search, count):
    found = outputs(writer("bpe", search, max_length=6))
    assert [len(row) for row in found] == [count] * ROWS
    if search.kind == "beam":
        values = [[one.log_probability / (len(one.ids) + (len(one.ids) < 6)) for one in row] for row in found]
        assert all(row == sorted(row, reverse=True) for row in values)


# one row as it is written


@pytest.mark.parametrize(
    "search", [Greedy(), Greedy(prefix="一个男人"), Sample(seed=3), Sample(top_k=5, prefix="A man")]
)
def test_a_stream_is_the_output_of_its_row(search):
    one = writer("bpe", search)
    start, keys = partial(one.decoder.start, None, rows=1), [np.array([7])]
    ids_BP = torch.tensor([[one.end]])
    assert list(one.stream(start, ids_BP, keys)) == one.write(start, ids_BP, keys)[0][0].ids


@pytest.mark.parametrize("search", [Beam(3), MinimumRisk(), Greedy(forced=("猫",))])
def test_what_is_known_at_the_end_is_no_stream(search):
    one = writer("bpe", search)
    with pytest.raises(ConfigError, match=r"`\S+` knows its output only at the end\nhint: .*greedily or draw"):
        list(one.stream(partial(one.decoder.start, None, rows=1), torch.tensor([[one.end]]), [np.array([7])]))


# texts


def test_outputs_become_texts_with_the_mean_of_their_tokens():
    tokenizer = LEARNED["bpe"]
    said = ["A man is riding.", "男人在骑马。", ""]
    row = [Output(ids_of(tokenizer, text), -6.0) for text in said]
    (found,) = as_texts([row], tokenizer, Greedy())
    assert [text for text, _ in found] == said
    assert [mean for _, mean in found] == [pytest.approx(-6.0 / (len(one.ids) + 1)) for one in row]
    assert as_texts([], tokenizer, Greedy()) == []


def test_by_minimum_risk_one_text_is_told_of_each_row():
    tokenizer = LEARNED["char"]
    rows = [["骑马", "一个男人在骑马", "男人在骑马。"], ["a cat", "a cat", "Two dogs"]]
    drawn = [[Output(ids_of(tokenizer, text), float(-place)) for place, text in enumerate(row)] for row in rows]
    found = as_texts(drawn, tokenizer, MinimumRisk(samples=3))
    assert [[text for text, _ in row] for row in found] == [[row[least_risk(row)]] for row in rows]


def test_texts_are_written_exactly_unless_it_is_said():
    assert exactly(BpeTokenizerConfig()).normalize == EXACT
    told = BpeTokenizerConfig.model_validate({"normalize": {"case": "lower"}})
    assert exactly(told).normalize == EXACT.model_copy(update={"case": "lower"})
