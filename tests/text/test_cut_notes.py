"""Notes on how scripts without spaces, and Korean, are cut; and folders from before they were."""

import pytest

from tests.other_scripts import texts
from weft.text.cut_notes import script_notes
from weft.text.spacing import spaced
from weft.text.tokenizers.ngrams import NgramTokenizerConfig
from weft.text.tokenizers.vocab import VocabularyConfig
from weft.text.tokenizers.words import CharTokenizerConfig, MixedTokenizerConfig, WordTokenizerConfig

ALL = VocabularyConfig(min_count=1)
BIGRAMS = MixedTokenizerConfig(views=("bigram",), vocabulary=ALL)
FUGASHI = "; --set task.tokenizer='{kind: word, views: [bigram], segmenter: fugashi}' cuts words"


@pytest.mark.parametrize(
    ("config", "language", "said"),
    [
        (BIGRAMS, "ja", f"Japanese kana: cut by character and pairs of characters{FUGASHI}"),
        (WordTokenizerConfig(), "km", "Khmer: cut by character"),
        (NgramTokenizerConfig(order=3), "km", "Khmer: cut by character, in runs of up to 3 characters"),
        (NgramTokenizerConfig(letters=(2, 4)), "ko", "Korean: cut into words at spaces, and these into runs of 2 to 4"),
        (BIGRAMS, "ko", "Korean: cut at spaces; --set task.tokenizer='{kind: mixed, views: [bigram, letters]"),
    ],
)
def test_a_script_is_spoken_of_with_its_number_of_texts_and_what_cuts_words(config, language, said):
    (note,) = config.learn([*texts(language), "only English here"]).notes
    assert note.startswith(f"144 of 145 texts hold {said}")


def test_nothing_is_said_of_english_of_chinese_of_single_characters_or_of_a_rare_text():
    assert BIGRAMS.learn(["a film", "这部电影"]).notes == []
    assert CharTokenizerConfig().learn(texts("th")).notes == []
    assert BIGRAMS.learn([*["a film"] * 200, "おいしい"]).notes == []
    assert script_notes({"Thai": 1}, 200) == []


def test_before_training_the_setting_is_named():
    (note,) = script_notes({"Thai": 2}, 3)
    assert note.startswith("2 of 3 texts hold Thai: cut by character")
    assert note.endswith("`segmenter: pythainlp`")


@pytest.mark.parametrize("config", [BIGRAMS, WordTokenizerConfig(vocabulary=ALL), NgramTokenizerConfig(order=3)])
@pytest.mark.parametrize("language", ["ja", "th", "km", "ko"])
def test_many_as_one_by_one_and_loaded_as_learned(config, language, tmp_path):
    some = [*texts(language)[:40], "mixed ไทย カナ 很好 text"]
    learned = config.learn(some)
    learned.save(tmp_path)
    loaded = config.load(tmp_path)
    assert loaded.notes == learned.notes
    rows = [loaded.encode([text]).values_NW.tolist() for text in some]
    assert learned.encode(some).values_NW.tolist() == [position for row in rows for position in row]


def test_a_folder_from_before_is_read_as_it_was_learned(tmp_path):
    chinese, thai = ["这部电影 is good"], texts("th")
    learned = BIGRAMS.learn([*chinese, *thai])
    learned.save(tmp_path)
    (tmp_path / "cutting.json").unlink()  # no folder had one, where there were no lists
    loaded = BIGRAMS.load(tmp_path)
    assert loaded.encode(chinese).values_NW.tolist() == learned.encode(chinese).values_NW.tolist()
    assert loaded.cutter.cut(thai[:1]).pieces == ["ภาพยนตร์เรื่องนี้สนุกมาก"]
    assert "".join(spaced(["ดี", "มาก"], whole_runs=loaded.whole_runs)) == "ดี มาก"
    assert "".join(spaced(["ดี", "มา", "ก"], whole_runs=learned.whole_runs)) == "ดีมาก"
