"""The kinds of tasks. A new one is a new file and a new line here."""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from typing import Annotated

from pydantic import SerializeAsAny

from weft.config import kind_of, one_of
from weft.data.examples.roles import settings_of
from weft.data.sources import Table
from weft.tasks.autoencoding import AutoencodingConfig
from weft.tasks.base import TaskConfig
from weft.tasks.captioning import CaptioningConfig
from weft.tasks.classification import ClassificationConfig
from weft.tasks.joint import JointConfig
from weft.tasks.language_model import LanguageModelConfig
from weft.tasks.masked_language_model import MaskedLanguageModelConfig
from weft.tasks.multilabel import MultilabelConfig
from weft.tasks.multiple_choice import MultipleChoiceConfig
from weft.tasks.question_answering import QuestionAnsweringConfig
from weft.tasks.regression import RegressionConfig
from weft.tasks.retrieval import RetrievalConfig
from weft.tasks.seq2seq import Seq2SeqConfig
from weft.tasks.similarity import SimilarityConfig
from weft.tasks.tagging import TaggingConfig
from weft.tasks.transcription import TranscriptionConfig

TASKS = (
    ClassificationConfig,
    MultilabelConfig,
    RegressionConfig,
    Seq2SeqConfig,
    LanguageModelConfig,
    MaskedLanguageModelConfig,
    QuestionAnsweringConfig,
    MultipleChoiceConfig,
    TaggingConfig,
    SimilarityConfig,
    RetrievalConfig,
    CaptioningConfig,
    JointConfig,
    TranscriptionConfig,
    AutoencodingConfig,
)
TaskChoice = Annotated[SerializeAsAny[TaskConfig], one_of(TaskConfig, TASKS, default=ClassificationConfig)]
KINDS = {kind_of(one): one for one in TASKS}
"""Tasks by their kind."""


def implied(
    settings: Collection[str], *, parallel: bool = False, table: Table | None = None, label: str | None = None
) -> type[TaskConfig]:
    """Find the task that the named settings, or `parallel` files, are of where no task is named: else the default.

    A table is asked too, whose columns may be of one task alone; `label` is the column that was named.
    """
    both = (one for one in TASKS if one.implied_together and {*one.implied_together} <= {*settings})
    found = (one for one in TASKS if {*one.implied_by} & {*settings} or (parallel and one.parallel))
    named = {"text", "label"} & {*settings}
    fitting = (
        one
        for one in reversed(TASKS)  # the default, which fits most, last
        if table is not None and named <= {*settings_of(one.roles)} and one.fits(table, label=label)
    )
    return next(chain(both, found, fitting), TASKS[0])
