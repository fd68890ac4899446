"""Word vectors as a start: the rows they fill, the width they give; a trained folder does not need the file."""

from itertools import count
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import weft
from weft.config import overridden, read_yaml, validated
from weft.data.sources import open_table
from weft.errors import ConfigError, InputError, Interrupted
from weft.text.vectors import read_width
from weft.training.reports import Note

TEXTS = {"pos": ("The soup was good", "味道很好，还会再来"), "neg": ("cold and late", "太贵了，不好吃")}
ROWS = [(f"{text} {number}", label) for number in range(10) for label, texts in TEXTS.items() for text in texts]
EXAMPLES = [weft.LabelledText(*row) for row in ROWS]
WORDS = {"the": 1.0, "soup": 2.0, "cold": -3.0, "味": 4.0, "好": 5.0, "味道": 6.0, "nowhere": 7.0}
WIDTH = 6
FILE = "words.vec"
SMALL = [
    "data.train=reviews.csv",
    "device=cpu",
    "training.epochs=2",
    "training.report_every=1",
    "training.batch_rows=8",
]
ENCODERS = {
    "cnn": {"kind": "cnn", "maps": 4},
    "rnn": {"kind": "rnn", "hidden": 4},
    "lstm": {"kind": "lstm", "hidden": 4},
    "gru": {"kind": "gru", "hidden": 4},
    "transformer": {"kind": "transformer", "heads": 2, "layers": 1, "feed_forward": 8},
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    lines = ["text,label", *(f"{text},{label}" for text, label in ROWS)]
    Path("reviews.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [
        f"{word} " + " ".join(f"{first + place / 10:.3f}" for place in range(WIDTH)) for word, first in WORDS.items()
    ]
    Path(FILE).write_text("\n".join([f"{len(rows)} {WIDTH}", *rows]) + "\n", encoding="utf-8")


def vector(word: str) -> np.ndarray:
    return np.array([WORDS[word] + place / 10 for place in range(WIDTH)], dtype=np.float32)


def learned(**settings: Any) -> Any:
    return weft.ClassificationConfig.model_validate({"vectors": FILE, **settings}).learn(EXAMPLES)


def tables(task: Any) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """The first table as it is drawn, as it starts, and what is said of it."""
    torch.manual_seed(3)
    model = task.build_model()
    table = model.encoder.embedding.tables[0].weight
    drawn = table.detach().clone()
    return drawn, table.detach(), task.initialize(model, task.encode(EXAMPLES))


def run(folder: str, *settings: str, **options: Any) -> list[Any]:
    config = validated(
        weft.RunConfig, overridden({"task": {"vectors": FILE}}, [*SMALL, "task.encoder.maps=4", *settings])
    )
    return list(weft.train(config, folder, **options))


def weights(folder: str) -> dict[str, np.ndarray]:
    return load_file(Path(folder, "weights.safetensors"))


# the rows


@pytest.mark.parametrize("encoder", ENCODERS)
def test_what_the_file_has_stands_in_the_first_table(encoder):
    task = learned(encoder=ENCODERS[encoder])
    drawn, started, _ = tables(task)
    rows = {piece: started[number].numpy() for number, piece in enumerate(task.tokenizer.pieces)}
    assert started.shape == (len(rows), WIDTH)
    assert np.array_equal(rows["<pad>"], np.zeros(WIDTH))
    for word in ("the", "soup", "cold", "味", "好"):
        assert np.array_equal(rows[word], vector(word))
    found = np.stack([vector(word) for word in ("the", "soup", "cold", "味", "好")])
    lacked = [number for number, piece in enumerate(rows) if piece not in WORDS]
    scale = np.sqrt((found**2).mean() / (drawn[1:].numpy() ** 2).mean())
    assert len(lacked) > 5
    assert started[lacked].numpy() == pytest.approx(drawn[lacked].numpy() * scale, rel=1e-5)


@pytest.mark.parametrize(
    ("tokenizer", "words"),
    [
        ({"kind": "word", "vocabulary": {"min_count": 1}}, {"the", "soup", "味道", "cold"}),
        ({"kind": "char"}, {"味", "好"}),
        ({"kind": "bpe", "size": 500}, {"▁soup", "▁cold", "好"}),
        ({"kind": "unigram", "size": 100}, {"好"}),
    ],
    ids=lambda given: given["kind"] if isinstance(given, dict) else None,
)
def test_any_pieces_that_are_words(tokenizer, words):
    task = learned(tokenizer=tokenizer)
    _, started, _ = tables(task)
    rows = dict(zip(task.tokenizer.pieces, started.numpy(), strict=True))
    assert words <= set(rows)
    for piece in words:
        assert np.array_equal(rows[piece], vector(piece.removeprefix("▁")))


def test_the_other_views_are_as_drawn():
    task = learned(encoder=ENCODERS["cnn"])
    plain = learned(encoder={**ENCODERS["cnn"], "width": WIDTH}, vectors=None)
    torch.manual_seed(3)
    expected = [table.weight.clone() for table in plain.build_model().encoder.embedding.tables]
    torch.manual_seed(3)
    model = task.build_model()
    task.initialize(model, task.encode(EXAMPLES))
    assert len(expected) > 1
    for table, drawn in list(zip(model.encoder.embedding.tables, expected, strict=True))[1:]:
        assert torch.equal(table.weight, drawn)


def test_how_much_is_covered_is_said():
    task = learned(tokenizer="word")
    (said,) = tables(task)[2]
    pieces, ids = task.tokenizer.pieces, task.encode(EXAMPLES).ragged["text"].values[:, 0]
    of_tokens = np.mean([pieces[number] in WORDS for number in ids])
    of_pieces = np.mean([piece in WORDS for piece in pieces[2:]])
    expected = f"cover {of_pieces:.1%} of the pieces and {of_tokens:.1%} of the training tokens"
    assert said == f"vectors: words.vec, 6 wide and trained, {expected}"


def test_pairs_of_texts_and_several_labels():
    pairs = [weft.LabelledText(one.text, one.label, second=EXAMPLES[-1].text) for one in EXAMPLES]
    config = weft.ClassificationConfig(vectors=FILE, encoder=ENCODERS["cnn"])
    task = config.learn(pairs)
    assert len(task.initialize(task.build_model(), task.encode(pairs))) == 1
    tagged = [weft.LabelledText(one.text, (str(one.label),)) for one in EXAMPLES]
    tags = weft.MultilabelConfig(vectors=FILE, encoder=ENCODERS["cnn"], label_separator="|").learn(tagged)
    assert len(tags.initialize(tags.build_model(), tags.encode(tagged))) == 1


# the width


def test_the_encoder_is_as_wide_as_the_vectors():
    assert read_width(Path(FILE)) == WIDTH
    assert learned().config.encoder.width == WIDTH
    assert learned(encoder={"width": WIDTH}).config.encoder.width == WIDTH
    assert learned(encoder={"maps": 5}).config.encoder.maps == 5


@pytest.mark.parametrize(
    ("settings", "where", "what"),
    [
        ({"encoder": {"width": 8}}, "task.encoder.width", "expected 6, the width of the vectors in words.vec, found 8"),
        ({"encoder": "transformer"}, "task.vectors", "6 cannot be shared by 4 heads"),
        ({"encoder": "bag"}, "task.vectors", "n-grams, which have no word vectors"),
    ],
)
def test_what_does_not_go_with_vectors_is_refused(settings, where, what):
    with pytest.raises(ConfigError) as caught:
        learned(**settings)
    assert caught.value.where == where
    assert what in caught.value.what
    assert caught.value.hint


def test_a_file_that_is_absent_is_missed_before_anything_is_written():
    with pytest.raises(InputError, match="no such file"):
        run("run", "task.vectors=absent.vec")
    assert not Path("run").exists()


class PlainEncoderConfig(weft.EncoderConfig):
    """An encoder from outside the package, of one width, with or without an embedding of weft."""

    kind: Literal["plain"] = "plain"
    size: int = WIDTH
    table: Literal["weft", "torch"] = "weft"

    def build(self, spec: weft.TokenSpec) -> "PlainEncoder":
        return PlainEncoder(spec.vocab_sizes, self)


class PlainEncoder(weft.Encoder):
    def __init__(self, vocab_sizes: tuple[int, ...], config: PlainEncoderConfig) -> None:
        super().__init__()
        self.width = config.size
        if config.table == "weft":
            self.embedding = weft.Embedding(vocab_sizes, config.size)
        else:
            self.embedding = torch.nn.Embedding(vocab_sizes[0], config.size)

    def forward(self, source: weft.Tokens) -> weft.Memory:
        return weft.Memory(self.embedding(source), source.mask_BS)


def test_an_encoder_of_ones_own_takes_them_by_its_embedding():
    task = learned(encoder=PlainEncoderConfig())
    _, started, _ = tables(task)
    assert np.array_equal(started[list(task.tokenizer.pieces).index("好")].numpy(), vector("好"))


@pytest.mark.parametrize("changed", [{"size": 5}, {"table": "torch"}])
def test_an_encoder_without_a_place_for_them_is_refused(changed):
    task = learned(encoder=PlainEncoderConfig(**changed))
    with pytest.raises(ConfigError, match=r"no `weft\.Embedding` that is 6 wide"):
        task.initialize(task.build_model(), task.encode(EXAMPLES))


# a run


def test_a_trained_folder_needs_no_file():
    said = run("run")
    assert [one.text for one in said if isinstance(one, Note) and one.text.startswith("vectors: ")]
    texts = [text for text, _ in ROWS]
    before = weft.load("run", device="cpu").answer(texts)
    Path(FILE).unlink()
    model = weft.load("run", device="cpu")
    assert model.answer(texts) == before
    table = open_table("reviews.csv")
    examples = list(model.task.config.for_table(table).read(table))
    assert model.evaluate(examples).scores.values["accuracy"].value >= 0


def test_its_settings_train_the_same_again():
    run("one")
    settings = read_yaml(Path("one/config.yaml"))
    assert settings["task"]["encoder"]["width"] == WIDTH
    for _ in weft.train(validated(weft.RunConfig, settings), "two"):
        pass
    assert Path("one/weights.safetensors").read_bytes() == Path("two/weights.safetensors").read_bytes()


@pytest.mark.parametrize("change", ["trained", "fixed"])
@pytest.mark.parametrize("ema", ["null", "0.9"])
def test_stopped_and_resumed_it_is_the_same(change, ema):
    settings = (f"task.vectors_change={change}", f"training.ema={ema}")
    run("whole", *settings)
    asked = count(1)
    with pytest.raises(Interrupted):
        run("parts", *settings, stop=lambda: 15 if next(asked) >= 5 else 0)
    run("parts", *settings, resume=True)
    assert Path("whole/weights.safetensors").read_bytes() == Path("parts/weights.safetensors").read_bytes()


def test_fixed_vectors_stay_and_others_do_not():
    name = "encoder.embedding.tables.0.weight"
    for change in ("trained", "fixed"):
        run(change, f"task.vectors_change={change}")
    pieces = list(weft.load("fixed", device="cpu").task.tokenizer.pieces)
    row = pieces.index("好")
    assert np.array_equal(weights("fixed")[name][row], vector("好"))
    assert not np.array_equal(weights("trained")[name][row], vector("好"))
    assert not np.array_equal(weights("fixed")["encoder.taps.weight"], weights("trained")["encoder.taps.weight"])
    assert not weights("fixed")[name][0].any()
    assert not weights("trained")[name][0].any()
