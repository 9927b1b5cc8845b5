"""Draw Fig 1 of the paper: real slices with their boxes, synthetic ones made for these boxes, and what lies in them.

Inputs: `slices/slices.csv`, `boxes.csv` and `images.npy`; of the generator's folder `images.npy`, `boxes.csv` and
`index.csv`.
Outputs: the sheet as PNG and SVG. The synthetic slices are drawn at random, of different patients where possible; above
each stands the real one whose boxes, moved, it was made for. Imported slices have no real one above them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from steps import command
from synthaug import seeding
from synthaug.cohort import example_slices
from synthaug.detection import box_sheets, slice_table
from synthaug.detection.boxes import BOX
from synthaug.files import artifacts
from synthaug.report import figure_style

PAIRS = 6


@dataclass(frozen=True)
class Params:
    """The classes, and the master seed of the whole experiment."""

    classes: list[str]
    master_seed: int


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--slices", required=True, help="slices.csv")
    parser.add_argument("--slice-boxes", required=True, help="boxes.csv of the slices")
    parser.add_argument("--slice-images", required=True, help="their images (.npy)")
    parser.add_argument("--images", required=True, help="synthetic images (.npy)")
    parser.add_argument("--boxes", required=True, help="boxes.csv of the synthetic images")
    parser.add_argument("--index", required=True, help="index.csv of the synthetic images")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("plot_slices_detection", arguments):
        params = command.params(Params, arguments.params)
        slices = slice_table.read(arguments.slices, arguments.slice_boxes, arguments.slice_images).counting
        index = artifacts.read_csv(arguments.index, numbers=("sample",))
        random = seeding.stream(params.master_seed, "figure", "slices")
        index = index.assign(name=index["slice"].where(index["slice"] != "", "slice " + index["sample"].astype(str)))
        patient = dict(zip(slices.table["slice"], slices.table["patient"], strict=True))
        whose = index["slice"].map(patient).fillna(index["name"])  # not known of imported slices
        chosen = example_slices.at_random(index["name"], whose, PAIRS, random)
        made, boxes = artifacts.read_array(arguments.images, memory_map=True), artifacts.read_csv(arguments.boxes)
        rows = {"synthetic": [boxed(made[place], boxes[boxes["sample"] == index["sample"][place]]) for place in chosen]}
        if (index["slice"] != "").all():
            parents = [slices.of([name]) for name in index["slice"].iloc[chosen]]
            rows = {"real": [boxed(each.images[0], each.boxes) for each in parents]} | rows
        figure = box_sheets.examples(rows, index["name"].iloc[chosen].tolist(), params.classes)
        figure_style.save(figure, arguments.png, arguments.svg)


def boxed(image: np.ndarray, boxes: pd.DataFrame) -> box_sheets.DrawnSlice:
    """Return an image with its ``boxes``."""
    return box_sheets.DrawnSlice(np.array(image), boxes[BOX].to_numpy(float), boxes["class"].tolist())


if __name__ == "__main__":
    main()
