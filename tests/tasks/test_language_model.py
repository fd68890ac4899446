"""The language model: rows of a text, characters that it knows, prompts, and scores that are worked out by hand."""

import math
from functools import partial

import numpy as np
import pytest
import torch

from weft.config import validated
from weft.data.examples.documents import Document, Prompt
from weft.data.sources import open_table
from weft.dataset import Examples
from weft.decoding.choices import Beam, Greedy, Sample
from weft.errors import ConfigError, InputError
from weft.evaluation.evaluate import answer, evaluate
from weft.metrics.kneser_ney import KneserNey
from weft.run import RunConfig, fit_in_memory
from weft.tasks.language_model import LanguageModelConfig

CPU = torch.device("cpu")
TEXTS = [Document(text) for text in ("abab", "abba", "好看", "好看好看", "a b")]
CHAR = {"kind": "char", "vocabulary": {"min_count": 1}}
GPT = {"kind": "gpt", "width": 8, "heads": 2, "layers": 1, "feed_forward": 8, "dropout": 0.0}


def learned(**settings):
    config = validated(
        LanguageModelConfig, {"tokenizer": CHAR, "unit": "row", "context": 4, "decoder": GPT, **settings}
    )
    return config.learn(TEXTS)


def built(task):
    torch.manual_seed(0)
    return task.build_model().eval()


def shown(task, columns):
    """Each row as text, `|` for the symbol that begins and ends."""
    pieces = [*task.tokenizer.pieces, "|"]
    text = columns.ragged["text"]
    return ["".join(pieces[one] for one in text.flat(np.array([row]))[0][:, 0]) for row in range(len(columns))]


class Even(torch.nn.Module):
    """In place of a decoder: after each token every id is as probable, but for one that is so by a factor."""

    longest = None

    def __init__(self, size, *, favourite, factor):
        super().__init__()
        scores_V = torch.zeros(size)
        scores_V[favourite] = math.log(factor)
        self.scores_V = torch.nn.Parameter(scores_V)

    def start(self, memory, *, rows, capacity=0, record=False):
        return self

    def select(self, rows_N):
        return self

    def widen(self, size):
        return self

    def forward(self, ids_BT, state):
        return ids_BT[..., None].float(), self

    def logits(self, states):
        return self.scores_V.repeat(*states.shape[:-1], 1)


def even(task, *, favourite="a", factor=3.0):
    """A model of a task that writes by `Even`."""
    model = built(task)
    size = task.end + 1
    model.decoder = Even(size, favourite=task.tokenizer.pieces.index(favourite), factor=factor)
    return model, size


def test_rows_overlap_by_the_token_that_is_read_and_not_predicted():
    task = learned()
    columns = task.encode([Document("ab"), Document("abab好看好"), Document("")])
    assert shown(task, columns) == ["|ab|", "|abab", "b好看好|", "||"]
    assert columns.owner_R.tolist() == [0, 1, 1, 2]
    assert task.begin == task.end == task.tokenizer.sizes[0]


def test_a_stream_has_no_end():
    task = learned(unit="stream")
    assert shown(task, task.encode([Document("abab好")])) == ["|abab", "b好"]


def test_each_token_is_predicted_once():
    task = learned()
    batch = task.collate(task.encode([Document("abab好看"), Document("b")]), np.arange(3))
    assert batch.ids_BT[:, 1:][batch.mask_BT].tolist() == [
        *task.tokenizer.encode(["abab好看"]).values_NW[:, 0],
        task.end,
        *task.tokenizer.encode(["b"]).values_NW[:, 0],
        task.end,
    ]


def test_the_share_of_known_characters_and_those_that_are_not():
    task = learned()
    columns = task.encode([Document("ab☃"), Document("好")])
    assert columns.facts["known"] == pytest.approx(3 / 4)
    assert columns.fixed["spelled"].tolist() == pytest.approx([3 * 8 * math.log(2), 0])
    assert task.unseen([Document("ab☃"), Document("☃☁")]) == {"☃": 2, "☁": 1}
    assert task.check([Document("ab")]) == []
    (said,) = task.check([Document("ab☃")])
    assert "`☃`" in said
    assert any("75.00% of dev" in one for one in task.notes({"dev": columns}))


def test_what_it_costs_to_tell_strange_characters_apart_is_in_the_first_row_of_a_text():
    task = learned()
    columns = task.encode([Document("ab"), Document("☃babab☃")])
    assert columns.owner_R.tolist() == [0, 1, 1]
    assert columns.fixed["spelled"].tolist() == pytest.approx([0, 2 * 24 * math.log(2), 0])


def test_scores_are_those_worked_out_by_hand():
    task = learned()
    (model, size), texts = even(task), [Document("aab"), Document("好b")]
    whole = size + 2  # the sum of what all ids count: the favourite counts 3
    nats = 7 * math.log(whole) - 2 * math.log(3)  # seven tokens with the ends, two of them `a`
    found = evaluate(task, model, texts, device=CPU).scores
    assert found.values["log_loss"].value == pytest.approx(nats / 7, rel=1e-6)
    assert found.values["perplexity"].value == pytest.approx(math.exp(nats / 7), rel=1e-6)
    assert found.values["bits_per_byte"].value == pytest.approx(nats / math.log(2) / (3 + 4), rel=1e-6)
    first, second = answer(task, model, texts, device=CPU)
    assert (first.text, first.loss.tokens, second.loss.tokens) == ("", 4, 3)
    assert first.log_probability == pytest.approx(-(4 * math.log(whole) - 2 * math.log(3)) / 4)
    assert task.record(first, Document("aab", 7)) == {
        "text": "aab",
        "log_loss": round(-first.log_probability, 6),
        "tokens": 4,
        "line": 7,
    }


def test_a_text_is_as_probable_however_it_is_cut():
    text, found = Document("abab好看好看ab"), []
    for context in (2, 3, 16):
        task = learned(context=context)
        model, _ = even(task)
        found += answer(task, model, [text], device=CPU)
    assert [one.loss.tokens for one in found] == [11, 11, 11]
    assert [one.loss.nats for one in found] == pytest.approx([found[0].loss.nats] * 3)


def test_the_loss_is_what_the_scores_count_and_smoothing_adds_to_it():
    texts = [Document("aab"), Document("好b")]
    task, smooth = learned(), learned(smoothing=0.2)
    model, size = even(task)
    batch = task.collate(task.encode(texts), np.arange(2))
    total = 7 * math.log(size + 2)
    loss = task.loss(model, batch, 0)
    assert float(loss.count) == 7
    assert loss.sum.item() == pytest.approx(total - 2 * math.log(3), rel=1e-5)
    expected = total - 0.8 * 2 * math.log(3) - 0.2 * 7 * math.log(3) / size
    assert smooth.loss(model, batch, 0).sum.item() == pytest.approx(expected, rel=1e-5)


def test_a_prompt_is_gone_on_with():
    task = learned(search="greedy").with_search(Greedy(max_length=5))
    model, _ = even(task)
    asked = [Prompt("b"), Prompt("好看"), Prompt("")]
    found = answer(task, model, asked, device=CPU)
    assert [one.text for one in found] == ["aaaaa"] * 3
    assert "".join(task.stream(model, Prompt("b"))) == "aaaaa"
    assert task.record(found[1], Prompt("好看", 2))["prompt"] == "好看"
    assert found[0].log_probability == pytest.approx(math.log(3 / (task.end + 3)), abs=1e-6)


def test_a_prompt_with_a_character_that_was_never_seen_is_refused():
    task = learned()
    with pytest.raises(InputError, match="never seen `☃`, so it cannot continue from it") as caught:
        task.encode([Prompt("ab"), Prompt("a☃")])
    assert "task.tokenizer=bytes" in caught.value.hint


def test_another_search_is_taken_for_this_once():
    task = learned()
    other = task.with_search(Beam(3))
    assert (other.config.search, other.outputs_per_row) == (Beam(3), 3)
    assert isinstance(task.config.search, Sample)
    assert task.for_validation() is task


def test_a_pair_is_no_prompt():
    with pytest.raises(InputError, match="one text, found a pair"):
        LanguageModelConfig().example("a", "b")


def test_a_decoder_with_fewer_positions_than_are_read_is_refused():
    with pytest.raises(ConfigError, match="positions for 8 tokens, fewer than the context of 16") as caught:
        learned(context=16, decoder={**GPT, "positions": "learned", "max_length": 8})
    assert caught.value.where == "task.context"


def test_prompts_are_rows_of_a_table_whatever_was_learned(tmp_path):
    path = tmp_path / "prompts.txt"
    path.write_text("ab\n\n好看\n", encoding="utf-8")
    table = open_table(str(path))
    config = learned(unit="stream").config.for_inputs(table)
    assert list(config.read_inputs(table)) == [Prompt("ab"), Prompt(""), Prompt("好看")]


def test_free_texts_are_written_and_measured():
    task = learned()
    model, _ = even(task, factor=10.0)
    found = task.extra_results(model, TEXTS, device=CPU)
    assert len(found["samples"]) == 10
    assert {*"".join(found["samples"])} <= {*"ab 好看"}
    assert found["free_text"].keys() >= {"distinct_1", "repetition_4", "new_4grams", "copied"}
    assert found == partial(task.extra_results, device=CPU)(model, TEXTS), "the same again"


def test_a_batch_with_nothing_to_predict_is_passed_over():
    """A stream that is short is cut at every line end, blank lines too, of which a tokenizer may make no token."""
    read = {**CHAR, "normalize": {"space": "one"}}
    task = {"kind": "language_model", "unit": "stream", "tokenizer": read, "decoder": GPT, "context": 4}
    settings = {"epochs": 1, "batch_rows": 1, "batch_tokens": None}
    config = validated(RunConfig, {"data": {"train": "-"}, "task": task, "training": settings, "device": "cpu"})
    texts = [*TEXTS, Document("\n")]
    model = fit_in_memory(config, Examples(config.task, texts, TEXTS, [], []))
    columns = model.task.encode([Document("\n")])
    assert columns.ragged["text"].lengths_R.tolist() == [1]
    assert float(model.task.loss(model.network, model.task.collate(columns, np.zeros(1, int)), 0).count) == 0
    assert all(one.isfinite().all() for one in model.network.parameters())


MIXED_CASE = [Document("The Dog sat.\n\nA dog ran.\n房间很大。\n"), Document("A Cat: the cat\nsat.\n好看。")]


@pytest.mark.parametrize("kind", ["bytes", "bpe", "unigram", "char"])
def test_a_tokenizer_named_by_hand_reads_what_is_there_and_the_settings_say_so(kind):
    asked = validated(LanguageModelConfig, {"tokenizer": {"kind": kind}, "decoder": GPT, "unit": "row"})
    config = asked.fitted(MIXED_CASE, device="cpu").task
    task = config.learn(MIXED_CASE)
    assert task.config.tokenizer == config.tokenizer
    for one in MIXED_CASE:
        (ids,) = np.split(task.tokenizer.encode([one.text]).values_NW[:, 0], 1)
        assert task.tokenizer.decode([ids]) == [one.text]
    columns = task.encode(MIXED_CASE)
    assert not columns.fixed["spelled"].any()
    assert not any("as they stand" in note for note in task.notes({"train": columns}))


def test_what_a_tokenizer_cannot_read_is_said_and_counted():
    asked = validated(LanguageModelConfig, {"tokenizer": {"kind": "word"}, "decoder": GPT, "unit": "row"})
    task = asked.fitted(MIXED_CASE, device="cpu").task.learn(MIXED_CASE)
    assert task.config.tokenizer.normalize.case == "keep"
    columns = task.encode(MIXED_CASE)
    first_E = np.unique(columns.owner_R, return_index=True)[1]
    unseen = [
        sum(len(one.encode()) for one in document.text if one in task.unseen(MIXED_CASE)) for document in MIXED_CASE
    ]
    breaks = [document.text.count("\n") for document in MIXED_CASE]
    bits = 8 * math.log(2) * (np.array(breaks) + unseen)
    assert columns.fixed["spelled"][first_E].tolist() == pytest.approx(bits.tolist())
    assert any("are not read as they stand (space one)" in note for note in task.notes({"train": columns}))


def test_a_setting_of_the_normalization_leaves_the_others():
    asked = validated(LanguageModelConfig, {"tokenizer": {"kind": "bpe", "normalize": {"case": "lower"}}})
    read = asked.fitted(MIXED_CASE, device="cpu").task.tokenizer.normalize
    assert (read.case, read.space, read.unicode) == ("lower", "keep", "NFC")


@pytest.mark.parametrize("examples", [TEXTS, [Document("好看abba", 0, 2), Document("ab好看", 0, 0)]])
def test_the_ngram_model_is_scored_on_the_tokens_that_the_model_is(examples):
    task = learned()
    answers = answer(task, built(task), examples, device=CPU)
    (found,) = task.learned_floors(TEXTS, answers, examples)["floors"].values()
    tokens, size = sum(one.loss.tokens for one in answers), sum(len(one.learned.encode()) for one in examples)
    assert found["perplexity"] == pytest.approx(math.exp(found["log_loss"]))
    assert found["bits_per_byte"] == pytest.approx(found["log_loss"] * tokens / math.log(2) / size)
    assert 1 < found["perplexity"] < task.input.spec().vocab_sizes[0]


def test_the_ngram_model_counts_what_follows_what():
    task, text = learned(), [Document("aaaa")]  # two rows: `|aaaa` and `a|`
    answers = answer(task, built(task), text, device=CPU)
    (found,) = task.learned_floors(text, answers, text)["floors"].values()
    columns = task.encode(text)
    assert shown(task, columns) == ["|aaaa", "a|"]
    rows = columns.ragged["text"].values[:, 0], columns.ragged["text"].lengths_R
    nats = KneserNey(*rows, vocabulary=task.input.spec().vocab_sizes[0]).nats(*rows)
    assert found["log_loss"] == pytest.approx(nats.sum() / 5)
