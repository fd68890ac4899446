"""The base of estimators that answer texts with other things than labels; scikit-learn is used if it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from weft.bundle import Model
from weft.errors import InputError, MissingExtra
from weft.estimators.fitting import write_model

if TYPE_CHECKING:
    from weft.estimators.scikit import TextEstimator as _Base
else:
    try:
        from weft.estimators.scikit import TextEstimator as _Base
    except MissingExtra:
        _Base = object


class TrainedEstimator(_Base):
    """Methods of an estimator once `model_` is there."""

    model_: Model

    def save(self, folder: str | Path) -> None:
        """Write a trained folder for `weft.load`, `weft predict`, `weft generate` and others.

        Raises InputError before `fit`, and RunFolderError if something exists there already.
        """
        write_model(folder, self.trained())

    def trained(self) -> Model:
        """Return the trained model. Raises InputError before `fit`."""
        if not hasattr(self, "model_"):
            raise InputError("has learned nothing yet", where=f"{type(self).__name__}", hint="call fit first")
        return self.model_
