"""Slices fall into thirds by area, those without lesion apart; free columns stay, what the images gave does not."""

import numpy as np
import pandas as pd
import pytest

from synthaug.evaluation import subgroups
from synthaug.segmentation import slice_groups, slice_scores
from synthaug.segmentation.measures import Segmentation

AREAS = [0, 0, 10, 20, 30, 40, 50, 60]
SLICES = pd.DataFrame({
    "slice": [f"P{n}-{n}-0" for n in range(8)], "patient": [f"P{n}" for n in range(8)], "set": "main", "volume": "1",
    "index": "0", "pixel_mm": [1.0] * 4 + [2.0] * 4, "rows": "64", "columns": "64",
    "a_px": [str(area // 2) for area in AREAS], "b_px": [str(area - area // 2) for area in AREAS],
    "site": ["east"] * 4 + ["west"] * 4,
})  # fmt: skip


def test_thirds_by_area_and_free_columns():
    groups = slice_groups.groups(SLICES, Segmentation(["a", "b"], "skip", 64))
    assert list(groups) == ["slice", "site", "lesion area"]
    names = ["none"] * 2 + ["small (up to 27 px)"] * 2 + ["medium (up to 43 px)"] * 2 + ["large (above 43 px)"] * 2
    assert groups["lesion area"].tolist() == names
    levels = subgroups.levels(groups, SLICES["slice"].to_numpy(), "slice")
    counts = {key: int(members.sum()) for key, members in levels.items()}
    assert counts == {
        ("all slices", "all slices"): 8, ("site", "east"): 4, ("site", "west"): 4, ("lesion area", "none"): 2,
        **dict.fromkeys([("lesion area", name) for name in set(names) - {"none"}], 2),
    }  # fmt: skip


@pytest.mark.parametrize(("absent", "none"), [("skip", []), ("count", [2])])
def test_slices_that_no_measure_counts_are_no_subgroup(absent, none):
    """Slices without lesion count only where absent classes do."""
    task = Segmentation(["a", "b"], absent, 64)
    rows = SLICES[["slice", "patient"]].assign(fold=np.arange(8) % 2)
    truth = {column.format(cls): SLICES[f"{cls}_px"].astype(int) for cls in "ab" for column in slice_scores.COLUMNS}
    pools = {("original", "fixed", 0): task.pool(rows.assign(**truth))}
    params = subgroups.Params(1, 2, 50, 0.95, "fixed", ["original"], [], [])
    table = subgroups.table(pools, slice_groups.groups(SLICES, task), task, params).set_index("level")
    assert table.loc[table.index == "none", "slices"].tolist() == none
    assert table.loc["all slices", "slices"] == (8 if none else 6)
    assert table.loc["small (up to 27 px)", ["value", "slices", "patients"]].tolist() == [1, 2, 2]
