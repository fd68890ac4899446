"""Classification: what is learned, batches, the loss by torch's formulas, windows merged, scores by scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn import metrics as oracle
from torch.nn import functional

from weft.data.examples.base import examples_of
from weft.data.sources import open_table
from weft.errors import ConfigError, InputError
from weft.evaluation.evaluate import answer
from weft.tasks.classification import Answer, Classification, ClassificationConfig, LabelledText

CPU = torch.device("cpu")
TEXTS = [
    *("味道很好，还会再来", "cold and late", "太贵了", "好"),
    " ".join(["好吃 and warm"] * 9),
    "，".join(["等了很久"] * 11),
]
LABELS = ["10", "2", "2", "neg", "2", "10"]
EXAMPLES = [LabelledText(text, label) for text, label in zip(TEXTS, LABELS, strict=True)]


def task(encoder: str = "cnn", **settings: object) -> Classification:
    config = {"encoder": {"kind": encoder, "width": 8}, "tokenizer": None, **settings}
    return ClassificationConfig.model_validate(config).learn(EXAMPLES * 2)


def model_of(one: Classification) -> torch.nn.Module:
    torch.manual_seed(3)
    return one.build_model().eval()


# what is learned


def test_labels_stand_in_natural_order():
    labels = ["b", "10", "2", "好", "-1", "2.5", "a"]
    learned = ClassificationConfig().learn([LabelledText("good 好", label) for label in labels])
    assert learned.labels == ["-1", "2", "2.5", "10", "a", "b", "好"]


def test_counts_are_of_the_training_labels():
    assert (task().labels, task().counts) == (["2", "10", "neg"], [6, 4, 2])


def test_a_saved_task_is_the_same_task(tmp_path):
    one = task("bag")
    one.save(tmp_path)
    loaded = one.config.load(tmp_path)
    assert (loaded.labels, loaded.counts, loaded.config) == (one.labels, one.counts, one.config)
    np.testing.assert_array_equal(
        loaded.encode(EXAMPLES).ragged["text"].values, one.encode(EXAMPLES).ragged["text"].values
    )


@pytest.mark.parametrize(
    ("labels", "message"), [(["好"] * 3, "at least two labels, found only `好`"), ([None] * 3, "found none")]
)
def test_one_label_is_too_few(labels, message):
    with pytest.raises(InputError, match=message):
        ClassificationConfig().learn([LabelledText("good 好", label) for label in labels])


PAIRS = [("bag", "word"), ("bag", "bpe"), ("cnn", "ngrams"), ("gru", "ngrams")]


@pytest.mark.parametrize(("encoder", "tokenizer"), PAIRS)
def test_pairs_that_cannot_work_are_refused(encoder, tokenizer):
    with pytest.raises(ConfigError, match=r"hint: leave task\.tokenizer out") as error:
        task(encoder, tokenizer=tokenizer)
    assert error.value.where == "task.tokenizer"


# rows of a table


@pytest.mark.parametrize("header", ["text,label", "内容,情感", "话,判"])
def test_columns_as_named_else_as_in_training_else_guessed(tmp_path, header):
    path = tmp_path / "test.csv"
    path.write_text(f"{header}\n味道很好,pos\n,neg\ngood,\n 空 , neg \n", encoding="utf-8")
    table = open_table(path, on_bad_row="skip")
    text, label = header.split(",") if header == "话,判" else (None, None)
    config = ClassificationConfig(text="text", label="label").for_table(table, named={"text": text, "label": label})
    assert [config.text, config.label] == header.split(",")
    assert list(config.read(table)) == [LabelledText("味道很好", "pos"), LabelledText(" 空 ", "neg")]
    assert [(bad.line, bad.what, bad.column) for bad in table.bad] == [
        (3, "text is empty", config.text),
        (4, "label is empty", config.label),
    ]
    inputs = config.for_inputs(table, named={"text": text})
    assert [(one.text, one.label, one.line) for one in inputs.read(table)] == [
        ("味道很好", None, 2), ("good", None, 4), (" 空 ", None, 5)]  # fmt: skip


# batches


def test_a_batch_of_positions():
    one = task(max_length=16)
    columns = one.encode(EXAMPLES)
    batch = one.collate(columns, np.array([5, 0, 3]))
    lengths = [16, 9, 1]
    assert batch.source.ids_BS.shape == batch.source.mask_BS.shape == (3, 16)
    assert batch.source.views_BSW.shape == (3, 16, len(one.tokenizer.sizes) - 1)
    assert batch.source.lengths_B.tolist() == lengths
    assert (batch.source.ids_BS > 0).equal(batch.source.mask_BS)
    assert [one.labels[number] for number in batch.label_B] == ["10", "10", "neg"]
    values = columns.ragged["text"]
    for row, ids_SW in zip(
        (5, 0, 3), torch.cat([batch.source.ids_BS[..., None], batch.source.views_BSW], 2), strict=True
    ):
        start, end = values.offsets_R1[row : row + 2]
        assert ids_SW[: end - start].tolist() == values.values[start:end].tolist()
        assert not ids_SW[end - start :].any()


def test_a_batch_of_ngrams():
    one = task("bag")
    columns = one.encode(EXAMPLES)
    batch = one.collate(columns, np.array([4, 2]))
    lengths = columns.ragged["text"].lengths_R
    assert batch.source.starts_B.tolist() == [0, lengths[4]]
    assert len(batch.source.ids_N) == lengths[4] + lengths[2]
    assert [one.labels[number] for number in batch.label_B] == ["2", "2"]


def test_a_bag_reads_long_texts_whole():
    assert task("bag", max_length=8).encode(EXAMPLES).facts["long"] == 0


def test_texts_to_be_predicted_have_no_label():
    one = task()
    columns = one.encode([LabelledText(text) for text in TEXTS])
    assert one.collate(columns, np.arange(2)).label_B is None


def test_a_label_that_training_never_saw_names_line_and_file():
    examples = [LabelledText("好", "2", 4), LabelledText("good", "so-so", 7)]
    with pytest.raises(
        InputError,
        match=r"^line 7: label `so-so` is not .*\n.*known labels: `2`, `10`, `neg`; --set",
    ):
        task().encode(examples)
    with pytest.raises(InputError, match=r"^test\.csv:7: label `so-so`"), examples_of("test.csv"):
        task().encode(examples)


# loss


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("class_weights", ["none", "balanced"])
def test_the_loss_is_torchs(class_weights, smoothing):
    one = task(loss={"class_weights": class_weights, "smoothing": smoothing})
    model = model_of(one)
    batch = one.collate(one.encode(EXAMPLES), np.arange(4))  # not balanced, as the whole is
    weight_C = torch.tensor([4 / 6, 4 / 4, 4 / 2]) if class_weights == "balanced" else None
    logits_BC, label_B = model(batch.source), batch.label_B
    found = one.loss(model, batch, 0)
    mean = functional.cross_entropy(logits_BC, label_B, weight_C, label_smoothing=smoothing)
    torch.testing.assert_close(found.sum / found.count, mean)
    assert found.count == pytest.approx(weight_C[label_B].sum().item() if weight_C is not None else 4)


@pytest.mark.parametrize("class_weights", ["none", "balanced"])
def test_losses_of_parts_add_up_to_the_whole(class_weights):
    one = task(loss={"class_weights": class_weights, "smoothing": 0.1})
    model, columns = model_of(one), one.encode(EXAMPLES)
    whole = one.loss(model, one.collate(columns, np.arange(5)), 0)
    parts = [one.loss(model, one.collate(columns, rows), 0) for rows in np.split(np.arange(5), [1, 4])]
    torch.testing.assert_close(sum(part.sum for part in parts), whole.sum)
    torch.testing.assert_close(sum(part.count for part in parts), whole.count)


# answers


@pytest.mark.parametrize("encoder", ["cnn", "lstm", "transformer"])
def test_windows_of_a_text_are_merged_by_their_mean(encoder):
    one = task(encoder, long="windows", max_length=8)
    model, columns = model_of(one), one.encode(EXAMPLES)
    assert np.bincount(columns.owner_R).tolist() == [2, 1, 1, 1, 6, 9]
    with torch.inference_mode():
        rows = [one.predict(model, one.collate(columns, np.array([row])))[0] for row in range(len(columns))]
    expected = [np.mean([rows[row] for row in np.flatnonzero(columns.owner_R == text)], 0) for text in range(6)]
    found = answer(one, model, EXAMPLES, device=CPU)
    np.testing.assert_allclose([list(one.probabilities.values()) for one in found], expected, atol=1e-6)
    assert [given.label for given in found] == [one.labels[np.argmax(mean)] for mean in expected]
    assert [given.probability for given in found] == [max(given.probabilities.values()) for given in found]


def random_answers(one: Classification, rows: int) -> tuple[list[Answer], list[LabelledText], np.ndarray]:
    draw = np.random.default_rng(0)
    probabilities_EC = draw.dirichlet(np.ones(len(one.labels)), rows)
    answers = [
        Answer(one.labels[row.argmax()], row.max(), dict(zip(one.labels, row.tolist(), strict=True)))
        for row in probabilities_EC
    ]
    gold = draw.integers(0, len(one.labels) - 1, rows)  # the last label never occurs, yet is guessed
    return answers, [LabelledText("好 good", one.labels[number]) for number in gold], probabilities_EC


def test_quick_scores_are_scikit_learns():
    one = task()
    answers, examples, probabilities_EC = random_answers(one, 80)
    found = one.quick_scores(answers, examples)
    gold, guess = [example.label for example in examples], [given.label for given in answers]
    precision, recall, f1, _ = oracle.precision_recall_fscore_support(gold, guess, average="macro", zero_division=0)
    order = [sorted(one.labels).index(label) for label in one.labels]
    expected = {
        "accuracy": oracle.accuracy_score(gold, guess),
        "macro_precision": precision,
        "macro_recall": recall,
        "macro_f1": f1,
        "log_loss": oracle.log_loss(gold, probabilities_EC[:, np.argsort(order)], labels=sorted(one.labels)),
    }
    assert found == pytest.approx(expected)


def test_quick_scores_have_the_names_that_settings_may_name():
    one = task()
    answers, examples, _ = random_answers(one, 8)
    assert tuple(one.quick_scores(answers, examples)) == one.metrics
    assert one.metric in one.metrics


def test_full_scores_agree_with_quick_ones_and_with_their_details():
    one = task()
    answers, examples, _ = random_answers(one, 80)
    scores, quick = one.score(answers, examples), one.quick_scores(answers, examples)
    assert {name: scores.values[name].value for name in quick} == pytest.approx(quick)
    gold, guess = [example.label for example in examples], [given.label for given in answers]
    expected = oracle.confusion_matrix(gold, guess, labels=one.labels)
    np.testing.assert_array_equal(scores.details["confusion"], expected)
    assert scores.details["labels"] == one.labels
    f1 = oracle.f1_score(gold, guess, average=None, labels=one.labels, zero_division=0)
    assert [row["f1"]["value"] for row in scores.details["per_class"]] == pytest.approx(f1.tolist())
    assert [row["support"] for row in scores.details["per_class"]] == expected.sum(1).tolist()
    assert sum(row["count"] for row in scores.details["calibration"]) == 80


def test_a_record_is_one_line_of_the_table_of_answers():
    one = task()
    given = Answer("2", 0.51234567, {"2": 0.51234567, "10": 0.25, "neg": 0.23765433})
    expected = {
        "text": "好，good",
        "label": "10",
        "answer": "2",
        "probability": 0.512346,
        "probabilities": {"2": 0.512346, "10": 0.25, "neg": 0.237654},
        "line": 7,
    }
    assert one.record(given, LabelledText("好，good", "10", 7)) == expected
    bare = {name: value for name, value in expected.items() if name not in ("label", "line")}
    assert one.record(given, LabelledText("好，good")) == bare


def test_notes_say_what_is_known_and_what_is_not_read():
    one = task(max_length=8, tokenizer={"kind": "mixed", "vocabulary": {"min_count": 1}})
    train, dev = one.encode(EXAMPLES), one.encode([LabelledText("好 zebra", "2")])
    notes = one.notes({"train": train, "dev": dev})
    whole = sum([9, 3, 3, 1, 36, 54])
    assert notes[0] == "3 labels: `2` 6, `10` 4, `neg` 2"
    assert notes[1].endswith("covering 100.0% of train, 50.0% of dev")
    assert notes[2:] == [
        "50.0% of the train texts are longer than 8 tokens, read by their head: "
        f"{(1 + 28 + 46) / whole:.1%} of all train tokens are cut off (--long windows reads all)"
    ]


# several models, and temperature


def test_averages_match_labels_by_name():
    one = task()
    first = [Answer("2", 0.6, {"2": 0.6, "10": 0.3, "neg": 0.1})]
    second = [Answer("10", 0.8, {"neg": 0.1, "10": 0.8, "2": 0.1})]
    (found,) = one.average([first, second])
    assert (found.label, found.probability) == ("10", pytest.approx(0.55))
    assert found.probabilities == pytest.approx({"2": 0.35, "10": 0.55, "neg": 0.1})
    assert one.average([first]) == first
    assert one.average([[], []]) == []


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (
            [[Answer("好", 1.0, {"好": 1.0})]],
            "do not have the same labels: only one of them has `10`, `2`, `neg`",
        ),
        ([[], [Answer("2", 1.0, {"2": 1.0})]], "answers of one or more models to the same texts, found 0, 1"),
        ([], "found none"),
    ],
)
def test_models_that_do_not_answer_alike_have_no_average(answers, message):
    with pytest.raises(InputError, match=message):
        task().average(answers)


def test_a_temperature_is_fitted_kept_and_applied(tmp_path):
    one = task(calibrate="temperature")
    model, examples = model_of(one), [LabelledText(text, label) for text, label in zip(TEXTS, LABELS, strict=True)]
    untuned = answer(one, model, examples, device=CPU)
    (said,) = one.tune(untuned, examples)
    assert one.temperature != 1
    one.save(tmp_path)
    loaded = one.config.load(tmp_path)
    tuned = answer(loaded, model, examples, device=CPU)
    losses = [one.quick_scores(given, examples)["log_loss"] for given in (tuned, untuned)]
    assert said == (
        f"calibrated by temperature {one.temperature:.3f}: the log loss on the dev set falls from "
        f"{losses[1]:.4f} to {losses[0]:.4f}"
    )
    assert losses[0] < losses[1]
    with torch.inference_mode():
        batch = one.collate(one.encode(examples), np.arange(len(examples)))
        expected_EC = (model(batch.source).double() / one.temperature).softmax(-1).numpy()
    np.testing.assert_allclose([list(each.probabilities.values()) for each in tuned], expected_EC, atol=1e-6)
    assert [each.label for each in tuned] == [each.label for each in untuned]


def test_without_calibration_nothing_is_tuned(tmp_path):
    one = task()
    assert not one.tunes
    one.save(tmp_path)
    assert not (tmp_path / "tuned.json").exists()
