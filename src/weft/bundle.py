"""Trained folders: settings, tokenizers, labels and weights are saved and loaded, and the model answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from weft.config import Config, validated
from weft.decoding.choices import SearchConfig
from weft.errors import ConfigError, InputError
from weft.evaluation.embed import embed
from weft.evaluation.evaluate import Evaluation, answer, evaluate
from weft.files import placed, read_json, write_json
from weft.models.device import Device, pick
from weft.models.fine_tuning import FineTuned, FineTuning
from weft.models.int8 import in_int8
from weft.models.weights import check_fit, own_weights, put_weights, saved_shapes, sketch
from weft.run_folder import TASK, WEIGHTS, check_whole, reading, seal, size
from weft.tasks.base import Task, TaskConfig
from weft.tasks.choices import TaskChoice
from weft.tasks.segmenting import Segmenting
from weft.text.segmenters import opens_trained

_HALF = re.compile("[\ud800-\udfff]")


class _Saved(Config):
    task: TaskChoice


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model that answers; made by `weft.load`."""

    task: Task
    network: nn.Module
    device: torch.device

    def answer(self, texts: Sequence[Any], *, search: SearchConfig | None = None) -> list[Any]:
        """Return an answer for each text, in their order; `search` replaces the one of the model's settings.

        Raises InputError for an empty text, or one that is no string; ConfigError for a search that cannot be.
        """
        examples = self.check(texts)
        return answer(self._searching(search), self.network, examples, device=self.device)

    def check(self, inputs: Sequence[Any]) -> list[Any]:
        """Make examples of texts, of fields by column and of examples, as `answer` reads them; answers nothing.

        Raises InputError for the first that this model cannot read: `where` is its place, as `texts[3]`.
        """
        if isinstance(inputs, str):
            raise InputError("expected a list of texts, found one string", hint='write model.answer(["..."])')
        if isinstance(inputs, Mapping):
            raise InputError("expected a list, found one mapping", hint="write model.answer([{...}])")
        if isinstance(inputs, Set) or not isinstance(inputs, Iterable):
            what = f"expected a list of texts, found {type(inputs).__name__}"
            raise InputError(what, hint='write model.answer(["..."]): answers are given in the order of the texts')
        return [self._example(given, where=f"texts[{number}]") for number, given in enumerate(inputs)]

    def _example(self, given: Any, *, where: str) -> Any:
        config = self.task.config
        try:
            read = config.example_of if isinstance(given, Mapping) else config.example
            example = read(given) if isinstance(given, Mapping | str) else given
        except InputError as error:
            place = f"{where}: {error.where}" if error.where else where
            raise InputError(error.what, where=place, hint=error.hint) from None
        if not isinstance(example, config.example_type):
            hint = f"hand over texts, or examples as weft.{config.example_type.__name__}(...)"
            raise InputError(f"expected a text, found {type(example).__name__}", where=where, hint=hint)
        if others := [one for one in example.texts if not isinstance(one, str)]:
            raise InputError(f"expected a text, found {type(others[0]).__name__}", where=where)
        if any(_HALF.search(one) for one in example.texts):
            hint = "a text holds half a character (a lone surrogate): was it decoded in pieces?"
            raise InputError("is no text that can be written", where=where, hint=hint)
        if empty := [place for place, one in enumerate(example.texts) if not one.strip()]:
            if empty == [1]:
                hint = "this model reads two texts: hand over an example that has both, as weft.Question(...)"
                raise InputError(f"the {config.texts[1]} is missing", where=where, hint=hint)
            raise InputError("text is empty", where=where)
        return example

    def stream(self, text: str, *, search: SearchConfig | None = None) -> Iterator[str]:
        """Yield the text generated for an input, part by part as it is generated; joined, it is the answer.

        Raises ConfigError for a model that writes nothing, or a search that knows its output only at the end;
        InputError for what is no text.
        """
        if not isinstance(text, str):
            hint = 'a stream is of one text: model.stream("...")'
            raise InputError(f"expected one text, found {type(text).__name__}", hint=hint)
        task = self._searching(search)
        return task.stream(self.network, *self.check([text]))

    def _searching(self, search: SearchConfig | None) -> Task:
        if search is None:
            return self.task
        if not isinstance(search, SearchConfig):
            hint = "write search=weft.Greedy(), weft.Beam(5), weft.Sample(top_p=0.95) or weft.MinimumRisk()"
            raise ConfigError(f"expected a search, found {type(search).__name__}", where="search", hint=hint)
        return self.task.with_search(search)

    def with_words(self, words: Sequence[str]) -> Model:
        """Return this segmenter with words of a list that it prefers, as those of a user's dictionary.

        Their tags score higher along the longest match, so that such a word is cut as one where nothing in the text
        clearly speaks against it. Raises ConfigError for a model that does not cut texts into words.
        """
        if not isinstance(self.task, Segmenting) or not self.task.cuts_words:
            what = f"this model of task `{self.task.config.kind}` does not cut texts into words"
            hint = "leave it out: it is for models that were trained on segmented texts"
            raise ConfigError(what, where="words", hint=hint)
        return replace(self, task=self.task.with_words(words))

    def evaluate(self, examples: Sequence[Any]) -> Evaluation:
        """Return answers to labelled examples, their scores with intervals, and the pace."""
        return evaluate(self.task, self.network, examples, device=self.device)

    def embed(self, texts: Sequence[str], *, width: int | None = None) -> np.ndarray:
        """Return the vector of each text, float32 [E, D], of length 1, so that products are cosines.

        `width` takes the first so many numbers, scaled anew; models trained with `task.bi_encoder.widths` lose little.
        Raises InputError for what is no text, and ConfigError for a model that makes no vector of a text.
        """
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            raise InputError("expected a list of texts", hint='write model.embed(["..."])')
        given = list(texts)
        for number, text in enumerate(given):
            if not isinstance(text, str) or not text.strip() or _HALF.search(text):
                what = "text is empty" if isinstance(text, str) and not text.strip() else "is no text"
                raise InputError(what, where=f"texts[{number}]")
        return embed(self.task, self.network, given, device=self.device, width=width)

    def embed_images(self, paths: Sequence[str | Path], *, width: int | None = None) -> np.ndarray:
        """Return the vector of each image, float32 [E, D], of length 1; `width` as for `embed`.

        Those of a model of task `retrieval` are close to the vectors of texts that describe the image. Raises
        InputError for what is no image, and ConfigError for a model that makes no vector of an image.
        """
        if isinstance(paths, str | Path) or not isinstance(paths, Iterable):
            raise InputError("expected a list of paths", hint='write model.embed_images(["cat.jpg"])')
        given = list(map(str, paths))
        return embed(self.task, self.network, given, device=self.device, width=width, kind="image")

    def quantized(self) -> Model:
        """Return a copy on the CPU whose linear layers multiply in 8 bits: faster answers, a little less exact.

        This one stays as it is. The copy is not trained further or saved; recurrent layers and embeddings stay as they
        are. All texts of a batch share a scale, so that an answer depends a little on the texts beside it.
        """
        return Model(self.task, in_int8(self.network), torch.device("cpu"))

    @property
    def parameters(self) -> int:
        """Number of parameters of the model."""
        return weights(self.network)


def weights(network: nn.Module) -> int:
    """Count the parameters of a network."""
    return sum(one.numel() for one in network.parameters())


def sizes(folder: Path, task: Task) -> dict[str, int]:
    """Return the bytes that a model takes on disk, and how many of them are a base model's in a folder of its own."""
    # encoder and decoder of one folder have one file
    of_folders: dict[str | None, int] = {part.reads_with: part.base_bytes for part in task.config.part_configs}
    base = sum(of_folders.values())
    return {"size_bytes": size(folder) + base, **({"base_bytes": base} if base else {})}


def save_task(folder: Path, task: Task) -> None:
    """Write settings, tokenizers and labels, all that is learned before a model, into an existing folder."""
    task.save(folder)
    write_json(folder / "task.json", task.config.model_dump(mode="json"))


def load_task(folder: Path, *, parts: Sequence[type[Config]] = ()) -> Task:
    """Read what `save_task` wrote; `parts` are config classes from outside the package."""
    try:
        config: TaskConfig = validated(_Saved, {"task": read_json(folder / "task.json")}, parts=parts).task
    except ConfigError as error:
        hint = "was it trained with a part of your own? hand it over: weft.load(folder, parts=[MyEncoderConfig])"
        raise ConfigError(error.what, where=f"{folder / 'task.json'}: {error.where}", hint=hint) from None
    with reading(folder):
        return config.load(folder)


def save_weights(folder: Path, network: nn.Module) -> None:
    """Write the weights into an existing folder; a network with adapters merges them first, where they are merged."""
    for module in network.modules():
        if isinstance(module, FineTuned):
            module.finish()
    tensors = {name: value.cpu().contiguous() for name, value in own_weights(network).items()}
    with placed(folder / WEIGHTS) as part:
        save_file(tensors, part)


def check_size(task: Task) -> nn.Module | None:
    """Raise ConfigError for a model that does not fit into memory; returns a sketch of it, where one can be made.

    No sketch is made of one that reads weights from another folder while it is built.
    """
    parts = [part for part in task.config.part_configs if isinstance(part, FineTuning)]
    if any(part.lora is not None and part.lora.save == "adapter" for part in parts):
        return None
    return sketch(task.build_model)


def load(folder: str | Path, *, parts: Sequence[type[Config]] = (), device: Device = "auto") -> Model:
    """Load a trained folder.

    Args:
        folder: what `weft train` wrote.
        parts: config classes of your own that the model was built from, as `[MyEncoderConfig]`.
        device: where the model is to run.

    Raises:
        RunFolderError: there is no model there, it is damaged, or of a newer format.
        ConfigError: it was built from a part that is not in `parts`.

    """
    folder = Path(folder)
    check_whole(folder)
    where = pick(device)
    with reading(folder):
        task = load_task(folder / TASK, parts=parts)
        if (network := check_size(task)) is not None:
            check_fit(network, saved_shapes(folder / WEIGHTS))
        network = task.build_model()
        put_weights(network, load_file(folder / WEIGHTS))
    return Model(task, network.to(where).eval(), where)


def save(folder: Path, model: Model) -> None:
    """Write a model into an existing folder, over what it holds of one, and finish it."""
    (folder / TASK).mkdir(exist_ok=True)
    save_task(folder / TASK, model.task)
    save_weights(folder, model.network)
    seal(folder, version=version("weft"))


@opens_trained
def open_segmenter(folder: Path, words: Sequence[str]) -> TrainedSegmenter:
    """Load a trained segmenter that prefers the words of a list, on the CPU: words are the same on every machine.

    Raises RunFolderError as `load` does, and ConfigError for a model that does not cut texts into words.
    """
    model = load(folder, device="cpu")
    try:
        return TrainedSegmenter(model, model.with_words(words))
    except ConfigError as error:
        hint = "name one that was trained on segmented texts: weft train WORDS.txt --task tagging"
        raise ConfigError(error.what, where=str(folder), hint=hint) from None


@dataclass(frozen=True, slots=True)
class TrainedSegmenter:
    """A trained model that cuts texts into words, and the same one with the words that it is to prefer."""

    model: Model
    preferring: Model

    def ends(self, texts: Sequence[str]) -> list[list[int]]:
        """Return where the words of each text end, in characters and in order."""
        task: Any = self.preferring.task
        examples = [task.config.example(text) for text in texts]
        return [task.word_ends(one) for one in answer(task, self.model.network, examples, device=self.model.device)]

    def save(self, folder: Path) -> None:
        """Write the model, without the words of the list, into a folder."""
        folder.mkdir(exist_ok=True)
        save(folder, self.model)
