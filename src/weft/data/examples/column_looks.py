"""Tells by the values of a column whether they are texts, labels or numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice

from weft.data.formats.value_looks import like_labels, like_texts
from weft.data.sources import Table

SAMPLE = 200
"""Rows whose values are looked at."""
_SECONDS = 1e8
_DATE = re.compile(
    r"(\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{2}|\d{4})"
    r"|\d{1,2}[-/][A-Za-z]{3}[-/](\d{2}|\d{4})"
    r"|[A-Za-z]{3},? [A-Za-z]{3} +\d{1,2} \d{1,2}:\d{2}(:\d{2})? (\w{3,5} )?\d{4}"
    r"|\d{1,2}\.? [A-Za-z]{3,9}\.?,? \d{4}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4})"
    r"([T ]*\d{1,2}:\d{2}\S*( [AP]M)?( GMT\S*)?)?",
    re.IGNORECASE,
)
_CODE = re.compile(r"[A-Za-z]{1,4}[-_]?\d+")
"""A letter or a few and a number, as `U17`."""
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}\b|https?://\S+$|[\d+() -]{7,}$")
"""An address of the net, maybe with its place behind it, a link, or a number of a telephone."""
_PATH = re.compile(r"(https?://|www\.|/)\S+$")
_CONTACT = re.compile(
    r"\d{1,3}(\.\d{1,3}){3}\b\W?[^\d\s]*$|[\da-fA-F]{0,4}(:[\da-fA-F]{0,4}){3,7}$"
    r"|[^\s@]+@[^\s@]+\.\w+$|\+?[\d() -]{7,}$|(\d+(\.\d+)? ?(小时|时|分钟?|秒钟?|h|min|ms|s|seconds|minutes) ?)+$"
)
"""An address of a computer, maybe with its place behind it, one of mail, a number of a telephone, or a duration."""
_NEARLY_ALL = 0.9
_MOST_BLANKS = 0.2
_MANY_CODES = 10
_PEOPLE = {
    *("user", "username", "author", "sender", "from", "name", "nickname", "customer", "client", "agent", "respondent"),
    *("用户", "用户名", "作者", "发送人", "发件人", "姓名", "昵称", "客户"),
}
"""Names of columns of people, lower case."""
_ID = re.compile(r"[A-Za-z]{0,4}[-_]?\d{5,}|(?=[A-Za-z-]*\d)[0-9A-Fa-f-]{8,}")


def sampled(table: Table) -> dict[str, list[str]]:
    """Return the values of the first rows, by column."""
    rows = list(islice(table.unchecked(), SAMPLE))
    return {name: [row.values[name] for row in rows if name in row.values] for name in table.columns}


def are_dates(values: Sequence[str]) -> bool:
    """Whether all values that hold anything are dates (bool), with or without a time."""
    filled = [value.strip() for value in values if value.strip()]
    return bool(filled) and all(map(_DATE.fullmatch, filled))


def are_ids(values: Sequence[str]) -> bool:
    """Whether all values that hold anything look like numbers of customers, orders and the like (bool)."""
    filled = [value.strip() for value in values if value.strip()]
    return bool(filled) and all(map(_ID.fullmatch, filled))


def are_addresses(values: Sequence[str]) -> bool:
    """Whether nearly all values are addresses in the net, paths of them, such as `/r/cooking/comments/1`, or contacts.

    Contacts are addresses of computers and of mail, and numbers of telephones; durations are no texts either.
    """
    filled = [value.strip() for value in values if value.strip()]
    found = sum(bool(_PATH.match(value) or _CONTACT.match(value)) for value in filled)
    return found > _NEARLY_ALL * len(filled)


def are_single_words(values: Sequence[str]) -> bool:
    """Whether nearly all values are one word of plain letters and signs, as addresses, names of files and users are.

    So is an address of the net with a place behind it.
    """
    filled = [value.strip() for value in values if value.strip()]
    words = sum((value.isascii() and len(value.split()) < 2) or bool(_ADDRESS.match(value)) for value in filled)
    return words > _NEARLY_ALL * len(filled)


def often_blank(values: Sequence[str]) -> bool:
    """Whether many rows have no value, as of remarks on some of them."""
    return sum(not value.strip() for value in values) > _MOST_BLANKS * len(values)


def names_users(name: str, values: Sequence[str]) -> bool:
    """Whether a column is more likely of people or numbered things than of labels, by its name or by many codes."""
    plain = name.strip().casefold()
    codes = {value.strip() for value in values if value.strip()}
    many = len(codes) >= _MANY_CODES and all(map(_CODE.fullmatch, codes))
    return many or plain in _PEOPLE or plain.endswith(("_id", " id", "-id")) or plain == "id"


def are_numbers(values: Sequence[str]) -> bool:
    """Whether all values are numbers."""
    return all(map(is_number, values))


def are_codes_of(values: Sequence[str], names: Sequence[str]) -> bool:
    """Whether values are the numbers of labels that have their names in another column: one number for each name."""
    pairs = {*zip(values, names, strict=False)}
    alike = len(values) == len(names) and len(pairs) == len({*values}) == len({*names}) > 1
    return alike and are_numbers(values) and not any(map(is_number, names))


def are_times(values: Sequence[str]) -> bool:
    """Whether numbers are all seconds since 1970, as logs and chats have them, of 1973 or later."""
    return all(float(value) >= _SECONDS for value in values)


def is_number(value: str) -> bool:
    """Whether a value is a number."""
    try:
        float(value)
    except ValueError:
        return False
    return True


def only(names: Sequence[str]) -> str | None:
    """Return the name where there is only one."""
    return names[0] if len(names) == 1 else None


def text_by_looks(names: Sequence[str], samples: Mapping[str, Sequence[str]]) -> str | None:
    """Return the only column that is not of numbers, else the only one that looks like texts."""
    others = [name for name in names if not are_numbers(samples[name])]
    found = only(others)
    if found and not like_labels(samples[found]):
        return found
    texts = [name for name in others if like_texts(samples[name]) and not are_ids(samples[name])]
    return only([name for name in texts if not (are_addresses(samples[name]) or are_single_words(samples[name]))])
