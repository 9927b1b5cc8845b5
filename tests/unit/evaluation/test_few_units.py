"""What so few cases cannot show is said beforehand, as a simulation finds it."""

import numpy as np
import pytest

from synthaug.evaluation import few_units


@pytest.mark.parametrize(("units", "discordance"), [(44, 0.1), (182, 0.2), (1000, 0.13)])
def test_the_interval_is_as_wide_as_differences_of_equal_arms_scatter(units, discordance):
    rng = np.random.default_rng(units)
    chances = [discordance / 2, discordance / 2, 1 - discordance]  # only one of the two arms is right, or the other
    first, second, _ = rng.multinomial(units, chances, 20_000).T
    spread = ((first - second) / units).std()
    assert few_units.half_width(units, discordance, 0.95) == pytest.approx(1.96 * spread, rel=0.03)


def test_too_few_cases_are_named_once_with_what_it_takes():
    first, second = few_units.notes(44, 0.03, 0.95, "image")
    assert first == (
        "44 tested images are too few to show a gain of 3 points: the 95 % interval of a difference will be about ±9 "
        "to ±13 points."
    )
    assert "about 870 to 1,700 images, if two arms differ in 10 to 20 % of them" in second
    assert few_units.notes(44, 0.3, 0.95, "image") == []
    assert few_units.notes(2000, 0.03, 0.95, "image") == []
    assert few_units.notes(0, 0.03, 0.95, "image") == []


def test_the_number_of_cases_is_that_of_mcnemar():
    """((1.96 + 0.84) / 0.05)^2 times a discordance of 0.1 to 0.2, less a little for the gain itself."""
    text = few_units.notes(100, 0.05, 0.95, "lesion")[1]
    assert "about 310 to 630 lesions" in text
