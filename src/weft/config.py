"""Base of all settings: YAML, dotted overrides, and errors with the path of the setting that is wrong."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from weft.errors import ConfigError, InputError, RunFolderError, did_you_mean
from weft.files import DEEPEST, read_json, small_text, write_text

LARGEST = 2**32 - 1
"""Largest whole number in settings, which is the largest seed of numpy."""

ALIASES = {
    **dict.fromkeys(("lr", "learningrate"), "learning_rate"),
    **dict.fromkeys(("batch_size", "bs", "batch"), "batch_rows"),
    **dict.fromkeys(("num_epochs", "n_epochs", "num_train_epochs", "epoch"), "epochs"),
    **dict.fromkeys(("hidden_size", "d_model", "hidden_dim", "embedding_dim", "embed_dim", "dim"), "width"),
    **dict.fromkeys(("num_layers", "n_layers", "n_layer", "num_hidden_layers"), "layers"),
    **dict.fromkeys(("num_heads", "n_heads", "n_head", "nhead", "num_attention_heads"), "heads"),
    **dict.fromkeys(("max_len", "max_seq_length", "max_seq_len"), "max_length"),
    **dict.fromkeys(("wd",), "weight_decay"),
    **dict.fromkeys(("random_state", "random_seed"), "seed"),
}
"""Names of settings in other toolkits, with those of here."""


class _Readable(type(BaseModel)):
    """Metaclass of configs: errors of one made by hand, as `Beam(0)`, read like those of one from a file."""

    def __call__(cls, *args: Any, **settings: Any) -> Any:
        named = cls.in_order  # ty: ignore[missing-attribute]
        if len(args) > len(named):
            what = f"takes {len(named)} values without a name, found {len(args)}"
            raise ConfigError(what, where=cls.__name__, hint="write `name=value`")
        try:
            return super().__call__(**dict(zip(named, args, strict=False)), **settings)
        except ValidationError as error:
            raise _first(error, at=cls.__name__) from None


class Config(BaseModel, metaclass=_Readable):
    """Base of every config: frozen, and an unknown setting is an error.

    Raises ConfigError, with the dotted path, for what is wrong.
    """

    in_order: ClassVar[tuple[str, ...]] = ()
    """The settings that may be given by hand without their names, in their order."""
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _knows_every_setting(cls, settings: Any) -> Any:
        for name in settings if isinstance(settings, Mapping) else ():
            if name not in cls.model_fields:
                usual = ALIASES.get(str(name).casefold(), str(name))
                hint = cls._further_down(usual) or did_you_mean(usual, set(cls.model_fields) - {"kind"})
                raise PydanticCustomError("unknown", "there is no setting `{name}`", {"name": name, "hint": hint})
        return settings

    @field_validator("*")
    @classmethod
    def _no_number_is_beyond_use(cls, value: Any) -> Any:
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, int) and abs(one) > LARGEST:
                raise PydanticCustomError("too_large", "expected a number of at most {most}", {"most": f"{LARGEST:,}"})
            if isinstance(one, float) and not math.isfinite(one):
                raise PydanticCustomError("finite", "expected a finite number")
        return value

    @classmethod
    def _further_down(cls, name: str) -> str:
        """Return the hint for a setting that stands one or two levels lower, as `epochs` in `training`."""
        for path, inner in cls._inner():
            if name in inner.model_fields:
                return f"did you mean `{path}.{name}`?"
        for path, inner in cls._inner():
            for deeper, last in inner._inner():
                if name in last.model_fields:
                    return f"did you mean `{path}.{deeper}.{name}`?"
        return ""

    @classmethod
    def _inner(cls) -> list[tuple[str, type[Config]]]:
        """Return the settings that are configs themselves, with their classes, or that of the default of several."""
        found = [(name, one.annotation, type(one.default)) for name, one in cls.model_fields.items()]
        return [
            (name, next(one for one in kinds if isinstance(one, type) and issubclass(one, Config)))
            for name, *kinds in found
            if any(isinstance(one, type) and issubclass(one, Config) for one in kinds)
        ]


MOST_NODES, MOST_YAML = 10_000, 1 << 18
"""Values and bytes of a file of settings at most."""
C = TypeVar("C", bound=Config)
S = TypeVar("S")
_FORM = re.compile(r"(literal|function|constrained|list|tuple|dict)[-\[].*|int|float|str|bool|none")
"""Parts that pydantic adds to the path of a setting of several forms: the form that did not fit."""


def one_of(
    base: type[Config], members: Iterable[type[Config]], *, default: type[Config] | None = None
) -> BeforeValidator:
    """Validates a setting that is one of several kinds: `{kind: cnn, ...}`, the bare word `cnn`, or an object.

    Used as `Annotated[SerializeAsAny[Base], one_of(Base, members)]`. Settings without a kind are those of `default`, if
    there is one. An object of a class from outside the package is taken as it is; to read one from a file, its class is
    handed to `validated` in `parts`.
    """
    known = tuple(members)

    def resolve(value: Any, info: ValidationInfo) -> Any:
        if value is None or isinstance(value, base):
            return value
        if isinstance(value, str):
            value = {"kind": value}
        if default is not None and isinstance(value, Mapping) and "kind" not in value:
            value = {"kind": kind_of(default), **value}
        if not isinstance(value, Mapping) or "kind" not in value:
            raise PydanticCustomError("kind", "expected a kind, such as `kind: {kind}`", {"kind": kind_of(known[0])})
        outside = (info.context or {}).get("parts", ())
        kinds = {kind_of(part): part for part in (*known, *outside) if issubclass(part, base)}
        kind = str(value["kind"])
        if kind not in kinds:
            hint = did_you_mean(kind, kinds)
            if "pretrained" in kinds and "/" in kind:
                hint = f"a folder is written pretrained:{kind}"
            elif "pretrained" in kinds and "-" in kind and not hint.startswith("did"):
                hint = (
                    f"a pre-trained model is written pretrained:hub:{kind}, or pretrained:FOLDER where it lies in one"
                )
            raise PydanticCustomError("kind", "there is no kind `{kind}`", {"kind": kind, "hint": hint})
        return kinds[kind].model_validate(value, context=info.context)

    return BeforeValidator(resolve)


def kind_of(part: type[Config]) -> str:
    """Return the word by which a config of this class is chosen."""
    return str(part.model_fields["kind"].default)


def validated(config: type[C], settings: Mapping[str, Any], *, parts: Sequence[type[Config]] = ()) -> C:
    """Make a `config` of plain settings; `parts` are config classes from outside the package.

    Raises ConfigError for the first setting that is wrong, with its dotted path.
    """
    try:
        return config.model_validate(settings, context={"parts": tuple(parts)})
    except ValidationError as error:
        raise _first(error) from None


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML 1.2 file of settings. Raises InputError, with the line, where it is none."""
    if path.exists() and not path.is_file():
        raise InputError("is no file", where=str(path))
    try:
        settings = parsed_yaml(small_text(path, most=MOST_YAML))
    except FileNotFoundError:
        raise InputError("there is no such file", where=str(path)) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise InputError(f"cannot be read as UTF-8 text: {error}", where=str(path)) from None
    except MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"is not YAML: {error.problem}", where=f"{path}{line}") from None
    except (YAMLError, ValueError) as error:
        raise InputError(f"is not YAML: {error}", where=str(path)) from None
    if not isinstance(settings, dict):
        raise InputError("holds no settings", where=str(path), hint="write `name: value` lines, as in `seed: 1`")
    return settings


def parsed_yaml(text: str) -> Any:
    """Read YAML. Raises YAMLError or ValueError where it is none, or would take a long time, or never end."""
    depth = 0
    for nodes, event in enumerate(YAML(typ="safe", pure=True).parse(text)):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if isinstance(event, AliasEvent):
            what = f"`*{event.anchor}` is an alias, expected what it stands for"
            raise MarkedYAMLError(problem=what, problem_mark=event.start_mark)
        if nodes > MOST_NODES or depth > DEEPEST:
            what = f"{MOST_NODES:,} values" if nodes > MOST_NODES else f"{DEEPEST} levels"
            raise MarkedYAMLError(problem=f"over {what}, which no settings have", problem_mark=event.start_mark)
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (AttributeError, TypeError, ArithmeticError) as error:  # of numbers and dates that are none
        raise ValueError(str(error)) from None


def read_saved(path: Path, form: type[S]) -> S:
    """Read a JSON file that weft wrote, and check that it is of a form, such as a dataclass.

    Raises RunFolderError where it is missing or damaged.
    """
    try:
        return TypeAdapter(form).validate_python(read_json(path))
    except ValidationError as error:
        first = _first(error)
        what = f"is damaged: {first.where}: {first.what}" if first.where else f"is damaged: {first.what}"
        raise RunFolderError(what, where=str(path), hint="copy the folder again, or train again") from None


def to_yaml(config: Config) -> str:
    """Return the whole config, defaults too, as YAML."""
    stream = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(_quoted(config.model_dump(mode="json")), stream)
    return stream.getvalue()


def _quoted(value: Any) -> Any:
    """Quote texts that hold a line break other than the usual one, which would else be read as a space."""
    if isinstance(value, Mapping):
        return {name: _quoted(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_quoted(inner) for inner in value]
    breaks = isinstance(value, str) and not {"\x85", "\u2028", "\u2029"}.isdisjoint(value)
    return DoubleQuotedScalarString(value) if breaks else value


def write_yaml(config: Config, path: Path) -> None:
    """Write the whole config, defaults too."""
    write_text(path, to_yaml(config))


def overridden(settings: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Apply `a.b=value` overrides to settings; a value is read as YAML.

    A bare kind on the way is opened: over `{encoder: cnn}`, `encoder.width=5` gives `{kind: cnn, width: 5}`.
    """
    result = _copy(settings)
    for override in overrides:
        path, equals, value = override.partition("=")
        if not equals or not path.strip():
            raise ConfigError(f"`{override}` sets nothing", where="--set", hint="write it as `training.epochs=5`")
        try:
            parsed = parsed_yaml(value)
        except YAMLError:
            parsed = value
        except ValueError as error:
            raise ConfigError(str(error), where=path.strip()) from None
        _put(result, path.strip(), "" if parsed is None and value.strip() == "" else parsed)
    return result


def with_settings(settings: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the values at dotted paths set; a bare kind on the way is opened, as in `overridden`.

    Raises ConfigError where an object of a config stands on the way.
    """
    result = _copy(settings)
    for path, value in values.items():
        _put(result, path, value)
    return result


def _put(settings: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for name in parents:
        inner = settings.get(name)
        if isinstance(inner, Config):
            raise ConfigError(f"`{name}` is given as an object", where=path, hint="set it in that object")
        settings[name] = {"kind": inner} if isinstance(inner, str) else inner if isinstance(inner, dict) else {}
        settings = settings[name]
    settings[last] = value


def differences(one: Mapping[str, Any], other: Mapping[str, Any], *, path: str = "") -> list[str]:
    """List the differences of two settings: `training.epochs: was 5, is 6`. Of two kinds of a part the kinds alone."""
    found: list[str] = []
    for name in sorted({*one, *other}):
        here, was, now = f"{path}{name}", one.get(name), other.get(name)
        if isinstance(was, Mapping) and isinstance(now, Mapping) and was.get("kind") == now.get("kind"):
            found += differences(was, now, path=f"{here}.")
        elif was != now:
            found.append(f"{here}: was {_in_short(was)}, is {_in_short(now)}")
    return found


def _in_short(value: Any) -> str:
    """Name the value of a setting in a sentence: of a part its kind."""
    if isinstance(value, Mapping) and "kind" in value:
        return str(value["kind"])
    return "not set" if value is None else str(value)


def _copy(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copy(value) if isinstance(value, Mapping) else value for name, value in settings.items()}


def _first(error: ValidationError, *, at: str = "") -> ConfigError:
    """Make an error of the first setting that is wrong; of one that may have several forms, with what each expects."""
    errors = error.errors()
    path = _path(errors[0])
    where = ".".join([*([at] if at else []), *path])
    context = errors[0].get("ctx") or {}
    if errors[0]["type"] == "missing":
        return ConfigError("is not set, and has no default", where=where)
    said, *others = (explained(one) for one in errors if _path(one) == path)
    what = " or ".join(dict.fromkeys([said, *(one.removeprefix("expected ") for one in others)]))
    return ConfigError(what + _found(errors[0]), where=where, hint=str(context.get("hint", "")))


def _path(error: ErrorDetails) -> list[str]:
    """Return the path of a setting, without the form of it that did not fit."""
    return [part for part in map(str, error["loc"]) if not _FORM.fullmatch(part)]


_SAID = {
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "dict_type": "expected a mapping, as `name: value`",
    "finite_number": "expected a finite number",
    "float_parsing": "expected a valid number",
    "float_type": "expected a valid number",
    "greater_than": "expected greater than {gt:.12g}",
    "greater_than_equal": "expected greater than or equal to {ge:.12g}",
    "int_from_float": "expected a valid integer",
    "int_parsing": "expected a valid integer",
    "int_parsing_size": "expected a smaller number",
    "int_type": "expected a valid integer",
    "less_than": "expected less than {lt:.12g}",
    "less_than_equal": "expected less than or equal to {le:.12g}",
    "list_type": "expected a valid list",
    "literal_error": "expected {expected}",
    "model_type": "expected settings, as `name: value`",
    "multiple_of": "expected a multiple of {multiple_of:.12g}",
    "none_required": "expected none",
    "string_type": "expected a valid string",
    "string_too_short": "expected a text, found an empty one",
    "too_short": "expected at least {min_length} of them, found {actual_length}",
    "tuple_type": "expected a valid tuple",
    "value_error": "{error}",
}
"""The sentence for each type of error that pydantic knows; those of weft's own validators are sentences already."""


def explained(error: ErrorDetails) -> str:
    """Say in a sentence what is wrong with one form of a setting."""
    context = error.get("ctx") or {}
    said = _SAID[error["type"]].format_map(context).replace("'", "`") if error["type"] in _SAID else error["msg"]
    return said[:1].lower() + said[1:]


def _found(error: ErrorDetails) -> str:
    """Name the value found, where it can be shown and the message does not name it."""
    found = error.get("input")
    named = error["type"] in ("kind", "unknown")
    return f", found `{found}`" if isinstance(found, str | int | float) and not named else ""
