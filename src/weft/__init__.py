"""weft: from a file of texts to a trained, measured and explained PyTorch model, in English and Chinese.

Names are looked up when they are first used: importing weft imports neither torch nor anything else heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft.bundle import Model, load
    from weft.data.batch import Ngrams, Tokens
    from weft.data.examples.documents import Document, Prompt
    from weft.data.examples.labelled import LabelledText
    from weft.data.examples.option_questions import Choice
    from weft.data.examples.source_target import SourceTarget
    from weft.data.examples.span_questions import Question
    from weft.data.formats.squad import Span
    from weft.dataset import DataConfig
    from weft.decoding.choices import Beam, Greedy, MinimumRisk, Sample
    from weft.decoding.teacher_forcing import TeacherForcing
    from weft.errors import WeftError
    from weft.estimators.classifier import TextClassifier
    from weft.estimators.writers import LanguageModel, Seq2Seq
    from weft.experiments.distil import distil
    from weft.models.base import Decoder, DecoderConfig, Encoder, EncoderConfig, Memory, TokenSpec
    from weft.models.embedding import Embedding
    from weft.run import RunConfig, train
    from weft.tasks.classification import Answer, ClassificationConfig
    from weft.tasks.generation.generator import GeneratedText
    from weft.tasks.language_model import LanguageModelConfig
    from weft.tasks.multilabel import LabelsAnswer, MultilabelConfig
    from weft.tasks.multiple_choice import ChoiceAnswer, MultipleChoiceConfig
    from weft.tasks.question_answering import QuestionAnsweringConfig
    from weft.tasks.seq2seq import Seq2SeqConfig
    from weft.tasks.span_answers import SpanAnswer
    from weft.training.settings import TrainingConfig

_HOMES = {
    "Answer": "weft.tasks.classification",
    "Beam": "weft.decoding.choices",
    "Choice": "weft.data.examples.option_questions",
    "ChoiceAnswer": "weft.tasks.multiple_choice",
    "ClassificationConfig": "weft.tasks.classification",
    "DataConfig": "weft.dataset",
    "Decoder": "weft.models.base",
    "DecoderConfig": "weft.models.base",
    "Embedding": "weft.models.embedding",
    "Encoder": "weft.models.base",
    "EncoderConfig": "weft.models.base",
    "Greedy": "weft.decoding.choices",
    "LabelledText": "weft.data.examples.labelled",
    "LanguageModel": "weft.estimators.writers",
    "LanguageModelConfig": "weft.tasks.language_model",
    "Memory": "weft.models.base",
    "MinimumRisk": "weft.decoding.choices",
    "Model": "weft.bundle",
    "MultilabelConfig": "weft.tasks.multilabel",
    "MultipleChoiceConfig": "weft.tasks.multiple_choice",
    "Ngrams": "weft.data.batch",
    "SourceTarget": "weft.data.examples.source_target",
    "Document": "weft.data.examples.documents",
    "Prompt": "weft.data.examples.documents",
    "Question": "weft.data.examples.span_questions",
    "QuestionAnsweringConfig": "weft.tasks.question_answering",
    "RunConfig": "weft.run",
    "Sample": "weft.decoding.choices",
    "Seq2Seq": "weft.estimators.writers",
    "Seq2SeqConfig": "weft.tasks.seq2seq",
    "Span": "weft.data.formats.squad",
    "SpanAnswer": "weft.tasks.span_answers",
    "LabelsAnswer": "weft.tasks.multilabel",
    "TeacherForcing": "weft.decoding.teacher_forcing",
    "GeneratedText": "weft.tasks.generation.generator",
    "TextClassifier": "weft.estimators.classifier",
    "TokenSpec": "weft.models.base",
    "Tokens": "weft.data.batch",
    "TrainingConfig": "weft.training.settings",
    "WeftError": "weft.errors",
    "distil": "weft.experiments.distil",
    "load": "weft.bundle",
    "train": "weft.run",
}

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "Beam",
    "Choice",
    "ChoiceAnswer",
    "ClassificationConfig",
    "DataConfig",
    "Decoder",
    "DecoderConfig",
    "Document",
    "Embedding",
    "Encoder",
    "EncoderConfig",
    "GeneratedText",
    "Greedy",
    "LabelledText",
    "LabelsAnswer",
    "LanguageModel",
    "LanguageModelConfig",
    "Memory",
    "MinimumRisk",
    "Model",
    "MultilabelConfig",
    "MultipleChoiceConfig",
    "Ngrams",
    "Prompt",
    "Question",
    "QuestionAnsweringConfig",
    "RunConfig",
    "Sample",
    "Seq2Seq",
    "Seq2SeqConfig",
    "SourceTarget",
    "Span",
    "SpanAnswer",
    "TeacherForcing",
    "TextClassifier",
    "TokenSpec",
    "Tokens",
    "TrainingConfig",
    "WeftError",
    "distil",
    "load",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    from weft.errors import did_you_mean

    raise AttributeError(f"weft has no `{name}`; {did_you_mean(name, __all__)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
