"""Draw what each arm has found on the worst, median and best slices, beside the truth.

Inputs: `slices/slices.csv` with images and label maps, and of each arm, of one share and seed, `predictions.csv` and
`masks.npy` of every choice of training folds.
Outputs: the sheet as PNG and SVG. Slices are ordered by their DSC in the first arm; slices without lesion are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from steps import collected_predictions, command
from synthaug.cohort import example_slices
from synthaug.files import artifacts
from synthaug.report import figure_style
from synthaug.segmentation import measures, slice_sheets
from synthaug.terms import model_lists
from synthaug.terms.totals import ALL

EACH = 3  # slices of each kind


@dataclass(frozen=True)
class Params:
    """The classes."""

    classes: list[str]


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--stage", required=True, help="the folder of the models, such as segment")
    parser.add_argument("--runs", required=True, help="arm, size, seed and folds of each model, see model_lists")
    parser.add_argument("--slices", required=True, help="slices.csv")
    parser.add_argument("--images", required=True, help="their images (.npy)")
    parser.add_argument("--labels", required=True, help="their label maps (.npy)")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("plot_predictions", arguments):
        params = command.params(Params, arguments.params)
        slices = pd.Index(artifacts.read_csv(arguments.slices)["slice"])
        images, labels = (artifacts.read_array(path, memory_map=True) for path in (arguments.images, arguments.labels))
        runs = model_lists.read(arguments.runs)
        predictions = collected_predictions.table(arguments.results, arguments.stage, runs)
        dsc = slice_dsc(predictions, params.classes, labels.shape[-1])
        patients = predictions.drop_duplicates("slice").set_index("slice")["patient"]
        chosen = example_slices.by_score(dsc.iloc[:, 0], patients, EACH)
        names = [name for kind in chosen.values() for name in kind]
        rows = slices.get_indexer(names)
        figure = slice_sheets.predictions(
            images[rows],
            labels[rows],
            {arm: predicted(arguments.results, arguments.stage, runs, arm, names) for arm in dsc},
            {arm: dsc.loc[names, arm].tolist() for arm in dsc},
            [f"{kind}: {name}" for kind, of_kind in chosen.items() for name in of_kind],
            params.classes,
        )
        figure_style.save(figure, arguments.png, arguments.svg)


def slice_dsc(predictions: pd.DataFrame, classes: list[str], side: int) -> pd.DataFrame:
    """Return the DSC of each slice with a lesion, a row a slice and a column an arm, in the order of the table."""
    task = measures.Segmentation(classes, measures.SKIP, side)
    pool, key = task.pool(predictions), (measures.DSC, ALL)
    scores = predictions[["slice", "arm"]].assign(dsc=task.contributions(pool)[key])[task.counted(pool)[key]]
    return scores.pivot(index="slice", columns="arm", values="dsc")[list(dict.fromkeys(predictions["arm"]))]


def predicted(results: Path, stage: str, runs: Sequence[Sequence], arm: str, names: Sequence[str]) -> np.ndarray:
    """Return the label maps that an arm's models have predicted of the slices ``names``: uint8 (n, side, side)."""
    found = {}
    for run in (run for run in runs if run[0] == arm):
        path = results / collected_predictions.file_of(stage, *run)
        masks = artifacts.read_array(path.with_name("masks.npy"), memory_map=True)
        for place, name in enumerate(artifacts.read_csv(path)["slice"]):
            if name in names:
                found[name] = np.array(masks[place])
    return np.stack([found[name] for name in names])


if __name__ == "__main__":
    main()
