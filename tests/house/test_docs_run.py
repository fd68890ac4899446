"""What docs/ shows is run; the two languages show the same; links lead somewhere; the table of settings is current."""

import contextlib
import io
import re
import runpy
import shlex
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from imports import FLOORS, ROOT
from shown import FENCE, Block, commands, complaint, headings, prose_and_blocks, read, weft_arguments
from tried import ROWS, make_files, run

import weft
from weft.demo import likeness, names, questions, reviews, translations

DOCS = ROOT / "docs"
READING = (
    "index",
    "tutorial",
    "encoders",
    "pretrained",
    "pretraining",
    "results",
    "text",
    "data",
    "scores",
    "floors",
    "own_encoder",
    "distilling",
    "settings",
)
WRITING = ("writing", "decoders")
"""The pages of models that write: they need no folder that another page made."""
ASKING = ("questions", "tagging", "numbers", "similarity", "few_labels", "images", "sounds")
FROM_NOTHING = ("index", "tutorial")
"""The pages whose commands need no file but those that they make."""
BUILDING = ("architecture", "extending", "api", "terms")
"""The pages about the code: they show nothing to run."""
PAGES = (*READING, *WRITING, *ASKING, *BUILDING)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def page(language: str, name: str) -> str:
    return f"docs/{language}/{name}.md"


def test_there_are_the_same_pages():
    for language in ("en", "zh"):
        assert {file.stem for file in (DOCS / language).glob("*.md")} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_show_the_same(name):
    (english, shown), (chinese, shown_too) = read(page("en", name)), read(page("zh", name))
    assert [block.bare for block in shown] == [block.bare for block in shown_too]
    assert headings(english) == headings(chinese)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_weft_command_exists(language):
    group = import_module("weft.cli.main").cli
    shown = [words for name in PAGES for words in commands(read(page(language, name))[1])]
    wrong = [
        f"{shlex.join(words)}: {said}"
        for words in shown
        if (arguments := weft_arguments(words)) is not None and (said := complaint(group, arguments))
    ]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    ("pages", "verbs", "folders"),
    [
        (
            READING,
            "inspect train compare evaluate predict distil pretrain export generate",
            "inspect-reviews lstm compare-reviews topics files small",
        ),
        (
            ASKING,
            "inspect train answer predict evaluate compare distil embed search label generate pretrain",
            "inspect-questions qa names segmented price both stars likeness few more self python",
        ),
        (WRITING, "inspect train generate predict evaluate score", "en-zh cnn-gru novel novel-lstm own-words"),
    ],
    ids=["reading", "asking", "writing"],
)
def test_what_the_docs_show_runs(pages, verbs, folders, tmp_path, monkeypatch):
    drawn, write, ask, call = reviews.rows, translations.write, questions.write, names.write
    # the pages make some thousands of reviews and pairs, the test a hundred
    monkeypatch.setattr(reviews, "rows", lambda *, size=ROWS, seed=0: drawn(size=min(size, ROWS), seed=seed))
    monkeypatch.setattr(translations, "write", lambda path, made: write(path, made[:ROWS]))
    monkeypatch.setattr(questions, "write", lambda path, made: ask(path, made[:ROWS]))
    monkeypatch.setattr(names, "write", lambda path, made: call(path, made[:ROWS]))
    pair = likeness.write
    monkeypatch.setattr(likeness, "write", lambda path, made: pair(path, made[:ROWS]))
    ran: list[str] = []
    for name in pages:
        if name not in FROM_NOTHING and not (tmp_path / "passage.txt").exists():
            make_files(tmp_path)
        try:
            ran += run(read(page("en", name))[1], tmp_path, monkeypatch)
        except (Exception, SystemExit) as error:
            raise AssertionError(f"docs/en/{name}.md: {error}") from error
    assert set(verbs.split()) == set(ran)
    assert (tmp_path / "answers.jsonl").read_text(encoding="utf-8").count("\n") == ROWS
    for folder in folders.split():
        assert "<html" in (tmp_path / "runs" / folder / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "least"), [("scores", 8), ("floors", 1)])
def test_the_examples_of_scores_print_what_is_shown(name, least):
    _, blocks = read(page("en", name))
    pairs = [(code, shown) for code, shown in pairwise(blocks) if code.language == "python"]
    assert len(pairs) >= least
    for code, shown in pairs:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code.code, f"{name}.md", "exec"), {})
        assert shown.language == "text"
        assert printed.getvalue() == shown.code


def anchors(file: Path) -> set[str]:
    """The anchors of the headings of a page, as GitHub makes them."""
    prose = FENCE.sub("", file.read_text(encoding="utf-8"))
    titles = re.findall(r"^#{1,6}\s+(.*?)\s*$", prose, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("file", [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "README.zh-CN.md"], ids=str)
def test_links_lead_somewhere(file):
    prose, _ = prose_and_blocks(file.read_text(encoding="utf-8"))
    for link in LINK.findall(prose):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), f"{file.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{file.name}: {link}"


def test_every_page_is_listed_and_the_readmes_lead_to_them():
    for language, readme in (("en", "README.md"), ("zh", "README.zh-CN.md")):
        listed = set(LINK.findall(read(page(language, "index"))[0]))
        assert {f"{name}.md" for name in PAGES if name != "index"} <= listed
        assert f"docs/{language}/index.md" in LINK.findall(read(readme)[0])


@pytest.mark.parametrize("name", ["settings", "api"])
def test_the_pages_made_from_the_code_are_current(name, monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    made = runpy.run_path(str(DOCS / f"{name}.py"))
    for language, say in (("en", made["english"]), ("zh", chinese := made["chinese"]())):
        shown = (DOCS / language / f"{name}.md").read_text(encoding="utf-8")
        assert shown == made["page"](language, say), f"run: python docs/{name}.py"
    assert not chinese.faults(), "in docs/zh.yaml:\n" + "\n".join(chinese.faults())


def test_every_setting_has_a_meaning():
    rows = [line.split(" | ") for line in (DOCS / "en/settings.md").read_text(encoding="utf-8").splitlines()]
    silent = [row[0] for row in rows if row[0].startswith("| `") and row[-1].strip(" |") == ""]
    assert not silent, "these settings have no docstring: " + ", ".join(silent)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_public_name_is_on_the_page(language):
    prose = (DOCS / language / "api.md").read_text(encoding="utf-8")
    for name, home in weft._HOMES.items():
        assert f"### `weft.{name}`\n" in prose
        assert f"<!-- ::: {home}.{name} -->\n" in prose


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_picture_has_every_room(language):
    drawn = set(re.findall(r">(\w+)</text>", (DOCS / language / "house.svg").read_text(encoding="utf-8")))
    assert {room for floor in FLOORS for room in floor if not room.startswith("__")} <= drawn


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_words_of_the_house_are_few(language):
    assert len(re.findall(r"^\| ", read(page(language, "terms"))[0], re.M)) - 1 <= 20


def test_small_blocks_differ_in_comments_alone():
    english, chinese = Block("python", "# one\nx = 1\n"), Block("python", "# 一\nx = 1\n")
    assert english.bare == chinese.bare != replace(english, code="x = 2\n").bare
