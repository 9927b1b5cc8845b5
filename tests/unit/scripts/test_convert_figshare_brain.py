import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from skimage import io
from tests.helpers import forked

SCRIPTS = Path(__file__).parents[3] / "scripts"


def write_mat(path, *, label=1, patient="MR017260C", image=None, mask=None):
    """Write a file as MATLAB v7.3 does: arrays transposed, text as 16-bit codes, numbers as 1x1 doubles."""
    image = np.arange(30, dtype=np.int16).reshape(5, 6) * 100 if image is None else image
    mask = np.pad(np.ones((2, 3), np.uint8), ((1, 2), (2, 1))) if mask is None else mask
    with h5py.File(path, "w", userblock_size=512) as file:
        data = file.create_group("cjdata")
        data["label"] = np.array([[float(label)]])
        data["PID"] = np.array([[ord(letter)] for letter in patient], dtype=np.uint16)
        data["image"], data["tumorMask"] = image.T, mask.T
        data["tumorBorder"] = np.zeros((1, 8))
    return image, mask


def convert(folder, out):
    command = [sys.executable, SCRIPTS / "convert_figshare_brain.py", "--mat", folder, "--out", out]
    return forked.run(command)


def test_images_masks_and_true_patient_ids(tmp_path):
    mat, out = tmp_path / "mat", tmp_path / "out"
    mat.mkdir()
    image, mask = write_mat(mat / "1.mat")
    write_mat(mat / "2.mat", label=3, patient="100360")
    write_mat(mat / "10.mat", label=2)
    done = convert(mat, out)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out / "all.csv", dtype=str)
    assert table["lesion"].tolist() == ["1", "2", "10"]
    assert table["patient"].tolist() == ["MR017260C", "100360", "MR017260C"]
    assert table["class"].tolist() == ["meningioma", "pituitary", "glioma"]
    np.testing.assert_array_equal(io.imread(out / table["image"][0]), image)
    np.testing.assert_array_equal(io.imread(out / table["mask"][0]) > 0, mask > 0)


@pytest.mark.parametrize("fault", ["label", "truncated", "negative", "empty"])
def test_one_line_and_nothing_left(tmp_path, fault):
    mat, out = tmp_path / "mat", tmp_path / "out"
    mat.mkdir()
    if fault != "empty":
        image = np.full((5, 6), -1, np.int16) if fault == "negative" else None
        write_mat(mat / "1.mat", label=4 if fault == "label" else 1, image=image)
    if fault == "truncated":
        (mat / "1.mat").write_bytes((mat / "1.mat").read_bytes()[:900])
    done = convert(mat, out)
    assert done.returncode == 1
    assert "ERROR [convert_figshare_brain]" in done.stderr
    assert str(mat) in done.stderr
    assert not out.exists()
