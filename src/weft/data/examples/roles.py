"""Finds the columns of text, label and other roles in a table: as named, by usual names, or by their values.

A column is taken unasked only when its name is a usual one, or when a sample of the rows leaves no doubt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from weft.data.examples.column_looks import (
    are_dates,
    are_numbers,
    are_times,
    often_blank,
    only,
    sampled,
    text_by_looks,
)
from weft.data.examples.column_names import (
    HEADING_WORDS,
    LABEL_NAMES,
    PAIRS,
    QUESTIONS,
    TEXT_NAMES,
    by_name,
    listed,
    short,
)
from weft.data.examples.column_settings import Names, as_option, named_columns
from weft.data.examples.header_row import (
    as_table,
    beside_texts,
    columns_option,
    join_header,
    must_exist,
    must_have_header,
    named_below,
    settle_header,
)
from weft.data.examples.label_evidence import Rank, label_candidates, standing_label
from weft.data.examples.nested_fields import in_objects, nested_fields, objects_among, reach, sampled_fields
from weft.data.examples.standing_out import has_word, likely_texts, standing_text, text_candidates, usual_leaf
from weft.data.examples.without_names import name_as_asked, unnamed_pair, with_first_values
from weft.data.formats.csv_layout import is_blank
from weft.data.formats.value_looks import like_texts
from weft.data.formats.xlsx import Sheet
from weft.data.sources import Table
from weft.errors import InputError, typed

_MOST_LIKELY = 3
"""Likely columns of a role that are offered."""
_TWO_COLUMNS = "give both, as in `text,label` of a .csv; in a .txt, begin each line with `__label__NAME `"


class ColumnsUnclear(InputError):
    """Error of a table whose columns are not clear, maybe because the file is for another task.

    `suggests` says whether the hint names columns that are likely.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "", suggests: bool = False) -> None:
        super().__init__(what, where=where, hint=hint)
        self.suggests = suggests


class LikeQuestions(ColumnsUnclear):
    """Error of a table whose columns have the names of those of questions on passages."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role that columns of a table have: the text, the label, numbers."""

    name: str
    """Name of the role in messages."""
    usual: tuple[str, ...] = ()
    """Usual names of its column, lower case, the most usual first."""
    setting: str = ""
    """The setting and option that names its columns, `name` by default; several roles may share one, in their order."""
    most: int | None = 1
    """Largest number of its columns; None: any number."""
    required: bool = True
    answer: bool = False
    """Whether it is the right answer, which a table of inputs need not have."""
    looks: Literal["text", "label", "rest", "none"] = "none"
    """Evidence for a column without a usual name: its values, or that no other is left; `none`: there is none."""
    again: Literal["guess", "name", "exact"] = "guess"
    """Evidence for a column of a further table that lacks that of training: any of the above, a usual name, or none."""
    alone: str = ""
    """The hint where a table has one column, which cannot be all that is required."""

    @property
    def place(self) -> str:
        """The setting that names its columns."""
        return self.setting or self.name


TEXT = Role("text", TEXT_NAMES, most=2, looks="text")
LABEL = Role("label", LABEL_NAMES, answer=True, looks="label", alone=_TWO_COLUMNS)


def settings_of(roles: Iterable[Role]) -> tuple[str, ...]:
    """Return the settings that name the columns of some roles, each once."""
    return tuple(dict.fromkeys(role.place for role in roles))


def find_roles(
    table: Table,
    roles: Sequence[Role],
    *,
    named: Mapping[str, Names],
    trained: Mapping[str, Names] | None = None,
    answering: bool = False,
    beside: Collection[str] = (),
) -> dict[str, tuple[str, ...]]:
    """Find the columns of each setting: those named, else those of training, else by usual names, else by their looks.

    Settings without a column are left out. Where a table is to be answered, no column of right answers is looked for.
    Columns that are read `beside` these, as numbers for example, are not guessed.
    Raises InputError when a named column is not there, ColumnsUnclear when it is not plain which is meant.
    """
    join_header(
        table, names={*chain(*(named_columns(one, ()) for one in (*named.values(), *(trained or {}).values())))}
    )
    name_as_asked(table, {**(trained or {}), **{role: one for role, one in named.items() if one}})
    known = [named_columns(one, table.columns) for given in (named, trained or {}) for one in given.values()]
    for name in chain(*known):
        reach(table, name)
    usual = [name for role in roles for name in role.usual]
    settle_header(table, usual, names={*beside, *(name for one in known for name in one)})
    before = _split(roles, trained or {}, table.columns)
    search = _Search(table, roles, before=before, answering=answering, beside=beside)
    search.take_named(named)
    search.take_trained()
    search.take_usual()
    search.take_by_looks()
    search.must_be_complete()
    found = {
        place: tuple(name for role in search.wanted if role.place == place for name in search.found.get(role, ()))
        for place in settings_of(search.wanted)
    }
    return {place: names for place, names in found.items() if names}


def _split(roles: Sequence[Role], named: Mapping[str, Names], columns: Sequence[str]) -> dict[Role, tuple[str, ...]]:
    """Return the columns of each role: of a setting that several share one each, and the rest for the last."""
    found: dict[Role, tuple[str, ...]] = {}
    for place in settings_of(roles):
        names = named_columns(named.get(place), columns)
        *first, last = _sharing(roles, place)
        found |= {role: names[number : number + 1] for number, role in enumerate(first)}
        found[last] = names[len(first) :]
    return {role: names for role, names in found.items() if names}


def _sharing(roles: Sequence[Role], place: str) -> list[Role]:
    return [role for role in roles if role.place == place]


class _Search:
    """The columns of a table that were found for roles so far; `before` are those of training."""

    def __init__(
        self,
        table: Table,
        roles: Sequence[Role],
        *,
        before: Mapping[Role, tuple[str, ...]],
        answering: bool,
        beside: Collection[str],
    ) -> None:
        self.table, self.roles, self.before, self.answering, self.beside = table, roles, before, answering, beside
        self.wanted = [role for role in roles if not (answering and role.answer)]
        self.found: dict[Role, tuple[str, ...]] = {}
        self.named: frozenset[Role] = frozenset()

    @property
    def taken(self) -> set[str]:
        """The columns that have a role, or another use."""
        return {*self.beside, *(name for names in self.found.values() for name in names)}

    @property
    def missing(self) -> list[Role]:
        """The roles that a column has to be found for."""
        return [role for role in self.wanted if role.required and role not in self.found]

    def known_by(self, role: Role) -> str:
        """Return the evidence for a column of a role in this table: as in a first table, or in one after training."""
        return role.again if role in self.before else "guess"

    def option(self, place: str) -> str:
        """Return the option that names the columns; that of inputs is `--column`, where `--text` brings a text."""
        return "--column" if self.answering and place == self.wanted[0].place else f"--{place}"

    def naming(self, roles: Sequence[Role]) -> str:
        """Return the options that name the columns of some roles, with a placeholder for the names."""
        return " ".join(
            f"{self.option(place)} {'NAME' if len(own) == 1 else ','.join(role.name.upper() for role in own)}"
            for place in settings_of(roles)
            for own in [_sharing(self.roles, place)]
        )

    def refused(self, what: str, *, hint: str = "") -> InputError:
        """Build the error about the table."""
        return InputError(what, where=self.table.path, hint=hint)

    def take_named(self, named: Mapping[str, Names]) -> None:
        """Take the columns that are named. Raises InputError where they are too few, too many, not there or twice."""
        for place in settings_of(self.wanted):
            names, own = named_columns(named.get(place), self.table.columns), _sharing(self.wanted, place)
            most = own[-1].most and len(own) - 1 + own[-1].most
            if names and (len(names) < len(own) or (most and len(names) > most)):
                count = "is one column" if len(names) == 1 else f"names {len(names)} columns"
                parts = _and([role.name for role in own])
                expected = f"those of {parts}" if len(own) > 1 else "one or two" if most == 2 else "one"
                what = f"`{as_option(names)}` {count}, expected {expected}"
                raise self.refused(what, hint=f"pass {self.naming(own)}")
            for name in names:
                must_exist(self.table, name, named=named)
        self.found = _split(self.wanted, named, self.table.columns)
        self.named = frozenset(self.found)
        first: dict[str, Role] = {}
        for role, names in self.found.items():
            for name in names:
                if first.setdefault(name, role) is not role:
                    raise self.refused(f"`{name}` is named as the {first[name].name} and as the {role.name}")

    def take_trained(self) -> None:
        """Take the columns of training. Raises InputError where of several some are not there."""
        for role, names in self.before.items():
            if role in self.wanted and role not in self.found and set(names) & set(self.table.columns) - self.taken:
                for name in names:
                    must_exist(self.table, name)
                self.found[role] = names

    def take_usual(self) -> None:
        """Take columns of usual names. Raises ColumnsUnclear where one may be half of a pair."""
        for role in self.wanted:
            known_by = self.known_by(role)
            if role in self.found or known_by == "exact":
                continue
            if role.looks == "text" and known_by == "guess":
                self.must_be_alone(role)
            if role in self.found:
                continue
            taken = self.taken | objects_among(self.table, lists=role.looks == "text")
            usual = by_name(self.table, role.usual, but=taken)
            if not usual and role.required and role.looks in ("text", "label"):
                usual = usual_leaf(self.table, role.usual, but=taken)
            if not usual or (known_by == "guess" and self.is_doubtful(role, usual)):
                continue
            if not (role.looks == "text" and known_by == "name" and _has_rivals(self.table, usual)):
                self.found[role] = (usual,)

    def is_labelled(self, text: Role, pair: Collection[str]) -> bool:
        """Whether a column of labels, and none of scores, stands beside a pair of texts."""
        label = next((one for one in self.wanted if one.looks == "label"), None)
        samples = {} if label is None or len(self.wanted) > 2 else self.free_fields()
        usual = label and by_name(self.table, label.usual, but=())
        free = [name for name in samples if name not in pair]
        found = standing_label([usual] if usual in free else free, samples) if samples else None
        return found is not None and found.rank < Rank.BESIDE and text.most == 2

    def is_doubtful(self, role: Role, usual: str) -> bool:
        """Whether another column is likelier than one of a usual name: a text beside a heading or blanks, labels."""
        samples = self.free_fields()
        if role.looks == "text" and (has_word(usual, HEADING_WORDS) or often_blank(samples.get(usual, ()))):
            return any(name != usual for name in text_candidates([*samples], samples))
        if role.looks == "label" and (len({*samples.get(usual, ())}) == 1 or often_blank(samples.get(usual, ()))):
            return standing_label([*samples], samples) is not None
        return False

    def must_be_alone(self, role: Role) -> None:
        """Refuse to take one text of what may be pairs: half of each row would go unread without a word."""
        option, where = self.option(role.place), self.table.path
        names = {name.strip().casefold(): name for name in self.table.columns}
        if (asked := by_name(self.table, QUESTIONS[0], but=self.taken)) and {*"abc"} <= {*names}:
            read = by_name(self.table, QUESTIONS[1], but=self.taken)
            columns = (asked, *([read] if read else []), *(names[one] for one in "abcd" if one in names))
            hint = f"pass --task multiple_choice --text {typed(as_option(columns))} --label NAME"
            raise ColumnsUnclear("looks like questions with options", where=where, hint=hint, suggests=True)
        for pair in (*PAIRS, None):
            names = [[name] for name in pair] if pair else QUESTIONS
            first, second = (by_name(self.table, usual, but=self.taken) for usual in names)
            if not (first and second):
                continue
            if pair and role.most != 1 and self.is_labelled(role, (first, second)):
                self.found[role] = (first, second)
                return
            both, one = f"{option} {typed(as_option((first, second)))}", f"{option} {typed(first)}"
            if pair is None:
                hint = f"pass {both} to read both as pairs" if role.most != 1 else f"pass {one} to read one of them"
                raise LikeQuestions(f"`{first}` and `{second}` look like questions on passages", where=where, hint=hint)
            hint = f"pass {both} for pairs, or {one} for one alone" if role.most != 1 else f"pass {one} for one alone"
            if number := self.of_numbers():
                hint += f"; --task similarity, where `{number}` tells how alike they are"
            what = f"`{first}` and `{second}` may be a pair of texts, or one of them the text"
            raise ColumnsUnclear(what, where=where, hint=hint)

    def take_by_looks(self) -> None:
        """Take columns that look as those of the roles that are missing do, or that are left over."""
        alone, missing = len(self.table.columns) == 1 and not nested_fields(self.table), self.missing
        required = [role for role in self.wanted if role.required]
        if missing and alone and len(required) > 1:
            what, hint = as_table(self.table, {})
            if what:
                raise self.refused(what, hint=hint)
            expected = _and([f"{'an' if role.name[0] in 'aeiou' else 'a'} {role.name}" for role in required])
            hint = next((role.alone for role in required if role.alone), "")
            if inside := in_objects(self.table):
                hint = f"pass {self.naming(missing)}{inside}"
            what = f"has one column, `{short(self.table.columns[0])}`, expected {expected}"
            raise ColumnsUnclear(what, where=self.table.path, hint=hint)
        guessed = [role for role in missing if self.known_by(role) == "guess" or alone]
        if guessed and not self.found:
            must_have_header(self.table, self.naming(missing))
        pair = unnamed_pair(self.table) if guessed and guessed == self.wanted and guessed[0].most != 1 else {}
        if pair and {role.looks for role in guessed} == {*pair}:
            self.found = {role: pair[role.looks] for role in guessed}
        for role in sorted(self.missing, key=lambda role: role.looks != "label"):
            name = self.left_over(role) if role.looks == "rest" else role in guessed and self.looking_like(role)
            if name:
                self.found[role] = (name,)

    def free_fields(self) -> dict[str, list[str]]:
        """Return the first values of the columns and nested fields that have no role, and hold something but dates."""
        answers = {by_name(self.table, one.usual, but=()) for one in self.roles if one not in self.wanted}
        return {
            name: values
            for name, values in sampled_fields(self.table).items()
            if name not in self.taken | answers and not is_blank(values) and not are_dates(values)
        }

    def looking_like(self, role: Role) -> str | None:
        """Return the column, or the nested field, that looks like labels or texts, where only one does."""
        samples = self.free_fields()
        free, found = [*samples], None
        if role.looks == "label":
            best = standing_label(free, samples)
            found = best.name if best else None
        elif role.looks == "text":
            found = text_by_looks(free, samples) or standing_text(free, samples)
        if found:
            reach(self.table, found)
        return found

    def left_over(self, role: Role) -> str | None:
        """Return the column that is left; at first the first of two. In a further table another must be known.

        Columns of numbers, dates, ids or licences are left out where others are there.
        """
        if self.known_by(role) == "exact" or not (self.found or self.answering or not self.before):
            return None
        answers = {name for role, names in self.before.items() if role not in self.wanted for name in names}
        free = [name for name in self.table.columns if name not in self.taken | answers]
        samples = sampled(self.table)
        texts = [name for name in free if not beside_texts(samples[name])]
        if len(free) > 2 - len(self.found) and not self.before:
            free = texts
        if len(free) == 2 and not self.found and not self.before:
            return free[0]
        return only(free)

    def of_numbers(self) -> str | None:
        """Return the only column left that holds numbers alone, several of them and with a decimal point in one."""
        samples = sampled(self.table)
        free = [name for name in self.table.columns if name not in self.taken and len({*samples[name]}) > 1]
        numbers = [name for name in free if are_numbers(samples[name]) and any("." in one for one in samples[name])]
        return only([name for name in numbers if not are_times(samples[name])])

    def must_be_complete(self) -> None:
        """Raise InputError where a role has no column, or one text where training had pairs."""
        missing = self.missing
        lost = [role for role in missing if self.known_by(role) != "guess"]
        if not missing:
            free = [role for role in self.found if role.most and role not in self.named]
            lost = [role for role in free if len(self.before.get(role, ())) > len(self.found[role])]
        if lost:
            if not self.found:
                must_have_header(self.table, self.naming(lost))
            names = [f"`{name}`" for role in lost for name in self.before[role]]
            there, which = ("is no column", "one") if len(names) == 1 else ("are no columns", "ones")
            what = f"there {there} {_and(names)}, as in training, among {listed(self.table.columns)}"
            raise self.refused(what, hint=f"name the {which} to read: {self.naming(lost)}")
        if missing:
            raise self.unclear(missing)

    def unclear(self, missing: Sequence[Role]) -> ColumnsUnclear:
        """Build the error about roles without a column: what is known, and which columns are likely."""
        samples = self.free_fields()
        unnamed = with_first_values(self.table)
        named = [name for name in sampled_fields(self.table) if name not in objects_among(self.table)]
        columns = unnamed or listed(named)
        which = " and which ".join(f"the {role.name}" for role in missing)
        what = f"cannot tell which column is {which} among {columns}"
        trained = [f"`{name}`" for role in missing for name in self.before.get(role, ())]
        if trained:
            there, was = ("is no column", "was") if len(trained) == 1 else ("are no columns", "were")
            what = f"there {there} {_and(trained)}, which {was} read in training, among {columns}"
        if there := [f"`{name}`" for name in self.table.columns if name in self.beside]:
            what += f" ({_and(there)}: read as further inputs)"
        if isinstance(self.table.layout, Sheet) and self.table.layout.remarks:
            what += f" ({', '.join(self.table.layout.remarks)})"
        options = [self.likely(role, samples) for role in missing]
        named = [one or self.naming([role]) for role, one in zip(missing, options, strict=True)]
        hint = f"pass {' and '.join(named) if any(options) else self.naming(missing)}"
        hint += "" if all(options) else in_objects(self.table)
        if unnamed and not all(one and " or " not in one for one in options):
            hint = f"pass {columns_option(list(sampled(self.table).values()))}"
        if any(role.looks == "label" for role in missing) and (name := self.of_numbers()):
            ways = f"--value {typed(name)} predicts one, --label {typed(name)} learns each as a class"
            hint = f"`{name}` holds numbers: {ways}; else {hint}"
        if line := named_below(self.table, [name for role in self.roles for name in role.usual]):
            hint = f"the names of the columns seem to stand in line {line}: delete what is above it, or {hint}"
        return ColumnsUnclear(what, where=self.table.path, hint=hint, suggests=any(options))

    def likely(self, role: Role, samples: Mapping[str, Sequence[str]]) -> str:
        """Return the options that take the likeliest columns for a role; "" where none is likelier than others."""
        if role.looks == "label":
            found = [one for one in label_candidates([*samples], samples) if one.rank is not Rank.PEOPLE]
            named = [f"{typed(one.name)} ({one.values} values)" for one in found]
        else:
            named = [*map(typed, likely_texts([*samples], samples))] if role.looks == "text" else []
        return " or ".join(f"{self.option(role.place)} {name}" for name in named[:_MOST_LIKELY])


def _has_rivals(table: Table, usual: str) -> bool:
    """Whether another column has a usual name of texts too, or looks like texts."""
    samples = sampled(table)
    others = [name for name in table.columns if name != usual]
    return any(name.strip().casefold() in TEXT_NAMES or like_texts(samples[name]) for name in others)


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def has_columns(table: Table, *roles: Role) -> bool:
    """Whether a table has a column with a usual name of each role."""
    return all(by_name(table, role.usual, but=()) for role in roles)


def named_by_user(table: Table) -> bool:
    """Whether the columns have names that somebody gave: those of plain text and of folders come with the form."""
    return table.form not in ("txt", "folder", "brat")
