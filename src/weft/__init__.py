"""weft: from a file of texts to a trained, measured and explained PyTorch model, in English and Chinese.

Names are looked up when they are first used: importing weft imports neither torch nor anything else heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft.bundle import Model as Model
    from weft.bundle import load as load
    from weft.data.batch import Ngrams as Ngrams
    from weft.data.batch import Tokens as Tokens
    from weft.data.examples.captioned import CaptionedImage as CaptionedImage
    from weft.data.examples.documents import Document as Document
    from weft.data.examples.documents import Prompt as Prompt
    from weft.data.examples.joint import JointText as JointText
    from weft.data.examples.labelled import LabelledText as LabelledText
    from weft.data.examples.option_questions import Choice as Choice
    from weft.data.examples.source_target import SourceTarget as SourceTarget
    from weft.data.examples.span_questions import Question as Question
    from weft.data.examples.tagged import LabelledSpan as LabelledSpan
    from weft.data.examples.tagged import TaggedText as TaggedText
    from weft.data.examples.text_pairs import TextPair as TextPair
    from weft.data.examples.transcribed import Transcribed as Transcribed
    from weft.data.formats.squad import Span as Span
    from weft.dataset import DataConfig as DataConfig
    from weft.decoding.choices import Beam as Beam
    from weft.decoding.choices import Greedy as Greedy
    from weft.decoding.choices import MinimumRisk as MinimumRisk
    from weft.decoding.choices import Sample as Sample
    from weft.decoding.teacher_forcing import TeacherForcing as TeacherForcing
    from weft.errors import WeftError as WeftError
    from weft.estimators.classifier import TextClassifier as TextClassifier
    from weft.estimators.embedder import Embedder as Embedder
    from weft.estimators.regressor import TextRegressor as TextRegressor
    from weft.estimators.tagger import Tagger as Tagger
    from weft.estimators.writers import LanguageModel as LanguageModel
    from weft.estimators.writers import Seq2Seq as Seq2Seq
    from weft.experiments.distil import distil as distil
    from weft.experiments.self_training import fit as fit
    from weft.experiments.self_training import train as train
    from weft.models.base import Decoder as Decoder
    from weft.models.base import DecoderConfig as DecoderConfig
    from weft.models.base import Encoder as Encoder
    from weft.models.base import EncoderConfig as EncoderConfig
    from weft.models.base import Memory as Memory
    from weft.models.base import TokenSpec as TokenSpec
    from weft.models.embedding import Embedding as Embedding
    from weft.run import RunConfig as RunConfig
    from weft.tasks.autoencoding import AutoencodingConfig as AutoencodingConfig
    from weft.tasks.autoencoding import DrawnImage as DrawnImage
    from weft.tasks.captioning import CaptioningConfig as CaptioningConfig
    from weft.tasks.classification import Answer as Answer
    from weft.tasks.classification import ClassificationConfig as ClassificationConfig
    from weft.tasks.generation.generator import GeneratedText as GeneratedText
    from weft.tasks.joint import JointConfig as JointConfig
    from weft.tasks.joint_scores import JointAnswer as JointAnswer
    from weft.tasks.language_model import LanguageModelConfig as LanguageModelConfig
    from weft.tasks.multilabel import LabelsAnswer as LabelsAnswer
    from weft.tasks.multilabel import MultilabelConfig as MultilabelConfig
    from weft.tasks.multiple_choice import ChoiceAnswer as ChoiceAnswer
    from weft.tasks.multiple_choice import MultipleChoiceConfig as MultipleChoiceConfig
    from weft.tasks.number_answers import NumberAnswer as NumberAnswer
    from weft.tasks.question_answering import QuestionAnsweringConfig as QuestionAnsweringConfig
    from weft.tasks.regression import RegressionConfig as RegressionConfig
    from weft.tasks.retrieval import RetrievalAnswer as RetrievalAnswer
    from weft.tasks.retrieval import RetrievalConfig as RetrievalConfig
    from weft.tasks.seq2seq import Seq2SeqConfig as Seq2SeqConfig
    from weft.tasks.similarity import SimilarityAnswer as SimilarityAnswer
    from weft.tasks.similarity import SimilarityConfig as SimilarityConfig
    from weft.tasks.span_answers import SpanAnswer as SpanAnswer
    from weft.tasks.tag_answers import FoundSpan as FoundSpan
    from weft.tasks.tag_answers import TagAnswer as TagAnswer
    from weft.tasks.tagging import TaggingConfig as TaggingConfig
    from weft.tasks.transcription import TranscriptionConfig as TranscriptionConfig
    from weft.training.settings import TrainingConfig as TrainingConfig

_HOMES = {
    "Answer": "weft.tasks.classification",
    "AutoencodingConfig": "weft.tasks.autoencoding",
    "Beam": "weft.decoding.choices",
    "CaptionedImage": "weft.data.examples.captioned",
    "CaptioningConfig": "weft.tasks.captioning",
    "Choice": "weft.data.examples.option_questions",
    "ChoiceAnswer": "weft.tasks.multiple_choice",
    "ClassificationConfig": "weft.tasks.classification",
    "DataConfig": "weft.dataset",
    "Decoder": "weft.models.base",
    "DecoderConfig": "weft.models.base",
    "Document": "weft.data.examples.documents",
    "DrawnImage": "weft.tasks.autoencoding",
    "Embedder": "weft.estimators.embedder",
    "Embedding": "weft.models.embedding",
    "Encoder": "weft.models.base",
    "EncoderConfig": "weft.models.base",
    "FoundSpan": "weft.tasks.tag_answers",
    "GeneratedText": "weft.tasks.generation.generator",
    "Greedy": "weft.decoding.choices",
    "JointAnswer": "weft.tasks.joint_scores",
    "JointConfig": "weft.tasks.joint",
    "JointText": "weft.data.examples.joint",
    "LabelledSpan": "weft.data.examples.tagged",
    "LabelledText": "weft.data.examples.labelled",
    "LabelsAnswer": "weft.tasks.multilabel",
    "LanguageModel": "weft.estimators.writers",
    "LanguageModelConfig": "weft.tasks.language_model",
    "Memory": "weft.models.base",
    "MinimumRisk": "weft.decoding.choices",
    "Model": "weft.bundle",
    "MultilabelConfig": "weft.tasks.multilabel",
    "MultipleChoiceConfig": "weft.tasks.multiple_choice",
    "Ngrams": "weft.data.batch",
    "NumberAnswer": "weft.tasks.number_answers",
    "Prompt": "weft.data.examples.documents",
    "Question": "weft.data.examples.span_questions",
    "QuestionAnsweringConfig": "weft.tasks.question_answering",
    "RegressionConfig": "weft.tasks.regression",
    "RetrievalAnswer": "weft.tasks.retrieval",
    "RetrievalConfig": "weft.tasks.retrieval",
    "RunConfig": "weft.run",
    "Sample": "weft.decoding.choices",
    "Seq2Seq": "weft.estimators.writers",
    "Seq2SeqConfig": "weft.tasks.seq2seq",
    "SimilarityAnswer": "weft.tasks.similarity",
    "SimilarityConfig": "weft.tasks.similarity",
    "SourceTarget": "weft.data.examples.source_target",
    "Span": "weft.data.formats.squad",
    "SpanAnswer": "weft.tasks.span_answers",
    "TagAnswer": "weft.tasks.tag_answers",
    "TaggedText": "weft.data.examples.tagged",
    "Tagger": "weft.estimators.tagger",
    "TaggingConfig": "weft.tasks.tagging",
    "TeacherForcing": "weft.decoding.teacher_forcing",
    "TextClassifier": "weft.estimators.classifier",
    "TextPair": "weft.data.examples.text_pairs",
    "TextRegressor": "weft.estimators.regressor",
    "TokenSpec": "weft.models.base",
    "Tokens": "weft.data.batch",
    "TrainingConfig": "weft.training.settings",
    "Transcribed": "weft.data.examples.transcribed",
    "TranscriptionConfig": "weft.tasks.transcription",
    "WeftError": "weft.errors",
    "distil": "weft.experiments.distil",
    "fit": "weft.experiments.self_training",
    "load": "weft.bundle",
    "train": "weft.experiments.self_training",
}

__version__ = "0.1.0"
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    from weft.errors import did_you_mean as did_you_mean

    raise AttributeError(f"weft has no `{name}`; {did_you_mean(name, __all__)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
