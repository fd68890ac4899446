"""What is decided of both sides of a pair: the encoder that suits, one vocabulary or two, and what cannot be."""

from itertools import pairwise
from typing import Literal

import pytest

import weft
from tests.kinds import DECODERS
from weft.config import kind_of
from weft.data.examples.source_target import SourceTarget
from weft.errors import ConfigError
from weft.inputs.source_target import SourceTargetInput, decided, loaded_tokenizers
from weft.tasks.seq2seq import Seq2SeqConfig
from weft.text.tokenizers.choices import bpe_for, for_free_text
from weft.text.tokenizers.words import CharTokenizerConfig

ENGLISH = ["A man rides a horse.", "Two dogs run.", "ＡＢＣ are wide."]
GERMAN = ["Ein Mann reitet.", "Zwei Hunde laufen.", "ＡＢＣ ist breit."]
CHINESE = ["一个男人在骑马。", "两只狗在跑。", "ＡＢＣ很宽。"]
SMALL = {"tokenizer": {"kind": "bpe", "size": 40}, "decoder": {"kind": "gru", "width": 8, "hidden": 6}}


class BlurEncoderConfig(weft.EncoderConfig):
    """An encoder from outside the package whose states stand for no positions."""

    kind: Literal["blur"] = "blur"
    width: int = 8

    def build(self, spec: weft.TokenSpec) -> "BlurEncoder":
        return BlurEncoder(spec.vocab_sizes)


class BlurEncoder(weft.Encoder):
    width, keeps_positions = 8, False

    def __init__(self, vocab_sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.table = weft.Embedding(vocab_sizes, 8)

    def forward(self, source: weft.Tokens) -> weft.Memory:
        states_BSD = self.table(source)
        return weft.Memory(states_BSD, source.mask_BS, states_BSD.mean(1))


def config_of(**settings):
    return Seq2SeqConfig.model_validate({**SMALL, **settings})


def learned(sources, targets, **settings):
    pairs = [SourceTarget(source, (target,)) for source, target in zip(sources, targets, strict=True)]
    return config_of(**settings).learn(pairs)


def has_one_table(task):
    network = task.build_model()
    return network.encoder.embedding.tables[0] is network.decoder.embedding


# the encoder


@pytest.mark.parametrize("decoder", DECODERS, ids=kind_of)
def test_the_encoder_that_suits_is_of_the_decoders_kind_and_size(decoder):
    sizes = {"width": 12, "layers": 2, "heads": 3, "feed_forward": 20, "hidden": 10, "dropout": 0.2}
    config = decoder(**{name: value for name, value in sizes.items() if name in decoder.model_fields})
    found = config.matching_encoder()
    assert found.kind == {"gpt": "transformer"}.get(config.kind, config.kind)
    assert (found.width, found.layers, found.dropout) == (12, 2, 0.2)
    if hasattr(config, "hidden"):
        assert found.build(weft.TokenSpec((9,))).width == config.hidden, "both directions together"
    else:
        assert (found.heads, found.feed_forward) == (3, 20)
        assert found.positions == {"gpt": "rotary"}.get(config.kind, "sinusoidal")
    assert decided(config_of(decoder=config), ENGLISH, GERMAN).encoder == found


def test_turned_positions_are_turned_on_both_sides():
    config = config_of(decoder={"kind": "transformer", "positions": "rotary"})
    assert decided(config, ENGLISH, GERMAN).encoder.positions == "rotary"


def test_an_encoder_that_is_named_stays():
    config = config_of(encoder={"kind": "cnn", "width": 8})
    assert decided(config, ENGLISH, GERMAN).encoder == config.encoder


# vocabularies


@pytest.mark.parametrize(
    ("sources", "targets", "settings", "expected"),
    [
        (ENGLISH, GERMAN, {}, "shared"),
        (CHINESE, CHINESE, {}, "shared"),
        (ENGLISH, CHINESE, {}, "separate"),
        (CHINESE, ENGLISH, {}, "separate"),
        (ENGLISH, CHINESE, {"vocabulary": "shared"}, "shared"),
        (ENGLISH, GERMAN, {"vocabulary": "separate"}, "separate"),
        (ENGLISH, GERMAN, {"target_tokenizer": {"kind": "char"}}, "separate"),
        (ENGLISH, GERMAN, {"target_tokenizer": {"kind": "bpe", "size": 40}}, "shared"),
    ],
)
def test_there_is_one_vocabulary_unless_one_side_alone_is_chinese(sources, targets, settings, expected):
    task = learned(sources, targets, **settings)
    assert task.config.vocabulary == expected
    assert task.tokenizers.shared == (expected == "shared") == has_one_table(task)
    assert (task.config.target_tokenizer is None) == (expected == "shared")


def test_each_side_is_learned_from_its_own_texts():
    target = {"kind": "char", "vocabulary": {"min_count": 1}}
    task = learned(ENGLISH, CHINESE, target_tokenizer=target)
    assert {"▁", "m", "."} <= set(task.tokenizers.source.pieces)
    assert {"马", "。"} <= set(task.tokenizers.target.pieces)
    assert not {"马", "。"} & set(task.tokenizers.source.pieces)
    both = learned(ENGLISH, CHINESE, vocabulary="shared").tokenizers
    assert {"m", "马"} <= set(both.source.pieces)


def test_texts_are_written_as_they_are_unless_it_is_said_otherwise():
    kept = learned(ENGLISH, CHINESE).tokenizers.target
    assert kept.decode([kept.encode(CHINESE).values_NW[:, 0]]) == [" ".join(CHINESE)]
    settings = {"kind": "bpe", "size": 60, "normalize": {"case": "lower"}}
    lower = learned(ENGLISH, GERMAN, tokenizer=settings).tokenizers.target
    assert lower.decode([lower.encode(["Ein Mann"]).values_NW[:, 0]]) == ["ein mann"]


def test_tables_of_other_widths_are_not_shared():
    encoder = {"kind": "gru", "width": 4, "hidden": 3}
    assert not has_one_table(learned(ENGLISH, GERMAN, encoder=encoder))
    assert has_one_table(learned(ENGLISH, GERMAN, encoder={**encoder, "width": 8}))


def test_an_encoder_of_ones_own_has_the_table_it_has():
    decoder = {**SMALL["decoder"], "attention": "none"}
    network = learned(ENGLISH, GERMAN, encoder=BlurEncoderConfig(), decoder=decoder).build_model()
    assert network.encoder.table.tables[0] is not network.decoder.embedding


@pytest.mark.parametrize(
    ("text", "words", "size"),
    [
        ("word", 100, 500),
        ("word", 90_000, 1500),
        ("word", 10_000_000, 8000),
        ("马", 90_000, 900),
    ],
)
def test_subwords_are_as_many_as_the_texts_can_teach(text, words, size):
    """One for 60 words, and five Han characters for three."""
    line = (" " if text == "word" else "").join([text] * 100)
    found = bpe_for([line] * (words // 100)).size
    assert found % 100 == 0
    assert abs(found - size) <= 0.1 * size


def test_no_texts_want_the_fewest_subwords():
    assert bpe_for([]).size == bpe_for([""]).size == 500


# what cannot be


@pytest.mark.parametrize(
    ("settings", "where", "message"),
    [
        ({"encoder": {"kind": "bag"}}, "task.encoder", r"`bag` reads n-grams.*no positions.*\nhint: take `cnn`, `rnn`"),
        (
            {"vocabulary": "shared", "target_tokenizer": {"kind": "char"}},
            "task.target_tokenizer",
            r"one vocabulary for both sides has one tokenizer\nhint: .*task.vocabulary=separate",
        ),
        (
            {"vocabulary": "shared", "tokenizer": {"kind": "mixed", "views": ["bigram"]}},
            "task.tokenizer.views",
            "one view of a position",
        ),
        (
            {"vocabulary": "separate", "tokenizer": {"kind": "mixed", "views": ["bigram"]}},
            "task.target_tokenizer.views",
            "one view of a position",
        ),
        ({"tokenizer": {"kind": "ngrams"}}, "task.tokenizer", "`ngrams` cannot be turned back into text"),
        (
            {"target_tokenizer": {"kind": "ngrams"}},
            "task.target_tokenizer",
            r"`ngrams` cannot be turned back into text\nhint: take `bpe`",
        ),
        (
            {"tokenizer": {"kind": "ngrams"}, "target_tokenizer": {"kind": "bpe", "size": 40}},
            "task.tokenizer",
            r"`ngrams` has no positions to read\nhint: take `bpe`",
        ),
        (
            {"encoder": {"kind": "transformer", "positions": "learned", "max_length": 256}, "max_source": 256},
            "task.max_source",
            r"positions for 256 tokens, an end among them, and 256 are read.*\nhint: set it below 256",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(settings, where, message):
    with pytest.raises(ConfigError, match=message) as error:
        learned(ENGLISH, GERMAN, **settings)
    assert error.value.where == where


def test_learned_positions_have_room_for_the_end():
    encoder = {"kind": "transformer", "positions": "learned", "max_length": 9, "width": 8, "heads": 2, "layers": 1}
    task = learned(ENGLISH, GERMAN, encoder=encoder, max_source=8)
    assert len(task.encode([SourceTarget("A man rides a horse, and two dogs run.")]).ragged["source"].values) == 9


def test_a_decoder_that_attends_needs_positions():
    task = learned(ENGLISH, GERMAN, encoder=BlurEncoderConfig())
    with pytest.raises(ConfigError, match=r"`blur` keeps no positions .*\nhint: .*task.decoder.attention=none"):
        task.build_model()


# on disk, and in words


@pytest.mark.parametrize("vocabulary", ["shared", "separate"])
def test_sides_are_loaded_as_saved(tmp_path, vocabulary):
    task = learned(ENGLISH, CHINESE, vocabulary=vocabulary)
    task.tokenizers.save(tmp_path)
    task.tokenizers.save(tmp_path)  # a run saves its task twice
    loaded = loaded_tokenizers(task.config, tmp_path)
    assert loaded.shared == (vocabulary == "shared")
    for side in ("source", "target"):
        before, after = getattr(task.tokenizers, side), getattr(loaded, side)
        assert after.pieces == before.pieces
        for texts in (ENGLISH, CHINESE):
            assert after.encode(texts).values_NW.tolist() == before.encode(texts).values_NW.tolist()


def test_vocabularies_are_told_with_what_they_cover():
    facts = {"train": {"source": 1.0, "target": 1.0}, "dev": {"source": 0.98765}}
    shared, separate = (learned(ENGLISH, CHINESE, vocabulary=one).tokenizers for one in ("shared", "separate"))
    (told,) = shared.notes(facts)
    assert told.startswith(f"shared vocabulary size {shared.source.sizes[0]},")
    assert "100.00% of train, 98.77% of dev (sources)" in told
    first, second = separate.notes(facts)
    assert first == f"source {separate.source.counted}, covering 100.00% of train, 98.77% of dev"
    assert second == f"target {separate.target.counted}, covering 100.00% of train"


@pytest.mark.parametrize(("times", "expected"), [(1, "char"), (500, "char"), (6_000, "bpe")])
def test_the_plain_choice_is_subwords_but_characters_for_little_chinese(times, expected):
    """Of few texts a subword would be a whole phrase: `一个男人` is learned by heart, `男人` never."""
    chinese = [f"{text}{number}" for number in range(times) for text in CHINESE]
    config = decided(Seq2SeqConfig(), [*ENGLISH, *[f"number {number}" for number in range(times)]], chinese)
    assert (config.tokenizer.kind, config.target_tokenizer.kind) == ("bpe", expected)
    for tokenizer in (config.tokenizer, config.target_tokenizer):
        assert (tokenizer.normalize.case, tokenizer.normalize.unicode) == ("keep", "NFC")
    assert decided(Seq2SeqConfig(), chinese, chinese).tokenizer.kind == expected


def test_every_character_of_what_is_written_is_known():
    """A character that was seen once may still be needed, and one that is unknown can never be written."""
    sides = learned(ENGLISH, CHINESE, tokenizer={"kind": "char"}, vocabulary="separate").tokenizers
    assert set("".join(CHINESE)) <= set(sides.target.pieces)
    assert "Ａ" not in sides.source.pieces, "what is only read may be unknown"
    named = {"kind": "char", "vocabulary": {"min_count": 2}}
    assert "很" not in learned(ENGLISH, CHINESE, target_tokenizer=named).tokenizers.target.pieces
    assert for_free_text(CharTokenizerConfig(), CHINESE).vocabulary.min_count == 1
    assert for_free_text(None, CHINESE).vocabulary.min_count == 1


def test_a_target_that_is_cut_does_not_end_there():
    task = learned(ENGLISH, CHINESE, target_tokenizer={"kind": "char"}, max_target=6)
    short = task.config.model_copy(update={"max_source": 99, "max_target": 6})
    read = SourceTargetInput(short, task.tokenizers)
    targets = read.encode(list(zip(ENGLISH, CHINESE, strict=True))).ragged["target"]
    rows = [targets.values[start:stop, 0].tolist() for start, stop in pairwise(targets.offsets_R1)]
    assert [(len(row), row[-1] == task.end) for row in rows] == [(6, False), (7, True), (7, True)]
    assert task.tokenizers.target.decode([row[:6] for row in rows]) == [text[:6] for text in CHINESE]
    assert task.encode([SourceTarget("a", (CHINESE[0],))]).ragged["target"].lengths_R.tolist() == [6]


def test_no_more_is_read_than_there_are_positions_for():
    learned_ones = {"kind": "transformer", "positions": "learned", "max_length": 200, "width": 8}
    config = learned(ENGLISH, CHINESE, encoder=learned_ones).config
    assert (config.max_source, config.max_target) == (199, 256)
