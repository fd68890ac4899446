"""Captioning: a text is written for an image, by a decoder that attends to the positions of the image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field
from torch import nn

from weft.config import LARGEST, read_saved
from weft.data.columns import Columns
from weft.data.examples.base import place_of
from weft.data.examples.captioned import CAPTION_NAMES, OneValue
from weft.data.examples.roles import Names, Role
from weft.data.examples.source_target import TARGETS, SourceTarget, grouped
from weft.data.sources import Row, Table
from weft.errors import InputError
from weft.files import write_json
from weft.inputs.image import nearest_images
from weft.inputs.image_target import ImageTargetBatch, ImageTargetInput
from weft.inputs.source_target import check_positions, check_written
from weft.metrics.floors import beside
from weft.models.base import Memory
from weft.models.choices import DescriberChoice
from weft.models.encoder_decoder import EncoderDecoder
from weft.models.rnn_decoder import LstmDecoderConfig
from weft.tasks.decided_by_rows import Fitted
from weft.tasks.described_images import DescribedImages
from weft.tasks.generation.floors import floor_of, row_scores
from weft.tasks.generation.generator import GeneratedText
from weft.tasks.generation.scores import text_overlap_scores
from weft.tasks.generation.sizes import Amount, fitted_to
from weft.tasks.generation.target_task import TargetTask, TargetTaskConfig
from weft.tasks.generation.writer import Forced
from weft.tasks.results import Scores
from weft.text.tokenizers.choices import TokenizerChoice, for_writing, pieces_for

ROOM = 8
"""Number of tokens that an output may have beyond the longest target of the training part."""
FILE = "captioning.json"
IMAGES = 20_000
"""About the largest number of training images whose pixels are compared with those of an image that is scored."""
Longest = Annotated[int, Field(ge=1, le=LARGEST)]


class CaptioningConfig(DescribedImages, TargetTaskConfig):
    """Settings of captioning: a text is written for each image."""

    kind: Literal["captioning"] = "captioning"
    example_type: ClassVar[type[Any]] = SourceTarget
    texts: ClassVar[tuple[str, ...]] = ("path of an image", "second text")
    roles: ClassVar[tuple[Role, ...]] = (
        Role("target", (*CAPTION_NAMES, *TARGETS), most=None, answer=True, looks="text", again="name"),
    )
    parts: ClassVar[tuple[str, ...]] = ("decoder",)
    further_columns: ClassVar[tuple[str, ...]] = ("image",)
    next_step: ClassVar[str] = "next: weft generate {} --text IMAGE"
    implied_together: ClassVar[tuple[str, ...]] = ("image", "target")
    offer: ClassVar[str] = "--image NAME --target NAME for images to be described"
    target: Names = None
    """Column of the text to be written, or a list of several, each of which is right; a JSON file may hold a list in
    one; None: guessed from the file, and named in the run."""
    tokenizer: TokenizerChoice | None = None
    """Tokenizer of the texts; None: `bpe` with capitals and full width kept, or `char` for little Chinese."""
    max_target: int = Field(default=256, ge=1)
    """Largest number of tokens of a text that are learned from; the run names the share that is cut."""
    decoder: DescriberChoice = LstmDecoderConfig()
    """Decoder that writes the text; few thousand images teach an LSTM more than a Transformer."""

    @property
    def part_configs(self) -> tuple[Any, ...]:
        """The encoder of images, and the decoder."""
        return (self.image.encoder, self.decoder)

    def read(self, table: Table) -> Iterator[SourceTarget]:
        """Yield the images of a table with their texts, without them where they are to be written."""
        for image, texts, line in self.described(table, "target", answering=True):
            yield SourceTarget(image, texts, line)

    def example(self, text: str, second: str | None = None) -> SourceTarget:
        """Make an example of the path of an image. Raises InputError where it cannot be read."""
        if second is not None:
            raise InputError("expected one image, found a pair", hint="this model writes a text for one image")
        return SourceTarget(self.image.value_of(Row({self.image.name: text}, 0)))

    def example_of(self, fields: Mapping[str, Any]) -> SourceTarget:
        """Make an example of the path of an image, by the name of its column. Raises InputError for another."""
        name = self.image.name
        if [*fields] != [name]:
            raise InputError("expected the path of an image", hint=f'write {{"{name}": "cat.jpg"}}')
        return self.example(str(fields[name]))

    def evaluation_examples(self, examples: Sequence[SourceTarget]) -> list[SourceTarget]:
        """Return an example for each image, each of whose texts is right."""
        return grouped(examples)

    def fitted(self, examples: Sequence[SourceTarget], *, device: str, by_steps: Sequence[str] = ()) -> Fitted:
        """Decide the size of the decoder and the number of epochs, where nobody set them; see `fitted_to`."""
        del by_steps
        amount = Amount.of([target for one in examples for target in one.targets], longest=self.max_target)
        return fitted_to(self, amount, device=device)

    def learn(self, examples: Sequence[SourceTarget]) -> Captioning:
        """Learn the tokenizer, how images are read, and the largest length of outputs.

        Raises ConfigError where parts do not go together, InputError where there is no text.
        """
        targets = [target for one in examples for target in one.targets]
        if not targets:
            raise InputError("there is no text to learn from", hint="name the column of texts with --target")
        decoder = self.decoder.ready()
        cut = for_writing(self.tokenizer or pieces_for(targets))
        update: dict[str, Any] = {"decoder": decoder, "tokenizer": cut}
        if decoder.longest is not None:
            update["max_target"] = min(self.max_target, decoder.longest - 1)
        images = OneValue.each(self.image.name, (one.source for one in examples))
        config = self.model_copy(update={**update, "image": self.image.decided(images, classes=2)})
        tokenizer = cut.learn(list(dict.fromkeys(targets)))
        check_written(cut, tokenizer, where="task.tokenizer")
        read = ImageTargetInput(config, config.image.learned(images), tokenizer)
        lengths = tokenizer.encode(targets).lengths_R
        made = Captioning(config, read, longest=min(config.max_target, int(lengths.max()) + ROOM))
        return made.judged_on([one.targets for one in examples])

    def load(self, folder: Path) -> Captioning:
        """Load what `Captioning.save` wrote."""
        assert self.tokenizer is not None
        read = ImageTargetInput(self, self.image.loaded(folder / "images"), self.tokenizer.load(folder))
        return Captioning(self, read, longest=read_saved(folder / FILE, dict[str, Longest])["longest"])


class Captioning(TargetTask):
    """The input of images, the tokenizer of texts, and the largest number of tokens of an output."""

    config: CaptioningConfig

    def __init__(self, config: CaptioningConfig, read: ImageTargetInput, *, longest: int) -> None:
        self.config, self.input, self.longest, self.target = config, read, longest, read.target
        self.begin, self.end = read.symbols.begin, read.symbols.end

    def save(self, folder: Path) -> None:
        """Write the files of tokenizer and images, and `captioning.json`."""
        self.input.save(folder)
        write_json(folder / FILE, {"longest": self.longest})

    def build_model(self) -> EncoderDecoder:
        """Build encoder and decoder, with fresh weights."""
        encoder = self.input.images.build_encoder()
        check_positions(self.config.image.encoder, encoder, self.config.decoder)
        decoder = self.config.decoder.build(max(self.end + 1, self.target.sizes[0]), memory_width=encoder.width)
        return EncoderDecoder(encoder, decoder)

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Load pre-trained weights, where encoder or decoder have them."""
        assert isinstance(model, EncoderDecoder)
        return [*self.input.images.initialize(model, columns, ()), *self.config.decoder.start(model.decoder)]

    def encode(self, examples: Sequence[SourceTarget]) -> Columns:
        """Encode every image, with its texts where all have some."""
        return self.input.encode([(one.source, one.targets) for one in examples])

    def check(self, examples: Sequence[SourceTarget]) -> list[str]:
        """Refuse an image without a text."""
        for one in examples:
            if not one.targets:
                raise InputError("there is no target", where=place_of(one))
        return []

    def collate(self, columns: Columns, rows: np.ndarray) -> ImageTargetBatch:
        """Gather and pad some rows."""
        return self.input.collate(columns, rows)

    def forced(self, model: nn.Module, batch: ImageTargetBatch) -> Forced:
        """Return all texts of each image, which is read once. Raises InputError where some have none."""
        if not isinstance(model, EncoderDecoder) or batch.target_NT is None or batch.mask_NT is None:
            raise InputError("there are images without a text to learn from, and so no reference to compare with")
        read, of = model.read(batch.source), batch.owner_N
        final = None if read.final_BD is None else read.final_BD[of]
        memory = Memory(read.states_BSD[of], read.mask_BS[of], final)
        return Forced(model.decoder, memory, batch.target_NT, batch.mask_NT)

    def score(self, answers: Sequence[GeneratedText], examples: Sequence[SourceTarget]) -> Scores:
        """Compute BLEU, chrF, TER, ROUGE and perplexity with intervals; details have the signatures, and the search."""
        found = text_overlap_scores(answers, [one.targets for one in examples])
        return Scores(found.values, {**found.details, "search": self.config.search.in_words})

    def learned_floors(
        self, train: Sequence[SourceTarget], answers: Sequence[GeneratedText], examples: Sequence[SourceTarget]
    ) -> dict[str, Any]:
        """Compare with the commonest text of training, and with the first one of the image with the nearest pixels."""
        commonest, _ = Counter(target for one in train for target in one.targets).most_common(1)[0]
        known = [train[at] for at in range(0, len(train), max(1, len(train) // IMAGES))]
        places = nearest_images([one.source for one in examples], [one.source for one in known])
        floors = {
            "the commonest text": [commonest] * len(examples),
            "the text of the training image with the nearest pixels": [known[at].targets[0] for at in places.tolist()],
        }
        own = row_scores([one.text for one in answers], examples)
        return beside(own, {name: floor_of(texts, examples) for name, texts in floors.items()})

    def record(self, answer: GeneratedText, example: SourceTarget) -> dict[str, Any]:
        """Return the image, its texts where they are known, and the generated text."""
        known = {"references": list(example.targets)} if example.targets else {}
        line = {"line": example.line} if example.line else {}
        return {"source": example.source, **known, **answer.recorded, **line}

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Describe the images, and the vocabulary with its coverage."""
        return [*self.input.notes(columns), *self.search_notes()]
