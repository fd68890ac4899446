"""Several labels a text: what is read and learned, answers by thresholds, tuning, scores, and what is refused."""

import numpy as np
import pytest
import torch
from sklearn import metrics as oracle

from weft.bundle import load_task, save_task
from weft.data.examples.labelled import LabelledText
from weft.data.sources import open_table
from weft.errors import ConfigError, InputError
from weft.evaluation.evaluate import answer
from weft.metrics.calibration import log_loss
from weft.tasks.multilabel import LabelsAnswer, Multilabel, MultilabelConfig

CPU = torch.device("cpu")
EXAMPLES = [
    LabelledText("球队 赢了，the match", ("体育",)),
    LabelledText("shares of a football club 上涨", ("体育", "财经"), 3),
    LabelledText("银行 loses money", ("财经",)),
    LabelledText("nothing to see 没什么", ()),
    LabelledText("芯片 and the market, a match", ("2", "财经")),
]


def task(**settings: object) -> Multilabel:
    config = {"encoder": {"kind": "cnn", "width": 8, "maps": 8}, "label_separator": "|", **settings}
    return MultilabelConfig.model_validate(config).learn(EXAMPLES)


def model_of(one: Multilabel) -> torch.nn.Module:
    torch.manual_seed(3)
    return one.build_model().eval()


def given(one: Multilabel, probabilities_EC: np.ndarray) -> list[LabelsAnswer]:
    """Answers with these probabilities, whatever the thresholds are."""
    return one.average(
        [[LabelsAnswer((), dict(zip(one.labels, row.tolist(), strict=True))) for row in probabilities_EC]]
    )


def random_answers(one: Multilabel, rows: int) -> tuple[np.ndarray, list[LabelledText]]:
    draw = np.random.default_rng(0)
    truth_EC = draw.random((rows, len(one.labels))) < 0.3
    probabilities_EC = np.clip(0.6 * draw.random(truth_EC.shape) + 0.3 * truth_EC, 0, 1)
    labels = [tuple(label for label, has in zip(one.labels, row, strict=True) if has) for row in truth_EC]
    return probabilities_EC, [LabelledText("好 good", found) for found in labels]


# rows of a table


def test_labels_are_read_between_separators(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text("text,tags\n味道很好,体育 | 财经||体育\nnothing 没有,\ngood,财经\n", encoding="utf-8")
    config = MultilabelConfig(label="tags", label_separator="|").resolved(open_table(path))
    assert [(one.label, one.line, one.stratum) for one in config.read(open_table(path))] == [
        (("体育", "财经"), 2, "体育"), ((), 3, ""), (("财经",), 4, "财经")]  # fmt: skip


def test_a_file_needs_a_separator(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text("text,tags\n味道很好,体育\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^task\.label_separator: is not set\nhint: pass --label-separator"):
        MultilabelConfig(label="tags").resolved(open_table(path))
    inputs = MultilabelConfig(label="tags").for_inputs(open_table(path))
    assert [one.label for one in inputs.read(open_table(path))] == [None]


def test_a_nested_list_is_no_label(tmp_path):
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": "好 good", "tags": ""}\n{"text": "好", "tags": [["a"]]}\n', encoding="utf-8")
    config = MultilabelConfig(label="tags", label_separator=",").resolved(open_table(path))
    with pytest.raises(InputError, match=r"posts\.jsonl:2: labels are absent or nested\nhint: write labels as one str"):
        list(config.read(open_table(path)))


# what is learned and kept


def test_labels_and_their_counts():
    one = task()
    assert (one.labels, one.counts, one.texts) == (["2", "体育", "财经"], [1, 2, 3], 5)
    with pytest.raises(InputError, match="no text has a label"):
        MultilabelConfig().learn([LabelledText("好 good", ())])


def test_a_saved_task_is_the_same_task_before_and_after_tuning(tmp_path):
    one = task(calibrate="temperature")
    save_task(tmp_path, one)
    assert load_task(tmp_path).threshold_C.tolist() == [0.5] * 3
    probabilities_EC, examples = random_answers(one, 80)
    one.tune(given(one, probabilities_EC), examples)
    assert one.temperature != 1
    save_task(tmp_path, one)
    loaded = load_task(tmp_path)
    assert isinstance(loaded, Multilabel)
    assert (loaded.labels, loaded.counts, loaded.texts) == (one.labels, one.counts, one.texts)
    assert (loaded.temperature, loaded.threshold_C.tolist()) == (one.temperature, one.threshold_C.tolist())
    model = model_of(one)
    assert answer(loaded, model, EXAMPLES, device=CPU) == answer(one, model, EXAMPLES, device=CPU)


@pytest.mark.parametrize("setting", ["smoothing", "logit_adjustment"])
def test_losses_without_a_meaning_here_are_refused(setting):
    with pytest.raises(ValueError, match=f"there is no setting `{setting}`"):
        MultilabelConfig.model_validate({"loss": {setting: 0.1}})


# batches, loss, answers


def test_a_batch_and_its_loss_are_torchs():
    one = task(loss={"class_weights": "balanced"})
    model, columns = model_of(one), one.encode(EXAMPLES)
    batch = one.collate(columns, np.array([4, 0, 3]))
    assert batch.truth_BC.tolist() == [[True, False, True], [False, True, False], [False, False, False]]
    found = one.loss(model, batch, 0)
    weight_C = torch.tensor([4 / 1, 3 / 2, 2 / 3])
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        model(batch.source), batch.truth_BC.float(), pos_weight=weight_C
    )
    torch.testing.assert_close(found.sum / found.count, expected)


@pytest.mark.parametrize("encoder", ["bag", "lstm"])
def test_answers_are_sigmoids_and_thresholds(encoder):
    one = task(encoder={"kind": encoder, "width": 8})
    model = model_of(one)
    one.threshold_C = np.array([0.4, 0.5, 0.6])
    with torch.inference_mode():
        batch = one.collate(one.encode(EXAMPLES), np.arange(5))
        expected_EC = model(batch.source).double().sigmoid().numpy()
    found = answer(one, model, EXAMPLES, device=CPU)
    np.testing.assert_allclose([list(one.probabilities.values()) for one in found], expected_EC, atol=1e-6)
    for answered in found:
        assert answered.labels == tuple(
            label
            for label, cut in zip(one.labels, one.threshold_C, strict=True)
            if answered.probabilities[label] >= cut
        )


def test_a_temperature_divides_the_logits():
    one = task()
    model = model_of(one)
    before = answer(one, model, EXAMPLES, device=CPU)
    one.temperature = 2.0
    for cool, warm in zip(before, answer(one, model, EXAMPLES, device=CPU), strict=True):
        p_C, q_C = (np.array(list(each.probabilities.values())) for each in (cool, warm))
        np.testing.assert_allclose(np.log(q_C / (1 - q_C)), np.log(p_C / (1 - p_C)) / 2)


def test_averages_match_labels_by_name():
    one = task()
    first = [LabelsAnswer((), {"2": 0.2, "体育": 0.9, "财经": 0.3})]
    second = [LabelsAnswer((), {"财经": 0.9, "2": 0.4, "体育": 0.3})]
    (found,) = one.average([first, second])
    assert found.probabilities == pytest.approx({"2": 0.3, "体育": 0.6, "财经": 0.6})
    assert found.labels == ("体育", "财经")
    with pytest.raises(InputError, match="do not have the same labels: only one of them has `x`, `财经`"):
        one.average([first, [LabelsAnswer((), {"2": 0.2, "体育": 0.9, "x": 0.3})]])


# tuning


def test_tuning_never_lowers_the_f1_of_a_label_and_says_so():
    one = task()
    probabilities_EC, examples = random_answers(one, 120)
    before = one.score(given(one, probabilities_EC), examples).details["per_class"]
    (said,) = one.tune(given(one, probabilities_EC), examples)
    after = one.score(given(one, probabilities_EC), examples)
    assert said.startswith("thresholds with the best F1 of each label on the dev set: `2` 0.")
    assert f"micro F1 {after.values['micro_f1'].value:.4f}, with" in said
    for old, new, cut in zip(before, after.details["per_class"], one.threshold_C, strict=True):
        assert old["threshold"] == 0.5
        assert new["threshold"] == cut
        assert new["f1"]["value"] >= old["f1"]["value"]


def test_calibration_lowers_the_log_loss():
    one = task(calibrate="temperature")
    probabilities_EC, examples = random_answers(one, 120)
    said = one.tune(given(one, probabilities_EC), examples)
    p_N, truth_N = probabilities_EC.ravel(), one.targets(examples).ravel().astype(int)
    assert f"falls from {log_loss(np.stack([1 - p_N, p_N], 1), truth_N):.4f} to" in said[0]
    logits_N = np.log(p_N / (1 - p_N)) / one.temperature
    now = log_loss(np.stack([1 / (1 + np.exp(logits_N)), 1 / (1 + np.exp(-logits_N))], 1), truth_N)
    assert f" to {now:.4f}" in said[0]
    assert now < log_loss(np.stack([1 - p_N, p_N], 1), truth_N)


# scores


def test_scores_are_scikit_learns():
    one = task()
    probabilities_EC, examples = random_answers(one, 80)
    answers = given(one, probabilities_EC)
    truth_EC, guess_EC = one.targets(examples), probabilities_EC >= 0.5
    quick, full = one.quick_scores(answers, examples), one.score(answers, examples)
    assert tuple(quick) == one.metrics
    assert {name: full.values[name].value for name in quick} == pytest.approx(quick)
    assert quick["micro_f1"] == pytest.approx(oracle.f1_score(truth_EC, guess_EC, average="micro"))
    assert quick["exact_match"] == oracle.accuracy_score(truth_EC, guess_EC)
    assert full.details["exact"] == {"right": round(quick["exact_match"] * 80), "texts": 80}
    assert sum(row["count"] for row in full.details["calibration"]) == truth_EC.size


def test_labels_that_were_never_learned_are_missed():
    one = task()
    answers = given(one, np.array([[0.1, 0.9, 0.1], [0.1, 0.1, 0.9]]))
    known = [LabelledText("好", ("体育",)), LabelledText("good", ("财经",))]
    more = [LabelledText("好", ("体育",)), LabelledText("good", ("财经", "天气"), 7)]
    assert one.quick_scores(answers, known)["micro_recall"] == 1
    found = one.score(answers, more)
    assert found.values["micro_recall"].value == pytest.approx(2 / 3)
    assert found.values["exact_match"].value == 0.5
    assert found.details["labels"] == ["2", "体育", "财经", "天气"]
    assert found.details["per_class"][-1]["threshold"] is None
    assert one.check(more) == ["labels without a training text count as missed: `天气` (the first in line 7)"]
    assert one.check(known) == []
    assert one.notes({"dev": one.encode(more)})[-1].startswith("33.3% of the labels of dev have no training text")
    with pytest.raises(InputError, match=r"line 7: no label is one that .* `天气` is the first"):
        one.check([LabelledText("good", ("天气",), 7), LabelledText("好", ("x",), 8)])


def test_a_record_is_one_line_of_the_table_of_answers():
    one = task()
    answered = LabelsAnswer(("2", "财经"), {"2": 0.71234567, "体育": 0.25, "财经": 0.5})
    assert one.record(answered, LabelledText("好，good", ("财经", "体育"), 7)) == {
        "text": "好，good",
        "labels": ["体育", "财经"],
        "answer": ["2", "财经"],
        "probabilities": {"2": 0.712346, "体育": 0.25, "财经": 0.5},
        "line": 7,
    }
    assert "labels" not in one.record(answered, LabelledText("好，good"))
