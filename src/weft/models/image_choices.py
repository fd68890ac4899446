"""The kinds of encoders of images. A new one is a new file and a new line here."""

from __future__ import annotations

from typing import Annotated

from pydantic import SerializeAsAny

from weft.config import one_of
from weft.models.efficientnet import EfficientnetEncoderConfig
from weft.models.pretrained_image import PretrainedImageEncoderConfig
from weft.models.resnet import ImageEncoderConfig, ResnetEncoderConfig
from weft.models.vit import VitEncoderConfig

IMAGE_ENCODERS = (ResnetEncoderConfig, VitEncoderConfig, EfficientnetEncoderConfig, PretrainedImageEncoderConfig)
ImageEncoderChoice = Annotated[
    SerializeAsAny[ImageEncoderConfig], one_of(ImageEncoderConfig, IMAGE_ENCODERS, default=ResnetEncoderConfig)
]
