"""Sizes of writers and lengths of their training follow from the amount of text and the kind of processor alone."""

import pytest

from weft.data.examples.documents import Document
from weft.data.examples.source_target import SourceTarget
from weft.models.transformer_decoder import TransformerDecoderConfig
from weft.tasks.generation import sizes
from weft.tasks.generation.sizes import Amount
from weft.tasks.language_model import LanguageModelConfig
from weft.tasks.seq2seq import Seq2SeqConfig

PLAIN = TransformerDecoderConfig()
FEW = [SourceTarget(f"name[place {n}], area[city centre]", (f"place {n} is in the city centre.",)) for n in range(60)]
MANY_WORDS = [SourceTarget(f"eins zwei {n} drei", (f"one{n} two{n} three{n} more words",)) for n in range(3_000)]
ENGLISH = [
    SourceTarget(name, (name.lower().replace("ph", "f").replace("ck", "k"),)) for name in ("Philips", "Beck", "Ash")
]
CHINESE = [SourceTarget("北京", ("bei jing",)), SourceTarget("上海", ("shang hai",)), SourceTarget("赵", ("zhao",))]


def test_simple_texts_on_a_cpu_get_a_small_model_and_are_told_of_a_larger_one():
    fit = Seq2SeqConfig().fitted(FEW, device="cpu")
    assert {name: getattr(fit.task.decoder, name) for name in PLAIN.smaller} == PLAIN.smaller
    assert fit.task.decoder.matching_encoder().width == PLAIN.smaller["width"]
    assert fit.training == {"epochs": 20}
    (said,) = fit.notes
    assert all(f"--set task.decoder.{name}={getattr(PLAIN, name)}" in said for name in PLAIN.smaller)
    assert "training.epochs=20" in said


def test_names_that_can_be_copied_do_not_make_texts_less_simple():
    names = [SourceTarget(f"name[a{n}b c{n}d]", (f"a{n}b c{n}d is here",)) for n in range(3_000)]
    small, large = (
        Seq2SeqConfig(decoder={"kind": "transformer", "copying": copying}).fitted(names, device="cpu").task.decoder
        for copying in ("auto", "no")
    )
    assert (small.width, large.width) == (PLAIN.smaller["width"], PLAIN.width)


def test_many_words_get_the_larger_model():
    assert Seq2SeqConfig().fitted(MANY_WORDS, device="cpu").task.decoder == PLAIN


@pytest.mark.parametrize("config", [LanguageModelConfig(), Seq2SeqConfig()], ids=lambda config: config.kind)
def test_on_a_gpu_all_stays(config):
    fit = config.fitted(FEW if config.kind == "seq2seq" else [Document("a")], device="cuda")
    assert fit.task == config
    assert not fit.training


@pytest.mark.parametrize(
    "settings",
    [{"decoder": {"kind": "transformer", "width": 64}}, {"encoder": {"kind": "lstm"}}],
    ids=["width", "encoder"],
)
def test_what_is_set_stays(settings):
    config = Seq2SeqConfig.model_validate(settings)
    assert config.fitted(FEW, device="cpu").task == config


def test_much_text_gets_fewer_epochs_and_at_least_one(monkeypatch):
    monkeypatch.setattr(sizes, "TOKENS_ON_CPU", 10_000)
    row = SourceTarget("eins zwei drei vier " * 10, ("one two three four " * 10,))
    assert Seq2SeqConfig().fitted([row] * 63, device="cpu").training["epochs"] == 2
    assert Seq2SeqConfig().fitted([row] * 500, device="cpu").training["epochs"] == 1
    assert Seq2SeqConfig(max_source=10, max_target=10).fitted([row] * 50, device="cpu").training["epochs"] == 10


def test_a_language_model_alike(monkeypatch):
    monkeypatch.setattr(sizes, "TOKENS_ON_CPU", 10_000)
    fit = LanguageModelConfig().fitted([Document("the cat sat on the mat. " * 50)] * 2, device="cpu")
    assert fit.task.decoder.width == 160
    assert fit.training == {"epochs": 6}
    assert LanguageModelConfig().fitted([Document("word " * 2_000)] * 9, device="cpu").training == {"epochs": 1}


def test_of_a_long_text_the_beginning_is_counted():
    assert Amount.of(["word " * 10_000]).tokens == 10_000


def test_an_amount_counts_words_marks_and_han_characters():
    assert Amount.of(["two words, 我们", "two"]) == Amount(tokens=6, words=5 + 2 * 2)
    assert Amount.of(["two words, 我们", "two"], longest=2).tokens == 3
    assert Amount.of(["aba", "c"], unit="character") == Amount(tokens=4, words=3)
    assert Amount.of([]) == Amount(0, 0)


@pytest.mark.parametrize("examples", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_single_words_are_read_and_written_by_characters(examples):
    fit = Seq2SeqConfig().fitted(examples, device="cpu")
    assert any("single words" in note and "task.tokenizer=bpe" in note for note in fit.notes)
    task = fit.task.learn(examples)
    assert {task.tokenizers.source.config.kind, task.tokenizers.target.config.kind} == {"char"}
    written = [target for one in examples for target in one.targets]
    assert (
        task.tokenizers.target.decode([row.tolist() for row in _rows(task.tokenizers.target.encode(written))])
        == written
    )


def test_a_tokenizer_that_is_named_is_taken():
    named = Seq2SeqConfig(tokenizer={"kind": "bpe", "size": 40})
    assert named.learn(ENGLISH).tokenizers.source.config.kind == "bpe"
    assert not any("single words" in note for note in named.fitted(ENGLISH, device="cpu").notes)


@pytest.mark.parametrize(
    "examples",
    [
        FEW,
        [SourceTarget("我们在北京的公园里看书", ("we read in a park",))],
        [SourceTarget("cat", ("a small animal " * 4,))],
    ],
    ids=["sentences", "Chinese sentences", "definitions"],
)
def test_other_texts_are_not_cut_into_characters_for_that(examples):
    assert not any("single words" in note for note in Seq2SeqConfig().fitted(examples * 5, device="cpu").notes)


def _rows(encoded):
    start = 0
    for length in encoded.lengths_R:
        yield encoded.values_NW[start : start + length, 0]
        start += length
