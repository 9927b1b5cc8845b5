"""What the scripts of all tasks share that build the blinded pack of a reader study.

A pack is `study.json` (classes, gray scale, the order of each reader, nominal widths, practice images) and a folder
with an uncompressed 8-bit gray PNG of each image, all of the same side, file size and date. Apart from it stands
`key.csv`, which readers must not see.
"""

import argparse
import logging
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from steps import command
from synthaug.files import artifacts
from synthaug.readers import pack as reader_pack

DATE = 315532800  # 1980-01-01, seconds since 1970: the date of every image


def parser(doc: str) -> argparse.ArgumentParser:
    """Return the parser of a script that builds a pack, with ``doc`` as its help."""
    arguments = command.parser(doc)
    arguments.add_argument("--units", required=True, help="the task's table of units: cases.csv or slices.csv")
    arguments.add_argument("--unit-images", required=True, type=Path, help="their images, .npy")
    arguments.add_argument("--synthetic", required=True, nargs="+", metavar="SEED/FOLDS/CLASS=PATH", help="images.npy")
    arguments.add_argument("--params", required=True, help="JSON object, see Params")
    arguments.add_argument("--study", required=True, help="study.json of the pack")
    arguments.add_argument("--images", required=True, type=Path, help="folder of the pack's images")
    arguments.add_argument("--key", required=True, help="key.csv, apart from the pack")
    return arguments


def pools(named: list[str], usable: Callable[[Path, np.ndarray], np.ndarray]) -> reader_pack.Pools:
    """Return the synthetic images of each item ``SEED/FOLDS/CLASS=PATH``.

    Parameters
    ----------
    usable
        Returns, given the folder of images and the images, the positions of those that may be shown, ascending.
    """
    result = {}
    for text in named:
        source, _, path = text.partition("=")
        seed, folds, cls = source.split("/")
        images = artifacts.read_array(path, memory_map=True)
        result[int(seed), folds, cls] = reader_pack.Pool(images, usable(Path(path).parent, images))
    return result


def build(
    real: reader_pack.RealImages,
    synthetic: reader_pack.Pools,
    params: reader_pack.Params,
    arguments: argparse.Namespace,
    log: logging.Logger,
) -> None:
    """Choose, name and order the images, and write the pack and its key.

    Raises
    ------
    InputError
        As `synthaug.readers.pack.build`.
    """
    pack = reader_pack.build(real, synthetic, params)
    write_images(pack.images, arguments.images)
    artifacts.write_csv(pack.key, arguments.key)
    artifacts.write_json(pack.study, arguments.study)
    log.info("%d images shown, %d to practise on", len(pack.key), len(pack.study["training"]))
    for origin, number in pack.key["origin"].value_counts().items():
        log.info("%s: %d", origin, number)


def write_images(images: dict[str, np.ndarray], folder: Path) -> None:
    """Write each image, uint8 (side, side), as ``<name>.png`` into a new ``folder``, in the order of the names."""
    with artifacts.replacing_folder(folder) as new:
        for name in sorted(images):
            path = new / f"{name}.png"
            Image.fromarray(images[name]).save(path, compress_level=0)  # compressed, the file size would show the noise
            os.utime(path, (DATE, DATE))
    for name in images:
        artifacts.written(folder / f"{name}.png")
