"""Words by fugashi and PyThaiNLP, where they are installed; elsewhere their absence is told."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.other_scripts import texts
from weft.config import validated
from weft.errors import ConfigError, MissingExtra
from weft.text import segmenters
from weft.text.normalize import NormalizeConfig, normalize
from weft.text.offsets import locate
from weft.text.segment import rules_of, segment, split_words
from weft.text.tokenizers.ngrams import NgramTokenizerConfig
from weft.text.tokenizers.vocab import VocabularyConfig
from weft.text.tokenizers.words import MixedTokenizerConfig, WordTokenizerConfig

PACKAGES = {"fugashi": ("fugashi", "unidic_lite"), "pythainlp": ("pythainlp",)}
ALL = VocabularyConfig(min_count=1)
mixed = st.text(
    st.sampled_from("aZ1.'! すもうのおかわり漢字食べたか\u309aーกินข้าวหรือยังน้ำๆ很好ខ្ញុំ한국\u200d\u0301😀"), max_size=20
)


def installed(name):
    for package in PACKAGES[name]:
        pytest.importorskip(package, reason=f"{package} is not installed")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("fugashi", "新しい映画を食べた。OK 3本", ["新しい", "映画", "を", "食べ", "た", "。", "OK", "3", "本"]),
        ("pythainlp", "ฉันรักภาษาไทย 很好", ["ฉัน", "รัก", "ภาษาไทย", "很", "好"]),
    ],
)
def test_words(name, text, words):
    installed(name)
    assert split_words(text, rules_of(named=name)) == words
    assert segment([text], "mixed", rules=rules_of(named=name)).pieces == segment([text], "mixed").pieces


@pytest.mark.parametrize("name", PACKAGES)
def test_no_character_is_lost_or_parted_and_words_cover_pieces(name):
    installed(name)
    rules = rules_of(named=name)

    @settings(deadline=None, max_examples=200)
    @given(mixed)
    def holds(raw):
        text = normalize([raw], NormalizeConfig())[0]
        words = split_words(text, rules)
        assert "".join(words) == text.replace(" ", "")
        plain, covered = segment([text], "mixed"), segment([text], "mixed", covering=True, rules=rules)
        assert covered.pieces == plain.pieces
        assert [one for one, _ in _runs(covered.words)] == [one for one, _ in _runs(_spread(words, rules))]

    holds()


def _spread(words, rules):
    return [word for word in words for _ in rules.opened(word)]


def _runs(words):
    return [(word, None) for place, word in enumerate(words) if not place or words[place - 1] != word]


@pytest.mark.parametrize(("name", "language"), [("fugashi", "ja"), ("pythainlp", "th")])
def test_a_tokenizer_that_was_loaded_cuts_as_the_learned_one(name, language, tmp_path):
    installed(name)
    some = texts(language)
    for config in (
        WordTokenizerConfig(segmenter=name, vocabulary=ALL),
        MixedTokenizerConfig(segmenter=name, views=("bigram", "word"), vocabulary=ALL),
        NgramTokenizerConfig(segmenter=name, unit="word"),
    ):
        folder = tmp_path / config.named()
        folder.mkdir()
        learned = config.learn(some)
        learned.save(folder)
        loaded = config.load(folder)
        assert (learned.encode(some).values_NW == loaded.encode(some).values_NW).all()
        assert learned.notes == loaded.notes
        assert f"cut into words by `{name}`" in learned.notes[0]
        if learned.ordered:
            assert [some[0][a:b] for a, b in locate(loaded, some[:1]).spans_N2] == segment(
                some[:1], config.unit, rules=rules_of(named=name)
            ).pieces


@pytest.mark.parametrize(("name", "extra"), [("fugashi", "japanese"), ("pythainlp", "thai")])
def test_a_segmenter_that_is_absent_is_named_with_its_extra(name, extra, monkeypatch):
    segmenters.segmenter.cache_clear()
    for package in ("fugashi", "unidic_lite", "pythainlp", "pythainlp.tokenize"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match="is not installed") as error:
        WordTokenizerConfig(segmenter=name).learn(["これ"])
    assert error.value.hint == f'pip install "weft[{extra}]"'


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "mixed", "segmenter": "fugashi"}, "no words are cut"),
        ({"kind": "word", "segmenter": "fugashi", "dictionary": ["性价比"]}, "leave one of both out"),
    ],
)
def test_a_segmenter_without_effect_is_refused(settings, said):
    config = MixedTokenizerConfig if settings["kind"] == "mixed" else WordTokenizerConfig
    with pytest.raises(ConfigError, match=said):
        validated(config, settings)
