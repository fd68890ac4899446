"""The two scripts: told apart by our own table, and converted as OpenCC does."""

import builtins

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.errors import MissingExtra
from weft.text.chinese import SIMPLIFIED, TRADITIONAL, ScriptCounts, converter, count_scripts, traditional_share
from weft.text.normalize import NormalizeConfig, normalize


def test_the_table_is_one_for_one():
    assert len(SIMPLIFIED) == len(TRADITIONAL) == len(set(SIMPLIFIED + TRADITIONAL)) / 2


def test_scripts_are_counted():
    assert count_scripts(["这部电影 film", "這部電影", "我很好"]) == ScriptCounts(simplified=2, traditional=2)
    assert traditional_share(["這部電影"]) == 1
    assert traditional_share(["这部电影", "皇后在台面里"]) == 0
    assert traditional_share(["good", "好", ""]) == traditional_share([]) == 0
    assert traditional_share(["电電這"]) == pytest.approx(2 / 3)


@settings(deadline=None)
@given(texts=st.lists(st.text(st.sampled_from(SIMPLIFIED[:9] + TRADITIONAL[:9] + "好a"))))
def test_as_a_plain_count(texts):
    joined = "".join(texts)
    expected = ScriptCounts(sum(map(joined.count, SIMPLIFIED)), sum(map(joined.count, TRADITIONAL)))
    assert count_scripts(texts) == expected


def test_the_table_is_as_opencc_has_it():
    pytest.importorskip("opencc")
    to_simplified, to_traditional = converter("simplified"), converter("traditional")
    for simplified, traditional in zip(SIMPLIFIED, TRADITIONAL, strict=True):
        assert to_simplified(traditional) == to_simplified(simplified) == simplified
        assert to_traditional(simplified) == to_traditional(traditional) == traditional


def test_normalizing_into_one_script():
    pytest.importorskip("opencc")
    raw = ["這部電影Ｇood！", "皇后在后面", "", "\ud83d頭髮 发展"]
    assert normalize(raw, NormalizeConfig(script="simplified")) == [
        "这部电影good!",
        "皇后在后面",
        "",
        "\ufffd头发 发展",
    ]
    assert normalize(raw, NormalizeConfig(script="traditional")) == [
        "這部電影good!",
        "皇后在後面",
        "",
        "\ufffd頭髮 發展",
    ]


def test_opencc_is_asked_for_when_missing(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name == "opencc":
            raise ImportError
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    converter.cache_clear()
    with pytest.raises(MissingExtra, match=r"(?s)`OpenCC` is not installed.*weft\[opencc\]"):
        normalize(["電影"], NormalizeConfig(script="simplified"))
    assert normalize(["電影"], NormalizeConfig()) == ["電影"]
    converter.cache_clear()
