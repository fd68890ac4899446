"""A text for a text: what is read, what is written alone and among others, and what is told of it."""

import math

import numpy as np
import pytest
import torch

from tests.kinds import DECODERS, READERS
from weft.config import kind_of
from weft.data.examples.source_target import SourceTarget
from weft.decoding.choices import Beam, Greedy, MinimumRisk, Sample
from weft.decoding.token_loss import Reference
from weft.errors import InputError
from weft.evaluation.evaluate import answer
from weft.tasks.generation.generator import GeneratedText
from weft.tasks.seq2seq import ROOM, Seq2SeqConfig

CPU = torch.device("cpu")
PAIRS = [
    ("A man is riding a horse.", "一个男人在骑马。"),
    ("Two dogs run on the beach, and a man is riding.", "两只狗在海滩上奔跑，一个男人在骑马。"),
    ("The woman reads a book.", "女人在看书。"),
    ("骑马", "riding"),
    ("The dog sleeps.", "狗在睡觉。"),
    ("Three people play music on the beach.", "三个人在海滩上演奏音乐。"),
]
EXAMPLES = [SourceTarget(source, (target,), line) for line, (source, target) in enumerate(PAIRS, 1)]
TINY = {"width": 8, "hidden": 6, "maps": 3, "feed_forward": 10, "heads": 2, "layers": 1, "dropout": 0}
SEARCHES = [Greedy(), Beam(3, alternatives=2), Sample(samples=2, seed=5), MinimumRisk(samples=4, top_k=8)]
each_decoder = pytest.mark.parametrize("decoder", DECODERS, ids=kind_of)
each_search = pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.kind)


def small(kind):
    return kind(**{name: value for name, value in TINY.items() if name in kind.model_fields})


def task_of(decoder=DECODERS[-1], **others):
    config = {"decoder": small(decoder), "tokenizer": {"kind": "bpe", "size": 90}, **others}
    return Seq2SeqConfig.model_validate(config).learn(EXAMPLES)


def model_of(task, *, seed=3):
    torch.manual_seed(seed)
    return task.build_model().eval()


def trained(task, *, steps, rate):
    model = model_of(task)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    batch = task.collate(task.encode(EXAMPLES), np.arange(len(EXAMPLES)))
    for step in range(steps):
        loss = task.loss(model, batch, step)
        (loss.sum / loss.count).backward()
        optimizer.step()
        optimizer.zero_grad()
    return model


@pytest.fixture(scope="module")
def learned():
    """A task by decoder, and a model trained so far that its outputs end, and differ."""
    tasks = {decoder: task_of(decoder) for decoder in DECODERS}
    return {decoder: (task, trained(task, steps=30, rate=0.06)) for decoder, task in tasks.items()}


def whole(task):
    return task.collate(task.encode(EXAMPLES), np.arange(len(EXAMPLES)))


# what is read


@pytest.mark.parametrize("vocabulary", ["shared", "separate"])
def test_ids_are_the_tokenizers_and_an_end(vocabulary):
    task = task_of(vocabulary=vocabulary)
    columns = task.encode(EXAMPLES)
    for name, tokenizer, side in (("source", task.tokenizers.source, 0), ("target", task.tokenizers.target, 1)):
        ragged, end = columns.ragged[name], tokenizer.sizes[0]
        for row, pair in enumerate(PAIRS):
            ids = ragged.values[ragged.offsets_R1[row] : ragged.offsets_R1[row + 1], 0].tolist()
            assert ids == [*tokenizer.encode([pair[side]]).values_NW[:, 0].tolist(), end]
    assert task.end == task.tokenizers.target.sizes[0]
    lengths = [columns.ragged[name].lengths_R for name in ("source", "target")]
    assert columns.cost_R.tolist() == (lengths[0] + lengths[1]).tolist()
    order = np.lexsort((lengths[1], lengths[0]))
    assert np.argsort(columns.shape_R, kind="stable").tolist() == order.tolist()


def test_a_batch_begins_and_ends_each_target():
    task = task_of()
    batch, rows = task.collate(task.encode(EXAMPLES), np.array([4, 3])), [4, 3]
    assert batch.target_BT.shape == (2, batch.mask_BT.shape[1] + 1)
    assert batch.target_BT[:, 0].tolist() == [task.end] * 2
    for row, at in enumerate(rows):
        ids = batch.target_BT[row, 1:][batch.mask_BT[row]].tolist()
        assert ids[-1] == task.end
        assert task.tokenizers.target.decode([ids[:-1]]) == [PAIRS[at][1]]
        assert batch.keys[row].tolist() == batch.source.ids_BS[row][batch.source.mask_BS[row]].tolist()
    assert not batch.target_BT[:, 1:][~batch.mask_BT].any()
    alone = task.collate(task.encode([SourceTarget("骑马")]), np.array([0]))
    assert alone.target_BT is alone.mask_BT is None


def test_views_and_letters_of_a_source_are_read():
    source = {"kind": "mixed", "views": ["bigram", "letters"], "vocabulary": {"min_count": 1}}
    task = task_of(tokenizer=source, target_tokenizer={"kind": "char", "vocabulary": {"min_count": 1}})
    model = model_of(task)
    batch = whole(task)
    assert batch.source.views_BSW.shape[2] == 2
    assert batch.source.letters is not None
    alone = task.collate(task.encode(EXAMPLES[1:2]), np.array([0]))
    memory, mine = model.encoder(batch.source), model.encoder(alone.source)
    length = int(batch.source.mask_BS[1].sum())
    torch.testing.assert_close(memory.states_BSD[1, :length], mine.states_BSD[0])
    reader = model.encoder.embedding
    with torch.no_grad():
        reader.tables[2].weight += 1
    assert not torch.allclose(model.encoder(alone.source).states_BSD, mine.states_BSD)


def test_long_sources_are_told_and_never_silently_cut():
    task = task_of(max_source=4, max_target=3)
    columns = task.encode(EXAMPLES)
    lengths = task.tokenizers.source.encode([source for source, _ in PAIRS]).lengths_R
    assert columns.ragged["source"].lengths_R.tolist() == (np.minimum(lengths, 4) + 1).tolist()
    written = task.tokenizers.target.encode([target for _, target in PAIRS]).lengths_R
    assert columns.ragged["target"].lengths_R.tolist() == np.where(written > 3, 3, written + 1).tolist()
    assert columns.fixed["unread"].tolist() == np.maximum(lengths - 4, 0).tolist()
    notes = task.notes({"train": columns})
    share = (lengths > 4).mean()
    unread = np.maximum(lengths - 4, 0).sum() / lengths.sum()
    assert notes[2] == (
        f"{share:.1%} of the train sources are longer than 4 tokens (task.max_source): {unread:.1%} of all "
        "tokens are cut off"
    )
    assert notes[3].endswith("of the train targets are cut at 3 tokens (task.max_target)")
    found = answer(task, model_of(task), EXAMPLES, device=CPU)
    assert [one.unread for one in found] == columns.fixed["unread"].tolist()
    assert task.record(found[1], EXAMPLES[1])["unread"] == found[1].unread > 0
    assert "max_" not in " ".join(task_of().notes({"train": task_of().encode(EXAMPLES)})), "nothing is long there"


def test_outputs_may_be_a_little_longer_than_the_longest_target():
    task = task_of()
    longest = task.tokenizers.target.encode([target for _, target in PAIRS]).lengths_R.max()
    assert task.longest == longest + ROOM
    assert task_of(max_target=5).longest == 5


# what is written


@each_decoder
@each_search
def test_answers_together_are_answers_alone(learned, decoder, search):
    task, model = learned[decoder]
    task = task.with_search(search)
    together = answer(task, model, EXAMPLES, device=CPU)
    assert len({one.text for one in together}) > 2
    for example, one in zip(EXAMPLES, together, strict=True):
        (alone,) = answer(task, model, [example], device=CPU)
        assert (alone.text, alone.alternatives) == (one.text, one.alternatives)
        assert alone.log_probability == pytest.approx(one.log_probability, abs=1e-4)
        assert alone.loss.nats == pytest.approx(one.loss.nats, rel=1e-4)
    order = [5, 0, 3]
    assert [one.text for one in answer(task, model, [EXAMPLES[row] for row in order], device=CPU)] == [
        together[row].text for row in order
    ]


def test_a_sample_depends_on_its_source_and_seed_alone(learned):
    task, model = learned[DECODERS[-1]]

    def texts(examples, seed=5):
        found = answer(task.with_search(Sample(seed=seed, temperature=2.0)), model, examples, device=CPU)
        return [one.text for one in found]

    first = texts(EXAMPLES)
    assert texts(EXAMPLES[::-1] * 2) == (first[::-1]) * 2
    assert texts([SourceTarget(one.source) for one in EXAMPLES]) == first
    assert texts(EXAMPLES, seed=6) != first


@each_decoder
def test_a_trained_model_writes_what_it_learned(learned, decoder):
    task = task_of(decoder)
    model = trained(task, steps=80, rate=0.03)
    for search in (Greedy(), Beam(3)):
        assert [one.text for one in answer(task.with_search(search), model, EXAMPLES, device=CPU)] == [
            target for _, target in PAIRS
        ]
    assert task.quick_scores(answer(task, model, EXAMPLES, device=CPU), EXAMPLES)["bleu"] == pytest.approx(100)
    before = task.loss(learned[decoder][1], whole(task), 0).sum
    assert task.loss(model, whole(task), 0).sum.item() < before.item()


@each_search
def test_beginnings_banned_and_forced_words_in_both_scripts(search):
    task = task_of(DECODERS[0], target_tokenizer={"kind": "char", "vocabulary": {"min_count": 1}})
    for one, words in (
        (task, {"prefix": "一个", "forced": ("骑马",), "banned": ("狗",)}),
        (task_of(DECODERS[0], vocabulary="shared"), {"prefix": "The dog", "forced": ("beach",), "banned": ("woman",)}),
    ):
        asked = one.with_search(search.model_copy(update={**words, "max_length": 30}))
        for given in answer(asked, model_of(one), EXAMPLES, device=CPU):
            for text in (given.text, *given.alternatives):
                assert text.startswith(words["prefix"])
                assert words["forced"][0] in text
                assert words["banned"][0] not in text


def test_the_dev_part_is_answered_greedily():
    task = task_of(search=Beam(4))
    assert isinstance(task.for_validation().config.search, Greedy)
    assert task.config.search == Beam(4), "and the task stays as it is"


@pytest.mark.parametrize("search", [Greedy(prefix="一个"), Sample(seed=2, temperature=1.5)])
def test_a_stream_joined_is_the_answer(learned, search):
    task, model = learned[DECODERS[-1]]
    task = task.with_search(search)
    for example in EXAMPLES:
        parts = list(task.stream(model, SourceTarget(example.source)))
        assert "".join(parts) == answer(task, model, [example], device=CPU)[0].text
        assert not any("\ufffd" in part for part in parts)


@each_decoder
@pytest.mark.parametrize("encoder", READERS, ids=kind_of)
def test_every_encoder_in_front_of_every_decoder(encoder, decoder):
    task = task_of(decoder, encoder=small(encoder), vocabulary="shared")
    model = model_of(task).train()
    before = {name: value.clone() for name, value in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    task.loss(model, whole(task), 0).sum.backward()
    optimizer.step()
    unchanged = [name for name, value in model.named_parameters() if torch.equal(value, before[name])]
    assert unchanged == []
    (one,) = answer(task, model.eval(), [SourceTarget("骑马 riding")], device=CPU)
    assert math.isfinite(one.log_probability)


# what is told


def test_the_loss_of_references_is_told_whatever_the_smoothing():
    task = task_of(smoothing=0.3)
    model = model_of(task)
    found = answer(task, model, EXAMPLES, device=CPU)
    plain = task_of(smoothing=0.0).loss(model, whole(task), 0)
    assert sum(one.loss.nats for one in found) == pytest.approx(plain.sum.item(), rel=1e-4)
    assert sum(one.loss.tokens for one in found) == int(plain.count)
    scores = task.quick_scores(found, EXAMPLES)
    assert set(scores) == set(task.metrics)
    assert scores["log_loss"] == pytest.approx((plain.sum / plain.count).item(), rel=1e-4)
    assert [one.loss for one in answer(task, model, [SourceTarget("骑马")], device=CPU)] == [None]


def test_scores_take_all_references():
    task = task_of()
    given = [GeneratedText("男人在骑马。", -1.0, loss=Reference(2.0, 3))]
    examples = [SourceTarget("x", ("狗", "男人在骑马。"))]
    assert task.score(given, examples).values["bleu"].value == pytest.approx(100)
    assert task.quick_scores(given, examples)["chrf"] == pytest.approx(100)


def test_a_record_has_what_there_is_to_tell():
    task = task_of()
    plain = task.record(GeneratedText("骑马", -0.12345678), SourceTarget("riding"))
    assert list(plain) == ["source", "answer", "log_probability", "alternatives", "unread"]
    assert list(plain.values()) == ["riding", "骑马", -0.123457, [], 0]
    rich = task.record(
        GeneratedText("骑马", -0.5, ("马",), Reference(1.0, 2), 3), SourceTarget("riding", ("骑马", "骑"), 7)
    )
    assert list(rich) == ["source", "references", "answer", "log_probability", "alternatives", "unread", "line"]
    assert (rich["references"], rich["alternatives"], rich["unread"], rich["line"]) == (["骑马", "骑"], ["马"], 3, 7)


def test_texts_are_neither_averaged_nor_paired():
    task = task_of()
    with pytest.raises(InputError, match="texts cannot be averaged"):
        task.average([[], []])
    with pytest.raises(InputError, match="expected one text, found a pair"):
        task.config.example("a", "b")
    assert task.config.example("骑马") == SourceTarget("骑马")


def test_that_sources_have_several_targets_is_said():
    pairs = [SourceTarget("猫", (f"cat {number}",)) for number in range(4)]
    said = "1 distinct source, one with 4 targets, 4.0 on average: task.references=all scores each source once"
    assert Seq2SeqConfig().filter_training(pairs)[1][0].startswith(said)
    assert Seq2SeqConfig(references="all").filter_training(pairs)[1] == []


@pytest.mark.parametrize("sides", [{"tokenizer": {"kind": "bpe", "size": 90}}, {"target_tokenizer": {"kind": "char"}}])
def test_the_settings_say_how_a_tokenizer_named_by_hand_reads(sides):
    config = Seq2SeqConfig.model_validate({"decoder": small(DECODERS[-1]), **sides})
    fit = config.fitted(EXAMPLES, device="cpu").task
    ran = fit.learn(EXAMPLES).config
    for side in sides:
        assert getattr(fit, side).normalize.case == "keep"
        assert getattr(ran, side) == getattr(fit, side)
