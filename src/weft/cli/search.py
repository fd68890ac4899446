"""`weft search`: the texts of a file that are most like a query, by the cosine of their vectors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from rich.table import Table as Lines

from weft.cli import options
from weft.cli.console import Terminal
from weft.cli.embed import read_texts, vectors_of
from weft.cli.printing import say
from weft.data.checks.findings import counted
from weft.errors import InputError
from weft.report.figures.canvas import shorten

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.bundle import Model
    from weft.evaluation.search import Found
    from weft.models.device import Device

SHOWN = 100
"""Columns of a text in the table."""


@click.command("search", short_help="Find the texts that are most like a query.")
@click.argument("folder")
@click.argument("file")
@click.option("--query", "queries", multiple=True, help="A text to look for; may be given more than once.")
@click.option("--queries", "query_file", help="File of texts to look for, as .txt with one a line, or a table.")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="Number of texts for each query.")
@click.option("--index", help="File that keeps the vectors of FILE: made where it is not there, else read.")
@click.option("--column", help="Column of the text in FILE. Default: guessed.")
@click.option("--width", type=click.IntRange(1), help="Compare by the first so many numbers of the vectors.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, a line for each text that is found.")
@options.device
@options.encoding
@options.header
@options.on_bad_row
@click.option("--quiet", is_flag=True, help="Print only errors and what is found.")
def command(
    folder: str,
    file: str,
    queries: tuple[str, ...],
    query_file: str | None,
    top: int,
    index: str | None,
    width: int | None,
    as_json: bool,
    device: Device | None,
    quiet: bool,
    **reading: Any,
) -> None:
    """Find the texts in FILE that are most like a query, by the model in FOLDER.

    The search is exact: each query is compared with each text. With --index the vectors of FILE are kept, so that the
    next search takes no time for them; an index of another model, or of other texts, is refused.
    """
    if not queries and not query_file:
        raise InputError(
            "there is no query", where="--query", hint='write --query "...", or name a file with --queries'
        )
    if any(not one.strip() for one in queries):
        raise InputError("query is empty", where="--query")
    options.check_sources(file, query_file)
    if index:
        options.check_file(index)
    from weft import bundle
    from weft.evaluation.search import nearest

    model = bundle.load(folder, device=device or "auto")
    model.task.reads_alone()
    texts = read_texts(file, **reading)
    asked = [*queries, *(read_texts(query_file) if query_file else ())]
    vectors_ND = _vectors(model, folder, texts, index=index, width=width, quiet=quiet)
    queries_QD = model.embed(asked, width=width)
    for number in np.flatnonzero(~queries_QD.any(axis=1)).tolist():
        what = "the model knows nothing in it, and finds no text more like it than another"
        say(f"query `{shorten(asked[number], SHOWN)}`: {what}", err=True)
    found = nearest(queries_QD, vectors_ND, top=top)
    if as_json:
        for line in _lines(asked, texts, found):
            say(json.dumps(line, ensure_ascii=False))
    else:
        _print(asked, texts, found)


def _vectors(
    model: Model, folder: str, texts: Sequence[str], *, index: str | None, width: int | None, quiet: bool
) -> np.ndarray:
    """Return the vectors of the texts: those of the index, where there is one, which is else written."""
    from weft.evaluation.search import Index, fingerprint
    from weft.run_folder import seal_sum

    def made(wide: int | None) -> np.ndarray:
        return np.concatenate(list(vectors_of(model, texts, width=wide, quiet=quiet)))

    if not index:
        return made(width)
    known = {"model": seal_sum(Path(folder)), "texts": fingerprint(texts)}
    if Path(index).exists():
        kept = Index.load(Path(index), **known).vectors_ND
    else:
        kept = made(None)  # whole, so that it serves every width
        Index(kept, **known).save(Path(index))
        say(f"wrote an index of {counted(len(kept), 'text')} to {index}", err=True)
    if width is None:
        return kept
    cut_ND = kept[:, :width]
    return cut_ND / np.maximum(np.linalg.norm(cut_ND, axis=1, keepdims=True), 1e-9)


def _lines(asked: Sequence[str], texts: Sequence[str], found: Found) -> Iterator[dict[str, Any]]:
    for query, places_K, scores_K in zip(asked, found.places_QK.tolist(), found.scores_QK.tolist(), strict=True):
        for rank, (place, score) in enumerate(zip(places_K, scores_K, strict=True), 1):
            yield {"query": query, "rank": rank, "score": round(score, 6), "text": texts[place], "row": place + 1}


def _print(asked: Sequence[str], texts: Sequence[str], found: Found) -> None:
    console = Terminal()
    each = list(_lines(asked, texts, found))
    size = found.places_QK.shape[1]
    for number, query in enumerate(asked):
        table = Lines(title=query if len(asked) > 1 else None, title_justify="left", box=None, pad_edge=False)
        for name in ("cosine", "row", "text"):
            table.add_column(name, justify="left" if name == "text" else "right", no_wrap=name != "text")
        for line in each[number * size : (number + 1) * size]:
            table.add_row(f"{line['score']:.3f}", f"{line['row']:,}", shorten(line["text"], SHOWN))
        console.print(table)
