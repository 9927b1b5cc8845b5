import numpy as np
import torch

from synthaug.imaging import grids


def test_positions_are_those_of_affine_grid():
    maps = np.random.default_rng(0).normal(size=(7, 2, 3))
    expected = torch.nn.functional.affine_grid(torch.from_numpy(maps), [7, 1, 16, 16], align_corners=False)
    found = grids.grid(maps, 16)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-6)


def test_the_identity_leads_to_pixel_centers():
    identity = np.array([[[1.0, 0, 0], [0, 1, 0]]])
    x, y = grids.grid(identity, 4)[0, 1].T.tolist()
    assert x == [-0.75, -0.25, 0.25, 0.75]
    assert y == [-0.25] * 4


def test_some_pixels_have_the_positions_that_they_have_among_all():
    random = np.random.default_rng(1)
    maps, pixels = random.normal(size=(150, 2, 3)).astype(np.float32), random.permutation(16**2)[:40]
    torch.testing.assert_close(
        grids.at(maps, 16, pixels), grids.grid(maps, 16).reshape(150, -1, 2)[:, pixels], rtol=0, atol=0
    )
