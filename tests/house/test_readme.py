"""Both READMEs show the same commands, and every command they show exists."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

import click
import pytest
from imports import ROOT

ENGLISH, CHINESE = "README.md", "README.zh-CN.md"
FENCE = re.compile(r"^(?P<fence>`{3,}|~{3,})(?P<language>[\w-]*)[^\n]*\n(?P<code>.*?)^(?P=fence)\s*$", re.M | re.S)
SHELL = {"bash", "console", "sh", "shell"}
SEPARATORS = {"&&", "||", "|", ";", "&"}


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
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word not in SEPARATORS:
            words.append(word)
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


def test_both_show_the_same_code_in_the_same_order():
    (_, english), (_, chinese) = read(ENGLISH), read(CHINESE)
    assert english, f"{ENGLISH} shows no code"
    assert [block.bare for block in english] == [block.bare for block in chinese]


def test_both_have_the_same_headings():
    (english, _), (chinese, _) = read(ENGLISH), read(CHINESE)
    assert headings(english) == headings(chinese)


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_every_weft_command_exists(name):
    group = import_module("weft.cli.main").cli
    shown = [arguments for words in commands(read(name)[1]) if (arguments := weft_arguments(words)) is not None]
    wrong = [f"{name}: weft {shlex.join(words)}: {said}" for words in shown if (said := complaint(group, words))]
    assert shown, f"{name} shows no weft command"
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_every_make_target_exists(name):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    asked = {word for words in commands(read(name)[1]) if words[0] == "make" for word in words[1:] if "=" not in word}
    assert {"demo", "test"} <= asked
    assert asked <= targets


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_python_blocks_compile(name):
    for block in read(name)[1]:
        if block.language == "python":
            ast.parse(block.code)


@click.group()
@click.option("--plain", is_flag=True)
@click.option("--colour")
def example(plain, colour):
    raise AssertionError("nothing is executed")


@example.command()
@click.argument("file", type=click.Path(exists=True))
@click.option("--seed", "-s", type=int)
def train(file, seed):
    raise AssertionError("nothing is executed")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("weft train reviews.csv --seed 1", None),
        ("weft --plain --colour red train --seed=1 reviews.csv model.kind=cnn", None),
        ("A=1 .venv/bin/weft train reviews.csv -s 1 > log.txt", None),
        ("python -m weft train reviews.csv --help", None),
        ("weft trian reviews.csv", "no such verb: trian"),
        ("weft train reviews.csv --sead 1", "--sead"),
        ("weft --sead 1 train", "--sead"),
        ("weft train -q reviews.csv", "-q"),
        ("weft train 'a # b.csv' --sead 1  # why", "--sead"),
    ],
)
def test_wrong_verbs_and_options_are_caught(line, said):
    (words,) = commands([Block("bash", line)])
    arguments = weft_arguments(words)
    assert arguments is not None
    found = complaint(example, arguments)
    assert (found is None) if said is None else (said in (found or ""))


def test_commands_are_read_out_of_prose():
    text = "# A\n\n```bash\n# why\nmake demo && weft a \\\n  --b c  # how\n```\n```console\n$ weft d | head\nout\n```\n"
    prose, blocks = prose_and_blocks(text)
    assert headings(prose) == [1]
    assert list(commands(blocks)) == [["make", "demo"], ["weft", "a", "--b", "c"], ["weft", "d"], ["head"]]


def test_only_comments_may_differ():
    english, chinese = Block("bash", "make demo  # why\n# how\n"), Block("bash", "# 怎么做\n\nmake demo\n")
    assert english.bare == chinese.bare
    assert english.bare != Block("bash", "make test").bare
