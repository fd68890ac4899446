"""The only import of scikit-learn, with the base class of estimators of texts."""

from __future__ import annotations

from weft.errors import MissingExtra

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import Tags
    from sklearn.utils.validation import check_is_fitted
except ImportError:
    raise MissingExtra("scikit-learn", extra="sklearn") from None

__all__ = ["ClassifierMixin", "TextEstimator", "check_is_fitted"]


class TextEstimator(BaseEstimator):
    """Base of the estimators: their arguments by name, for `clone` and grids, and lists of strings as their input."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        return tags
