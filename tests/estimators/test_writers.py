"""Estimators that write keep their arguments, find the very model that a run finds, and say what is wrong."""

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

import weft
from weft.config import overridden, validated
from weft.errors import ConfigError, InputError, RunFolderError
from weft.metrics.overlap import chrf
from weft.models.rnn_decoder import GruDecoderConfig
from weft.run import suited

WORDS = {"one": "一", "two": "二", "three": "三", "four": "四", "five": "五"}
PAIRS = [(f"{a} {b}", f"{WORDS[a]}{WORDS[b]}") for a in WORDS for b in WORDS]
SOURCES, TARGETS = [source for source, _ in PAIRS], [target for _, target in PAIRS]
TEXTS = [*TARGETS, *SOURCES]
SMALL = {"task.decoder.width": 12, "training.batch_rows": 8, "device": "cpu"}
TINY: dict[str, Any] = {
    "decoder": "gru",
    "epochs": 1,
    "settings": {"task.decoder.hidden": 12, "task.tokenizer": "char", **SMALL},
}


def pairs(**changed: Any) -> weft.Seq2Seq:
    return weft.Seq2Seq(**{"encoder": "gru", **TINY, **changed})


def alone(**changed: Any) -> weft.LanguageModel:
    return weft.LanguageModel(**{**TINY, **changed})


@pytest.fixture(scope="module")
def translator() -> weft.Seq2Seq:
    return pairs().fit(SOURCES, TARGETS)


@pytest.fixture(scope="module")
def poet() -> weft.LanguageModel:
    return alone().fit(TEXTS)


@pytest.mark.parametrize("model", [pairs(learning_rate=0.01, search=weft.Beam(2)), alone(search="greedy")])
def test_arguments_are_kept_as_they_are(model):
    before, settings = model.get_params(), dict(model.settings)
    given = (SOURCES, TARGETS) if isinstance(model, weft.Seq2Seq) else (TEXTS,)
    assert model.fit(*given) is model
    assert model.get_params() == before
    assert model.settings == settings
    copy = clone(model)
    assert copy.get_params() == before
    assert not hasattr(copy, "model_")
    assert get_tags(model).input_tags.string


def test_it_learns_to_translate():
    # BLEU finds no four characters in a row in texts of two
    larger = {"task.decoder.width": 32, "task.decoder.hidden": 32, "training.ema": None, "training.metric": "chrf"}
    settings = {**TINY["settings"], **larger}
    model = pairs(epochs=20, learning_rate=0.02, gold=0.8, settings=settings).fit(SOURCES, TARGETS)
    assert model.score(SOURCES, TARGETS) > 0.8


def test_what_is_predicted_is_what_is_answered_and_scored(translator):
    written = translator.predict(SOURCES)
    assert written == [one.text for one in translator.answer(SOURCES)]
    assert all(type(one) is str for one in written)
    assert translator.predict([]) == []
    assert translator.predict(np.array(SOURCES)) == written
    assert translator.score(SOURCES, TARGETS) == chrf(written, [[one] for one in TARGETS]).value / 100
    assert translator.score(SOURCES, [[one, "二二"] for one in TARGETS]) >= translator.score(SOURCES, TARGETS)


def test_a_search_may_be_given_with_the_question_or_to_the_estimator(translator):
    (answer,) = translator.answer(["one two"], search=weft.Beam(4, alternatives=3))
    assert len(answer.alternatives) == 2
    greedy = pairs(search=weft.Greedy()).fit(SOURCES, TARGETS)
    assert greedy.predict(SOURCES) == [one.text for one in translator.answer(SOURCES, search=weft.Greedy())]


def test_several_targets_are_all_learned_from_and_scored_together():
    several = [[target, f"{target}！"] for target in TARGETS]
    model = pairs().fit(SOURCES, several)
    assert model.model_.task.config.references == "all"
    assert "！" in "".join(model.model_.task.tokenizers.target.decode([list(range(model.model_.task.end))]))
    assert 0 <= model.score(SOURCES, several) <= 1


def test_the_share_of_true_tokens_reaches_the_task():
    assert pairs(gold=0.8)._config().task.teacher_forcing == weft.TeacherForcing(gold=0.8)


def test_the_same_model_as_a_run_of_the_same_file(tmp_path: Path, translator):
    lines = [json.dumps({"source": source, "target": target}) for source, target in PAIRS]
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines), encoding="utf-8")
    task = {"task.kind": "seq2seq", "task.encoder": "gru", "task.decoder": "gru"}
    given = {**task, **TINY["settings"], "training.epochs": 1, "data.train": str(tmp_path / "pairs.jsonl")}
    config = validated(weft.RunConfig, overridden({}, [f"{name}={value}" for name, value in given.items()]))
    for _ in weft.train(config, tmp_path / "run"):
        pass
    run, ours = weft.load(tmp_path / "run", device="cpu"), translator.model_
    theirs = {name: tensor.tolist() for name, tensor in run.network.state_dict().items()}
    assert {name: tensor.tolist() for name, tensor in ours.network.state_dict().items()} == theirs


def test_saved_and_pickled_they_write_the_same(tmp_path: Path, translator, poet):
    for name, model, given in (("译", translator, SOURCES), ("poet", poet, ["one", "二"])):
        model.save(tmp_path / name)
        expected = model.answer(given)
        assert weft.load(tmp_path / name, device="cpu").answer(given) == expected
        assert pickle.loads(pickle.dumps(model)).answer(given) == expected


def test_what_follows_a_prompt(poet):
    prompts = ["one", "", "二"]
    written = poet.generate(prompts, search=weft.Greedy(max_length=5))
    assert [type(one) for one in written] == [str, str, str]
    assert written == [one.text for one in poet.answer(prompts, search=weft.Greedy(max_length=5))]
    drawn = poet.answer(["one"], search=weft.Sample(samples=3, max_length=5))
    assert len(drawn[0].alternatives) == 2
    assert poet.generate([]) == []


def test_a_stream_is_the_answer_in_parts(poet):
    search = weft.Sample(top_p=0.95, max_length=6, seed=3)
    assert "".join(poet.stream("二", search=search)) == poet.generate(["二"], search=search)[0]


def test_a_text_is_scored_by_its_probability(poet):
    assert poet.perplexity(TEXTS) == pytest.approx(np.exp(-poet.score(TEXTS)))
    assert alone(epochs=8, learning_rate=0.02).fit(TEXTS).perplexity(TEXTS) < poet.perplexity(TEXTS)


def test_they_are_searched_over_a_grid_and_cross_validated():
    grid = {"gold": [0.5, 1.0], "decoder": ["gru", GruDecoderConfig(width=12, hidden=12)]}
    plain = {name: value for name, value in TINY["settings"].items() if not name.startswith("task.decoder")}
    search = GridSearchCV(pairs(settings=plain), {**grid, "decoder": grid["decoder"][1:]}, cv=2).fit(SOURCES, TARGETS)
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()
    assert len(search.predict(SOURCES[:3])) == 3
    assert len(cross_val_predict(pairs(), SOURCES, TARGETS, cv=2)) == len(SOURCES)
    assert (cross_val_score(alone(), TEXTS, cv=2) < 0).all()


def test_they_end_a_pipeline():
    lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    shouted = [text.upper() for text in TEXTS]
    pipeline = make_pipeline(lower, alone()).fit(shouted)
    assert pipeline.score(shouted) == alone().fit(TEXTS).score(TEXTS)


def test_without_scikit_learn_they_still_learn():
    code = f"""
import sys
sys.modules["sklearn"] = None
import weft
print(weft.Seq2Seq("gru", **{TINY!r}).fit({SOURCES!r}, {TARGETS!r}).predict(["one two"]))
print(weft.LanguageModel(**{TINY!r}).fit({TEXTS!r}).perplexity(["一二"]) > 1)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("True\n")


@pytest.mark.parametrize("model", [pairs(), alone()])
def test_before_fit_nothing_is_written(model, tmp_path: Path):
    given = (SOURCES, TARGETS) if isinstance(model, weft.Seq2Seq) else (TEXTS,)
    for ask in (lambda: model.answer(SOURCES), lambda: model.score(*given), lambda: model.save(tmp_path / "none")):
        with pytest.raises(InputError, match="nothing yet") as caught:
            ask()
        assert caught.value.hint == "call fit first"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("sources", "targets", "where", "what"),
    [
        (["好", None], ["a", "b"], "sources[1]", "found NoneType"),
        (["好", " "], ["a", "b"], "sources[1]", "text is empty"),
        ("味道很好", ["a"], "", "expected a list of sources, found str"),
        (["好", "坏"], "ab", "", "expected a list of targets, found str"),
        (["好", "坏"], ["a", ""], "targets[1][0]", "text is empty"),
        (["好", "坏"], ["a", None], "targets[1][0]", "found NoneType"),
        (["好", "坏"], ["a", ["b", 3]], "targets[1][1]", "found int"),
        (["好", "坏"], ["a", []], "targets[1]", "there is no text"),
        (["好", "坏"], ["a", 3], "", "expected a list of targets[1], found int"),
        (["好", "坏"], ["a"], "", "found 2 sources and 1 targets"),
        (np.zeros((2, 2)), ["a", "b"], "", "array of shape (2, 2)"),
    ],
)
def test_what_is_no_pair_is_refused(translator, sources: Any, targets: Any, where: str, what: str):
    for ask in (pairs().fit, translator.score):
        with pytest.raises(InputError) as caught:
            ask(sources, targets)
        assert caught.value.where == where
        assert what in caught.value.what


def test_what_is_no_text_to_learn_or_to_go_on_with_is_refused(poet):
    for ask in (alone().fit, poet.score, poet.perplexity):
        with pytest.raises(InputError, match="text is empty"):
            ask(["好", " "])
    with pytest.raises(InputError, match="no text to score"):
        poet.score([])
    with pytest.raises(InputError, match="found int"):
        poet.generate(["one", 2])
    with pytest.raises(InputError, match="`龘`"):
        poet.generate(["龘"])


def test_too_few_texts_to_hold_some_out():
    for ask in (lambda: pairs().fit(["one"], ["一"]), lambda: alone().fit(["一"])):
        with pytest.raises(InputError, match="too few") as caught:
            ask()
        assert "dev_share" in caught.value.hint


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"decoder": "grv"}, "task.decoder"),
        ({"gold": 1.5}, "task.teacher_forcing.gold"),
        ({"epochs": 0}, "training.epochs"),
        ({"search": "beams"}, "task.search"),
        ({"random_state": "now"}, "seed"),
        ({"settings": {"data.train": "pairs.csv"}}, "data.train"),
        ({"settings": {"task.kind": "language_model"}}, "task"),
        ({"encoder": "bag", "settings": None}, "task.encoder"),
    ],
)
def test_a_wrong_setting_is_said_with_its_path(changed: dict[str, Any], where: str):
    with pytest.raises(ConfigError) as caught:
        pairs(**changed).fit(SOURCES, TARGETS)
    assert caught.value.where.startswith(where)


def test_a_folder_is_not_written_over(tmp_path: Path, translator, poet):
    translator.save(tmp_path / "模型")
    with pytest.raises(RunFolderError, match="模型: exists already\nhint: name another folder, or remove this one"):
        poet.save(tmp_path / "模型")
    assert isinstance(weft.load(tmp_path / "模型", device="cpu").answer(SOURCES[:1])[0].text, str)


@pytest.mark.parametrize("kind", [weft.Seq2Seq, weft.LanguageModel])
def test_an_argument_that_there_is_not(kind):
    with pytest.raises(
        ConfigError, match=f"{kind.__name__}: there is no argument `epoch`\nhint: did you mean `epochs`?"
    ):
        kind(epoch=3)
    with pytest.raises(ConfigError, match=r"known: .*`decoder`.*settings=\{'training\.ema'"):
        kind(温度=3)


def test_epochs_are_those_of_a_run_unless_they_are_named():
    recommended = weft.Seq2SeqConfig().decoder.recommended["epochs"]
    assert suited(weft.Seq2Seq()._config()).training.epochs == recommended
    assert suited(weft.Seq2Seq(epochs=2)._config()).training.epochs == 2
    assert suited(weft.LanguageModel()._config()).training.epochs == weft.TrainingConfig().epochs


def test_a_stream_is_of_one_text(poet):
    with pytest.raises(InputError, match=r"expected one text, found list\nhint: .*model\.stream"):
        poet.stream(["二"])
