"""What a teacher says of a text: its place in the columns and batches, its loss by hand, and when it is missed."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weft.config import validated
from weft.data.examples.labelled import LabelledText, SoftLabelledText
from weft.errors import ConfigError
from weft.tasks.classification import ClassificationConfig
from weft.tasks.losses import LossConfig, TeacherConfig, cross_entropy, taught_loss

SURE, UNSURE = (-0.1, -2.35), (-0.7, -0.69)
TEXTS = [
    SoftLabelledText("the soup was good", "pos", soft=SURE),
    SoftLabelledText("味道很好，还会再来", None, soft=UNSURE),
    SoftLabelledText("cold and late", "neg", soft=UNSURE),
]


def task():
    return ClassificationConfig(loss=LossConfig(teacher=TeacherConfig())).learn(TEXTS)


def test_a_text_without_a_label_has_minus_one_and_what_the_teacher_said():
    learned = task()
    assert (learned.labels, learned.counts) == (["neg", "pos"], [1, 1])
    batch = learned.collate(learned.encode(TEXTS), np.array([1, 0]))
    assert batch.label_B.tolist() == [-1, 1]
    torch.testing.assert_close(batch.soft_BC, torch.tensor([UNSURE, SURE]))


def test_a_student_of_ordered_words_has_what_the_teacher_said_of_each():
    config = ClassificationConfig(loss=LossConfig(teacher=TeacherConfig()), ordinal=("pos", "neg"))
    learned = config.learn(TEXTS)
    assert learned.labels == ["pos", "neg"]
    np.testing.assert_allclose(learned.encode(TEXTS).fixed["soft"][:2], np.float32([SURE[::-1], UNSURE[::-1]]))


def test_every_window_of_a_long_text_has_what_the_teacher_said_of_it():
    config = ClassificationConfig(loss=LossConfig(teacher=TeacherConfig()), max_length=8, long="windows")
    examples = [SoftLabelledText("很好 " * 20, "pos", soft=SURE), SoftLabelledText("bad", "neg", soft=UNSURE)]
    columns = config.learn(examples).encode(examples)
    assert len(columns) > 2
    np.testing.assert_allclose(columns.fixed["soft"], np.array([SURE, UNSURE], np.float32)[columns.owner_R])


def test_texts_that_no_teacher_has_seen_have_nothing_of_it():
    assert set(task().encode([LabelledText("good", "pos"), LabelledText("坏", "neg")]).fixed) == {"label"}
    assert task().encode([*TEXTS, LabelledText("good")]).fixed == {}


def test_a_teacher_that_has_not_answered_is_missed_before_training():
    learned = task()
    columns = learned.encode([LabelledText("good", "pos"), LabelledText("坏", "neg")])
    with pytest.raises(ConfigError, match="no teacher has answered these texts"):
        learned.initialize(learned.build_model(), columns)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("heat", [1.0, 2.0, 5.0])
def test_the_gradient_is_that_of_the_paper(alpha, heat):
    logits_BC = torch.tensor([[0.2, -1.0, 0.5], [1.0, 0.3, -0.2]], dtype=torch.float64, requires_grad=True)
    soft_BC = torch.tensor([[2.0, 0.0, -1.0], [0.0, 0.0, 3.0]], dtype=torch.float64).log_softmax(-1)
    config = LossConfig(teacher=TeacherConfig(alpha=alpha, temperature=heat))
    found = taught_loss(logits_BC, torch.tensor([2, -1]), soft_BC, config, counts=[1, 1, 1])
    found.sum.backward()
    # d/dz of T^2 KL is T (q - p), both at temperature T; of the cross-entropy it is q - y, where there is a label
    student, teacher = ((one / heat).softmax(-1) for one in (logits_BC.detach(), soft_BC))
    expected = (1 - alpha) * heat * (student - teacher)
    expected[0] += alpha * (logits_BC.detach()[0].softmax(-1) - torch.tensor([0.0, 0.0, 1.0]))
    torch.testing.assert_close(logits_BC.grad, expected)
    assert float(found.count) == 2


@given(st.lists(st.lists(st.floats(-20, 20), min_size=3, max_size=3), min_size=1, max_size=6), st.floats(0.2, 20))
def test_a_student_that_says_what_its_teacher_says_has_nothing_to_learn_from_it(scores, heat):
    logits_BC = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    config = LossConfig(teacher=TeacherConfig(alpha=0.5, temperature=heat))
    unknown_B = torch.full((len(scores),), -1)
    found = taught_loss(logits_BC, unknown_B, logits_BC.detach().log_softmax(-1), config, counts=[1, 1, 1])
    found.sum.backward()
    assert float(found.sum.detach()) == pytest.approx(0, abs=1e-9)
    assert float(logits_BC.grad.abs().max()) < 1e-9


@pytest.mark.parametrize("balanced", ["none", "balanced"])
def test_with_alpha_one_it_is_the_loss_of_the_labels(balanced):
    logits_BC, label_B = torch.randn(4, 2, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 1, 0])
    config = LossConfig(class_weights=balanced, teacher=TeacherConfig(alpha=1))
    found = taught_loss(logits_BC, label_B, torch.zeros(4, 2), config, counts=[3, 1])
    plain = cross_entropy(logits_BC, label_B, config, counts=[3, 1])
    assert (float(found.sum), float(found.count)) == (float(plain.sum), float(plain.count))


def test_a_temperature_of_zero_is_refused():
    with pytest.raises(ConfigError, match="expected greater than 0"):
        validated(TeacherConfig, {"temperature": 0})
