"""Where a slice shows the organ: a drawn head whose brain is known, the phantom's heads, deepbet if installed."""

import importlib.util
import sys

import numpy as np
import pytest

from synthaug.detection import organ_masks
from synthaug.errors import InputError
from synthaug.phantom import head_cohort

with_deepbet = pytest.mark.skipif(importlib.util.find_spec("deepbet") is None, reason="deepbet is not installed")


def head(size=128):
    """Return a slice with scalp, dark skull and brain with a dark ventricle, and where the brain is."""
    rows, columns = np.indices((size, size))
    radius = np.hypot(rows - size / 2, columns - size / 2) / size
    image = np.random.default_rng(0).uniform(0, 4, (size, size)).astype(np.float32)
    image[radius < 0.45] = 120
    image[radius < 0.40] = 5
    brain = radius < 0.34
    image[brain] = 80
    image[(abs(rows - size / 2) < 8) & (abs(columns - size / 2) < 4)] = 10
    return image, brain, radius < 0.45


def lobes(width, height):
    """Return an organ of three lobes in pixels of this width and height in mm, and where it is.

    The lobes hang together by bridges of 7 mm, one across and one down, which the disc leaves that opens thin ones.
    """
    x, y = np.meshgrid(*((np.arange(round(128 / size)) + 0.5) * size - 64 for size in (width, height)))
    organ = np.hypot(x + 14, y + 14) < 26
    for u, v in ((x, y), (y, x)):
        organ |= (np.hypot(u - 32, v + 14) < 12) | ((abs(v + 14) < 3.5) & (u > -14) & (u < 32))
    image = np.where(organ, 80.0, np.where(np.hypot(x, y) < 62, 20.0, 0.0))
    return (image + np.random.default_rng(0).normal(0, 6, x.shape)).astype(np.float32), organ


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def test_morphology_takes_the_brain_out_of_the_skull():
    image, brain, _ = head()
    image[64, 107:122] = 90  # a thin bridge to the scalp
    found = organ_masks.of_stack(image[None], "morphology")[0]
    assert dice(found, brain) > 0.98
    assert found[64, 64]  # a hole is filled
    assert not organ_masks.of_slice(np.zeros((32, 32), np.float32)).any()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 3), (3, 1), (1, 2), (2, 1), (0.5, 0.75)])
def test_shapes_are_those_in_mm_whatever_the_pixels(width, height):
    image, organ = lobes(width, height)
    found = organ_masks.of_stack(image[None], "morphology", height / width)[0]
    assert found.shape == image.shape
    assert dice(found, organ) > 0.975
    if width != height:  # taken as stored, a bridge breaks
        assert dice(organ_masks.of_stack(image[None], "morphology")[0], organ) < 0.92


def test_a_mask_of_square_pixels_comes_back_to_the_nearest_ones(monkeypatch):
    """A network gets squares, and each stored pixel has what it says of its centre."""
    seen = []

    def brain(slices):
        seen.append(slices.shape)
        rows, columns = np.indices(slices.shape[1:])
        return np.repeat((np.hypot(rows - 29.5, columns - 9.5) < 8)[None], len(slices), axis=0)

    monkeypatch.setattr(organ_masks.deepbet_masks, "of_volume", brain)
    found = organ_masks.of_stack(np.zeros((2, 20, 20), np.float32), "deepbet", 3.0)
    assert seen == [(2, 60, 20)]
    rows, columns = np.indices((20, 20))
    expected = np.hypot(3 * rows + 1 - 29.5, columns - 9.5) < 8  # a row's centre is that of the middle of three
    np.testing.assert_array_equal(found, np.stack([expected, expected]))
    assert organ_masks.of_stack(np.zeros((2, 20, 30), np.float32), "deepbet", 0.5).shape == (2, 20, 30)
    assert seen[1] == (2, 20, 60)


def test_none_keeps_everything_but_air():
    image, _, skin = head()
    found = organ_masks.of_stack(image[None], "none")[0]
    assert not (found & ~skin).any()
    bright = skin & (image > 50)
    assert found[bright].all()


def test_morphology_finds_the_phantoms_brain():
    for patient, _ in head_cohort.plan(head_cohort.Params(3, {"metastasis": 6}, {}, 3)):
        pictures = head_cohort.simulate(3, patient).astype(np.float32)
        found = organ_masks.of_stack(pictures, "morphology")
        for z, mask in zip(patient.heights, found, strict=True):
            wide = patient.head.extent(z)
            area = np.pi * patient.head.rx * patient.head.ry * wide**2 / 0.9**2
            assert mask.sum() == pytest.approx(area, rel=0.15)
        for row in patient.boxes().itertuples():
            assert found[row.slice][int(row.y0) : int(row.y1) + 1, int(row.x0) : int(row.x1) + 1].mean() > 0.8


def test_missing_deepbet_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "deepbet", None)
    with pytest.raises(InputError, match=r"expected the package deepbet, found: .*; install it by pip install -r"):
        organ_masks.of_stack(np.zeros((2, 8, 8), np.float32), "deepbet")


def test_deepbet_is_given_axes_as_it_wants_them(monkeypatch):
    """A stand-in that calls the right, front, top corner the brain: it comes back on the first rows and columns."""

    class Network:
        def __init__(self, no_gpu):
            assert no_gpu

        def run_model(self, values):
            found = np.zeros(values.shape, np.float32)
            found[-2:, -3:, -1:] = 1  # x to the right, y to the front, z to the head
            return found

        def postprocess(self, mask):
            return mask

    monkeypatch.setitem(sys.modules, "deepbet", type("Module", (), {"BrainExtraction": Network}))
    found = organ_masks.of_stack(np.zeros((4, 10, 8), np.float32), "deepbet")
    assert found.shape == (4, 10, 8)
    assert np.argwhere(found).tolist() == [[3, y, x] for y in range(3) for x in range(2)]


@with_deepbet
def test_deepbet_finds_a_drawn_brain():
    image, brain, _ = head(256)
    stack = np.stack([image * scale for scale in np.sin(np.linspace(0.2, 2.9, 24))]).astype(np.float32)
    assert dice(organ_masks.of_stack(stack, "deepbet")[12], brain) > 0.8
