"""`weft search`: the texts or images of a file that are most like a query, by the cosine of their vectors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from rich.table import Table as Lines

from weft.cli import options
from weft.cli.console import Terminal
from weft.cli.embed import Values, model_vectors, read_texts, read_values, vectors_of
from weft.cli.printing import say
from weft.data.checks.findings import counted
from weft.data.sources import open_table
from weft.errors import InputError
from weft.report.figures.canvas import shorten

if TYPE_CHECKING:  # else PyTorch would be imported before a mistake in the command line is told
    from weft.bundle import Model
    from weft.evaluation.search import Found
    from weft.models.device import Device

SHOWN = 100
"""Columns of a text in the table."""


@click.command("search", short_help="Find the texts or images that are most like a query.")
@click.argument("folder")
@click.argument("file")
@click.option("--query", "queries", multiple=True, help="A text to look for; may be given more than once.")
@click.option("--queries", "query_file", help="File of texts to look for, as .txt with one a line, or a table.")
@click.option("--image", "pictures", multiple=True, help="An image to look for others like it, or for its texts.")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="Number of results for each query.")
@click.option("--index", help="File that keeps the vectors of FILE: made where it is not there, else read.")
@click.option("--column", help="Column of the texts, or of the images, in FILE. Default: guessed.")
@click.option("--width", type=click.IntRange(1), help="Compare by the first so many numbers of the vectors.")
@click.option("--page", help="Page to write, .html: the queries with the texts or images that are found.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, a line for each text or image that is found.")
@options.device
@options.encoding
@options.header
@options.on_bad_row
@click.option("--quiet", is_flag=True, help="Print only errors and what is found.")
def command(
    folder: str,
    file: str,
    top: int,
    index: str | None,
    width: int | None,
    page: str | None,
    as_json: bool,
    device: Device | None,
    quiet: bool,
    **given: Any,
) -> None:
    """Find the texts or images in FILE that are most like a query, by the model in FOLDER.

    FILE is a table, or a folder of images. The search is exact: each query is compared with all of FILE. With --index
    the vectors of FILE are kept, so that the next search takes no time for them; an index of another model, or of other
    texts or images, is refused.
    """
    queries, query_file, pictures = (given.pop(name) for name in ("queries", "query_file", "pictures"))
    _check_asked(queries, query_file, pictures)
    options.check_sources(file, query_file)
    for path in (index, page):
        if path:
            options.check_file(path)
    from weft import bundle
    from weft.evaluation.search import nearest

    model = bundle.load(folder, device=device or "auto")
    kept = read_values(model, file, **given)
    texts = [*queries, *(read_texts(model, open_table(query_file)).values if query_file else ())]
    asked = Values("text", texts), Values("image", list(pictures))
    vectors = [model_vectors(model, one.values, kind=one.kind, width=width) for one in asked if one.values]
    vectors_ND = _vectors(model, folder, kept, index=index, width=width, quiet=quiet)
    every, queries_QD = [*texts, *pictures], np.concatenate(vectors)
    _say_unknown(every, queries_QD, kind=kept.kind)
    found = nearest(queries_QD, vectors_ND, top=top)
    if page:
        _write_page(page, file, _lines(every, kept, found), images=pictures)
    if as_json:
        for line in _lines(every, kept, found):
            say(json.dumps({name: one for name, one in line.items() if name != "number"}, ensure_ascii=False))
    elif not page:
        _print(every, kept, found)


def _say_unknown(asked: Sequence[str], queries_QD: np.ndarray, *, kind: str) -> None:
    for number in np.flatnonzero(~queries_QD.any(axis=1)).tolist():
        what = f"the model knows nothing in it, and finds no {kind} more like it than another"
        say(f"query `{shorten(asked[number], SHOWN)}`: {what}", err=True)


def _write_page(page: str, title: str, lines: Iterable[dict[str, Any]], *, images: Sequence[str]) -> None:
    from weft.report.pages.retrieval import search_page

    lists = [list(one) for _, one in groupby(lines, key=itemgetter("number"))]
    search_page(Path(page), title, lists, images=images)
    say(f"page: {page}", err=True)


def _check_asked(queries: Sequence[str], file: str | None, pictures: Sequence[str]) -> None:
    """Refuse a search for nothing."""
    if not queries and not file and not pictures:
        hint = 'write --query "...", name a file with --queries, or an image with --image'
        raise InputError("there is no query", where="--query", hint=hint)
    if any(not one.strip() for one in queries):
        raise InputError("query is empty", where="--query")


def _vectors(
    model: Model, folder: str, kept: Values, *, index: str | None, width: int | None, quiet: bool
) -> np.ndarray:
    """Return the vectors of the texts or images: those of the index, where there is one, which is else written."""
    from weft.data.formats.media_files import content_hash
    from weft.evaluation.search import Index, fingerprint
    from weft.run_folder import seal_sum

    def made(wide: int | None) -> np.ndarray:
        return np.concatenate(list(vectors_of(model, kept, width=wide, quiet=quiet)))

    if not index:
        return made(width)
    contents = (content_hash(one).hex() for one in kept.values) if kept.kind == "image" else kept.values
    known = {"model": seal_sum(Path(folder)), "texts": fingerprint(contents)}
    if Path(index).exists():
        vectors_ND = Index.load(Path(index), **known).vectors_ND
    else:
        vectors_ND = made(None)  # whole, so that it serves every width
        Index(vectors_ND, **known).save(Path(index))
        say(f"wrote an index of {counted(len(vectors_ND), kept.kind)} to {index}", err=True)
    if width is None:
        return vectors_ND
    cut_ND = vectors_ND[:, :width]
    return cut_ND / np.maximum(np.linalg.norm(cut_ND, axis=1, keepdims=True), 1e-9)


def _lines(asked: Sequence[str], kept: Values, found: Found) -> Iterator[dict[str, Any]]:
    each = zip(asked, found.places_QK.tolist(), found.scores_QK.tolist(), strict=True)
    for number, (query, places_K, scores_K) in enumerate(each):
        for rank, (place, score) in enumerate(zip(places_K, scores_K, strict=True), 1):
            value = kept.values[place]
            yield {
                "number": number,
                "query": query,
                "rank": rank,
                "score": round(score, 6),
                kept.kind: value,
                "row": place + 1,
            }


def _print(asked: Sequence[str], kept: Values, found: Found) -> None:
    console = Terminal()
    each = list(_lines(asked, kept, found))
    size = found.places_QK.shape[1]
    for number, query in enumerate(asked):
        table = Lines(title=query if len(asked) > 1 else None, title_justify="left", box=None, pad_edge=False)
        for name in ("cosine", "row", kept.kind):
            table.add_column(name, justify="left" if name == kept.kind else "right", no_wrap=name in ("cosine", "row"))
        for line in each[number * size : (number + 1) * size]:
            table.add_row(f"{line['score']:.3f}", f"{line['row']:,}", shorten(line[kept.kind], SHOWN))
        console.print(table)
