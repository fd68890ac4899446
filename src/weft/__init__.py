"""weft: from a file of texts to a trained, measured and explained PyTorch model, in English and Chinese.

Names are looked up when they are first used: importing weft imports neither torch nor anything else heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft.bundle import Model, load
    from weft.data.batch import Ngrams, Tokens
    from weft.errors import WeftError
    from weft.estimators import TextClassifier
    from weft.models.base import Encoder, EncoderConfig, Memory
    from weft.models.embedding import Embedding
    from weft.reading import DataConfig
    from weft.run import RunConfig, train
    from weft.tasks.classification import Answer, ClassificationConfig
    from weft.tasks.multilabel import MultilabelConfig, TagsAnswer
    from weft.tasks.texts import Labelled
    from weft.training.settings import TrainingConfig

_HOMES = {
    "Answer": "weft.tasks.classification",
    "ClassificationConfig": "weft.tasks.classification",
    "DataConfig": "weft.reading",
    "Embedding": "weft.models.embedding",
    "Encoder": "weft.models.base",
    "EncoderConfig": "weft.models.base",
    "Labelled": "weft.tasks.texts",
    "Memory": "weft.models.base",
    "Model": "weft.bundle",
    "MultilabelConfig": "weft.tasks.multilabel",
    "Ngrams": "weft.data.batch",
    "RunConfig": "weft.run",
    "TagsAnswer": "weft.tasks.multilabel",
    "TextClassifier": "weft.estimators",
    "Tokens": "weft.data.batch",
    "TrainingConfig": "weft.training.settings",
    "WeftError": "weft.errors",
    "load": "weft.bundle",
    "train": "weft.run",
}

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "ClassificationConfig",
    "DataConfig",
    "Embedding",
    "Encoder",
    "EncoderConfig",
    "Labelled",
    "Memory",
    "Model",
    "MultilabelConfig",
    "Ngrams",
    "RunConfig",
    "TagsAnswer",
    "TextClassifier",
    "Tokens",
    "TrainingConfig",
    "WeftError",
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
