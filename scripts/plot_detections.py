"""Draw Fig 2 of the paper: the truth, and what the detector finds without and with synthetic slices.

Inputs: `slices/slices.csv`, `boxes.csv` and `images.npy`; of two arms, of one seed, `detections.csv` and `matches.csv`
of every choice of training folds, the arm without synthetic slices first.
Outputs: the sheet as PNG and SVG. Nobody chooses the slices: they are those with the largest gains and the largest
losses in boxes that are hit, from the first arm to the second, each detector at the threshold with as many false
positives a slice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from steps import collected_predictions, command
from synthaug.cohort import example_slices
from synthaug.detection import box_sheets, found_boxes, slice_table
from synthaug.detection.boxes import BOX
from synthaug.files import artifacts
from synthaug.report import figure_style
from synthaug.terms import model_lists

EACH = 2  # gains, and losses


@dataclass(frozen=True)
class Params:
    """The IoU from which on a box is hit, and the false positives a slice of each arm's threshold."""

    iou: float
    false_positives: float


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--stage", required=True, help="the folder of the models, such as detect")
    parser.add_argument("--runs", required=True, help="arm, size, seed and folds of each model, see model_lists")
    parser.add_argument("--slices", required=True, help="slices.csv")
    parser.add_argument("--boxes", required=True, help="boxes.csv of the slices")
    parser.add_argument("--images", required=True, help="their images (.npy)")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("plot_detections", arguments):
        params = command.params(Params, arguments.params)
        slices = slice_table.read(arguments.slices, arguments.boxes, arguments.images)
        runs = model_lists.read(arguments.runs)
        arms = list(dict.fromkeys(run[0] for run in runs))
        found = {arm: of_arm(arguments.results, arguments.stage, runs, arm, params) for arm in arms}
        chosen = changed(slices.table, *found.values())
        figure_style.save(drawn(slices, found, chosen), arguments.png, arguments.svg)


def changed(table: pd.DataFrame, before: found_boxes.Found, after: found_boxes.Found) -> list[tuple[str, str]]:
    """Return the slices to be shown, with what they are: a gain or a loss."""
    patients = table[table["slice"].isin(before.slices)].set_index("slice")["patient"]
    kinds = example_slices.by_change(before.hits(patients.index), after.hits(patients.index), patients, EACH)
    return [(kind, name) for kind, of_kind in kinds.items() for name in of_kind]


def drawn(slices: slice_table.Slices, found: dict[str, found_boxes.Found], chosen: Sequence[tuple[str, str]]) -> Figure:
    """Return the sheet of the slices ``chosen``; boxes to be ignored are left out."""
    shown, on_slices = [], {arm: [] for arm in found}
    for _, name in chosen:
        each = slices.of([name]).counting
        boxes = each.boxes
        shown.append(box_sheets.DrawnSlice(each.images[0], boxes[BOX].to_numpy(float), boxes["class"].tolist()))
        for arm, of_arm in found.items():
            on_slices[arm].append(of_arm.on(name, boxes["box"]))
    return box_sheets.detections(shown, on_slices, [f"{kind}: {name}" for kind, name in chosen])


def of_arm(results: Path, stage: str, runs: Sequence[Sequence], arm: str, params: Params) -> found_boxes.Found:
    """Return what an arm's detectors find on their test slices."""
    parts = []
    for run in (run for run in runs if run[0] == arm):
        folder = (results / collected_predictions.file_of(stage, *run)).parent
        tables = [artifacts.read_csv(folder / f"{name}.csv") for name in ("predictions", "detections", "matches")]
        parts.append(found_boxes.of_network(tables[0]["slice"], *tables[1:], params.iou, params.false_positives))
    return found_boxes.joined(parts)


if __name__ == "__main__":
    main()
