"""A trained folder: loaded it answers as before it was saved, whole or in parts, with parts of one's own."""

from pathlib import Path
from typing import Literal

import pytest
import torch

import weft
from weft import bundle, run_folder
from weft.data.examples.source_target import SourceTarget
from weft.decoding.choices import Greedy, Sample
from weft.errors import ConfigError, InputError, RunFolderError
from weft.evaluation.evaluate import answer
from weft.files import read_json, write_json
from weft.tasks.seq2seq import Seq2SeqConfig

TEXTS = [
    *("味道很好，还会再来", "cold and late", "太贵了", "the soup was good", "好", "!", "not bad at all, 真的不错"),
    " ".join(["好吃 and warm"] * 9),
    "，".join(["等了很久"] * 11),
]
EXAMPLES = [weft.LabelledText(text, label) for text in TEXTS for label in ("pos", "neg")]
CPU = torch.device("cpu")


class ShoutEncoderConfig(weft.EncoderConfig):
    """An encoder from outside the package."""

    kind: Literal["shout"] = "shout"
    width: int = 6

    def build(self, spec: weft.TokenSpec) -> "ShoutEncoder":
        return ShoutEncoder(spec.vocab_sizes, self.width)


class ShoutEncoder(weft.Encoder):
    def __init__(self, vocab_sizes: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.width, self.embedding = width, weft.Embedding(vocab_sizes, width)

    def forward(self, source: weft.Tokens) -> weft.Memory:
        return weft.Memory(2 * self.embedding(source), source.mask_BS)


ENCODERS = {
    "bag": {"kind": "bag", "width": 8},
    "cnn": {"kind": "cnn", "width": 8, "maps": 8},
    "lstm": {"kind": "lstm", "width": 8, "hidden": 8},
    "gru": {"kind": "gru", "width": 8, "hidden": 8},
    "transformer": {"kind": "transformer", "width": 8, "heads": 2, "layers": 1, "feed_forward": 8},
    "own": ShoutEncoderConfig(),
}


def saved(folder: Path, encoder: str = "cnn", **settings: object) -> bundle.Model:
    """A model with fresh weights, saved in a folder; its dropout sleeps."""
    torch.manual_seed(7)
    config = weft.ClassificationConfig.model_validate({"encoder": ENCODERS[encoder], **settings})
    task = config.learn(EXAMPLES)
    network = task.build_model().eval()
    (folder / "task").mkdir(parents=True)
    bundle.save_task(folder / "task", task)
    bundle.save_weights(folder, network)
    run_folder.seal(folder, version=weft.__version__)
    return bundle.Model(task, network, CPU)


def probabilities(answers: list[weft.Answer]) -> list[list[float]]:
    return [[*one.probabilities.values(), one.probability] for one in answers]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_loaded_answers_as_saved(tmp_path, encoder):
    model = saved(tmp_path / "model", encoder)
    loaded = weft.load(tmp_path / "model", parts=[ShoutEncoderConfig])
    assert probabilities(loaded.answer(TEXTS)) == probabilities(model.answer(TEXTS))
    assert loaded.answer(TEXTS) == model.answer(TEXTS)
    assert loaded.task.config == model.task.config
    assert loaded.parameters == model.parameters


@pytest.mark.parametrize("tokenizer", ["word", "mixed", "char", "bpe"])
def test_every_tokenizer_is_loaded_as_saved(tmp_path, tokenizer):
    model = saved(tmp_path, tokenizer=tokenizer)
    assert probabilities(weft.load(tmp_path).answer(TEXTS)) == probabilities(model.answer(TEXTS))


def test_a_quantized_copy_answers_nearly_the_same_and_the_model_stays(tmp_path):
    model = saved(tmp_path, "transformer")
    before = probabilities(model.answer(TEXTS))
    found = probabilities(model.quantized().answer(TEXTS))
    assert [pytest.approx(one, abs=0.05) for one in before] == found
    assert found != before
    assert probabilities(model.answer(TEXTS)) == before


def test_a_path_may_be_a_string(tmp_path):
    model = saved(tmp_path)
    assert weft.load(str(tmp_path)).answer(TEXTS) == model.answer(TEXTS)


def test_a_part_of_ones_own_must_be_handed_over(tmp_path):
    saved(tmp_path, "own")
    with pytest.raises(ConfigError, match=r"there is no kind `shout`\nhint: .*weft.load\(folder, parts=\[") as error:
        weft.load(tmp_path)
    assert error.value.where == f"{tmp_path / 'task' / 'task.json'}: task.encoder"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("味道很好", r'expected a list of texts, found one string\nhint: write model.answer\(\["..."\]\)'),
        (["good", 5], r"texts\[1\]: expected a text, found int"),
        ([None], r"texts\[0\]: expected a text, found NoneType"),
        (["好", "good", ""], r"texts\[2\]: text is empty"),
        (["\u3000\n"], r"texts\[0\]: text is empty"),
        (5, "expected a list of texts, found int"),
        (None, "expected a list of texts, found NoneType"),
        ({"好", "b"}, "expected a list of texts, found set"),
        (["好", "half \ud83d"], r"texts\[1\]: is no text that can be written"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(tmp_path, texts, message):
    model = saved(tmp_path)
    with pytest.raises(InputError, match=message):
        model.answer(texts)


# models that write

PAIRS = [SourceTarget(source, (target,)) for source, target in zip(TEXTS, TEXTS[::-1], strict=True)]
WRITERS = {
    "transformer": {"kind": "transformer", "width": 8, "heads": 2, "layers": 1, "feed_forward": 8},
    "gpt": {"kind": "gpt", "width": 8, "heads": 2, "layers": 1, "feed_forward": 8},
    "lstm": {"kind": "lstm", "width": 8, "hidden": 8},
    "gru": {"kind": "gru", "width": 8, "hidden": 8},
}


def saved_writer(folder: Path, decoder: str, vocabulary: str, **settings: object) -> bundle.Model:
    """A model with wild weights, saved in a folder."""
    given = {"decoder": WRITERS[decoder], "vocabulary": vocabulary, "tokenizer": {"kind": "bpe", "size": 80}}
    task = Seq2SeqConfig.model_validate({**given, **settings}).learn(PAIRS)
    torch.manual_seed(7)
    network = task.build_model().eval()
    for weight in network.parameters():
        torch.nn.init.normal_(weight)
    (folder / "task").mkdir(parents=True)
    bundle.save_task(folder / "task", task)
    bundle.save_weights(folder, network)
    run_folder.seal(folder, version=weft.__version__)
    return bundle.Model(task, network, CPU)


@pytest.mark.parametrize("vocabulary", ["shared", "separate"])
@pytest.mark.parametrize("decoder", WRITERS)
def test_loaded_writes_as_saved(tmp_path, decoder, vocabulary):
    model = saved_writer(tmp_path, decoder, vocabulary)
    loaded = weft.load(tmp_path)
    for search in (None, Greedy(prefix="味道"), Sample(samples=2, seed=3)):
        assert loaded.answer(TEXTS, search=search) == model.answer(TEXTS, search=search)
    assert [one.loss for one in loaded.answer(PAIRS)] == [one.loss for one in model.answer(PAIRS)]
    assert len({one.text for one in loaded.answer(TEXTS, search=Sample(temperature=9.0))}) > 1
    assert loaded.task.config == model.task.config
    assert loaded.task.longest == model.task.longest
    assert loaded.parameters == model.parameters
    tied = loaded.network.encoder.embedding.tables[0] is loaded.network.decoder.embedding
    assert tied == (vocabulary == "shared")


def test_two_tokenizers_are_loaded_each_for_its_side(tmp_path):
    target = {"kind": "char", "vocabulary": {"min_count": 1}}
    model = saved_writer(tmp_path, "gru", "separate", target_tokenizer=target)
    assert {path.parent.name for path in (tmp_path / "task").rglob("*.json")} == {"task", "source", "target"}
    assert weft.load(tmp_path).answer(TEXTS) == model.answer(TEXTS)


def test_a_damaged_tokenizer_of_one_side_is_told(tmp_path):
    saved_writer(tmp_path, "gru", "separate")
    path = tmp_path / "task" / "target" / "tokenizer.json"
    path.write_text(path.read_text(encoding="utf-8").replace("味", "未"), encoding="utf-8")
    with pytest.raises(RunFolderError, match="is damaged") as error:
        weft.load(tmp_path)
    assert error.value.where == str(path)


def test_a_search_is_of_no_use_to_a_model_that_writes_nothing(tmp_path):
    with pytest.raises(
        ConfigError, match=r"`greedy` is a search, and a model of task `classification` generates no text"
    ):
        saved(tmp_path).answer(TEXTS, search=Greedy())


@pytest.mark.parametrize("texts", [["好", ""], ["好", weft.LabelledText("good", "pos")]])
def test_what_is_no_source_is_refused(tmp_path, texts):
    model = saved_writer(tmp_path, "gru", "shared")
    with pytest.raises(InputError, match=r"texts\[1\]: (text is empty|expected a text, found Labelled)"):
        model.answer(texts)


def test_no_texts_have_no_answers(tmp_path):
    assert saved(tmp_path).answer([]) == []


@pytest.mark.parametrize("long", ["head", "head-tail", "windows"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_answers_together_are_answers_alone(tmp_path, encoder, long):
    model = saved(tmp_path, encoder, long=long, max_length=8)
    together = probabilities(model.answer(TEXTS))
    alone = [probabilities(model.answer([text]))[0] for text in TEXTS]
    torch.testing.assert_close(torch.tensor(together), torch.tensor(alone), rtol=0, atol=1e-6)


def test_what_is_to_be_answered_can_be_checked_alone(tmp_path):
    model = saved(tmp_path)
    given = ["好", weft.LabelledText("good", "pos"), {"text": "cold"}]
    expected = [weft.LabelledText("好"), weft.LabelledText("good", "pos"), weft.LabelledText("cold")]
    assert model.check(given) == expected
    assert model.answer(given) == model.answer(["好", "good", "cold"])
    with pytest.raises(InputError, match=r"texts\[1\]: there is no column `taste`"):
        model.check(["好", {"taste": "good"}])


def test_labelled_texts_are_answered_like_texts(tmp_path):
    model = saved(tmp_path)
    assert model.answer([weft.LabelledText(text, "pos") for text in TEXTS]) == model.answer(TEXTS)
    assert model.answer(TEXTS) == answer(model.task, model.network, list(map(weft.LabelledText, TEXTS)), device=CPU)


def test_evaluate_scores_the_answers(tmp_path):
    model = saved(tmp_path)
    result = model.evaluate(EXAMPLES)
    right = sum(one.label == example.label for one, example in zip(result.answers, EXAMPLES, strict=True))
    assert result.scores.values["accuracy"].value == right / len(EXAMPLES)
    assert result.answers == model.answer([one.text for one in EXAMPLES])


def test_the_seal_holds_every_file_of_the_model_and_no_other(tmp_path):
    saved(tmp_path)
    (tmp_path / "page.html").write_text("好", encoding="utf-8")
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert set(read_json(tmp_path / "bundle.json")["files"]) == files - {"bundle.json", "page.html"}
    weft.load(tmp_path)  # a page may change
    held = [path for path in tmp_path.rglob("*") if path.is_file() and path.name not in ("bundle.json", "page.html")]
    assert run_folder.size(tmp_path) == sum(path.stat().st_size for path in held)


def test_a_task_file_of_another_version_is_told(tmp_path):
    saved(tmp_path)
    path = tmp_path / "task" / "task.json"
    write_json(path, {**read_json(path), "colour": "red"})
    run_folder.seal(tmp_path, version=weft.__version__)
    with pytest.raises(ConfigError, match="there is no setting `colour`"):
        weft.load(tmp_path)


def test_weights_of_another_shape_are_told_in_one_line(tmp_path):
    saved(tmp_path / "one")
    saved(tmp_path / "two", "lstm")
    (tmp_path / "two" / "weights.safetensors").replace(tmp_path / "one" / "weights.safetensors")
    run_folder.seal(tmp_path / "one", version=weft.__version__)
    with pytest.raises(RunFolderError, match="the model cannot be read") as error:
        weft.load(tmp_path / "one")
    assert "\n" not in error.value.what


def test_a_text_or_file_that_is_refused_while_loading_is_told_as_it_is(tmp_path, monkeypatch):
    saved(tmp_path)
    refused = InputError("rows cannot be kept there: no space left on device")
    monkeypatch.setattr(bundle, "load_task", lambda *_, **__: (_ for _ in ()).throw(refused))
    with pytest.raises(InputError, match=r"^rows cannot be kept") as error:
        weft.load(tmp_path)
    assert isinstance(error.value, ValueError)
