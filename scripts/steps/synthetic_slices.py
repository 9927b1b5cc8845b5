"""The synthetic slices of one generator, of every seed and choice of training folds, as arguments name them."""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from synthaug.files import artifacts

Source = tuple[str, str]  # seed, training folds


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Let ``parser`` know the option --synthetic, which `folders` reads."""
    parser.add_argument(
        "--synthetic", required=True, nargs="+", metavar="SEED/FOLDS=DIR", help="folders of images.npy and boxes.csv"
    )


def folders(named: Iterable[str]) -> dict[Source, Path]:
    """Return the folder of each item ``SEED/FOLDS=DIR``."""
    result = {}
    for text in named:
        source, _, folder = text.partition("=")
        seed, _, folds = source.partition("/")
        result[seed, folds] = Path(folder)
    return result


def images(found: Mapping[Source, Path]) -> dict[Source, np.ndarray]:
    """Return the slices in each folder, uint8 (n, side, side)."""
    return {source: artifacts.read_array(folder / "images.npy", memory_map=True) for source, folder in found.items()}
