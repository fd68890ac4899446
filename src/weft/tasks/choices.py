"""The kinds of tasks there are. A new one is a new file and a new line here."""

from __future__ import annotations

from typing import Annotated

from pydantic import SerializeAsAny

from weft.config import one_of
from weft.tasks.base import TaskConfig
from weft.tasks.classification import ClassificationConfig
from weft.tasks.language_model import LanguageModelConfig
from weft.tasks.masked_language_model import MaskedLanguageModelConfig
from weft.tasks.multilabel import MultilabelConfig
from weft.tasks.multiple_choice import MultipleChoiceConfig
from weft.tasks.question_answering import QuestionAnsweringConfig
from weft.tasks.seq2seq import Seq2SeqConfig

TASKS = (
    ClassificationConfig,
    MultilabelConfig,
    Seq2SeqConfig,
    LanguageModelConfig,
    MaskedLanguageModelConfig,
    QuestionAnsweringConfig,
    MultipleChoiceConfig,
)
TaskChoice = Annotated[SerializeAsAny[TaskConfig], one_of(TaskConfig, TASKS, default=ClassificationConfig)]
