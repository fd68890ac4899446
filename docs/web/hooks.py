"""Hooks of mkdocs: make a site of pages that are plain Markdown, and whole, on GitHub too.

A page begins with links to its translation and to the list of pages, for which the site has buttons: they are left out.
Links to files of the repository lead to copies of them in the site, comments in `api.md` become the reference of what
they name, and the lines of a Chinese paragraph are joined without a space between them.
"""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
COPIES = "repository"
"""The folder of the site that has the copies of files of the repository."""

LANGUAGES = re.compile(r"\A(# .*\n)\n\[(?:English|中文)\]\(\.\./\S+\)[^\n]*\n")
LINK = re.compile(r"\]\(\.\./\.\./([^)\s#]+)")
REFERENCE = re.compile(r"^(### .*\n)\n(.*\n)\n<!-- (::: \S+) -->$", re.M)
FENCED = re.compile(r"^(```.*?^```)", re.M | re.S)
HAN = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
BREAK = re.compile(rf"(?<=[{HAN}])\n *(?=[{HAN}])|(?<=[，。；：、）」？！])\n *(?=[\w`(\[])(?!\d+\. )")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files of the repository that pages lead to."""
    for path in sorted({path for file in files.documentation_pages() for path in LINK.findall(file.content_string)}):
        text = (ROOT / path).read_text(encoding="utf-8")
        shown = text if path.endswith(".md") else f"# {path}\n\n```python\n{text}```\n"
        shown = f"---\nsearch:\n  exclude: true\n---\n{shown}"
        files.append(File.generated(config, _copy(path), content=shown, inclusion=InclusionLevel.NOT_IN_NAV))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Return the Markdown that the site is made of."""
    markdown = LANGUAGES.sub(r"\1", markdown)
    if page.file.src_uri.startswith(COPIES):
        markdown = re.sub(r"\]\(docs/(en|zh)/", "](../", markdown)
    else:
        markdown = LINK.sub(lambda link: f"]({_copy(link[1])}", markdown)
    # the reference itself says in English what the sentence says
    markdown = REFERENCE.sub(r"\1\n\3" if config.theme["language"] == "en" else r"\1\n\2\n\3", markdown)
    parts = FENCED.split(markdown)
    return "".join(part if part.startswith("```") else BREAK.sub("", part) for part in parts)


def _copy(path: str) -> str:
    return f"{COPIES}/{path}" if path.endswith(".md") else f"{COPIES}/{path}.md"
