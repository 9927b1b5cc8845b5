"""The lesion classifier of Frid-Adar et al. 2018 (section 2.2): three convolutions with max pooling, two dense layers.

The paper gives the number of layers, ReLU, dropout 0.5 and "approximately 1.3 M parameters", not the widths. 5x5
convolutions with 32, 64 and 128 maps and a dense layer of 128 are the only sequence of doubled widths that has as many:
1,306,115.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import nn

from synthaug.training import device

SIDE = 64


class Cnn(nn.Module):
    """A network that maps images, uint8 (n, 1, 64, 64), to logits, float (n, classes).

    The intensities are scaled to 0-1 and the mean of the training images is subtracted here, so the file of the weights
    says how an image is to be prepared.

    Parameters
    ----------
    widths
        Maps of each convolution.
    kernel
        Side of the convolutions' kernels, px.
    dense
        Units of the last hidden layer.
    dropout
        Share of these units that is dropped in training.
    mean
        float32 (1, 1) or (64, 64), in 0-1.
    """

    def __init__(
        self, classes: int, widths: Sequence[int], kernel: int, dense: int, dropout: float, mean: torch.Tensor
    ):
        super().__init__()
        self.register_buffer("mean", mean)
        layers = []
        for before, after in itertools.pairwise((1, *widths)):
            # Rectifying the largest of four instead of all four gives the same values and gradients.
            layers += [nn.Conv2d(before, after, kernel, padding="same"), nn.MaxPool2d(2), nn.ReLU(inplace=True)]
        side = SIDE // 2 ** len(widths)
        self.convolutions = nn.Sequential(*layers)
        self.hidden = nn.Sequential(nn.Linear(widths[-1] * side * side, dense), nn.ReLU())
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(dense, classes)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Return the activations of the last hidden layer, float (n, dense), for uint8 ``images`` (n, 1, 64, 64)."""
        return self.hidden(self.convolutions(images.float() / 255 - self.mean).flatten(1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classify(self.dropout(self.features(images)))


def initialise(network: Cnn, seed: int) -> None:
    """Draw the weights uniformly after Glorot & Bengio 2010; biases are zero. The paper does not say what it used."""
    generator = device.draws(seed)
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            nn.init.zeros_(module.bias)
