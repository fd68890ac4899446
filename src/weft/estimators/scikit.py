"""The only import of scikit-learn, with the base class of estimators of texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from weft.errors import ConfigError, MissingExtra

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import Tags
    from sklearn.utils.validation import check_is_fitted
except ImportError:
    raise MissingExtra("scikit-learn", extra="sklearn") from None

__all__ = ["ClassifierMixin", "RegressorMixin", "TextEstimator", "check_is_fitted"]


PARTS = ("encoder", "decoder", "tokenizer")
"""Arguments that are parts with settings of their own."""


class TextEstimator(BaseEstimator):
    """Base of the estimators: their arguments by name, for `clone` and grids, and lists of strings as their input."""

    settings: Mapping[str, Any] | None

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags

    def set_params(self, **params: Any) -> Self:
        """Set arguments, and settings inside a part: `encoder__maps=[64]` is `settings={"task.encoder.maps": [64]}`.

        Raises ValueError for an argument that is not there; `fit` raises ConfigError for a setting.
        """
        known = self._get_param_names()
        inner = {path: value for path, value in params.items() if "__" in path and path.partition("__")[0] in known}
        for path in inner:
            if (part := path.partition("__")[0]) not in PARTS:
                parts = ", ".join(f"`{one}__...`" for one in PARTS if one in known)
                raise ConfigError(f"`{part}` has no settings inside", where=path, hint=f"these have: {parts}")
        super().set_params(**{name: value for name, value in params.items() if name not in inner})
        if inner:
            paths = {f"task.{path.replace('__', '.')}": value for path, value in inner.items()}
            self.settings = {**(self.settings or {}), **paths}
        return self
