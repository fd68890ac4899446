"""Warm starts: training that begins from the tokenizer and the weights of a part of a trained folder.

Written `pretrained:FOLDER` in place of an encoder or a decoder; the new folder does not need the old one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from weft.config import read_saved
from weft.errors import ConfigError, RunFolderError
from weft.models.base import PartConfig
from weft.models.weights import own_weights
from weft.run_folder import SEAL, TASK, WEIGHTS, check_own, is_finished, reading
from weft.text.tokenizers.base import Tokenizer, TokenizerConfig
from weft.text.tokenizers.pretrained import PretrainedTokenizerConfig

LENGTHS = ("max_length", "context")
"""Settings that a task takes over from the folder that it starts from, unless they are set: the lengths."""


def with_start(settings: Any, *, part: Literal["encoder", "decoder"], own: frozenset[str]) -> Any:
    """Complete the settings of a task whose part is `pretrained:FOLDER` with those of that folder, which weft trained.

    All others are given back as they are: a folder of another form is read by the part itself. Settings beside the
    folder go over those in it. `own` are the settings that the task has.

    Raises:
        ConfigError: the folder has no such part, or a tokenizer is set too.
        RunFolderError: it is not finished, or cannot be read.

    """
    if not isinstance(settings, Mapping):
        return settings
    folder, over = _asked(settings.get(part, f"pretrained:{settings.get('start') or ''}"))
    if not folder or not (Path(folder) / TASK).is_dir():
        return settings
    if not is_finished(Path(folder)):
        raise RunFolderError("the run is not finished", where=folder, hint="finish it with --resume")
    where = f"task.{part}"
    if settings.get("tokenizer") is not None:
        hint = "leave task.tokenizer out"
        raise ConfigError(f"{folder} has a tokenizer, which its {part} reads by", where="task.tokenizer", hint=hint)
    found = _saved(Path(folder))
    two_sides = (Path(folder) / TASK / "source").exists()
    reads = "reader" in found
    has_part = isinstance(found.get(part), Mapping) and "tokenizer" in found
    if not has_part or two_sides or (reads and "reader" not in own):
        kind = found.get("kind")
        objective = "mlm" if part == "encoder" else "clm"
        hint = f"name a folder of `weft pretrain --objective {objective}`, or of a model of the same kind"
        what = f"{folder} is a model of task `{kind}`, of which no {part} can be taken"
        raise ConfigError(what, where=where, hint=hint)
    alike = reads == ("reader" in own)  # a passage is longer than what words were told in
    taken = {name: found[name] for name in LENGTHS if alike and name in found and name in own}
    beside = {name: _over(found[part].get(name), value) for name, value in over.items()}
    return {**taken, **settings, part: {**found[part], **beside}, "tokenizer": found["tokenizer"], "start": folder}


def _over(found: Any, value: Any) -> Any:
    """Return a setting of a part over that of the folder; of several settings in one those that are named."""
    both = (
        isinstance(found, Mapping)
        and isinstance(value, Mapping)
        and value.get("kind", found.get("kind")) == found.get("kind")
    )
    return {**found, **value} if both else value


def started_tokenizer(config: TokenizerConfig, folder: str) -> Tokenizer:
    """Load the tokenizer of a folder that training starts from. Raises RunFolderError where it cannot be read."""
    with reading(Path(folder)):
        return config.load(Path(folder) / TASK)


def start_from_run(
    folder: str,
    model: nn.Module,
    config: PartConfig,
    *,
    part: Literal["encoder", "decoder"],
    heads: bool = False,
    has_part_view: bool = False,
) -> list[str]:
    """Copy the weights of a part of a trained model into a fresh one; with `heads` all others that fit, too.

    A table of pieces may have further rows here, and there may be tables of further views: they stay as they are.
    `has_part_view`: this model has a second embedding table that marks question and passage. A source folder without
    one shifts its tables by one.
    Then the part is settled by its `config`: frozen, or with an adapter. Returns notes for the user.

    Raises:
        ConfigError: weights of the part are of another size, or not there.
        RunFolderError: they cannot be read.

    """
    with reading(Path(folder)):
        weights = {_reads(name): one for name, one in load_file(Path(folder) / WEIGHTS).items()}
    saved = _saved(Path(folder))
    weights = _whole(weights, model, config, saved[part], part=part)
    inserted = has_part_view and "reader" not in saved
    taken, there_are = 0, sum(one.numel() for one in weights.values())
    for name, value in ((_reads(name), one) for name, one in own_weights(model).items()):
        of_part, table = name.startswith(f"{part}."), ".tables." in name
        there = weights.get(_without_second(name) if table and inserted else name)
        rows = value[: len(there)] if table and there is not None else value
        if there is not None and rows.shape == there.shape and (of_part or heads):
            with torch.no_grad():
                rows.copy_(there)
            taken += rows.numel()
        elif of_part and not (table and there is None):
            found = "nothing" if there is None else f"{list(there.shape)}"
            what = f"expected `{name}` of size {list(value.shape)}, found {found} in {folder}"
            hint = f"leave out what changes the size of the {part} there, such as task.{part}.width, hidden or layers"
            raise ConfigError(what, where=f"task.{part}", hint=hint)
    of_part = "" if heads else f", those of its {part}"
    said = f"started from {folder}: {taken:,} of its {there_are:,} parameters{of_part}"
    return [said, *config.settled(getattr(model, part), folder=folder)]


def _whole(
    weights: Mapping[str, Tensor], model: nn.Module, config: PartConfig, saved: Mapping[str, Any], *, part: str
) -> dict[str, Tensor]:
    """Return the weights of a folder where it saved those of the part in another form; see `PartConfig.with_saved`."""
    mine = {name.removeprefix(f"{part}."): one for name, one in weights.items() if name.startswith(f"{part}.")}
    try:
        found = config.with_saved(getattr(model, part), saved, mine)
    except ConfigError as error:
        where = f"task.{part}.lora" if error.where == "lora" else error.where
        raise ConfigError(error.what, where=where, hint=error.hint) from None
    others = {name: one for name, one in weights.items() if not name.startswith(f"{part}.")}
    return {**{f"{part}.{name}": one for name, one in found.items()}, **others}


def with_folder(tokenizer: TokenizerConfig | None, folder: str | None) -> TokenizerConfig | None:
    """Return the tokenizer named or, where none is, that of the folder that a pre-trained encoder reads with.

    Raises ConfigError for another than the encoder's.
    """
    if folder is None and not isinstance(tokenizer, PretrainedTokenizerConfig):
        return tokenizer
    if tokenizer is None:
        return PretrainedTokenizerConfig(folder=folder or "")
    if not isinstance(tokenizer, PretrainedTokenizerConfig):
        what = f"a pre-trained encoder reads by its own tokenizer, found `{tokenizer.kind}`"
        raise ConfigError(what, where="task.tokenizer", hint="leave task.tokenizer out")
    if not (tokenizer.folder or folder):
        hint = "name it: --set task.tokenizer.folder=./model"
        raise ConfigError("the folder of the model is not named", where="task.tokenizer", hint=hint)
    return tokenizer.model_copy(update={"folder": tokenizer.folder or folder})


def _reads(name: str) -> str:
    """Return the name of a weight of a reader of options among those of a reader of answers."""
    return name.removeprefix("reads.")


def _without_second(name: str) -> str:
    """Return the name of a table where the second one is missing; empty for the second one."""
    path, number, rest = re.fullmatch(r"(.*\.tables\.)(\d+)(.*)", name).groups()  # ty: ignore
    return {"0": name, "1": ""}.get(number, f"{path}{int(number) - 1}{rest}")


def _asked(part: Any) -> tuple[str, Mapping[str, Any]]:
    """Return the folder in `pretrained:FOLDER`, or under `folder` of that kind, and the settings beside it."""
    settings = {"kind": part} if isinstance(part, str) else part if isinstance(part, Mapping) else {}
    kind, _, folder = str(settings.get("kind", "")).partition(":")
    if kind != "pretrained":
        return "", {}
    over = {name: value for name, value in settings.items() if name not in ("kind", "folder")}
    return folder or str(settings.get("folder", "")), over


def _saved(folder: Path) -> dict[str, Any]:
    check_own(folder, (SEAL, WEIGHTS, TASK))
    return read_saved(folder / TASK / "task.json", dict[str, Any])
