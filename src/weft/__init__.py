"""weft: from a file of texts to a trained, measured and explained PyTorch model, in English and Chinese."""

__version__ = "0.1.0"
