"""Estimators do what scikit-learn asks of them, keep their arguments, and find the very model that a run finds."""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import Tags, get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import weft
from weft.config import overridden, validated
from weft.errors import ConfigError, InputError
from weft.models.cnn import CnnEncoderConfig

GOOD = ("the soup was good", "味道很好，还会再来", "warm and friendly", "好吃不贵")
BAD = ("cold and late", "太贵了，不好吃", "rude waiter", "等了很久才上菜")
TEXTS = [f"{text} {number}" for number in range(8) for text in (*GOOD, *BAD)]
LABELS = (["pos"] * 4 + ["neg"] * 4) * 8
FAST = {"task.encoder.width": 8, "training.table_rate": 0.2, "device": "cpu"}
TINY = {"encoder": "bag", "epochs": 3, "batch_rows": 16, "settings": FAST}


def tiny(**changed: Any) -> weft.TextClassifier:
    return weft.TextClassifier(**{**TINY, **changed})


class ReadsNumbers(weft.TextClassifier):
    """Writes rows of numbers as texts, so that scikit-learn's checks, which know no others, run on what is inherited.

    The name of a column and which half of a unit its number lies in are a word.
    """

    def fit(self, X: Any, y: Any) -> "ReadsNumbers":
        return super().fit(words(X), y)

    def predict_proba(self, X: Any) -> np.ndarray:
        return super().predict_proba(words(X))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.no_validation = True, True
        tags.input_tags.one_d_array = tags.input_tags.string = False
        return tags


def words(X: Any) -> list[str]:
    cells = np.floor(2 * np.asarray(X, dtype=float)).astype(int)
    return [" ".join(f"c{column}v{value}" for column, value in enumerate(row)) for row in cells.tolist()]


NUMBERS = "what numbers may be, sparse or not, is up to whoever writes them as texts"
EXEMPT = {
    "check_estimator_sparse_tag": NUMBERS,
    "check_estimator_sparse_array": NUMBERS,
    "check_estimator_sparse_matrix": NUMBERS,
    "check_class_weight_classifiers": "labels are weighed by their frequency or not at all, never by a dictionary",
}
READER = ReadsNumbers(encoder="bag", epochs=4, batch_rows=16, dev_share=0.2, settings=FAST)


@parametrize_with_checks([READER], expected_failed_checks=lambda _: EXEMPT)
def test_what_scikit_learn_asks(estimator, check):
    check(estimator)


def test_its_tags_say_that_it_reads_strings():
    tags = get_tags(weft.TextClassifier())
    assert tags.estimator_type == "classifier"
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array


def test_fit_gives_itself_and_leaves_its_arguments_alone():
    settings = {"task.encoder.width": 8, "device": "cpu"}
    model = tiny(settings=settings, learning_rate=0.01)
    before = model.get_params()
    assert model.fit(TEXTS, LABELS) is model
    assert model.get_params() == before
    assert model.settings is settings
    assert settings == {"task.encoder.width": 8, "device": "cpu"}


def test_to_fit_again_changes_nothing():
    model = tiny().fit(TEXTS, LABELS)
    first = model.predict_proba(TEXTS)
    assert np.array_equal(model.fit(TEXTS, LABELS).predict_proba(TEXTS), first)
    assert np.array_equal(clone(model).fit(TEXTS, LABELS).predict_proba(TEXTS), first)


def test_a_clone_has_the_settings_and_nothing_learned():
    model = tiny(class_weight="balanced").fit(TEXTS, LABELS)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(TEXTS)


def test_parameters_are_set_by_name():
    model = tiny().set_params(epochs=2, random_state=5, encoder=CnnEncoderConfig(width=8, maps=8), settings=None)
    config = model._config()
    assert (config.training.epochs, config.seed, config.task.encoder.width) == (2, 5, 8)
    with pytest.raises(ValueError, match="epoch_count"):
        model.set_params(epoch_count=2)


def test_probabilities_sum_to_one_and_the_largest_is_the_answer():
    model = tiny().fit(TEXTS, LABELS)
    probabilities_EC = model.predict_proba(TEXTS)
    assert probabilities_EC.shape == (len(TEXTS), 2)
    assert probabilities_EC.sum(1) == pytest.approx(np.ones(len(TEXTS)))
    assert np.array_equal(model.predict(TEXTS), model.classes_[probabilities_EC.argmax(1)])
    assert model.score(TEXTS, LABELS) == accuracy_score(LABELS, model.predict(TEXTS)) > 0.9
    assert [one.label for one in model.model_.answer(TEXTS)] == model.predict(TEXTS).tolist()


def test_no_texts_have_no_answers():
    model = tiny().fit(TEXTS, LABELS)
    assert model.predict_proba([]).shape == (0, 2)
    assert model.predict([]).tolist() == []


@pytest.mark.parametrize(
    "labels",
    [
        np.array(LABELS),
        np.array(LABELS, dtype=object),
        [int(label == "pos") for label in LABELS],
        np.array([10 if label == "pos" else 9 for label in LABELS], dtype=np.int8),
        [label == "pos" for label in LABELS],
        ["好" if label == "pos" else "坏" for label in LABELS],
        ["10" if label == "pos" else "9" for label in LABELS],
    ],
    ids=["strings", "objects", "integers", "small integers", "booleans", "Chinese", "digits"],
)
def test_labels_come_back_in_their_own_type(labels):
    model = tiny().fit(TEXTS, labels)
    given = model.predict(TEXTS)
    assert given.dtype == model.classes_.dtype == np.asarray(labels).dtype
    assert model.classes_.tolist() == sorted(set(np.asarray(labels).tolist()))
    assert (given == np.asarray(labels)).mean() > 0.9
    assert model.score(TEXTS, labels) > 0.9


@pytest.mark.parametrize("make", [tuple, np.array, lambda texts: np.array(texts, dtype=object)])
def test_texts_may_be_any_sequence(make):
    model = tiny().fit(make(TEXTS), LABELS)
    assert np.array_equal(model.predict_proba(make(TEXTS)), tiny().fit(TEXTS, LABELS).predict_proba(TEXTS))


def test_the_same_model_as_a_run_of_the_same_file(tmp_path):
    lines = ["text,label", *(f"{text},{label}" for text, label in zip(TEXTS, LABELS, strict=True))]
    (tmp_path / "reviews.csv").write_text("\n".join(lines), encoding="utf-8")
    given = {"task.encoder.width": 8, "task.encoder.maps": 8, "training.report_every": 1, "device": "cpu"}
    named = {"seed": 3, "training.epochs": 2, "training.batch_rows": 16, "data.dev_share": 0.2}
    rate = {"training.optimizer.learning_rate": 0.01, "data.train": str(tmp_path / "reviews.csv")}
    settings = [f"{name}={value}" for name, value in {**given, **named, **rate}.items()]
    for _ in weft.train(validated(weft.RunConfig, overridden({}, settings)), tmp_path / "run"):
        pass
    ours = weft.TextClassifier("cnn", epochs=2, learning_rate=0.01, batch_rows=16, dev_share=0.2, random_state=3)
    ours.set_params(settings=given).fit(TEXTS, LABELS)
    run = weft.load(tmp_path / "run", device="cpu")
    theirs = run.network.state_dict()
    assert {name: tensor.tolist() for name, tensor in ours.model_.network.state_dict().items()} == {
        name: tensor.tolist() for name, tensor in theirs.items()
    }
    assert ours.predict(TEXTS).tolist() == [one.label for one in run.answer(TEXTS)]


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_texts_without_labels_teach_it_as_they_teach_a_run(tmp_path, share):
    lines = [f"__label__{label} {text}" for text, label in zip(TEXTS, LABELS, strict=True)]
    more = [f"{text}! {number}" for number in range(20, 26) for text in (*GOOD, *BAD)]
    (tmp_path / "few.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "many.txt").write_text("\n".join([*more, TEXTS[0], more[0]]) + "\n", encoding="utf-8")
    settings = {"task.encoder": "cnn", "training.epochs": 2, "device": "cpu", "self_training.share": share}
    given = {**settings, "self_training.unlabelled": str(tmp_path / "many.txt")}
    run = weft.fit(tmp_path / "few.txt", tmp_path / "run", settings=given)
    mine = {name: value for name, value in settings.items() if name not in ("task.encoder", "training.epochs")}
    reader = weft.TextClassifier("cnn", epochs=2, settings=mine).fit(
        TEXTS, LABELS, unlabelled=[*more, TEXTS[0], more[0]]
    )
    assert run.parameters == reader.model_.parameters
    for one, other in zip(run.answer(more), reader.model_.answer(more), strict=True):
        assert one.probabilities == other.probabilities


def test_where_no_unlabelled_text_is_new_that_is_said():
    with pytest.raises(InputError, match="no unlabelled text is left to learn from: 2 are among the others"):
        tiny().fit(TEXTS, LABELS, unlabelled=[TEXTS[0], f"{TEXTS[1]}!"])
    with pytest.raises(ConfigError, match="texts are given to `fit`"):
        tiny(settings={**FAST, "self_training.unlabelled": "many.txt"}).fit(TEXTS, LABELS)


def test_saved_it_is_a_trained_folder(tmp_path):
    model = tiny().fit(TEXTS, LABELS)
    model.save(tmp_path / "model")
    answers = weft.load(tmp_path / "model", device="cpu").answer(TEXTS)
    assert [list(one.probabilities.values()) for one in answers] == model.predict_proba(TEXTS).tolist()


@pytest.mark.parametrize("encoder", ["bag", "cnn"])
@pytest.mark.parametrize("tokenizer", [None, {"kind": "word", "dictionary": ["味道很好"]}, "bpe"])
def test_pickled_it_answers_the_same(encoder, tokenizer):
    if encoder == "bag" and tokenizer is not None:
        tokenizer = "ngrams"
    model = tiny(encoder=encoder, tokenizer=tokenizer, epochs=1).fit(TEXTS, LABELS)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(TEXTS), model.predict_proba(TEXTS))
    assert again.get_params() == model.get_params()


def test_it_cross_validates():
    scores = cross_val_score(tiny(epochs=6), TEXTS, LABELS, cv=2)
    assert scores.shape == (2,)
    assert scores.min() > 0.8
    probabilities_EC = cross_val_predict(tiny(), np.array(TEXTS), LABELS, cv=2, method="predict_proba")
    assert probabilities_EC.sum(1) == pytest.approx(np.ones(len(TEXTS)))


def test_it_is_searched_over_a_grid():
    grid = {"epochs": np.arange(1, 3), "settings": [{"task.encoder.width": 4}, {"task.encoder.width": 8}]}
    search = GridSearchCV(tiny(), grid, cv=2).fit(TEXTS, LABELS)
    assert len(search.cv_results_["params"]) == 4
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()
    assert search.predict(TEXTS[:3]).shape == (3,)


def test_it_ends_a_pipeline():
    lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    pipeline = make_pipeline(lower, tiny()).set_params(textclassifier__epochs=2).fit(TEXTS, LABELS)
    alone_EC = tiny(epochs=2).fit(TEXTS, LABELS).predict_proba(TEXTS)
    assert np.array_equal(pipeline.predict_proba([text.upper() for text in TEXTS]), alone_EC)


def test_a_seed_of_none_is_drawn_anew_and_a_generator_goes_on():
    assert len({tiny(random_state=None)._config().seed for _ in range(3)}) > 1
    model = tiny(random_state=np.random.RandomState(0))
    assert model._config().seed != model._config().seed
    assert tiny(random_state=np.int64(7))._config().seed == 7


class LoudEncoderConfig(weft.EncoderConfig):
    """An encoder from outside the package."""

    kind: Literal["loud"] = "loud"
    width: int = 8

    def build(self, spec: weft.TokenSpec) -> "LoudEncoder":
        return LoudEncoder(spec.vocab_sizes, self.width)


class LoudEncoder(weft.Encoder):
    def __init__(self, vocab_sizes: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.width, self.embedding = width, weft.Embedding(vocab_sizes, width)

    def forward(self, source: weft.Tokens) -> weft.Memory:
        return weft.Memory(2 * self.embedding(source), source.mask_BS)


def test_an_encoder_of_ones_own_is_an_object():
    model = tiny(encoder=LoudEncoderConfig(width=4), settings=None).fit(TEXTS, LABELS)
    assert isinstance(model.model_.network.encoder, LoudEncoder)
    assert clone(model).get_params()["encoder"] == LoudEncoderConfig(width=4)


def test_settings_come_last_and_open_a_bare_kind():
    config = tiny(encoder="lstm", settings={"task.encoder.hidden": 5, "training.epochs": 9})._config()
    assert (config.task.encoder.kind, config.task.encoder.hidden, config.training.epochs) == ("lstm", 5, 9)
    assert tiny(class_weight="balanced")._config().task.loss.class_weights == "balanced"


def test_before_fit_there_are_no_answers():
    for asked in ("predict", "predict_proba"):
        with pytest.raises(NotFittedError):
            getattr(weft.TextClassifier(), asked)(TEXTS)
    with pytest.raises(NotFittedError):
        weft.TextClassifier().save("nowhere")
    assert not Path("nowhere").exists()


@pytest.mark.parametrize(
    ("texts", "where", "what"),
    [
        (["好", None], "texts[1]", "found NoneType"),
        (["好", float("nan")], "texts[1]", "found float"),
        ([1, 2], "texts[0]", "found int"),
        (["late", " \n"], "texts[1]", "text is empty"),
        (np.zeros((2, 3)), "", "array of shape (2, 3)"),
        ([["a"], ["b"]], "texts[0]", "found list"),
        ("味道很好", "", "found str"),
        (None, "", "found NoneType"),
        ((text for text in "ab"), "", "found generator"),
    ],
)
def test_what_is_no_text_is_refused(texts: Any, where: str, what: str):
    fitted = tiny().fit(TEXTS, LABELS)
    for ask in (lambda: tiny().fit(texts, ["a", "b"]), lambda: fitted.predict_proba(texts)):
        with pytest.raises(InputError) as caught:
            ask()
        assert caught.value.where == where
        assert what in caught.value.what


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        (["a", None] * 32, "there is no label"),
        ([1.0, float("nan")] * 32, "there is no label"),
        (["a", 1] * 32, "labels of one type, found str and int"),
        ([True, 0] * 32, "labels of one type, found bool and int"),
        ([0.5, 1.0] * 32, "continuous value `0.5`"),
        ([["a"], ["b", "c"]] * 32, "found list"),
        (np.zeros((64, 2)), "array of shape (64, 2)"),
        (["a", "b"], "found 64 texts and 2 labels"),
        (["only"] * 64, "at least two labels, found only `only`"),
        (None, "found NoneType"),
        ("pos", "found str"),
    ],
)
def test_what_is_no_label_is_refused(labels: Any, what: str):
    with pytest.raises(InputError) as caught:
        tiny().fit(TEXTS, labels)
    assert what in str(caught.value)


@pytest.mark.parametrize(("texts", "labels"), [([], []), (["好", "bad"], ["pos", "neg"])])
def test_too_few_texts_to_hold_some_out(texts: Sequence[str], labels: Sequence[str]):
    with pytest.raises(InputError, match="too few") as caught:
        tiny().fit(texts, labels)
    assert "dev_share" in caught.value.hint


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"encoder": "cnm"}, "task.encoder"),
        ({"epochs": 0}, "training.epochs"),
        ({"random_state": -1}, "seed"),
        ({"class_weight": "even"}, "task.loss.class_weights"),
        ({"settings": {"task.kind": "multilabel"}}, "task"),
        ({"settings": {"data.test": "test.csv"}}, "data.test"),
        ({"settings": {"task.encodr.width": 3}}, "task"),
        ({"encoder": CnnEncoderConfig(), "settings": {"task.encoder.width": 3}}, "task.encoder.width"),
    ],
)
def test_a_wrong_setting_is_said_with_its_path(changed: dict[str, Any], where: str):
    with pytest.raises(ConfigError) as caught:
        tiny(**changed).fit(TEXTS, LABELS)
    assert caught.value.where.startswith(where)


def test_a_grid_searches_settings_inside_a_part():
    search = GridSearchCV(tiny(encoder="cnn", epochs=1), {"encoder__maps": [2, 3], "tokenizer__kind": ["char"]}, cv=2)
    search.fit(TEXTS, LABELS)
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()
    assert search.best_estimator_._config().task.encoder.maps == search.best_params_["encoder__maps"]
    with pytest.raises(ConfigError, match="`epochs` has no settings inside") as caught:
        tiny().set_params(epochs__maps=3)
    assert "`encoder__...`" in caught.value.hint
    with pytest.raises(ValueError, match="encodr"):
        tiny().set_params(encodr__maps=3)
    with pytest.raises(ConfigError, match="there is no setting `mapz`"):
        tiny(encoder="cnn").set_params(encoder__mapz=3).fit(TEXTS, LABELS)


@pytest.mark.parametrize(
    ("texts", "labels", "says"),
    [
        (TEXTS, [*LABELS[:-1], ""], r"labels\[63\]: label is empty"),
        (TEXTS, [*LABELS[:-1], "　"], r"labels\[63\]: label is empty"),
        (["好 \ud83d", *TEXTS[1:]], LABELS, r"texts\[0\]: holds half a character"),
        (set(TEXTS), LABELS, "expected a list of texts, found set"),
        (dict(zip(TEXTS, LABELS, strict=True)), LABELS, "expected a list of texts, found dict"),
    ],
)
def test_what_is_no_text_and_no_label(texts, labels, says):
    with pytest.raises(ValueError, match=says):
        tiny().fit(texts, labels)
