"""What a page shows: its prose, its fenced blocks, the commands in them; runs none of them (see `tried`)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import click
from imports import ROOT

FENCE = re.compile(r"^(?P<fence>`{3,}|~{3,})(?P<language>[\w-]*)[^\n]*\n(?P<code>.*?)^(?P=fence)\s*$", re.M | re.S)
SHELL = {"bash", "console", "sh", "shell"}
SEPARATORS = {"&&", "||", "|", ";", "&"}
QUOTED = re.compile(r"""(["'])(.*?)\1""")
HIDE = str.maketrans("|;&", "\ue000\ue001\ue002")
SHOW = {new: old for old, new in HIDE.items()}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language and its code."""

    language: str
    code: str

    @property
    def bare(self) -> tuple[str, str]:
        """Language and code less the comments, which a translation may translate."""
        lines = [re.sub(r"(^|\s+)#(\s.*)?$", "", line).rstrip() for line in self.code.splitlines()]
        return self.language, "\n".join(line for line in lines if line)


def prose_and_blocks(text: str) -> tuple[str, list[Block]]:
    blocks = [Block(found["language"], found["code"]) for found in FENCE.finditer(text)]
    return FENCE.sub("", text), blocks


def read(name: str) -> tuple[str, list[Block]]:
    return prose_and_blocks((ROOT / name).read_text(encoding="utf-8"))


def headings(prose: str) -> list[int]:
    """The level of each heading, in order."""
    return [len(marks) for marks in re.findall(r"^(#{1,6})\s", prose, re.M)]


def commands(blocks: list[Block]) -> Iterator[list[str]]:
    """Every simple command of the shell blocks, as words; in a console block, what follows the prompt."""
    for block in blocks:
        if block.language not in SHELL:
            continue
        lines = re.sub(r"\\\n\s*", "", block.code).splitlines()
        if block.language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        for line in lines:
            yield from simple_commands(line)


def simple_commands(line: str) -> Iterator[list[str]]:
    hidden = QUOTED.sub(lambda found: found[0].translate(HIDE), line)  # a bar in quotes separates nothing
    lexer = shlex.shlex(hidden, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word not in SEPARATORS:
            words.append(word.translate(SHOW))
            continue
        while words and re.match(r"\w+=", words[0]):  # NAME=value in front of a command
            words.pop(0)
        if words:
            yield words
        words = []


def weft_arguments(words: list[str]) -> list[str] | None:
    """What is passed to weft; None for another command."""
    if words[0].rpartition("/")[2] == "weft":
        return words[1:]
    if words[0].rpartition("/")[2].startswith("python") and words[1:3] == ["-m", "weft"]:
        return words[3:]
    return None


def complaint(group: click.Command, arguments: list[str]) -> str | None:
    """What click would say of the verbs and options of a command line; nothing is executed, no value is read."""
    command, context, rest = group, click.Context(group, info_name="weft"), arguments
    while True:
        try:
            _, rest, _ = command.make_parser(context).parse_args(args=list(rest))
        except click.UsageError as error:
            return error.format_message()
        if not isinstance(command, click.Group) or not rest:
            return None
        verb, *rest = rest
        found = command.get_command(context, verb)
        if found is None:
            return f"no such verb: {verb}"
        command, context = found, click.Context(found, info_name=verb, parent=context)
