import numpy as np
import pandas as pd
import pytest

from synthaug.classification import training_images
from synthaug.errors import InputError


def stack(*values: int) -> np.ndarray:
    """Images that are each one constant."""
    return np.array(values, np.uint8)[:, None, None] * np.ones((64, 64), np.uint8)


ROIS, POOL, SYNTHETIC = stack(0, 1, 2), stack(10, 11, 12, 13), {"cyst": stack(20, 21), "metastasis": stack(30)}


def rows(*sources: tuple[str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(sources, columns=["source", "class", "row"], index=range(5, 5 + len(sources)))


def test_each_row_comes_from_its_source():
    wanted = rows(
        ("pool", "cyst", 3), ("roi", "cyst", 0), ("synthetic", "metastasis", 0), ("extra-roi", "cyst", 2),
        ("synthetic", "cyst", 1), ("extra-pool", "metastasis", 1), ("pool", "metastasis", 0),
    )  # fmt: skip
    found = training_images.gather(wanted, ROIS, POOL, SYNTHETIC)
    assert found.shape == (7, 64, 64)
    assert found.dtype == np.uint8
    assert found[:, 5, 7].tolist() == [13, 0, 30, 2, 21, 11, 10]


@pytest.mark.parametrize("cls", ["metastasis", "hemangioma"])
def test_too_few_synthetic_images_are_an_error(cls):
    with pytest.raises(InputError, match=f"3 or more synthetic images of class {cls}, found .; raise samples"):
        training_images.gather(rows(("synthetic", cls, 2)), ROIS, POOL, SYNTHETIC)
