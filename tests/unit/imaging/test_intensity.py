import numpy as np
import pytest

from synthaug.errors import InputError
from synthaug.imaging import intensity


def test_percentile_limits_and_constant_image():
    image = np.arange(101, dtype=np.float32).reshape(1, -1)
    assert intensity.limits(image, {"mode": "percentile", "low": 10, "high": 90}) == (10.0, 90.0)
    with pytest.raises(InputError, match="contrast"):
        intensity.limits(np.ones((4, 4)), {"mode": "percentile", "low": 1, "high": 99})


def test_unit_clips_to_zero_and_one():
    np.testing.assert_allclose(
        intensity.unit(np.float32([-200, -60, 70, 200, 900]), -60, 200), [0, 0, 0.5, 1, 1], atol=1e-6
    )
