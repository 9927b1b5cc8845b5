"""For detection: the anchors of every detector are those of the boxes that it was allowed to learn from."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from steps.recomputing.job import Context
from steps.recomputing.slice_detections import BOXES
from synthaug import seeding
from synthaug.audit import recomputed
from synthaug.audit.recomputed import Finding
from synthaug.detection import anchors, slice_table, training_sets, yolov3
from synthaug.detection.boxes import BOX
from synthaug.files import artifacts

ROUNDED = 1e-4  # px that float32 may be apart


def clustered(context: Context) -> Iterator[Finding]:
    """Cluster the boxes of each detector's training slices again.

    So boxes of other slices, such as those of test patients, cannot have had a part in its anchors.
    """
    run = context.run
    counting = slice_table.counting(run.table(BOXES))
    for place in run.models("score_detector"):
        file, source = f"{place.folder}/anchors.csv", f"{place.folder}/train_set.csv"
        if not (run.results / file).is_file():
            continue  # another tool's detections
        rows = run.table(source)
        learned = rows.loc[rows["source"] == training_sets.SLICE, "slice"]
        master_seed = artifacts.read_json(run.results / place.folder / "model.json")["params"]["master_seed"]
        random = seeding.stream(master_seed, "anchors", place.seed, place.folds)
        corners = counting.loc[counting["slice"].isin(learned), BOX].to_numpy(float)
        sizes = anchors.clustered(corners[:, 2:] - corners[:, :2], yolov3.ANCHORS, random).astype(np.float32)
        expected = pd.DataFrame(sizes, columns=["width", "height"]).rename_axis("anchor").reset_index()
        yield recomputed.table(run.results, file, expected, f"{source} and {BOXES}", tolerance=ROUNDED)
