"""An autoencoder of images: an encoder to a vector of length 1, by whose direction alone a decoder draws the image."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from weft.data.batch import Pixels
from weft.models.augmentation import Augmentation
from weft.models.base import Encoder
from weft.models.bi_encoder import normalized
from weft.models.resnet import PixelSpec

_FIRST, _LEAST = 4, 16
"""Side of the map that decoding starts from, and the least number of its channels at the end."""
_PATCHES = 8
"""Number of patches across and down of which some are hidden."""


class Autoencoder(nn.Module):
    """Encoder, a linear layer to `width`, and a decoder whose maps are doubled until they are as large as the images.

    The vector is scaled to length 1 before decoding, so that what is searched by, the cosine, is what is learned.

    Args:
        reader: encoder of images, without augmentation.
        spec: of the images.
        augmentation: random changes, after which an image is to be drawn as it then is.
        width: of the vectors.
        hidden: share of the patches that are hidden from the encoder while training, each of a random place.

    """

    def __init__(
        self, reader: Encoder, spec: PixelSpec, augmentation: Augmentation, *, width: int, hidden: float
    ) -> None:
        super().__init__()
        self.encoder, self.augmentation = reader, augmentation
        self.size, self.width, self.hidden = spec.size, width, hidden
        self.register_buffer("mean_C", torch.tensor(spec.mean))
        self.register_buffer("deviation_C", torch.tensor(spec.deviation))
        blank = torch.zeros(1, spec.colors, spec.size, spec.size, dtype=torch.uint8)
        with torch.no_grad():
            positions = reader.eval()(Pixels(blank)).states_BSD.shape[1]
        reader.train()
        self.code = nn.Linear(positions * reader.width, width)
        channels = reader.width
        self.first = nn.Linear(width, channels * _FIRST * _FIRST)
        layers: list[nn.Module] = []
        side = _FIRST
        while side < spec.size:
            wide, channels, side = channels, max(_LEAST, channels // 2), 2 * side
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(wide, channels, 3, padding=1)]
            layers += [nn.GroupNorm(channels // 8, channels), nn.GELU()]
        self.decoder = nn.Sequential(*layers, nn.Conv2d(channels, spec.colors, 3, padding=1))

    def vector(self, source: Pixels) -> Tensor:
        """Read a batch as vectors of length 1, [B, width], in float32 at least."""
        code_BD = self.code(self.encoder(source).states_BSD.flatten(1))
        return normalized(code_BD.to(torch.promote_types(code_BD.dtype, torch.float32)))

    def drawn(self, vector_BD: Tensor) -> Tensor:
        """Draw images by their vectors, in standardised colours [B, C, X, Y]."""
        maps = self.first(vector_BD * self.width**0.5).unflatten(1, (-1, _FIRST, _FIRST))
        images: Tensor = self.decoder(functional.gelu(maps))
        if images.shape[-1] != self.size:
            images = functional.interpolate(images.float(), size=self.size, mode="bilinear", antialias=True)
        return images

    def forward(self, source: Pixels) -> tuple[Tensor, Tensor, Tensor]:
        """Return for each image its vector, the squared errors of its drawing and of the mean colours, summed: [B]."""
        images = self.augmentation(source.bytes_BCXY)
        vector_BD = self.vector(Pixels(self._hidden(images) if self.training and self.hidden else images))
        mean, deviation = self.mean_C[:, None, None], self.deviation_C[:, None, None]  # ty: ignore
        true = (images.float() - mean) / deviation
        error_B = (self.drawn(vector_BD).float() - true).square().sum((1, 2, 3))
        return vector_BD, error_B, true.square().sum((1, 2, 3))

    def _hidden(self, images: Tensor) -> Tensor:
        """Give random patches the mean colours."""
        rows, _, height, width = images.shape
        covered = torch.rand(rows, 1, _PATCHES, _PATCHES, device=images.device) < self.hidden
        covered = functional.interpolate(covered.float(), size=(height, width)) > 0
        mean: Tensor = self.mean_C[:, None, None]  # ty: ignore
        return torch.where(covered, mean.round().to(images.dtype), images)
