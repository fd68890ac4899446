"""A student and its teacher: what is kept and gone on with, what is left out, what is refused, and that it learns."""

import contextlib
import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import weft
from tests.pretrained_folders import write_model
from weft.config import validated
from weft.data.examples.labelled import LabelledText
from weft.data.examples.tagged import LabelledSpan
from weft.dataset import DataConfig, Examples
from weft.demo import likeness, names
from weft.errors import ConfigError, InputError, Interrupted, RunFolderError
from weft.experiments import teacher_answers
from weft.experiments.distil import results
from weft.experiments.word_vectors import principal, words_for, write_vectors
from weft.files import read_json
from weft.tasks.classification import ClassificationConfig
from weft.text.vectors import read_vectors
from weft.training.reports import Note

REVIEWS = [
    (f"{text} {number}", label)
    for number in range(10)
    for text, label in (
        ("the soup was good", "pos"),
        ("味道很好，还会再来", "pos"),
        ("cold and late", "neg"),
        ("太贵了，不好吃", "neg"),
    )
]
MORE = [(f"{text} {number}",) for number in range(20, 30) for text in ("a good soup", "太贵了", "味道很好", "so late")]
CNN = {"kind": "cnn", "width": 8, "maps": 8}
PAIRS = [
    (f"he sees {number} {one}", f"他看见{number}{two}") for number in range(15) for one, two in (("cats", "只猫"),)
]
TINY = {"kind": "lstm", "width": 8, "hidden": 8}


def write(name: str, rows: list, header: tuple[str, ...]) -> None:
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def config(train: str = "reviews.csv", epochs: int = 1, **task) -> weft.RunConfig:
    settings = {"data": {"train": train}, "task": {"encoder": CNN, **task}, "device": "cpu"}
    return validated(weft.RunConfig, {**settings, "training": {"epochs": epochs, "batch_rows": 8}})


def teach(student: weft.RunConfig, folder: str = "small", teacher: str | Path = "big", **further) -> list:
    return list(weft.distil(student, folder, teacher=teacher, **further))


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teacher")
    with contextlib.chdir(folder):
        write("reviews.csv", REVIEWS, ("text", "label"))
        settings = {"data": {"train": "reviews.csv"}, "task": {"encoder": "bag"}, "device": "cpu"}
        for _ in weft.train(validated(weft.RunConfig, settings), "big"):
            pass
    return folder / "big"


@pytest.fixture(scope="module")
def bert(big):
    """A teacher with a pre-trained encoder."""
    write_model(big.parent / "bert-model")
    with contextlib.chdir(big.parent):
        for _ in weft.train(config(epochs=1, encoder="pretrained:bert-model"), "bert"):
            pass
    return big.parent / "bert"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch, big):
    monkeypatch.chdir(tmp_path)
    write("reviews.csv", REVIEWS, ("text", "label"))
    write("more.csv", MORE, ("text",))
    shutil.copytree(big, "big")


def test_with_the_labels_alone_a_student_is_the_model_without_a_teacher_bit_for_bit():
    teach(config(loss={"teacher": {"alpha": 1}}))
    student, alone = (Path(f"small/{name}/weights.safetensors").read_bytes() for name in ("student", "alone"))
    assert student == alone


def test_the_model_without_a_teacher_is_the_same_model(bert):
    teach(config(epochs=0.1), teacher=bert, unlabelled=["more.csv"])
    student, alone = (weft.load(f"small/{name}") for name in ("student", "alone"))
    assert student.parameters == alone.parameters
    assert student.task.tokenizer.pieces == alone.task.tokenizer.pieces
    found = results(Path("small"))
    assert found["unlike"] == (
        "They are the same model, with the same vocabulary; the word vectors of the student start from the teacher’s."
    )
    for model in found["models"].values():
        assert model["speed"]["low"] <= model["speed"]["texts_per_second"] <= model["speed"]["high"]
    page = Path("small/page.html").read_text(encoding="utf-8")
    assert "they are the same model, with the same vocabulary" in page


def test_what_differs_in_a_model_without_a_teacher_is_said():
    teach(config(encoder="bag", epochs=0.1))
    found = results(Path("small"))
    counts = [found["models"][name]["parameters"] for name in ("student", "alone")]
    assert counts[0] != counts[1]
    assert f"{counts[0]:,} parameters against {counts[1]:,}" in found["unlike"]


def test_a_student_learns_from_unlabelled_texts_what_its_labels_do_not_tell():
    # of its own labels a third are wrong; what the teacher says of them, and of more texts, is right
    wrong = [
        (text, label if number % 3 else {"pos": "neg", "neg": "pos"}[label])
        for number, (text, label) in enumerate(REVIEWS)
    ]
    write("wrong.csv", wrong, ("text", "label"))
    teach(config("wrong.csv", epochs=12, loss={"teacher": {"alpha": 0}}), unlabelled=["more.csv"], alone="skip")
    found = weft.load("small/student").answer(["the soup was good", "太贵了，不好吃", "味道很好", "cold and late"])
    assert [one.label for one in found] == ["pos", "neg", "pos", "neg"]
    assert results(Path("small"))["unlabelled"] == 40
    assert Path("small/page.html").is_file()


def test_a_student_is_a_plain_model_without_its_teacher():
    teach(config(), unlabelled=["more.csv"], alone="skip")
    shutil.rmtree("big")
    shutil.move("small/student", "elsewhere")
    assert weft.load("elsewhere").answer(["很好"])[0].label in ("pos", "neg")
    assert not list(Path("elsewhere").rglob("teacher*"))


def test_a_student_starts_from_what_its_teacher_makes_of_each_word(bert):
    said = teach(config(epochs=0.1), teacher=bert, alone="skip")
    words = [piece for piece in weft.load("small/student").task.tokenizer.pieces[2:] if piece.strip()]
    assert {"soup", "味"} <= set(words)
    notes = [one.text for one in said if isinstance(one, Note)]
    assert f"the teacher reads {len(words)} words, which the student starts from" in notes
    assert any(note.startswith("vectors: small/words.vec, 8 wide") for note in notes)
    found = read_vectors(Path("small/words.vec"), words)
    assert (found.matrix_ND.shape, found.found_N.all()) == ((len(words), CNN["width"]), True)
    write_vectors(weft.load(bert), words[::-1], Path("other.vec"), width=CNN["width"])
    other = read_vectors(Path("other.vec"), words).matrix_ND  # the order makes no difference, but for signs of axes
    assert np.abs(other) == pytest.approx(np.abs(found.matrix_ND), abs=1e-4)


def test_principal_components_keep_distances_and_are_filled_up_with_zeros():
    states = np.random.default_rng(0).normal(size=(30, 4)) @ np.diag([3.0, 2.0, 1.0, 0.5])
    found = principal(states, width=6)
    assert np.sqrt(np.square(found[:, :4]).mean()) == pytest.approx(0.1)
    assert not found[:, 4:].any()
    apart, before = (np.linalg.norm(one[:, None] - one[None], axis=-1) for one in (found, states))
    assert apart == pytest.approx(before * (apart.sum() / before.sum()))
    few = principal(states, width=2)
    assert np.square(few).sum(0)[0] > np.square(few).sum(0)[1]


@pytest.mark.parametrize(
    "student",
    [{"encoder": "bag"}, {"vectors": "own.vec"}, {"loss": {"teacher": {"alpha": 1}}}, {"loss": {}}],
    ids=["n-grams", "own vectors", "labels alone", "no teacher"],
)
def test_no_words_are_asked_for_that_a_student_has_no_use_for(student, bert):
    heard = {"loss": {"teacher": {}}, "encoder": CNN}
    examples = [LabelledText(text, label) for text, label in REVIEWS]
    of, plain = (validated(ClassificationConfig, {**heard, **further}) for further in (student, {}))
    assert words_for(weft.load(bert), of, examples) == ([], 0)
    assert words_for(weft.load(bert), plain, examples)[1] == CNN["width"]
    assert words_for(weft.load("big"), plain, examples) == ([], 0)  # which knows no more than the labelled texts


def test_a_stopped_distillation_goes_on_to_the_same_weights():
    teach(config(), "whole", unlabelled=["more.csv"], alone="skip")
    for steps in (1, 3):  # in the teacher's answers, then in the student's training
        asked = iter([0] * (steps - 1) + [15])
        with contextlib.suppress(Interrupted):
            teach(config(), unlabelled=["more.csv"], alone="skip", resume=True, stop=lambda left=asked: next(left, 15))
        assert not Path("small/student/bundle.json").exists()
    with Path("small/teacher.jsonl").open("a") as file:
        file.write("[-0.1, -2")  # of a line that a kill has cut
    said = teach(config(), unlabelled=["more.csv"], alone="skip", resume=True)
    assert any("went on from the checkpoint" in one.text for one in said if isinstance(one, Note))
    assert Path("small/teacher.jsonl").read_bytes() == Path("whole/teacher.jsonl").read_bytes()
    one, other = (Path(f"{name}/student/weights.safetensors").read_bytes() for name in ("small", "whole"))
    assert one == other


def test_texts_of_the_scored_parts_are_left_out_whatever_their_blanks_and_marks():
    write(
        "more.csv",
        [("Good,soup !",), ("太 贵 了。",), ("late",), ("新的一句",), ("新的一句",), ("!?",), ("...",)],
        ("text",),
    )
    task = ClassificationConfig(text="text", label="label")
    of = {
        "train": [LabelledText("late", "neg")],
        "dev": [LabelledText("good soup", "pos")],
        "test": [LabelledText("太贵了", "neg")],
    }
    examples = Examples(task=task, notes=[], **of)
    found, said = teacher_answers.new_texts(["more.csv"], examples, DataConfig(train="reviews.csv"), column=None)
    assert [one.text for one in found] == ["新的一句", "!?", "..."]
    assert {one.label for one in found} == {None}
    assert [one.removeprefix("more.csv: ") for one in said] == [
        "3 unlabelled texts for training, of 7",
        "skipped 1 texts that are in the dev set, which is evaluated",
        "skipped 1 texts that are in the test set, which is evaluated",
        "skipped 2 texts that are in the training set, or are repeated",
    ]


def test_figures_have_all_models_on_the_same_texts():
    teach(config())
    found = results(Path("small"))
    assert list(found["models"]) == ["student", "alone", "teacher"]
    assert {one["encoder"] for one in found["models"].values()} == {"cnn", "bag"}
    assert found["models"]["teacher"]["scores"] == read_json(Path("big/scores.json"))["scores"]
    assert all(one["speed"]["texts_per_second"] > 0 for one in found["models"].values())


@pytest.mark.parametrize("targets", ["teacher", "both"])
def test_a_student_that_writes_learns_what_its_teacher_wrote(targets):
    write("pairs.csv", PAIRS, ("source", "target"))
    write("sources.csv", [("he sees 77 cats",), ("he sees 3 cats",)], ("source",))
    student = config("pairs.csv", kind="seq2seq", encoder=None, decoder=TINY, search="greedy")
    for _ in weft.train(student, "writer"):
        pass
    list(weft.distil(student, "small", teacher="writer", unlabelled=["sources.csv"], targets=targets, alone="skip"))
    written = [json.loads(line) for line in Path("small/teacher.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(written) == 14  # 13 to learn from, two held out, and one that is new
    kept = sum(1 for text in written if text.strip()) + (13 if targets == "both" else 0)
    notes = Path("small/student/reports.jsonl").read_text(encoding="utf-8")
    assert f"{kept} training rows" in notes
    assert results(Path("small"))["score"] == "bleu"


def lines_of(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def test_a_tagger_teaches_by_the_tags_of_unlabelled_texts():
    names.write(Path("names.jsonl"), names.demo_names(40))
    further = [one.text for one in names.demo_names(20, seed=1)]
    Path("more.txt").write_text("\n".join(further), encoding="utf-8")
    student = config("names.jsonl", kind="tagging", tags="spans", encoder=TINY)
    list(weft.train(student, "tagger"))
    list(weft.distil(student, "small", teacher="tagger", unlabelled=["more.txt"]))
    said = lines_of("small/teacher.jsonl")
    asked = [one for one in dict.fromkeys(further) if one not in {row["text"] for row in lines_of("names.jsonl")}]
    answers = weft.load("tagger").answer(asked)
    assert said == [[[span.start, span.end, span.label] for span in one.spans] for one in answers]
    assert f"{35 + len(asked)} training rows" in Path("small/student/reports.jsonl").read_text(encoding="utf-8")
    assert results(Path("small"))["score"] == "span_f1"
    before = Path("small/student/weights.safetensors").read_bytes()
    shutil.rmtree("small/student")
    list(weft.distil(student, "small", teacher="tagger", unlabelled=["more.txt"], resume=True))
    assert Path("small/student/weights.safetensors").read_bytes() == before
    with pytest.raises(InputError, match="teaches by unlabelled texts, and there are none"):
        list(weft.distil(student, "none", teacher="tagger"))
    names.write(Path("other.jsonl"), [replace(one, spans=(LabelledSpan(0, 1, "X"),)) for one in names.demo_names(20)])
    with pytest.raises(InputError, match="has the label `X`, which the teacher never had"):
        list(
            weft.distil(student.model_copy(update={"data": DataConfig(train="other.jsonl")}), "none", teacher="tagger")
        )
    assert not Path("none").exists()


def test_a_segmenter_teaches_by_the_words_of_raw_texts():
    Path("words.txt").write_text("我 在 上海\n他 住 在 北京\ngood day\n今天 下雨\n" * 5, encoding="utf-8")
    Path("more.txt").write_text("我在北京\n今天他在上海\n", encoding="utf-8")
    student = config("words.txt", kind="tagging", encoder=TINY)
    list(weft.train(student, "tagger"))
    list(weft.distil(student, "small", teacher="tagger", unlabelled=["more.txt"], alone="skip"))
    answers = weft.load("tagger").answer(["我在北京", "今天他在上海"])
    assert lines_of("small/teacher.jsonl") == [[[one.start, one.end, ""] for one in given.spans] for given in answers]


def test_a_bi_encoder_teaches_by_the_scores_of_unlabelled_pairs():
    made = likeness.demo_pairs(60)
    likeness.write(Path("pairs.jsonl"), made[:40])
    write("more.csv", [one.texts for one in made[40:]], ("a", "b"))
    student = config("pairs.jsonl", kind="similarity", encoder="projection")
    list(weft.train(student, "teacher"))
    list(weft.distil(student, "small", teacher="teacher", unlabelled=["more.csv"], alone="skip"))
    said = lines_of("small/teacher.jsonl")
    assert 0 < len(said) <= 20
    known = {round(one.score, 5) for one in weft.load("teacher").answer(made[40:])}
    assert {*said} <= known


def test_mistakes_are_told_and_nothing_is_written():
    write("other.csv", [*REVIEWS, ("所以", "meh"), ("so so", "meh"), ("not bad", "meh")], ("text", "label"))
    write("seen.csv", [(text,) for text, _ in REVIEWS], ("text",))
    Path("empty.txt").write_text("")
    before = set(Path().iterdir())
    for student, further, error, says in (
        (config("other.csv"), {}, InputError, "only the training file knows `meh`"),
        (config(), {"unlabelled": ["empty.txt"]}, InputError, "empty.txt: is empty"),
        (config(), {"unlabelled": ["seen.csv"]}, InputError, "no unlabelled text is left"),
        (config(loss={"teacher": {"alpha": 1}}), {"unlabelled": ["more.csv"]}, ConfigError, "the teacher is not heard"),
        (config(kind="multilabel", label_separator="|"), {}, ConfigError, "the student's is `multilabel`"),
        (config(tokenizer={"kind": "ngrams"}), {}, ConfigError, "reads positions in order"),
    ):
        with pytest.raises(error) as caught:
            teach(student, **further)
        assert says in str(caught.value)
        assert set(Path().iterdir()) == before
    with pytest.raises(RunFolderError, match="there is no such folder"):
        list(weft.distil(config(), "small", teacher="nowhere"))


def test_another_teacher_or_other_texts_cannot_go_on():
    teach(config(), alone="skip")
    with pytest.raises(RunFolderError, match="exists already"):
        teach(config())
    with pytest.raises(ConfigError, match="was started with other texts"):
        teach(config(), unlabelled=["more.csv"], resume=True)
    with pytest.raises(RunFolderError, match="holds something else"):
        teach(config(), "big")
