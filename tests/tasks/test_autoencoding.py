"""Autoencoding: the explained share against principal components, which are those of scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from tests.small_tasks import SMALL_TASKS
from weft.config import validated
from weft.errors import ConfigError, InputError
from weft.tasks.autoencoding import AutoencodingConfig, principal_axes

(SMALL,) = (one for one in SMALL_TASKS if one.kind == "autoencoding")


@pytest.mark.parametrize("shape", [(30, 12), (9, 40)])
def test_the_axes_are_those_of_scikit_learn(shape):
    rows = np.random.default_rng(0).normal(size=shape)
    mean_P, axes_PD = principal_axes(torch.from_numpy(rows), width=4)
    theirs = PCA(4).fit(rows)
    np.testing.assert_allclose(mean_P.numpy(), theirs.mean_, atol=1e-9)
    ours = (rows - mean_P.numpy()) @ axes_PD.numpy()
    drawn = theirs.inverse_transform(theirs.transform(rows))
    np.testing.assert_allclose(ours @ axes_PD.numpy().T, drawn - theirs.mean_, atol=1e-9)


def test_the_floor_explains_what_as_many_components_do():
    task, examples = SMALL.task, SMALL.examples
    model = task.build_model().eval()
    with torch.no_grad():
        answers = task.predict(model, task.collate(task.encode(examples), np.arange(len(examples))))
    found = task.learned_floors(examples, answers, examples)
    (name,) = found["floors"]
    assert name == "4 principal components of the colours"
    colors = task._colors(examples).numpy()
    theirs = PCA(4).fit(colors)
    left = ((colors - theirs.inverse_transform(theirs.transform(colors))) ** 2).sum()
    assert found["floors"][name]["r2"] == pytest.approx(1 - left / (colors**2).sum(), abs=1e-4)
    assert task.quick_scores(answers, examples)["r2"] < 1


def test_what_it_cannot_do_is_refused():
    with pytest.raises(InputError, match="directions of its own"):
        SMALL.task.average([])
    with pytest.raises(ConfigError, match="vector"):
        SMALL.task.reads_alone("text")
    assert validated(AutoencodingConfig, {"kind": "autoencoding"}).width == 128


def test_the_loss_is_the_error_of_a_colour_and_of_the_mean_vector():
    task, examples = SMALL.task, SMALL.examples
    batch = task.collate(task.encode(examples), np.arange(len(examples)))
    torch.manual_seed(0)
    model = task.build_model().eval()
    with torch.no_grad():
        vector_BD, error_B, _ = model(batch)
        loss = task.loss(model, batch, 0)
    plain = error_B.mean() / batch.bytes_BCXY[0].numel()
    torch.testing.assert_close(loss.sum / loss.count, plain + vector_BD.mean(0).norm() ** 2)
