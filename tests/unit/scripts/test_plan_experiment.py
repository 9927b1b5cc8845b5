import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from tests.helpers import forked

from synthaug.terms import model_lists

SCRIPT = Path(__file__).parents[3] / "scripts" / "plan_experiment.py"
CLASSES = ["a", "b"]


@pytest.fixture
def plan(tmp_path):
    """Return a function that plans runs for 8 lesions in two folds, two of each class a fold, 5 augmentations each."""
    rois = pd.DataFrame([(f"L{i}", f"P{i}", CLASSES[i % 2], "main") for i in range(8)])
    rois.columns = ["lesion", "patient", "class", "set"]
    rois.to_csv(tmp_path / "rois.csv", index=False)
    rois.drop(columns="set").assign(fold=[i // 4 for i in range(8)]).to_csv(tmp_path / "folds.csv", index=False)
    pool = pd.DataFrame([(f"L{i}", rank) for i in range(8) for rank in range(5)], columns=["lesion", "rank"])
    pool.to_csv(tmp_path / "pool.csv", index=False)

    def run(*runs, **changes):
        params = {"classes": CLASSES, "master_seed": 1, "validation_share": 0.0, **changes}
        command = [sys.executable, SCRIPT, "--rois", tmp_path / "rois.csv", "--pool-index", tmp_path / "pool.csv"]
        command += ["--folds", f"0={tmp_path / 'folds.csv'}", "--runs", model_lists.written(runs)]
        command += ["--params", json.dumps(params), "--out", tmp_path / "plan.csv"]
        return forked.run(command), tmp_path / "plan.csv"

    return run


def test_counts_by_hand(plan):
    done, out = plan(["classic", "8", 0, "1"], ["dcgan", "8+3x2", 0, "1"])
    assert done.returncode == 0, done.stderr
    counts = pd.read_csv(out).set_index(["arm", "class", "source"])["images"].to_dict()
    expected = {(arm, cls, "roi"): 2 for arm in ["classic", "dcgan"] for cls in CLASSES}
    expected |= {(arm, cls, "pool"): 4 for arm in ["classic", "dcgan"] for cls in CLASSES}
    assert counts == expected | {("dcgan", cls, "synthetic"): 3 for cls in CLASSES}


def test_those_who_validate_are_counted_apart_and_groups_keep_their_size(plan):
    done, out = plan(["classic", "8", 0, "1"], validation_share=0.4)
    assert done.returncode == 0, done.stderr
    counts = pd.read_csv(out).groupby("source")["images"].sum().to_dict()
    assert counts == {"roi": 2, "pool": 8, "validation": 2}  # one patient of each class, of two


@pytest.mark.parametrize(
    ("run", "changes", "expected"),
    [
        (["classic", "21", 0, "1"], {}, "21 augmentations asked for of fold 1"),
        (["extra", "8+3x2", 0, "1"], {}, "set experiment: extra: []"),
        (["classic", "8", 0, "1"], {"clases": []}, "clases"),
    ],
)
def test_impossible_sizes_stop_in_one_line(plan, run, changes, expected):
    done, out = plan(run, **changes)
    assert done.returncode == 1
    assert "ERROR [plan_experiment]" in done.stderr
    assert expected in done.stderr
    assert not out.exists()
