"""Random changes of images while training: shifted, mirrored, turned, scaled, brightened, cut out."""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from weft.config import Config


class AugmentationConfig(Config):
    """Random changes of each image in each step of training, which do not change what it shows."""

    flip: bool | None = None
    """Whether half of the images are mirrored, left to right; None: where they have colours, as photographs do, and not
    where they are grey, as digits and letters are."""
    shift: float = Field(default=0.125, ge=0, lt=1)
    """Largest shift across and down, as a share of the side; the border is repeated."""
    rotation: float = Field(default=0.0, ge=0, le=180)
    """Largest rotation, in degrees to either side."""
    scale: float = Field(default=0.0, ge=0, lt=1)
    """Largest change of the size, as a share: 0.1 is from 0.9 to 1.1 times."""
    brightness: float = Field(default=0.0, ge=0, lt=1)
    """Largest change of brightness and of contrast, as a share."""
    cutout: float = Field(default=0.0, ge=0, lt=1)
    """Side of a square that is made grey, as a share of the side (DeVries and Taylor 2017)."""

    def build(self, *, colors: int) -> Augmentation:
        """Build the changes for images of so many colours."""
        return Augmentation(self, flip=colors == 3 if self.flip is None else self.flip)


class Augmentation(nn.Module):
    """The changes, of a whole batch at once; while answering images stay as they are.

    Draws from torch's global generator, as dropout does, so that a resumed run draws what it would have drawn.
    """

    def __init__(self, config: AugmentationConfig, *, flip: bool) -> None:
        super().__init__()
        self.config, self.flip = config, flip

    @property
    def described(self) -> str:
        """The changes in words; `nothing` where there are none."""
        config = self.config
        parts = {
            "mirrored": self.flip and "half of them",
            "shifted": config.shift and f"by up to {config.shift:.0%} of the side",
            "rotated": config.rotation and f"by up to {config.rotation:g} degrees",
            "scaled": config.scale and f"by up to {config.scale:.0%}",
            "brightened": config.brightness and f"by up to {config.brightness:.0%}",
            "cut out": config.cutout and f"a square of {config.cutout:.0%} of the side",
        }
        return ", ".join(f"{name} ({how})" for name, how in parts.items() if how) or "nothing"

    def extra_repr(self) -> str:
        """Show the settings in the module's description."""
        return f"flip={self.flip}, {self.config.model_dump(exclude={'flip'})}"

    def forward(self, bytes_BCXY: Tensor) -> Tensor:
        """Change images, uint8 [B, C, X, Y]; the shape stays."""
        if not self.training:
            return bytes_BCXY
        config = self.config
        images = _moved(bytes_BCXY, shift=config.shift, flip=self.flip)
        if config.rotation or config.scale:
            images = _turned(images, rotation=config.rotation, scale=config.scale)
        if config.brightness:
            images = _brightened(images, most=config.brightness)
        return _cut_out(images, side=config.cutout) if config.cutout else images


def _moved(images: Tensor, *, shift: float, flip: bool) -> Tensor:
    """Shift by whole pixels, and mirror half of the images: each pixel is taken from its place, nothing is blurred."""
    rows, _, height, width = images.shape
    device = images.device

    def places(size: int) -> Tensor:
        most = round(shift * size)
        moved_B = torch.randint(-most, most + 1, (rows, 1), device=device)
        return (moved_B + torch.arange(size, device=device)).clamp(0, size - 1)

    down_BX, across_BY = places(height), places(width)
    if flip:
        mirrored_B1 = torch.rand(rows, 1, device=device) < 0.5
        across_BY = torch.where(mirrored_B1, width - 1 - across_BY, across_BY)
    if not shift and not flip:
        return images
    flat_BN = (down_BX[:, :, None] * width + across_BY[:, None]).flatten(1)
    return images.flatten(2).gather(2, flat_BN[:, None].expand(-1, images.shape[1], -1)).view_as(images)


def _turned(images: Tensor, *, rotation: float, scale: float) -> Tensor:
    """Rotate around the middle and scale, by bilinear interpolation; what comes from outside is the border."""
    rows = len(images)
    angle_B = torch.empty(rows, device=images.device).uniform_(-rotation, rotation) * (math.pi / 180)
    by_B = 1 / torch.empty(rows, device=images.device).uniform_(1 - scale, 1 + scale)
    zero_B = torch.zeros_like(angle_B)
    cos_B, sin_B = by_B * angle_B.cos(), by_B * angle_B.sin()
    maps_B23 = torch.stack([cos_B, -sin_B, zero_B, sin_B, cos_B, zero_B], 1).view(rows, 2, 3)
    grid = functional.affine_grid(maps_B23, list(images.shape), align_corners=False)
    turned = functional.grid_sample(images.float(), grid, padding_mode="border", align_corners=False)
    return turned.round_().clamp_(0, 255).to(images.dtype)


def _brightened(images: Tensor, *, most: float) -> Tensor:
    """Change contrast around the mean of each image, and brightness."""
    shape = (len(images), 1, 1, 1)
    contrast, brightness = (1 + torch.empty(shape, device=images.device).uniform_(-most, most) for _ in range(2))
    values = images.float()
    mean = values.mean((1, 2, 3), keepdim=True)
    return ((values - mean) * contrast + mean * brightness).round_().clamp_(0, 255).to(images.dtype)


def _cut_out(images: Tensor, *, side: float) -> Tensor:
    """Make a square around a random place of each image grey; a part of it may lie outside."""
    rows, _, height, width = images.shape

    def inside(size: int) -> Tensor:
        middle_B1 = torch.randint(0, size, (rows, 1), device=images.device)
        return (torch.arange(size, device=images.device) - middle_B1).abs() * 2 < side * size

    square = inside(height)[:, None, :, None] & inside(width)[:, None, None, :]
    return images.masked_fill(square, 128)
