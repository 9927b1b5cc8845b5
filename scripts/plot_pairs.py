"""Draw masks, the real slices that they are of, and the synthetic slices that one generator has made from them.

Inputs: `slices/slices.csv` and its images, and `images.npy`, `labels.npy` and `index.csv` of the generator's folder.
Outputs: the sheet as PNG and SVG. The pairs are drawn at random, of different patients where possible. Imported pairs
have no real slice beside them.
"""

from dataclasses import dataclass

from steps import command
from synthaug import seeding
from synthaug.cohort import example_slices
from synthaug.files import artifacts
from synthaug.report import figure_style
from synthaug.segmentation import slice_sheets

PAIRS = 10


@dataclass(frozen=True)
class Params:
    """The classes, and the master seed of the whole experiment."""

    classes: list[str]
    master_seed: int


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--slices", required=True, help="slices.csv")
    parser.add_argument("--slice-images", required=True, help="their images (.npy)")
    parser.add_argument("--images", required=True, help="synthetic images (.npy)")
    parser.add_argument("--labels", required=True, help="their label maps (.npy)")
    parser.add_argument("--index", required=True, help="index.csv of the synthetic images")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("plot_pairs", arguments):
        params = command.params(Params, arguments.params)
        slices = artifacts.read_csv(arguments.slices).set_index("slice")
        index = artifacts.read_csv(arguments.index, numbers=("sample",))
        real, synthetic, labels = (
            artifacts.read_array(path, memory_map=True)
            for path in (arguments.slice_images, arguments.images, arguments.labels)
        )
        random = seeding.stream(params.master_seed, "figure", "pairs")
        numbers = index["sample"].astype(str)
        patients = index["slice"].map(slices["patient"]).fillna(numbers)  # not known of imported pairs
        places = example_slices.at_random(index["slice"], patients, PAIRS, random)
        names = index["slice"].where(index["slice"] != "", "pair " + numbers).iloc[places].tolist()
        beside = real[slices.index.get_indexer(names)] if (index["slice"] != "").all() else None
        figure = slice_sheets.pairs(labels[places], beside, synthetic[places], names, params.classes)
        figure_style.save(figure, arguments.png, arguments.svg)


if __name__ == "__main__":
    main()
