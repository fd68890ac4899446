"""The documentation as a site: the same pages in both languages, built without a warning, with nothing to fetch."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest
from imports import ROOT

WEB = ROOT / "docs" / "web"
FETCHED = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*(?:src|href)="(?:https?:)?//|url\(["']?https?:|@import""")


def pages(language):
    return re.findall(r"- (\w+\.md)$", (WEB / f"{language}.yml").read_text(encoding="utf-8"), re.M)


def test_both_languages_have_the_same_pages_in_the_same_order():
    assert pages("en") == pages("zh")
    assert set(pages("en")) == {file.name for file in (ROOT / "docs/en").glob("*.md")}


@pytest.mark.skipif(find_spec("mkdocstrings") is None, reason="the extra `docs` is not installed")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_site_is_built_without_a_warning_and_fetches_nothing(language, tmp_path):
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", WEB / f"{language}.yml", "-d", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert built.returncode == 0, built.stderr
    for file in (*tmp_path.rglob("*.html"), *tmp_path.rglob("*.css")):
        assert not FETCHED.search(file.read_text(encoding="utf-8")), file
    assert "weft.train" in (tmp_path / "search" / "search_index.js").read_text(encoding="utf-8")
