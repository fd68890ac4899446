"""The view of letters through a task: batches, long texts, unknown words, pairs, vectors, and runs as any other."""

from typing import Any

import numpy as np
import pytest
import torch

import weft
from weft.data.examples.labelled import LabelledText
from weft.evaluation.evaluate import answer
from weft.tasks.classification import Classification, ClassificationConfig

CPU = torch.device("cpu")
ENCODERS = {
    "cnn": {"kind": "cnn", "width": 8, "maps": 8},
    "rnn": {"kind": "rnn", "width": 8, "hidden": 8},
    "lstm": {"kind": "lstm", "width": 8, "hidden": 8},
    "gru": {"kind": "gru", "width": 8, "hidden": 8},
    "transformer": {"kind": "transformer", "width": 8, "heads": 2, "layers": 1, "feed_forward": 8},
}
TEXTS = [
    ("the food was wonderful，还会再来", "pos"),
    ("wonderfully warm 很好吃", "pos"),
    ("太贵了", "neg"),
    ("a dreadful, dreadful place", "neg"),
    (" ".join(["waited 等了很久 and waiting"] * 5), "neg"),
    ("!", "pos"),
]
EXAMPLES = [LabelledText(*row) for row in TEXTS]
PAIRS = [LabelledText(text, label, second=" ".join(text.split()[::-1])) for text, label in TEXTS]
NEW = [LabelledText("wonder 新"), LabelledText("awaiting dread"), LabelledText("xyz ✓"), LabelledText(TEXTS[4][0])]
UNSEEN = LabelledText("wonderland")


def task(encoder: str = "cnn", examples: list[LabelledText] = EXAMPLES, **settings: Any) -> Classification:
    tokenizer = {"kind": "mixed", "views": ["letters", "bigram"], "vocabulary": {"min_count": 1}}
    config = {"encoder": ENCODERS[encoder], "tokenizer": tokenizer, **settings}
    return ClassificationConfig.model_validate(config).learn(examples)


def model_of(one: Classification) -> torch.nn.Module:
    torch.manual_seed(3)
    model = one.build_model().eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    return model


def probabilities(one: Classification, model: torch.nn.Module, examples: list[LabelledText]) -> np.ndarray:
    return np.array([list(each.probabilities.values()) for each in answer(one, model, examples, device=CPU)])


def test_the_letters_of_a_batch_are_those_of_its_words():
    one = task()
    columns = one.encode(EXAMPLES)
    rows = np.array([3, 5, 0])
    source = one.collate(columns, rows).source
    bounds = [*source.letters.starts_B.tolist(), len(source.letters.ids_N)]
    letters, numbers_BS = columns.letters["text"], source.views_BSW[..., -1]
    padded_BSW, mask_BS = columns.ragged["text"].padded(rows)
    assert source.views_BSW[..., :-1].tolist() == padded_BSW[..., 1:-1].tolist()
    for place, number in np.ndenumerate(numbers_BS.numpy()):
        word = padded_BSW[..., -1][place]
        expected = letters.values[letters.offsets_R1[word] : letters.offsets_R1[word + 1]]
        assert source.letters.ids_N[bounds[number] : bounds[number + 1]].tolist() == expected.tolist()
        assert mask_BS[place] or not len(expected)
    assert numbers_BS[0, 1] == numbers_BS[0, 3]  # `dreadful`, twice in a row
    assert len(bounds) - 1 == len(numbers_BS.unique())


def test_rows_without_letters_and_no_rows_at_all():
    one = task()
    columns, model = one.encode(EXAMPLES), model_of(one)
    for rows in ([2], [5, 2], []):
        source = one.collate(columns, np.array(rows, dtype=np.int64)).source
        assert len(source.letters.ids_N) == 0
        logits_BC = model(source)
        assert logits_BC.shape == (len(rows), 2)
        logits_BC.sum().backward()


@pytest.mark.parametrize("long", ["head", "head-tail", "windows"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_answers_together_are_answers_alone(encoder: str, long: str):
    one = task(encoder, long=long, max_length=8)
    model = model_of(one)
    assert len(one.encode(EXAMPLES)) > len(EXAMPLES) or long != "windows"
    alone = np.concatenate([probabilities(one, model, [each]) for each in EXAMPLES + NEW])
    np.testing.assert_allclose(probabilities(one, model, EXAMPLES + NEW), alone, atol=1e-6)


@pytest.mark.parametrize("long", ["head", "head-tail", "windows"])
def test_rows_of_long_texts_have_the_letters_of_their_positions(long):
    text, size = "abcd 长 efgh ijkl mnop 好 qrst uvwx yzab bcde cdef", 8
    one = task(examples=[LabelledText(text, "1"), LabelledText("abc", "0")], long=long, max_length=size)
    columns = one.encode([LabelledText(text)])
    table = columns.letters["text"]
    runs = {word: 9 if word.isascii() else 0 for word in text.split()}  # `<abcd>`: 4 of 3 letters, 3 of 4, 2 of 5
    for row in range(len(columns)):
        ids_NW = columns.ragged["text"].flat(np.array([row]))[0]
        pieces = [one.tokenizer.pieces[number] for number in ids_NW[:, 0]]
        assert table.lengths_R[ids_NW[:, -1]].tolist() == [runs[piece] for piece in pieces]
        alone = [one.encode([LabelledText(piece)]).letters["text"].values.tolist() for piece in pieces]
        assert [table.flat(ids_NW[[place], -1])[0].tolist() for place in range(len(pieces))] == alone


@pytest.mark.parametrize("encoder", ENCODERS)
def test_words_that_training_never_saw_have_a_vector_of_their_letters(encoder):
    one = task(encoder)
    embedding = model_of(one).encoder.embedding
    others = one.encode([UNSEEN, LabelledText("xyz"), LabelledText("wonders"), LabelledText("新")])
    source = one.collate(others, np.arange(4)).source
    assert source.ids_BS.unique().tolist() == [1]
    first, nothing, other, han = embedding(source)[:, 0]
    assert torch.equal(nothing, han)
    assert not torch.allclose(first, nothing)
    assert not torch.allclose(first, other)
    known = one.tokenizer.known["letters"]
    assert len(source.letters.ids_N) > 0
    assert int(source.letters.ids_N.max()) < len(known)
    mean = embedding.tables[-1].weight[source.letters.ids_N[: source.letters.starts_B[1]]].mean(0)
    torch.testing.assert_close(first - nothing, mean)


@pytest.mark.parametrize("examples", [EXAMPLES, PAIRS])
def test_a_saved_task_is_the_same_task(tmp_path, examples):
    one = task(examples=examples)
    one.save(tmp_path)
    loaded = one.config.load(tmp_path)
    model = model_of(one)
    loaded.build_model().load_state_dict(model.state_dict())
    np.testing.assert_array_equal(probabilities(loaded, model, examples), probabilities(one, model, examples))


def test_both_texts_of_a_pair_have_their_letters():
    one = task(examples=PAIRS)
    model, columns = model_of(one), one.encode(PAIRS)
    assert list(columns.letters) == list(columns.ragged) == ["text", "second text"]
    alone = np.concatenate([probabilities(one, model, [each]) for each in PAIRS])
    np.testing.assert_allclose(probabilities(one, model, PAIRS), alone, atol=1e-6)
    turned = [LabelledText(each.second, each.label, second=each.text) for each in PAIRS]
    sides = one.collate(columns, np.arange(6)).source, one.collate(one.encode(turned), np.arange(6)).source
    with torch.inference_mode():
        for here, there in ((sides[0].first, sides[1].second), (sides[0].second, sides[1].first)):
            torch.testing.assert_close(model.encoder(here).states_BSD, model.encoder(there).states_BSD)


def test_word_vectors_fill_the_pieces_alone(tmp_path):
    (tmp_path / "words.vec").write_text("wonderful " + "1 " * 8 + "\n好 " + "2 " * 8 + "\n", encoding="utf-8")
    one, plain = (task(**more) for more in ({"vectors": str(tmp_path / "words.vec")}, {}))
    models = []
    for each in (one, plain):
        torch.manual_seed(3)
        models.append(each.build_model())
        each.initialize(models[-1], each.encode(EXAMPLES))
    (pieces, *views), (_, *untouched) = ([table.weight for table in each.encoder.embedding.tables] for each in models)
    row = one.tokenizer.pieces.index("wonderful")
    assert len(pieces[row].unique()) == 1
    assert all(torch.equal(here, there) for here, there in zip(views, untouched, strict=True))


def test_a_run_from_file_to_answers(tmp_path):
    path = tmp_path / "reviews.tsv"
    rows = [f"{text} {number}\t{label}" for number in range(4) for text, label in TEXTS]
    path.write_text("\n".join(["text\tlabel", *rows]), encoding="utf-8")
    config = weft.RunConfig(
        data=weft.DataConfig(train=str(path)),
        task=task().config,
        training=weft.TrainingConfig(epochs=1),
        device="cpu",
    )
    reports = [str(report) for report in weft.train(config, tmp_path / "model")]
    assert any("mixed + 3-6 letters inside words + bigram" in line for line in reports)
    model = weft.load(tmp_path / "model")
    together = model.answer([each.text for each in NEW])
    for each, given in zip(NEW, together, strict=True):
        assert model.answer([each.text])[0].probabilities == pytest.approx(given.probabilities, abs=1e-6)
