"""Reads a file as one text: plain text, a web page without its markup, or the subject and the body of a mail."""

from __future__ import annotations

import io
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

from weft.data.formats.encodings import COMPRESSED, open_bytes
from weft.data.formats.shared_encodings import encoding_of
from weft.errors import InputError

PAGES, MAIL = (".html", ".htm"), ".eml"
SUFFIXES = (".txt", "", ".md", ".text", ".log", *PAGES, MAIL)
"""Suffixes of files that are a text each, lower case."""
_UNSEEN = ("script", "style", "head", "template")
"""Elements of a page whose content is not shown."""
_BLOCKS = ("p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "blockquote")
"""Elements of a page that begin a line."""


def kind_of_text(path: str | Path) -> str:
    """Return the suffix of a file, lower case, without that of its compression."""
    path = Path(path)
    return (path.with_suffix("") if path.suffix.lower() in COMPRESSED else path).suffix.lower()


def text_of_file(file: str, encodings: str) -> str:
    """Return the text of a file; `encodings` are from `shared_encoding`, a mail has its own.

    Raises InputError where a mail has no text.
    """
    kind = kind_of_text(file)
    with open_bytes(file) as opened:
        if kind == MAIL:
            return text_of_mail(opened.read(), where=file)
        named = encoding_of(file, encodings)
        with io.TextIOWrapper(opened, encoding=named, errors="strict", newline="") as lines:
            text = lines.read().removeprefix("\ufeff").rstrip("\r\n")
    return text_of_page(text) if kind in PAGES else text


def text_of_mail(content: bytes, *, where: str) -> str:
    """Return the decoded subject and body of a mail (RFC 5322), the body from plain text or else from its page."""
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    try:
        body = mail.get_body(("plain", "html"))
        said = body.get_content() if body is not None else ""
        subject = str(mail["subject"] or "")
    except (LookupError, ValueError, AttributeError, TypeError, UnicodeError):
        raise InputError("is not a sound mail", where=where, hint="save it again, or move it away") from None
    said = str(said).replace("\r\n", "\n")
    if body is not None and body.get_content_subtype() == "html":
        said = text_of_page(said)
    return "\n".join(part for part in (subject.strip(), said.strip()) if part)


def text_of_page(page: str) -> str:
    """Return the text that a page in HTML shows, a block a line."""
    reader = _Shown()
    reader.feed(page)
    reader.close()
    lines = (re.sub(r"\s+", " ", line).strip() for line in "".join(reader.said).split("\0"))
    return "\n".join(filter(None, lines))


class _Shown(HTMLParser):
    """Parser of what a page shows, with a NUL between blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unseen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if not self._unseen and tag in _UNSEEN:
            self._unseen = tag
        if tag in _BLOCKS:
            self.said.append("\0")

    def handle_endtag(self, tag: str) -> None:
        if tag in (self._unseen, "head"):
            self._unseen = ""
        if tag in _BLOCKS:
            self.said.append("\0")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.said.append(data)
