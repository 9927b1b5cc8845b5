"""What the sampling scripts share: their arguments, and a folder of synthetic images."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from steps import command
from synthaug.files import artifacts


def parser(doc: str) -> argparse.ArgumentParser:
    arguments = command.parser(doc)
    arguments.add_argument("--generators", required=True, type=Path, help="folder of the trained ones, by class")
    arguments.add_argument("--generator", required=True, help="name of the preset")
    arguments.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    arguments.add_argument("--train-folds", required=True, help="the folds trained on, a digit each")
    arguments.add_argument("--params", required=True, help="JSON object")
    arguments.add_argument("--out-dir", required=True, type=Path, help="gets a folder a class")
    return arguments


def write(images: np.ndarray, generator: str, cls: str, folder: Path) -> None:
    """Write uint8 ``images`` (n, 64, 64) of one class and their index."""
    index = {"sample": range(len(images)), "generator": generator, "class": cls}
    artifacts.write_array(images, folder / "images.npy")
    artifacts.write_csv(pd.DataFrame(index), folder / "index.csv")
