"""Texts on a terminal: as they are spelled, without what a terminal obeys; in files and pipes as they are, in UTF-8."""

import contextlib
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from weft.cli import printing
from weft.cli.console import Terminal
from weft.cli.printing import Out, prepare, printable, say
from weft.run_folder import seal

EVIL = "\x1b]0;好\x07\x1b[31m\x9bred\u202e\r\udcff"
SHOWN = r"\u001b]0;好\u0007\u001b[31m\u009bred\u202e\u000d\udcff"
MARKUP = ("[news]", "[/x]", "[bold]好[/bold]", ":heart:", "[link=x]y")


class Screen(io.StringIO):
    """A terminal that keeps what is printed."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    return Screen()


def test_what_a_terminal_obeys_is_written_out_and_all_else_stays():
    plain = "很好\tgood\n👨‍👩‍👧 العربية é"
    assert printable(plain) == plain
    assert printable(EVIL) == SHOWN
    assert json.loads(f'"{printable(EVIL)}"') == EVIL


def test_every_way_to_a_terminal_is_printable(screen):
    table = Table(EVIL)
    table.add_row(EVIL)
    table.add_row(Text(printable(EVIL)))
    with contextlib.redirect_stdout(screen):
        say(EVIL)
        Out().write(EVIL)
        for one in (EVIL, Text(EVIL), table):
            Terminal().print(one, soft_wrap=True)
    assert screen.getvalue().count(SHOWN) == 6  # rich leaves some out of a text of its own
    assert "\x1b]" not in screen.getvalue()
    assert "\x9b" not in screen.getvalue()


@pytest.mark.parametrize("text", MARKUP)
def test_a_text_is_printed_as_it_is_spelled(screen, text):
    table = Table(text)
    table.add_row(text)
    with contextlib.redirect_stdout(screen):
        for one in (text, table):
            Terminal().print(one, style="bold")
    assert screen.getvalue().count(text) == 3


def test_a_pipe_gets_what_is_written_as_it_is(capsys):
    say("\x1b[31m好")
    Out().write("\x1b[31m好")
    assert capsys.readouterr().out == "\x1b[31m好\n\x1b[31m好"


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "ascii"])
def test_no_character_fails_to_be_printed(monkeypatch, encoding):
    for terminal in (False, True):
        raw = io.BytesIO()
        stream = io.TextIOWrapper(raw, encoding=encoding)
        monkeypatch.setattr(stream, "isatty", lambda: terminal, raising=False)  # noqa: B023
        monkeypatch.setattr(sys, "stdout", stream)
        prepare()
        say("好 👍 é")
        stream.flush()
        said = raw.getvalue().decode(encoding if terminal else "utf-8")
        assert said.encode("ascii", "backslashreplace").decode() == "\\u597d \\U0001f44d \\xe9\n" or not terminal
        assert terminal or said == "好 👍 é\n"


def test_labels_that_look_like_markup_are_scored_under_their_names(weft):
    rows = [f"{text} {number},{label}" for number in range(8) for text, label in (("好", "[news]"), ("bad", "[/x]"))]
    Path("brackets.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    sets = ("--encoder", "bag", "--set", "training.epochs=1", "--set", "device=cpu")
    trained = weft("train", "brackets.csv", "--output", "model", *sets)
    assert (trained.code, "`[news]`" in trained.err, "`[/x]`" in trained.err) == (0, True, True)
    said = weft("evaluate", "model", "brackets.csv")
    assert (said.code, "[news]" in said.out, "[/x]" in said.out) == (0, True, True)
    shutil.copytree("model", "[/model]")
    assert "[/model]" in weft("evaluate", "model", "[/model]", "brackets.csv", "--ensemble").out


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["gbk", "cp1252"])
def test_a_pipe_of_another_encoding_gets_utf_8(model, encoding):
    call = [sys.executable, "-m", "weft", "predict", "model", "--text", "👍 好"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(call, env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout.decode("utf-8"))["text"] == "👍 好"


def test_fields_that_a_spreadsheet_would_run_are_told_and_can_be_kept_from_it(weft, model):
    labels = json.loads((model / "task/labels.json").read_text(encoding="utf-8"))
    (model / "task/labels.json").write_text(json.dumps({**labels, "labels": ["=1+1", "+1"]}), encoding="utf-8")
    seal(model, version="0.1.0")
    texts = ("--text", "=HYPERLINK(1)", "--text", "-5", "--text", "好")
    plain = weft("predict", "model", "--format", "csv", *texts)
    safe = weft("predict", "model", "--format", "csv", "--safe-csv", *texts)
    assert "fields begin like formulas" in plain.err
    assert safe.err == ""
    before, after = (list(csv.DictReader(io.StringIO(said.out))) for said in (plain, safe))
    assert [row["text"] for row in before] == ["=HYPERLINK(1)", "-5", "好"]
    assert [row["text"] for row in after] == ["'=HYPERLINK(1)", "-5", "好"]
    for plain_row, safe_row in zip(before, after, strict=True):
        assert safe_row["answer"] == plain_row["answer"].replace("=", "'=", 1)


def test_no_verb_prints_in_another_way():
    texts = {file.name: file.read_text(encoding="utf-8") for file in Path(printing.__file__).parent.glob("*.py")}
    other = re.compile(r"click\.s?echo\(|(?<![\w.])print\(|\bConsole\(|sys\.std(out|err)\.write|click\.prompt\((?!\")")
    found = [(name, line) for name, text in texts.items() for line in text.splitlines() if other.search(line)]
    allowed = {"printing.py", "console.py"}
    assert [one for one in found if one[0] not in allowed] == []
