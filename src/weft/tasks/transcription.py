"""Transcription: what is said in a sound, written by connectionist temporal classification (Graves et al. 2006)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from weft.config import read_saved
from weft.data.batch import Moves, Waves
from weft.data.checks.findings import listed
from weft.data.columns import Columns, Ragged
from weft.data.examples.base import place_of
from weft.data.examples.captioned import OneValue
from weft.data.examples.transcribed import Transcribed
from weft.decoding.choices import Beam, Greedy, SearchConfig
from weft.decoding.ctc import Labelling, Lexicon, best_path, positions_needed, prefix_beam
from weft.decoding.token_loss import Reference
from weft.errors import ConfigError, InputError
from weft.files import write_json
from weft.inputs.sound import SoundInput
from weft.metrics.error_rates import error_rates
from weft.metrics.floors import Floor, beside
from weft.metrics.systems import intervals
from weft.models.ctc import CtcModel, ctc_nats
from weft.models.log_mel import frames_in
from weft.tasks.base import Task
from weft.tasks.generation.generator import GeneratedText
from weft.tasks.generation.scores import reference_scores
from weft.tasks.results import Loss, Scores
from weft.tasks.transcription_settings import TranscriptionSettings
from weft.text.tokenizers.base import Tokenizer

LABELS = "transcripts"
"""Folder of the tokenizer of the transcripts."""
WORDS = "words.json"
"""File of the words of training, where no others are written."""
COMPARED = 20_000
"""About the largest number of training sounds that are compared with one that is scored."""
TRIED = 20
"""Number of the likeliest labels that a prefix goes on with at each position."""
ROOM = 0.5
"""Share of the targets without room from which on nothing can be learned."""
SAYING_NOTHING = "writing nothing"
"""The floor that a model does not beat whose outputs have collapsed to blanks."""
_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class SpeechBatch(Moves):
    """Sounds of B rows and, where known, the labels of their targets [B, T], zero beyond their numbers [B]."""

    source: Waves
    target_BT: Tensor | None
    lengths_B: Tensor | None


@dataclass(frozen=True, slots=True)
class SpeechPrediction:
    """Sequences of labels of a row, best first, and the log-probability of its target, where it is known."""

    found: list[Labelling]
    loss: Reference | None


class TranscriptionConfig(TranscriptionSettings):
    """Settings of transcription: what is said in a sound is written, by a label or a blank at each position."""

    def learn(self, examples: Sequence[Transcribed]) -> Transcription:
        """Learn rate, means and deviations of the sounds, and the labels.

        Raises InputError where there is no transcript.
        """
        known = [one for one in examples if one.transcript]
        if not known:
            raise InputError("there is no transcript to learn from", hint="name its column: --target NAME")
        values = OneValue.each(self.sound.name, (one.sound for one in known))
        sound = self.sound.decided(values, classes=2)
        config = self.model_copy(update={"sound": sound, "tokenizer": self.labels})
        transcripts = [str(one.transcript) for one in known]
        tokenizer = config.learned_tokenizer(transcripts)
        words = sorted({word for one in transcripts for word in one.split()}) if config.words == "known" else []
        return Transcription(config, sound.learned(values), tokenizer, words)

    def load(self, folder: Path) -> Transcription:
        """Load what `Transcription.save` wrote."""
        words = read_saved(folder / WORDS, list[str]) if self.words == "known" else []
        return Transcription(self, self.sound.loaded(folder), self.labels.load(folder / LABELS), words)


class Transcription(Task):
    """An input of sounds, and the tokenizer of their transcripts; the blank is the id after its own."""

    config: TranscriptionConfig
    metric: ClassVar[str] = "cer"
    tie_metric: ClassVar[str | None] = "log_loss"  # as long as all is blank, the error rate stays
    metrics: ClassVar[tuple[str, ...]] = ("cer", "wer", "exact_match", "log_loss", "perplexity")

    def __init__(
        self, config: TranscriptionConfig, read: SoundInput, tokenizer: Tokenizer, words: Sequence[str] = ()
    ) -> None:
        self.config, self.input, self.tokenizer, self.words = config, read, tokenizer, words
        self.lexicon = self._lexicon() if words else None

    def _lexicon(self) -> Lexicon:
        """Spell the words in labels. Raises ConfigError where no label is the space between words."""
        pieces = self.tokenizer.pieces or ()
        if " " not in pieces:
            what = "no label is the blank between words, by which they would be known"
            raise ConfigError(
                what, where="task.words", hint="leave it out: transcripts have no blanks, or labels are words"
            )
        found = self.tokenizer.encode(self.words)
        ids = np.split(found.values_NW[:, 0], np.cumsum(found.lengths_R)[:-1])
        return Lexicon.of((tuple(one.tolist()) for one in ids), space=pieces.index(" "))

    @property
    def blank(self) -> int:
        """The id that stands for no label."""
        return self.tokenizer.sizes[0]

    def save(self, folder: Path) -> None:
        """Write `sound.json`, and the tokenizer into a folder beside it."""
        self.input.save(folder)
        (folder / LABELS).mkdir(parents=True, exist_ok=True)
        self.tokenizer.save(folder / LABELS)
        if self.words:
            write_json(folder / WORDS, list(self.words))

    def build_model(self) -> CtcModel:
        """Build encoder and head, with fresh weights."""
        return CtcModel(self.input.build_encoder(), labels=self.blank)

    def initialize(self, model: nn.Module, columns: Columns) -> list[str]:
        """Find the targets for which their sounds have too few positions. Raises ConfigError where most have too few.

        Such a target has no path, so that nothing is learned from it.
        """
        assert isinstance(model, CtcModel)
        each = self.config.sound.encoder.frames_a_position
        frames_R = np.array(
            [frames_in(one, rate=self._rate) for one in columns.ragged[self.input.name].lengths_R.tolist()]
        )
        target = columns.ragged["target"]
        ids = np.split(target.values, target.offsets_R1[1:-1])
        needed_R = np.array([positions_needed(one.tolist()) for one in ids])
        short_R = np.flatnonzero(needed_R > -(-frames_R // each))
        notes = self.config.sound.encoder.start(model.encoder)
        if not len(short_R):
            return notes
        worst = int(short_R[np.argmax(needed_R[short_R] * each / frames_R[short_R])])
        has = f"line {columns.fixed['line'][worst]} has {-(-frames_R[worst] // each)} and needs {needed_R[worst]}"
        what = f"{len(short_R):,} of {len(needed_R):,} transcripts need more positions than their sounds have ({has})"
        if len(short_R) > ROOM * len(needed_R):
            raise ConfigError(what, where="task.sound.encoder.stages", hint=self._more_room(frames_R, needed_R))
        lines = listed([f"line {columns.fixed['line'][row]}" for row in short_R])
        return [*notes, f"{what}, so nothing is learned from them: {lines}; {self._more_room(frames_R, needed_R)}"]

    def _more_room(self, frames_R: np.ndarray, needed_R: np.ndarray) -> str:
        """Name the setting by which most targets would have room, or say that none would do."""
        apart = self.config.sound.encoder.frames_a_position
        for stages in range(apart.bit_length() - 2, 0, -1):
            if (needed_R > -(-frames_R // 2**stages)).mean() <= ROOM:
                return f"a stage less doubles the positions: --set task.sound.encoder.stages={stages}"
        return "are the transcripts those of these sounds? else take longer pieces: --set task.tokenizer.kind=bpe"

    @property
    def _rate(self) -> int:
        assert self.config.sound.rate is not None
        return self.config.sound.rate

    def encode(self, examples: Sequence[Transcribed]) -> Columns:
        """Encode every sound, and the transcripts, where all have one."""
        columns = self.input.encode([one.sound for one in examples])
        fixed = {"line": np.array([one.line for one in examples], dtype=np.int64)}
        ragged = dict(columns.ragged)
        if examples and all(one.transcript is not None for one in examples):
            found = self.tokenizer.encode([str(one.transcript) for one in examples])
            ragged["target"] = Ragged.of(found.values_NW[:, 0].astype(np.int64), found.lengths_R)
        return replace(columns, ragged=ragged, fixed=fixed)

    def check(self, examples: Sequence[Transcribed]) -> list[str]:
        """Refuse a sound without a transcript; count the characters of transcripts that have no label."""
        for one in examples:
            if not one.transcript:
                raise InputError("there is no transcript", where=place_of(one))
        unknown = {
            piece for row in self.tokenizer.unknown_pieces([str(one.transcript) for one in examples]) for piece in row
        }
        if not unknown:
            return []
        shown = listed([f"`{one}`" for one in sorted(unknown)])
        return [f"never written, since no transcript of training has them: {shown}"]

    def collate(self, columns: Columns, rows: np.ndarray) -> SpeechBatch:
        """Gather and pad some rows."""
        source = self.input.collate(columns, rows)
        if "target" not in columns.ragged:
            return SpeechBatch(source, None, None)
        target = columns.ragged["target"]
        lengths_B = torch.from_numpy(target.lengths_of(rows))
        return SpeechBatch(source, torch.from_numpy(target.padded(rows)[0]), lengths_B)

    def loss(self, model: nn.Module, batch: SpeechBatch, step: int) -> Loss:  # noqa: ARG002  (no schedule here)
        """Compute the negative log-probability of the targets over all paths; the count is that of their labels."""
        if batch.target_BT is None or batch.lengths_B is None:
            raise InputError("there are sounds without a transcript among those to learn from")
        scores_BSV, positions_B = model(batch.source)
        nats_B = ctc_nats(scores_BSV, positions_B, batch.target_BT, batch.lengths_B, blank=self.blank)
        return Loss(nats_B.sum(), batch.lengths_B.sum().to(nats_B))

    def for_validation(self) -> Transcription:
        """Return a copy that takes the likeliest label of each position."""
        return self._with_beam(1)

    def with_search(self, search: SearchConfig) -> Transcription:
        """Return a copy that takes the likeliest labels, or keeps so many prefixes.

        Raises ConfigError for a search that draws or compares texts.
        """
        if isinstance(search, Greedy):
            return self._with_beam(1)
        if isinstance(search, Beam):
            return self._with_beam(search.size)
        what = f"`{search.kind}` writes token by token, and a transcript is found at all positions at once"
        raise ConfigError(what, where="search", hint="take `greedy` or `beam`")

    def _with_beam(self, beam: int) -> Transcription:
        config = self.config.model_copy(update={"beam": beam})
        return Transcription(config, self.input, self.tokenizer, self.words)

    @torch.inference_mode()
    def stream(self, model: nn.Module, example: Transcribed) -> Iterator[str]:
        """Yield the whole transcript of a sound, which is known at once."""
        columns, rows = self.encode([example]), np.zeros(1, dtype=np.int64)
        batch = self.collate(columns, rows).to(next(model.parameters()).device)
        yield from (one.text for one in self.answers(self.predict(model, batch), columns))

    def predict(self, model: nn.Module, batch: SpeechBatch) -> list[SpeechPrediction]:
        """Search the labels of each row and, where its target is known, compute its log-probability."""
        scores_BSV, positions_B = model(batch.source)
        losses: list[Reference | None] = [None] * len(positions_B)
        if batch.target_BT is not None and batch.lengths_B is not None:
            nats_B = ctc_nats(scores_BSV, positions_B, batch.target_BT, batch.lengths_B, blank=self.blank)
            losses = [Reference(*one) for one in zip(nats_B.tolist(), batch.lengths_B.tolist(), strict=True)]
        rows = [one[:size] for one, size in zip(scores_BSV.float().cpu().numpy(), positions_B.tolist(), strict=True)]
        return [SpeechPrediction(self._searched(row), loss) for row, loss in zip(rows, losses, strict=True)]

    def _searched(self, scores_SV: np.ndarray) -> list[Labelling]:
        if self.config.beam == 1:
            return [best_path(scores_SV, blank=self.blank)]
        return prefix_beam(scores_SV, blank=self.blank, width=self.config.beam, labels=TRIED, lexicon=self.lexicon)

    def answers(self, parts: Sequence[SpeechPrediction], columns: Columns) -> list[GeneratedText]:
        """Return the best transcript of each sound."""
        del columns
        texts = self.tokenizer.decode([part.found[0].ids for part in parts])
        return [
            GeneratedText(
                " ".join(text.split()), part.found[0].log_probability / max(1, len(part.found[0].ids)), loss=part.loss
            )
            for text, part in zip(texts, parts, strict=True)
        ]

    def average(self, answers: Sequence[Sequence[GeneratedText]]) -> list[GeneratedText]:
        """Raise InputError: texts have no mean."""
        del answers
        raise InputError("transcripts cannot be averaged", where="--ensemble", hint="evaluate each model by itself")

    def quick_scores(self, answers: Sequence[GeneratedText], examples: Sequence[Transcribed]) -> dict[str, float]:
        """Compute the error rates, and the loss of the transcripts."""
        found = {**self._rates(answers, examples), **reference_scores(answers)}
        return {name: one.value for name, one in found.items()}

    def _rates(self, answers: Sequence[GeneratedText], examples: Sequence[Transcribed]) -> dict[str, Any]:
        return error_rates([one.text for one in answers], [str(one.transcript) for one in examples])

    def samples(self, answers: Sequence[GeneratedText], examples: Sequence[Transcribed]) -> list[dict[str, str]]:
        """Return four answers, from one end of the part to the other."""
        some = list(zip(answers, examples, strict=True))[:: max(len(examples) // _SAMPLES, 1)][:_SAMPLES]
        return [{"source": one.sound, "reference": str(one.transcript), "answer": given.text} for given, one in some]

    def score(self, answers: Sequence[GeneratedText], examples: Sequence[Transcribed]) -> Scores:
        """Compute error rates and the loss with intervals; details compare with writing nothing."""
        rates = self._rates(answers, examples)
        found = {**rates, **reference_scores(answers)}
        nothing = error_rates([""] * len(examples), [str(one.transcript) for one in examples])
        against = beside(rates, {SAYING_NOTHING: Floor.of(nothing)})
        blank = sum(not one.text for one in answers)
        if blank > ROOM * len(answers):
            against["against"][SAYING_NOTHING]["said"] += _collapsed(blank, len(answers))
        search = (
            "the likeliest label of each position" if self.config.beam == 1 else f"a prefix beam of {self.config.beam}"
        )
        signatures = {name: one.signature for name, one in found.items()}
        return Scores(intervals(found), {"signatures": signatures, **against, "search": search})

    def learned_floors(
        self, train: Sequence[Transcribed], answers: Sequence[GeneratedText], examples: Sequence[Transcribed]
    ) -> dict[str, Any]:
        """Score the transcript of the most similar training sound."""
        known = train[:: -(-len(train) // COMPARED)]
        nearest = self.config.sound.nearest([one.sound for one in examples], [one.sound for one in known])
        texts = [str(known[at].transcript) for at in nearest]
        floor = Floor.of(error_rates(texts, [str(one.transcript) for one in examples]))
        return beside(self._rates(answers, examples), {f"the transcript of {self.config.sound.nearest_called}": floor})

    def record(self, answer: GeneratedText, example: Transcribed) -> dict[str, Any]:
        """Return the sound, its transcript where it is known, and what was written."""
        known = {} if example.transcript is None else {"references": [example.transcript]}
        return {"source": example.sound, **known, **answer.recorded, **example.origin}

    def without_content(self, examples: Sequence[Transcribed]) -> Counter[str]:
        """Count the sounds in which nothing is heard."""
        return self.config.sound.without_content(one.sound for one in examples)

    def notes(self, columns: Mapping[str, Columns]) -> list[str]:
        """Say how sounds are read, what the labels are, and how far apart the positions."""
        apart = 10 * self.config.sound.encoder.frames_a_position
        count, kind = self.blank - len(self.tokenizer.never), self.config.labels.kind
        labels = f"{count} labels ({kind}) and the blank, at positions {apart} ms apart"
        greedy = "during training the dev set is answered by the likeliest labels, at the end by a prefix beam of"
        search = [f"{greedy} {self.config.beam}"] if self.config.beam > 1 else []
        return [*self.input.notes(columns), labels, *search]


def _collapsed(blank: int, answers: int) -> str:
    """Say that outputs collapsed to blanks, as they do at first, and what helps."""
    return (
        f"; {blank:,} of {answers:,} outputs are blank throughout, as in the first steps of every such model: train "
        "longer (--set training.epochs=100) or in smaller steps of more rows each, and listen to a few sounds with "
        "their transcripts"
    )
