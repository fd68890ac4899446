"""Translation memories and XLIFF are rows of texts by language; nothing outside is read, and no entity unpacks."""

import pytest

from tests.data.tables import fault, written
from weft.data.sources import open_table
from weft.dataset import DataConfig, read_whole
from weft.tasks.choices import implied
from weft.tasks.seq2seq import Seq2SeqConfig

TMX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="en"/><body>
<tu><note>no text</note><tuv xml:lang="zh-CN"><seg>早上<ph x="1">&lt;b></ph>好</seg></tuv>
<tuv xml:lang="en"><seg>Good <hi>morning</hi>
 &amp; more</seg></tuv></tu>
<tu><tuv lang="en"><seg>Bye</seg></tuv><tuv lang="zh-CN"><seg>再见</seg></tuv></tu>
</body></tmx>
"""
XLIFF = """<xliff version="1.2"><file source-language="en" target-language="zh"><body>
<trans-unit id="1"><source>Good <g id="1">morning</g></source><target>早上好</target>
<alt-trans><target>你好</target></alt-trans></trans-unit></body></file></xliff>
"""
XLIFF_2 = """<xliff version="2.0" srcLang="en" trgLang="zh"><file id="a"><unit id="1">
<segment><source>Good morning</source><target>早上好</target></segment></unit></file></xliff>
"""
BOMB = '<!DOCTYPE tmx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_units_are_rows_by_language(tmp_path, encoding):
    table = open_table(written(tmp_path, TMX.replace("UTF-8", encoding).encode(encoding), "记忆.tmx"))
    assert table.columns == ("en", "zh-CN")
    first, second = table
    assert (first.line, first.values) == (4, {"zh-CN": "早上好", "en": "Good morning & more"})
    assert (second.line, second.values) == (7, {"en": "Bye", "zh-CN": "再见"})


@pytest.mark.parametrize(("name", "text"), [("a.xlf", XLIFF), ("a.xliff", XLIFF_2)])
def test_xliff_has_sources_and_targets(tmp_path, name, text):
    table = open_table(written(tmp_path, text.encode(), name))
    (found,) = table
    assert found.values == {"source": "Good morning", "target": "早上好"}


def test_they_are_learned_as_pairs_unasked(tmp_path):
    path = written(tmp_path, TMX.encode(), "a.tmx")
    assert implied((), table=open_table(path)) is Seq2SeqConfig
    task = read_whole(DataConfig(train=path), Seq2SeqConfig()).task
    assert (task.source, task.target) == ("en", "zh-CN")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (TMX.replace('<!DOCTYPE tmx SYSTEM "tmx14.dtd">', BOMB), "declares entities"),
        (TMX.replace("</tu>", "", 1), "is not XML: mismatched tag"),
        (TMX.replace("UTF-8", "gb2312"), "is not XML in UTF-8 or UTF-16: multi-byte"),
        ("<tmx></tmx>", "has no units of translation"),
        ("", "is not XML: no element found"),
    ],
)
def test_what_is_not_sound_is_refused(tmp_path, text, what):
    assert fault(written(tmp_path, text.encode(), "a.tmx")).what.startswith(what)
