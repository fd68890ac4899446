"""Stop words and dictionaries of one's own: what they change, that no model sees another's, and what is refused."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import regex
import rjieba
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.config import validated
from weft.errors import ConfigError
from weft.text.cutting import Cutter
from weft.text.normalize import NormalizeConfig
from weft.text.segment import is_han, segment, split_words
from weft.text.tokenizers.ngrams import NgramTokenizerConfig
from weft.text.tokenizers.vocab import VocabularyConfig
from weft.text.tokenizers.words import CharTokenizerConfig, MixedTokenizerConfig, WordTokenizerConfig
from weft.text.word_lists import OWN, read_stop_words

ALL = VocabularyConfig(min_count=1)
TEXTS = ["The film is not good", "我们不喜欢这部电影的目的", "云上织锦很好看", ""]


def cut(config, *texts):
    return Cutter.learn(config).cut(texts).pieces


def word(**given):
    return WordTokenizerConfig(vocabulary=ALL, **given)


def listed(folder, text, name="list.txt"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", ["en", "zh"])
def test_our_lists_hold_function_words_alone(name):
    words = read_stop_words([name])
    assert 100 <= len(words) == len(set(words)) <= 140
    assert (OWN / f"{name}.txt").read_text(encoding="utf-8").startswith("# Function words of")
    negations = "not no nor never none neither without nothing nobody cannot 不 没 没有 无 非 别 未 不是 并非 没什么"
    turns = (
        "but however though yet very too so just only more most few all 但 但是 不过 却 很 太 更 最 非常 都 只 还 才"
    )
    sentiment = "good bad like well best worst can could should 好 坏 能 会 可以 应该 吗 吧 呢 喜欢"
    assert not set(words) & set(f"{negations} {turns} {sentiment}".split())
    assert not [one for one in words if one.endswith("n't") or regex.search("[不没无未非]", one)]


def test_stop_words_are_left_out_where_a_text_is_cut_into_them():
    english, chinese = ["film", "not", "good"], ["不", "喜欢", "电影", "目的"]
    assert cut(word(stop_words=("en", "zh")), "The film is not good", "我们不喜欢那个电影的目的") == english + chinese
    mixed = cut(MixedTokenizerConfig(stop_words=("zh",)), "我们的目的 is 这个 film")
    assert mixed == ["目", "的", "is", "film"]


def test_stop_words_in_either_apostrophe_and_at_the_head_of_a_sentence():
    kept = word(stop_words=("en",), normalize=NormalizeConfig(case="keep", unicode="none"))
    assert cut(kept, "It’s US, it's The 电影. I like us") == ["US", ",", "电影", ".", "like"]


words = st.sampled_from(["the", "good", "film", "我们", "的", "目的", "电影", "喜欢", "!", " ", "this"])


@settings(deadline=None, max_examples=60)
@given(text=st.lists(words).map(" ".join) | st.lists(words).map("".join), unit=st.sampled_from(["word", "mixed"]))
def test_leaving_out_is_cutting_and_then_dropping_words(text, unit):
    stops = frozenset(["the", "我们", "的", "this"])
    whole, less = segment([text], unit, covering=True), segment([text], unit, covering=True, without=stops)
    pairs = [pair for pair in zip(whole.pieces, whole.words, strict=True) if pair[1] not in stops]
    assert list(zip(less.pieces, less.words, strict=True)) == pairs
    assert segment([text], unit, without=stops).pieces == less.pieces


def test_a_list_of_ones_own_and_its_faults(tmp_path):
    path = listed(tmp_path, "\ufeff# mine\nfilm\n\n  电影 \n")
    assert cut(word(stop_words=(path,)), "the film 电影 好看") == ["the", "好看"]
    with pytest.raises(ConfigError, match=r"(?s)nowhere.txt: there is no such file.*`en`, `zh`"):
        cut(word(stop_words=("nowhere.txt",)), "")
    with pytest.raises(ConfigError, match=r"list.txt:2: expected one word, found `in spite of`"):
        cut(word(stop_words=(listed(tmp_path, "in\nin spite of\n"),)), "")
    (tmp_path / "gbk.txt").write_bytes("电影".encode("gbk"))
    with pytest.raises(ConfigError, match="cannot be read as UTF-8"):
        cut(word(stop_words=(str(tmp_path / "gbk.txt"),)), "")


def test_words_of_a_dictionary_are_cut_as_one(tmp_path):
    assert "云上织锦" not in split_words("云上织锦很好看")
    path = listed(tmp_path, "# names\n锦云上好 3 nz\n")
    config = word(dictionary=("云上织锦",), dictionary_file=path)
    assert cut(config, "云上织锦很好看", "看锦云上好 GPT") == ["云上织锦", "很", "好看", "看", "锦云上好", "gpt"]


def test_a_dictionary_serves_the_words_around_characters_and_n_grams():
    mixed = MixedTokenizerConfig(views=("word",), dictionary=("云上织锦",), vocabulary=ALL)
    assert Cutter.learn(mixed).cut(["云上织锦"]).words == ["云上织锦"] * 4
    assert CharTokenizerConfig(views=("word",), dictionary=("云上织锦",)).learn(TEXTS).known["word"].pieces
    ngrams = NgramTokenizerConfig(unit="word", order=1, dictionary=("云上织锦",)).learn(TEXTS)
    assert ngrams.encode(["云上织锦"]).lengths_R.tolist() == [1]


def test_no_model_sees_the_words_of_another(tmp_path):
    text = "云上织锦很好看"
    plain, one = word().learn(TEXTS), word(dictionary=("云上织锦",)).learn(TEXTS)
    other = word(dictionary=("织锦很好",)).learn(TEXTS)
    one.save(tmp_path)
    again = word(dictionary=("云上织锦",)).load(tmp_path)
    assert one.cutter.cut([text]).pieces[0] == again.cutter.cut([text]).pieces[0] == "云上织锦"
    assert "织锦很好" in other.cutter.cut([text]).pieces
    assert plain.cutter.cut([text]).pieces == rjieba.cut(text)
    assert not rjieba.has_word("云上织锦")


@settings(deadline=None, max_examples=8)
@given(
    dictionary=st.lists(st.text(st.sampled_from("云上织锦电影好看"), min_size=2, max_size=5), min_size=1, max_size=5)
)
def test_each_word_of_a_dictionary_alone_is_one_in_any_order(dictionary):
    cutter = Cutter.learn(word(dictionary=tuple(dictionary)))
    for one in dictionary:
        assert cutter.cut([one]).pieces == [one]
    assert cutter.dictionary == Cutter.learn(word(dictionary=tuple(reversed(dictionary)))).dictionary


@pytest.mark.parametrize("wrong", ["卡拉ok", "film", "好 看", "二〇二四\U00030000"])
def test_a_word_that_cannot_be_cut_as_one_is_refused(wrong):
    with pytest.raises(ConfigError, match="cannot be cut as one word"):
        word(dictionary=(wrong,)).learn(TEXTS)


def test_a_missing_dictionary_is_an_error():
    with pytest.raises(ConfigError, match=r"(?s)nowhere.txt: there is no such file.*dictionary_file"):
        word(dictionary_file="nowhere.txt").learn(TEXTS)


def test_lists_are_normalized_as_the_texts_are():
    assert cut(word(stop_words=(), dictionary=("　云上织锦",)), "云上织锦") == ["云上织锦"]


@pytest.mark.parametrize("kind", [WordTokenizerConfig, MixedTokenizerConfig, NgramTokenizerConfig])
def test_a_saved_tokenizer_needs_no_other_file(tmp_path, kind):
    stop, own = listed(tmp_path, "film\n我们\n", "stop.txt"), listed(tmp_path, "云上织锦\n", "own.txt")
    config = kind(stop_words=("en", stop), dictionary_file=own, vocabulary=ALL)
    learned = config.learn(TEXTS)
    (tmp_path / "saved").mkdir()
    learned.save(tmp_path / "saved")
    (tmp_path / "stop.txt").unlink()
    (tmp_path / "own.txt").unlink()
    again = validated(kind, config.model_dump(mode="json")).load(tmp_path / "saved")
    for text in [*TEXTS, "The films of 我们", "云上织锦"]:
        assert again.encode([text]).values_NW.tolist() == learned.encode([text]).values_NW.tolist()


def test_training_texts_are_cut_once_and_nothing_is_kept_after(monkeypatch):
    learned = word().learn(TEXTS)
    fresh = word().learn(TEXTS)
    fresh.encode(["other 文本"])
    assert fresh.cutter._kept is None
    expected = fresh.encode(TEXTS)
    monkeypatch.setattr("weft.text.cutting.segment", None)
    assert learned.encode(list(TEXTS)).values_NW.tolist() == expected.values_NW.tolist()
    assert learned.cutter._kept is None


@pytest.mark.parametrize("kind", [WordTokenizerConfig(), MixedTokenizerConfig(views=("word", "bigram", "letters"))])
def test_training_texts_that_come_part_by_part_are_cut_once(monkeypatch, kind):
    learned, fresh = kind.learn(TEXTS), kind.learn(TEXTS)
    fresh.encode(["other 文本"])
    expected = [fresh.encode([text]) for text in TEXTS]
    monkeypatch.setattr("weft.text.cutting.segment", None)
    found = [learned.encode([text]) for text in TEXTS]
    assert [one.values_NW.tolist() for one in found] == [one.values_NW.tolist() for one in expected]
    assert [one.lengths_R.tolist() for one in found] == [one.lengths_R.tolist() for one in expected]
    assert learned.cutter._kept is None


@pytest.mark.parametrize(
    ("kind", "given", "why"),
    [
        (CharTokenizerConfig, {"stop_words": ["en"]}, "stop_words are words"),
        (NgramTokenizerConfig, {"stop_words": ["zh"], "unit": "character"}, "stop_words are words"),
        (MixedTokenizerConfig, {"dictionary": ["云上织锦"]}, "changes nothing here"),
        (NgramTokenizerConfig, {"dictionary_file": "own.txt"}, "changes nothing here"),
        (WordTokenizerConfig, {"stop_words": [3]}, "stop_words.0: expected a valid string"),
    ],
)
def test_lists_without_effect_are_refused(kind, given, why):
    with pytest.raises(ConfigError, match=why):
        validated(kind, given)


def test_one_entry_may_stand_alone():
    assert validated(WordTokenizerConfig, {"stop_words": "en"}).stop_words == ("en",)


def test_described():
    assert word(stop_words=("en", "zh")).describe() == "word, stop_words en zh, min_count 1"
    many = NgramTokenizerConfig(unit="word", dictionary=("云上", "织锦", "好看", "电影"), order=1)
    assert many.describe() == "1-grams of word pieces, dictionary of 4"
    assert all(is_han(one) for one in many.dictionary)


def test_threads_that_cut_at_once_cut_each_text_alike():
    learned, expected = word().learn(TEXTS), {text: word().learn(TEXTS).encode([text]) for text in TEXTS}

    def encoded(place):
        text = TEXTS[place % len(TEXTS)]
        return learned.encode([text]).values_NW.tolist() == expected[text].values_NW.tolist()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(encoded, range(400)))
