"""Both READMEs show the same commands, and every command they show exists."""

import ast
import re
import shlex
from importlib import import_module

import click
import pytest
from imports import ROOT
from shown import Block, commands, complaint, headings, prose_and_blocks, read, weft_arguments

ENGLISH, CHINESE = "README.md", "README.zh-CN.md"
LINES = 200


def test_both_show_the_same_code_in_the_same_order():
    (_, english), (_, chinese) = read(ENGLISH), read(CHINESE)
    assert english, f"{ENGLISH} shows no code"
    assert [block.bare for block in english] == [block.bare for block in chinese]


def test_both_have_the_same_headings():
    (english, _), (chinese, _) = read(ENGLISH), read(CHINESE)
    assert headings(english) == headings(chinese)


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_it_is_short(name):
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) < LINES


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


def test_a_bar_in_quotes_is_a_word():
    (words,) = commands([Block("bash", """weft train a.csv --label-separator "|" --set a='{b: [c, d]}'""")])
    assert words == ["weft", "train", "a.csv", "--label-separator", "|", "--set", "a={b: [c, d]}"]


def test_only_comments_may_differ():
    english, chinese = Block("bash", "make demo  # why\n# how\n"), Block("bash", "# 怎么做\n\nmake demo\n")
    assert english.bare == chinese.bare
    assert english.bare != Block("bash", "make test").bare
