"""Find the synthetic slices that clearly lack the disease: a detector of real slices misses a box of theirs.

Reads synthetic slices with their boxes, and the detector of the arm real of the same seed and training folds with what
it found on its validation patients, from whom neither learned. Writes to --out-dir filter.csv (the lowest score of each
slice's boxes, and whether the slice is kept) and filter.json (the threshold, the share that is kept, and the share of
the validation patients' slices with lesion that would be).
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from steps import command
from synthaug.detection import columns, detector, slice_table, stored_detector, synthetic_filter
from synthaug.files import artifacts
from synthaug.training import device


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """The keys of the filter."""

    iou: float
    """From which overlap on a box is found."""
    reached_by: float
    """Share of the validation patients' boxes that reach the threshold."""


def validation_boxes(folder: Path, boxes: str) -> pd.DataFrame:
    """Return the boxes of the slices that validated the detector in ``folder``, but those to be ignored."""
    rows = artifacts.read_csv(folder / "train_set.csv")
    names = rows.loc[rows["source"] == columns.VALIDATION, "slice"]
    table = slice_table.counting(artifacts.read_csv(boxes))
    return table[table["slice"].isin(names)]


def validation_detections(folder: Path) -> pd.DataFrame:
    """Return what the detector in ``folder`` found on the slices that validated it."""
    found = artifacts.read_csv(folder / "detections.csv")
    return found[found["set"] == columns.VALIDATION]


def synthetic_boxes(folder: Path) -> pd.DataFrame:
    """Return the boxes of the synthetic slices in ``folder``; the name of a slice is the number of its sample."""
    return artifacts.read_csv(folder / "boxes.csv").rename(columns={"sample": "slice"}).assign(ignore=0)


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--boxes", required=True, help="boxes of the real slices, boxes.csv")
    parser.add_argument("--detector", required=True, type=Path, help="folder of the detector")
    parser.add_argument("--synthetic", required=True, type=Path, help="folder of the synthetic slices")
    parser.add_argument("--params", required=True, help="JSON object")
    parser.add_argument("--out-dir", required=True, type=Path)
    arguments = parser.parse_args()
    with command.logged("filter_synthetic", arguments) as log:
        params = command.params(Params, arguments.params)
        where = device.pick(params)
        command.note(device=device.name(where))
        real = validation_boxes(arguments.detector, arguments.boxes)
        found = synthetic_filter.scores(real, validation_detections(arguments.detector), params.iou)
        least = synthetic_filter.threshold(found, params.reached_by)
        of_real = synthetic_filter.kept(synthetic_filter.of_slices(real, found), least)

        images = artifacts.read_array(arguments.synthetic / "images.npy", memory_map=True)
        made = synthetic_boxes(arguments.synthetic)
        detections = detector.detect(stored_detector.load(arguments.detector, where), images, where)
        lowest = synthetic_filter.of_slices(made, synthetic_filter.scores(made, detections, params.iou))
        kept = synthetic_filter.kept(lowest, least)
        table = pd.DataFrame({"sample": lowest.index, "score": lowest.to_numpy(), "kept": kept.to_numpy().astype(int)})
        artifacts.write_csv(table, arguments.out_dir / "filter.csv")
        facts = {
            "params": asdict(params), "threshold": least, "images": len(table), "kept": int(kept.sum()),
            "kept_share": round(float(kept.mean()), 4), "validation_boxes": len(real),
            "validation_slices_kept_share": round(float(of_real.mean()), 4),
        }  # fmt: skip
        artifacts.write_json(facts, arguments.out_dir / "filter.json")
        log.info("kept %d of %d images; the threshold is a score of %.4f", kept.sum(), len(table), least)


if __name__ == "__main__":
    main()
