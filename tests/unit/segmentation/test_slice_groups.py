"""Slices fall into thirds by area, those without lesion apart; free columns stay, what the images gave does not."""

import pandas as pd

from synthaug.evaluation import subgroups
from synthaug.segmentation import slice_groups
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
