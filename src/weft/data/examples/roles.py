"""Finds the columns of a table by their roles: by name, else by usual names, else by a sample of their values.

A column is taken by default only if its name is a usual one, or if a sample of the rows leaves no doubt.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from statistics import median

from weft.data.sources import Table
from weft.errors import InputError, nearest

TEXT_NAMES = (
    *("text", "texts", "review", "reviews", "sentence", "content", "comment", "document", "body", "message"),
    *("review_text", "reviewtext", "text_a", "utterance", "query", "question", "headline", "title"),
    *("文本", "内容", "正文", "评论", "评论内容", "句子", "留言", "微博", "弹幕", "标题"),
    *("內容", "評論", "評論內容", "標題"),
)
LABEL_NAMES = (
    *("label", "labels", "class", "category", "sentiment", "target", "polarity", "intent", "topic", "label_desc"),
    *("标签", "类别", "分类", "情感", "情感倾向", "类型", "標籤", "類別", "分類"),
)
PAIRS = (
    *(("text_a", "text_b"), ("text1", "text2"), ("sentence1", "sentence2"), ("question1", "question2")),
    *(("premise", "hypothesis"), ("句子1", "句子2")),
)
"""Names of two columns that are read together."""
QUESTIONS = ("question", "问题", "問題"), ("context", "passage", "段落", "文章", "原文", "材料")
"""Names of a column of questions, and of one of the passages that they are about."""

_SAMPLE = 200
_FEWEST = 4  # rows that a guess by looks needs
_LONG_NAME = 60
_LONG_LABEL = 40
_MOST_LISTED = 20
_SENTENCE_ENDS = ".。?？!！"
_TWO_COLUMNS = "give both, as in `text,label` of a .csv; in a .txt, begin each line with `__label__NAME `"


class ColumnsUnclear(InputError):
    """The error that the columns are unclear, maybe because the file is for another task."""


class LikeQuestions(ColumnsUnclear):
    """The error that the columns are named like those of questions on passages."""


@contextmanager
def named_by_column() -> Generator[None]:
    """Make hints name the option `--column`, within the block: it names a column where `--text` takes a text."""
    try:
        yield
    except InputError as error:
        raise InputError(error.what, where=error.where, hint=error.hint.replace("--text", "--column")) from None


def guess_columns(table: Table, *, text: str | None, label: str | None) -> tuple[str, str]:
    """Find the columns of text and label: those named, else by usual names, else by their values.

    Raises InputError when a named column does not exist, ColumnsUnclear when it is unclear which is meant, or whether
    two are.
    """
    _must_exist(table, text)
    _must_exist(table, label)
    if text is not None and text == label:
        raise InputError(f"`{text}` is named as the text and as the label", where=table.path)
    if len(table.columns) == 1:
        what = f"has one column, `{_short(table.columns[0])}`, expected a text and a label"
        raise InputError(what, where=table.path, hint=_TWO_COLUMNS)
    named = text or label
    if text is None:
        _must_be_alone(table, but=label)
    text = text or _by_name(table, TEXT_NAMES, but=label)
    label = label or _by_name(table, LABEL_NAMES, but=text)
    if text and label:
        return text, label
    if not named:
        must_have_header(table)
    samples = _samples(table)
    label = label or _only([name for name in table.columns if name != text and _like_labels(samples[name])])
    text = text or _text_by_looks(table, samples, but=label)
    if text and label:
        return text, label
    what = f"cannot tell which column is the text and which the label among {_listed(table.columns)}"
    raise ColumnsUnclear(what, where=table.path, hint="pass --text NAME --label NAME")


def guess_text_column(table: Table, *, text: str | None) -> str:
    """Find the column of the text: that named, else by usual names, else by its values.

    Raises InputError when a named column does not exist, ColumnsUnclear when it is unclear which is meant.
    """
    _must_exist(table, text)
    if text is None:
        _must_be_alone(table, but=None)
    found = text or _by_name(table, TEXT_NAMES, but=None)
    if found:
        return found
    must_have_header(table)
    samples = _samples(table)
    found = _text_by_looks(table, samples, but=_by_name(table, LABEL_NAMES, but=None))
    if found:
        return found
    what = f"cannot tell which column is the text among {_listed(table.columns)}"
    raise ColumnsUnclear(what, where=table.path, hint="pass --text NAME")


def text_column_again(table: Table, *, trained: str) -> str:
    """Find the text column of a further file: that of training, else the only one, else a usual name without rivals.

    Rivals are other usual names, and columns that look like texts. Raises InputError if there is none.
    """
    if trained in table.columns:
        return trained
    if len(table.columns) == 1:
        return guess_text_column(table, text=None)
    usual, samples = _by_name(table, TEXT_NAMES, but=None), _samples(table)
    others = [name for name in table.columns if name != usual]
    if usual and not any(name.strip().casefold() in TEXT_NAMES or _like_texts(samples[name]) for name in others):
        return usual
    must_have_header(table)
    what = f"there is no column `{trained}`, as in training, among {_listed(table.columns)}"
    raise InputError(what, where=table.path, hint="name the one to read: --text NAME")


def named_by_user(table: Table) -> bool:
    """Whether the columns have names that a user gave: those of plain text and of folders come with the form."""
    return table.form not in ("txt", "folder")


def _must_exist(table: Table, name: str | None) -> None:
    if name is None or name in table.columns:
        return
    hint = nearest(name, table.columns)  # what is known is listed already
    if _header_is_data(table):
        hint = "the first line must name the columns, as in `text,label`; it seems to hold a row"
    raise InputError(f"there is no column `{name}` among {_listed(table.columns)}", where=table.path, hint=hint)


def _must_be_alone(table: Table, *, but: str | None) -> None:
    """Refuse to take one text of what may be pairs: half of each row would be ignored without notice."""
    for pair in PAIRS:
        first, second = (_by_name(table, [name], but=but) for name in pair)
        if first and second:
            what = f"`{first}` and `{second}` may be a pair of texts, or one of them the text"
            hint = f"pass --text {first},{second} for pairs, or --text {first} for one alone"
            raise ColumnsUnclear(what, where=table.path, hint=hint)
    asked, read = (_by_name(table, names, but=but) for names in QUESTIONS)
    if asked and read:
        what = f"`{asked}` and `{read}` look like questions on passages"
        raise LikeQuestions(what, where=table.path, hint=f"pass --text {asked},{read} to read both as pairs")


def must_have_header(table: Table) -> None:
    """Raise InputError if the first line of a table looks like a row, and columns are not found by their names."""
    if _header_is_data(table):
        what = f"the first line looks like a row, not like names of columns: {_listed(table.columns)}"
        hint = "put a line before it that names the columns, as in `text,label`"
        raise InputError(what, where=table.path, hint=hint)


def _header_is_data(table: Table) -> bool:
    """Whether a header without a usual name must be a row: it has a number, a sentence, or a value seen below it."""
    if table.form not in ("csv", "tsv") or _by_name(table, TEXT_NAMES + LABEL_NAMES, but=None):
        return False
    if any(len(name) > _LONG_NAME or _is_number(name) or name[-1] in _SENTENCE_ENDS for name in table.columns):
        return True
    return any(name in map(str.strip, values) for name, values in _samples(table).items())


def _text_by_looks(table: Table, samples: Mapping[str, Sequence[str]], *, but: str | None) -> str | None:
    """Return the only column beside the label that is not of numbers, else the only one that looks like texts."""
    others = [name for name in table.columns if name != but and not _are_numbers(samples[name])]
    return _only(others) or _only([name for name in others if _like_texts(samples[name])])


def _by_name(table: Table, usual: Sequence[str], *, but: str | None) -> str | None:
    """Return the column whose name comes first among the usual ones, ignoring case."""
    names = {name.strip().casefold(): name for name in reversed(table.columns) if name != but}
    return next((names[name] for name in usual if name in names), None)


def _samples(table: Table) -> dict[str, list[str]]:
    rows = list(islice(table, _SAMPLE))
    return {name: [row.values[name] for row in rows if name in row.values] for name in table.columns}


def _like_labels(values: Sequence[str]) -> bool:
    """Whether there are few different short values, which come again and again."""
    different = {value for value in values if value.strip()}
    few = 2 <= len(different) <= len(values) / 2
    return len(values) >= _FEWEST and few and max(map(len, different)) <= _LONG_LABEL


def _like_texts(values: Sequence[str]) -> bool:
    """Whether values are mostly different and of some length."""
    if len(values) < _FEWEST or len(set(values)) < 0.7 * len(values):
        return False
    return median(map(_breadth, values)) >= 10


def _are_numbers(values: Sequence[str]) -> bool:
    return all(map(_is_number, values))


def _breadth(value: str) -> int:
    """Return the length of a value, a wide character (as all Han are) counted twice."""
    return len(value) + sum(character >= "\u2e80" for character in value)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _only(names: Sequence[str]) -> str | None:
    return names[0] if len(names) == 1 else None


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{_short(name)}`" for name in names[:_MOST_LISTED])
    return shown if len(names) <= _MOST_LISTED else f"{shown} and {len(names) - _MOST_LISTED} more"


def _short(name: str) -> str:
    return name if len(name) <= _LONG_NAME else f"{name[:_LONG_NAME]}…"


def find_column(table: Table, *, named: str | None, usual: Sequence[str], but: Sequence[str]) -> str | None:
    """Find the column that is named, else the first with a usual name; None if there is none.

    Raises InputError when a named column does not exist.
    """
    if named is not None:
        _must_exist(table, named)
        return named
    names = {name.strip().casefold(): name for name in reversed(table.columns) if name not in but}
    return next((names[name] for name in usual if name in names), None)


def columns_of(name: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the column that `name` means, or the two of `first,second`; a column of this very name comes first."""
    if name in columns or "," not in name:
        return (name,)
    cuts = [place for place, letter in enumerate(name) if letter == ","]
    pairs = [(name[:cut].strip(), name[cut + 1 :].strip()) for cut in cuts]
    return next((pair for pair in pairs if set(pair) <= set(columns)), pairs[0])
