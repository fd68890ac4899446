"""Folders of pre-trained models, read by `transformers`: the only module that imports it.

A model is a folder with `config.json` and weights as safetensors. Nothing in it is run, nothing is unpickled, and
nothing is fetched unless a name says so (`hub:`).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import torch

from weft.errors import ConfigError, MissingExtra, WeftError
from weft.files import parsed, small_text
from weft.models.architecture import architecture_of
from weft.models.weights import saved_shapes, sketch
from weft.run_folder import is_finished

READERS = (
    *("albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "ernie", "modernbert"),
    *("mpnet", "roberta", "xlm-roberta"),
)
"""The `model_type`s that are encoders, each tested against `transformers`, as are all here; MiniLM is a `bert`."""
PAIRS = ("bart", "m2m_100", "marian", "mbart", "mt5", "pegasus", "t5")
"""The `model_type`s that are an encoder and a decoder; the encoder serves alone too."""
WRITERS = ("gpt2", "gpt_neox", "llama", "mistral", "opt", "qwen2", "qwen3")
"""The `model_type`s that are a decoder alone."""
VIEWERS = ("clip_vision_model", "dinov2", "siglip_vision_model", "vit")
"""The `model_type`s that are encoders of images; those of `clip` and `siglip` are taken out of the whole model."""
FILES = ("*.json", "*.txt", "*.safetensors", "*.model")
"""Files fetched of a model: neither code nor pickles."""
SYMBOLS = ("bos_token_id", "decoder_start_token_id", "eos_token_id", "forced_bos_token_id")
"""Special tokens that begin and end a sequence; some folders name them in `generation_config.json` alone."""
Head = Literal["none", "causal", "pair"]
"""Head of a network: none, a causal language model, or a decoder behind an encoder."""
_ADAPTER = "adapter_config.json"
_WEIGHTS = re.compile(r"[^/\\\0]+\.safetensors")
_SPARE = 1 << 20
"""Weights that any folder may lack, such as a pooler that is not used."""
_CLASSES = {"none": "AutoModel", "causal": "AutoModelForCausalLM", "pair": "AutoModelForSeq2SeqLM"}


def located(folder: str) -> Path:
    """Return the folder of a model; one on the hub is fetched, or taken from the cache where it is whole there."""
    if not folder.startswith("hub:"):
        return Path(folder)
    name = folder.removeprefix("hub:")
    if not name:
        hint = "write pretrained:hub:google-bert/bert-base-chinese, say"
        raise ConfigError("names no model on the hub", where=f"pretrained:{folder}", hint=hint)
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise MissingExtra("huggingface_hub", extra="pretrained") from None
    try:
        return Path(snapshot_download(name, allow_patterns=list(FILES)))
    except Exception as error:  # of the network, the hub, the name or the disk
        # the first sentence says it, the others send a reader to a web page
        reason = " ".join(str(error).split()).split(". ")[0].removesuffix(".")[:200]
        hint = (
            f"fetch it where there is a network (hf download {name} --local-dir model), copy the folder here and write"
            " pretrained:./model; a mirror is named by HF_ENDPOINT"
        )
        raise ConfigError(f"cannot be fetched: {reason}", where=f"pretrained:{folder}", hint=hint) from None


def read_architecture(folder: Path, *, kinds: Sequence[str]) -> dict[str, Any]:
    """Read `config.json` of a model of one of some kinds, and the special tokens that begin and end a sequence.

    Raises ConfigError for a folder that weft does not load, and says why.
    """
    where, path = str(folder), folder / "config.json"
    if not folder.is_dir():
        hint = "name the folder of a pre-trained model, as pretrained:./bert-base-chinese"
        if len(folder.parts) <= 2 and not where.startswith((".", "/")):
            hint += f"; pretrained:hub:{folder} fetches one of that name from the hub"
        what = "is a file, and not the folder of a model" if folder.exists() else "there is no such folder"
        raise ConfigError(what, where=where, hint=hint)
    if not path.is_file():
        if is_finished(folder):
            hint = "name the folder of a model of `transformers`; a run of `weft pretrain` serves other tasks"
            raise ConfigError("is a run of weft, from which this task cannot start", where=where, hint=hint)
        raise ConfigError("there is no config.json in this folder", where=where, hint="is it that of a model?")
    _check_files(folder)
    found = _image_part(_read(path), kinds)
    if "auto_map" in found or any(folder.glob("*.py")):
        hint = "take a model that is no more than weights"
        raise ConfigError("has code of its own, which weft does not run", where=where, hint=hint)
    if not any(folder.glob("*.safetensors")):
        what, hint = "has no weights (model.safetensors)", "copy the whole folder of the model"
        if any(file.suffix in {".bin", ".pt", ".pth", ".ckpt"} for file in folder.iterdir()):
            what = "has its weights as a pickle alone, which could run code of any kind"
            hint = "take one with model.safetensors; to convert one that you trust: docs, page `pretrained`"
        raise ConfigError(what, where=where, hint=hint)
    kind = found.get("model_type")
    if kind not in kinds or (kind in READERS and found.get("is_decoder")):
        known = ", ".join(f"`{one}`" for one in kinds)
        raise ConfigError(f"`{kind}` does not serve here", where=str(path), hint=f"what does: {known}")
    try:
        return architecture_of(found if kind in (*READERS, *VIEWERS) else found | _symbols(folder, found))
    except ValueError as error:
        raise ConfigError(str(error), where=str(path), hint="copy the folder again") from None


def _image_part(said: dict[str, Any], kinds: Sequence[str]) -> dict[str, Any]:
    """Return what is said of the encoder of images, where one is asked for and the model has one of texts too."""
    kind, part = f"{said.get('model_type')}_vision_model", said.get("vision_config")
    keep = {name: said[name] for name in ("auto_map",) if name in said}
    return {**part, **keep, "model_type": kind} if kind in kinds and isinstance(part, dict) else said


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(parsed(small_text(path)))
    except (OSError, ValueError, TypeError) as error:
        reason = "" if isinstance(error, TypeError) else f": {str(error).splitlines()[0]}"
        raise ConfigError(f"is not JSON{reason}", where=str(path), hint="copy the folder again") from None


def _check_files(folder: Path) -> None:
    """Raise ConfigError where something else than the files of a folder would be read.

    The links of the hub's cache point to files that were fetched with the folder: no others are followed.
    """
    own = Path(os.path.realpath(folder))
    roots = (own, own.parent.parent / "blobs") if own.parent.name == "snapshots" else (own,)
    for file in (one for pattern in FILES for one in folder.glob(pattern)):
        if Path(os.path.realpath(file)).parent not in roots or not file.is_file():
            hint = "copy what it points to into the folder"
            raise ConfigError("is no file of this folder", where=str(file), hint=hint)
    if (folder / _ADAPTER).exists():
        hint = "add it to the weights of its model first (merge_and_unload of peft), and take that folder"
        raise ConfigError("is an adapter for the weights of another folder", where=str(folder / _ADAPTER), hint=hint)
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return
    named = _read(index).get("weight_map")
    for name in named.values() if isinstance(named, dict) else ("",):
        if not isinstance(name, str) or not _WEIGHTS.fullmatch(name):
            what = f"names `{name!s:.100}`, expected a file of this folder that ends in .safetensors"
            raise ConfigError(what, where=str(index), hint="copy the folder again")
        if not (folder / name).is_file():
            raise ConfigError("is missing", where=str(folder / name), hint="copy the whole folder")


def _symbols(folder: Path, said: Mapping[str, Any]) -> dict[str, Any]:
    path = folder / "generation_config.json"
    more = _read(path) if path.is_file() else {}
    found = {name: more[name] for name in SYMBOLS if said.get(name) is None and more.get(name) is not None}
    # a model may have several ends: its texts end with the first
    return {name: value[0] if isinstance(value, list) else value for name, value in found.items()}


def library(name: Literal["transformers", "peft"]) -> Any:
    """Import `transformers` when it is first needed: that takes seconds."""
    try:
        return import_module(name)
    except ImportError:
        raise MissingExtra(name, extra="pretrained") from None


def fresh(architecture: Mapping[str, Any], *, head: Head) -> Any:
    """Build the network with fresh weights. Raises ConfigError where it does not fit into memory, or cannot be."""
    build = partial(getattr(library("transformers"), _CLASSES[head]).from_config, _settings(architecture))
    with _building(), _quiet(library("transformers").utils.logging):
        sketch(build)
        return build()


def check_size(folder: Path, architecture: Mapping[str, Any], *, head: Head) -> None:
    """Raise ConfigError where a folder has not the weights that its architecture asks for; nothing is read but names.

    The folder of a model may leave out what is computed, what is not used, and what is the same as something else.
    """
    with _building(str(folder / "config.json")):
        network = sketch(partial(getattr(library("transformers"), _CLASSES[head]).from_config, _settings(architecture)))
        shapes = [one for file in folder.glob("*.safetensors") for one in saved_shapes(file).values()]
    if network is None:
        return
    asked = sum(one.numel() for one in network.parameters())
    there = sum(map(math.prod, shapes))
    if asked > 2 * there + _SPARE:
        what = f"asks for {asked:,} weights, and the folder has {there:,}"
        raise ConfigError(what, where=str(folder / "config.json"), hint="copy the folder again")


@contextmanager
def _building(where: str = "config.json") -> Generator[None]:
    """Turn whatever `transformers` raises for an architecture that cannot be into a ConfigError."""
    try:
        yield
    except WeftError as error:
        if error.where == "task":  # of a network that is too large: its settings are those of the folder
            error.where, error.hint = where, "take a smaller one, or copy the folder again"
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        what = f"describes no network that can be built: {reason}"
        raise ConfigError(what, where=where, hint="copy the folder again") from error


def loaded(folder: Path, architecture: Mapping[str, Any], *, head: Head) -> Any:
    """Build the network with the weights of a folder. Raises ConfigError where they do not fit its architecture."""
    if read_architecture(folder, kinds=(architecture["model_type"],)) != architecture_of(architecture):
        what = "config.json has changed since training began"
        raise ConfigError(what, where=str(folder), hint="train into another folder")
    transformers = library("transformers")
    with _building(str(folder)), _quiet(transformers.utils.logging):
        network, found = getattr(transformers, _CLASSES[head]).from_pretrained(
            folder,
            config=_settings(architecture),
            dtype=torch.float32,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    missing = sorted(name for name in found["missing_keys"] if not name.startswith("pooler."))
    if missing:
        what = f"lacks {len(missing)} of the weights that config.json asks for, such as {missing[0]}"
        raise ConfigError(what, where=str(folder), hint="copy the folder again")
    return network


def _settings(architecture: Mapping[str, Any]) -> Any:
    with _building():
        known = architecture_of(architecture)
        return library("transformers").CONFIG_MAPPING[known["model_type"]].from_dict(known)


@contextmanager
def _quiet(logging: Any) -> Generator[None]:
    """Silence progress bars and warnings of loading: missing weights are looked for here."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
