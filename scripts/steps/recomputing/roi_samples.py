"""For classification: ROIs from the images of the case table, the classic pool from the crops."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch

from steps import classic_pool, roi_cutting
from steps.recomputing.job import Context
from synthaug.audit import recomputed, recorded_run
from synthaug.audit.recomputed import Finding
from synthaug.classification import augmentation_choice, rois
from synthaug.files import artifacts

CROPS, ROIS, ROI_IMAGES = "rois/crops.npz", "rois/rois.csv", "rois/images.npy"
POOL, POOL_IMAGES = "pool/index.csv", "pool/images.npy"
ROUNDED = 1  # gray levels that machines may round apart


def cut(context: Context) -> Iterator[Finding]:
    """Cut crops and ROIs from the key slices again."""
    for record in context.run.of("extract_rois"):
        if context.table.is_file():
            settings = dict(record.content["params"])
            reach = rois.Reach(**settings.pop("reach"))
            yield from _cut(context, rois.Params(**settings), reach)
        else:
            yield Finding(CROPS, not_done=f"there is no case table {context.table}; name it with --table")


def pool(context: Context) -> Iterator[Finding]:
    """Draw and apply all augmentations of every lesion again."""
    for record in context.run.of("build_pool"):
        settings = dict(record.content["params"])
        master_seed, threads = settings.pop("master_seed"), settings.pop("threads")
        torch.set_num_threads(threads)
        choice = augmentation_choice.Choice(**settings.pop("augmentation"))
        yield from _pool(context.run, rois.Params(**settings), choice, master_seed)


def _cut(context: Context, params: rois.Params, reach: rois.Reach) -> Iterator[Finding]:
    run = context.run
    cases = run.table("cases.csv")
    limits, images = np.empty((len(cases), 2)), np.empty((len(cases), rois.SIZE, rois.SIZE), np.uint8)
    others = []
    with artifacts.read_arrays(run.results / CROPS) as crops:
        for path, _, image, lesions in roi_cutting.key_slices(cases, context.table):
            for row in lesions.itertuples():
                crop, images[row.Index], limits[row.Index] = roi_cutting.cut(row, image, path, params, reach)
                if row.lesion not in crops or not np.array_equal(crops[row.lesion], crop):
                    others.append(row.lesion)
    problem = f"{CROPS}, lesion {', '.join(others)}: expected the crop of its image, found another; run again"
    yield Finding(CROPS, problem if others else None)
    expected = roi_cutting.index(cases, limits, params.margin)
    yield recomputed.table(run.results, ROIS, expected, "cases and images", tolerance=recomputed.ROUNDING)
    names = [f"lesion {lesion}" for lesion in cases["lesion"]]
    yield recomputed.images(ROI_IMAGES, [images], run.array(ROI_IMAGES), names.__getitem__, "its crop", ROUNDED)


def _pool(
    run: recorded_run.Run, params: rois.Params, choice: augmentation_choice.Choice, master_seed: int
) -> Iterator[Finding]:
    index = run.table(ROIS)
    tables = []

    def images(crops: np.lib.npyio.NpzFile) -> Iterator[np.ndarray]:
        """Yield the images of one lesion after the other; keep their rows of the index on the way."""
        for table, made in classic_pool.build(index, crops, params, choice, master_seed):
            tables.append(table)
            yield made

    def name(row: int) -> str:
        """Return what an image is called."""
        return "lesion {}, rank {}".format(*pd.concat(tables).iloc[row][["lesion", "rank"]])

    with artifacts.read_arrays(run.results / CROPS) as crops:
        yield recomputed.images(POOL_IMAGES, images(crops), run.array(POOL_IMAGES), name, "its crop and map", ROUNDED)
    yield recomputed.table(run.results, POOL, pd.concat(tables, ignore_index=True), "rois.csv and the seed")
