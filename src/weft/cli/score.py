"""`weft score`: BLEU, chrF, TER and ROUGE of texts in files, line by line; needs no model, and no torch."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import compress
from typing import Any, Literal, get_args

import click
from rich.table import Table

from weft.cli import options
from weft.cli.console import Terminal
from weft.cli.formatting import called
from weft.cli.printing import say
from weft.data.checks.findings import counted
from weft.data.formats.encodings import check, detect, open_bytes
from weft.data.sources import OnBadRow
from weft.errors import InputError
from weft.metrics.bootstrap import FEWEST, Score
from weft.metrics.overlap import Case, Tokenizer, overlap, ter, tokenizer_for
from weft.metrics.rouge import rouge, rouge_l
from weft.metrics.systems import Comparison, CorpusScore, compare, intervals

BAD_ROW = "skip: skip lines that have a text and no reference, and count them. Default: stop."

AHEAD = (
    "ahead: share of the resamples in which {} is better; p: p-value of the difference, by paired bootstrap and by"
    " randomization (below 0.05 the difference is significant)"
)
FEW = f"too few for a comparison: it takes {FEWEST} lines or more"
WORDS = ("13a", "intl", "none")
"""Tokenizers that split words at spaces."""


@click.command("score", short_help="Score texts against references: BLEU, chrF, TER, ROUGE.")
@click.argument("hypotheses")
@click.argument("references", nargs=-1, required=True, metavar="REFERENCES...")
@click.option("--against", help="Output of another system, compared with significance tests.")
@click.option("--lowercase", is_flag=True, help="Lower-case all texts first; ROUGE always does.")
@click.option(
    "--tokenize",
    type=click.Choice(["auto", *get_args(Tokenizer)]),
    default="auto",
    help="Tokenizer of BLEU. Default: by the script of the references.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--encoding", help="Encoding of the files. Default: detected.")
@click.option("--on-bad-row", type=click.Choice(["stop", "skip"]), default="stop", help=BAD_ROW)
@click.option("--seed", type=options.SEED, default=0, show_default=True, help="Random seed of intervals and p-values.")
def command(
    hypotheses: str,
    references: tuple[str, ...],
    against: str | None,
    lowercase: bool,
    tokenize: Tokenizer | Literal["auto"],
    as_json: bool,
    encoding: str | None,
    on_bad_row: OnBadRow,
    seed: int,
) -> None:
    """Score the lines of HYPOTHESES against the same lines of one or more files of REFERENCES, in plain text.

    A blank line of a reference file is no reference; lines that are blank in all files are skipped. Beside each score
    stands the interval in which 95% of 1,000 resamples of the lines lie, where there are 10 lines or more, and below
    the table how each was made. With --against: the difference, the share of resamples in which HYPOTHESES is ahead,
    and the p-values of paired bootstrap and of approximate randomization.
    """
    systems = [hypotheses, against] if against else [hypotheses]
    lines = {path: _lines(path, encoding) for path in (*systems, *references)}
    for path in lines:
        _as_long(lines, path, like=hypotheses)
    lines = _with_references(lines, references, on_bad_row)
    _say_strange(lines, systems, references, tokenize)
    rows = [[text for text in row if text.strip()] for row in zip(*map(lines.__getitem__, references), strict=True)]
    case: Case = "lower" if lowercase else "keep"
    scored = [_scored(lines[path], rows, case=case, tokenizer=tokenize) for path in systems]
    found = [intervals(scores, seed=seed) for scores in scored]
    compared = compare(*scored, seed=seed) if against and len(rows) >= FEWEST else {}
    if as_json:
        each = [_records(scores, values) for scores, values in zip(scored, found, strict=True)]
        record: dict[str, Any] = {"lines": len(rows), "references": len(references), "scores": each[0]}
        if against:
            record |= {"against": each[1], "comparison": {name: asdict(one) for name, one in compared.items()}}
        say(json.dumps(record, ensure_ascii=False))
        return
    console = Terminal()
    brackets = "too few for intervals" if len(rows) < FEWEST else "95% intervals in brackets"
    console.print(_table(f"{len(rows):,} lines, {brackets}", dict(zip(systems, found, strict=True))))
    if compared:
        console.print(_comparison(f"{hypotheses} less {against}", compared))
    if against:
        console.print(AHEAD.format(hypotheses) if compared else FEW, soft_wrap=True)
    for name, one in scored[0].items():
        console.print(f"{name}|{one.signature}", soft_wrap=True)


def _scored(
    texts: Sequence[str], rows: Sequence[Sequence[str]], *, case: Case, tokenizer: Tokenizer | Literal["auto"]
) -> dict[str, CorpusScore]:
    return {
        **overlap(texts, rows, case=case, tokenizer=tokenizer),
        "ter": ter(texts, rows, case=case),
        **{name: one.score for name, one in rouge(texts, rows).items()},
        **({"rougeL_coco": rouge_l(texts, rows)} if any(len(one) > 1 for one in rows) else {}),
    }


def _lines(path: str, encoding: str | None) -> list[str]:
    """Read the lines of a file, blank ones too. Raises InputError for one that cannot be read, or has none."""
    found = encoding or detect(path)
    check(path, found)
    if not encoding and found not in ("utf-8", "utf-8-sig"):
        say(f"{path}: read as {found}", err=True)
    with io.TextIOWrapper(open_bytes(path), encoding=found, newline="\n") as file:
        lines = [line.rstrip("\r\n") for line in file]
    if lines and _is_record(lines[0]):
        hint = "give the texts alone, one a line; what a model writes is scored by: weft evaluate FOLDER FILE"
        raise InputError("holds JSON, expected plain text", where=path, hint=hint)
    if not lines:
        raise InputError("is empty", where=path, hint="give a file with a text on each line")
    return lines


def _is_record(line: str) -> bool:
    """Whether a line is a JSON object with names, and no text."""
    try:
        return bool(line.startswith("{") and json.loads(line))
    except ValueError:
        return False


def _say_strange(
    lines: Mapping[str, list[str]],
    systems: Sequence[str],
    references: Sequence[str],
    tokenize: Tokenizer | Literal["auto"],
) -> None:
    """Say where texts are mostly in another script than the references, or are cut where their script has no spaces."""
    spaced = {path: tokenizer_for(texts) == "13a" for path, texts in lines.items() if _has_letters(texts)}
    first = references[0]
    for path in systems:
        if spaced.get(path, spaced.get(first)) != spaced.get(first, spaced.get(path)):
            say(f"{path}: mostly in another script than {first}; are these the right files?", err=True)
    if tokenize in WORDS and not spaced.get(first, True):
        what = f"--tokenize {tokenize} takes a whole Chinese or Japanese sentence for one word; leave it out"
        say(f"{first}: {what}", err=True)


def _has_letters(texts: Sequence[str]) -> bool:
    return any(letter.isalpha() for text in texts for letter in text)


def _as_long(lines: Mapping[str, list[str]], path: str, *, like: str) -> None:
    """Raise InputError unless a file has as many lines as another."""
    if len(lines[path]) != len(lines[like]):
        what = f"has {len(lines[path]):,} lines, and {like} has {len(lines[like]):,}"
        raise InputError(what, where=path, hint="line by line the files must speak of the same texts")


def _with_references(
    lines: Mapping[str, list[str]], references: Sequence[str], on_bad_row: OnBadRow
) -> dict[str, list[str]]:
    """Return the files without the lines that have no reference; a note names their number.

    Raises InputError for one that has a text to score, if that is to stop, and where no line has a reference.
    """
    each, first = list(zip(*lines.values(), strict=True)), references[0]
    known = [any(text.strip() for text in row) for row in zip(*map(lines.__getitem__, references), strict=True)]
    lacking = [number for number, has in enumerate(known) if not has]
    texts = [number for number in lacking if any(text.strip() for text in each[number])]
    if texts and on_bad_row == "stop":
        hint = "give every line a reference, or pass --on-bad-row skip to leave such lines out"
        raise InputError("there is no reference on this line", where=f"{first}:{texts[0] + 1}", hint=hint)
    if len(lacking) == len(each):
        raise InputError("no line has a reference", where=f"{first}:1")
    if lacking:
        what = f"left out {counted(len(lacking), 'line')} without a reference"
        say(f"{first}:{lacking[0] + 1}: {what}{', this is the first' if len(lacking) > 1 else ''}", err=True)
    return {path: list(compress(texts, known)) for path, texts in lines.items()}


def _records(scores: Mapping[str, CorpusScore], found: Mapping[str, Score]) -> dict[str, dict[str, Any]]:
    return {name: {**asdict(found[name]), "signature": one.signature} for name, one in scores.items()}


def _table(title: str, found: Mapping[str, Mapping[str, Score]]) -> Table:
    table = Table("score", title=title)
    for path in found:
        table.add_column(path, justify="right", overflow="fold")
    for name in next(iter(found.values())):
        table.add_row(called(name), *(_shown(scores[name]) for scores in found.values()))
    return table


def _comparison(title: str, compared: Mapping[str, Comparison]) -> Table:
    table = Table("score", title=title)
    for column in ("difference", "ahead", "p bootstrap", "p random"):
        # what is narrow breaks in its name, before a difference breaks from its interval
        table.add_column(column, justify="right", no_wrap=column == "difference")
    for name, one in compared.items():
        ps = f"{one.p_bootstrap:.4f}", f"{one.p_randomization:.4f}"
        table.add_row(called(name), _shown(one.difference, sign="+"), f"{one.ahead:.1%}", *ps)
    return table


def _shown(score: Score, *, sign: Literal["-", "+"] = "-") -> str:
    within = "" if score.low is None else f" ({score.low:{sign}.2f} to {score.high:{sign}.2f})"
    return f"{score.value:{sign}.2f}{within}"
