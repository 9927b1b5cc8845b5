import numpy as np
import pytest
from scipy.spatial import KDTree

from synthaug.classification import selected_images

# Four images that were made for class 1, and what a classifier says of them.
PROBABILITIES = np.array([[0.6, 0.4, 0.0], [0.2, 0.5, 0.3], [0.1, 0.9, 0.0], [0.3, 0.3, 0.4]])


@pytest.mark.parametrize(("least", "expected"), [(0, [1, 2]), (0.5, [1, 2]), (0.51, [2]), (0.95, [])])
def test_accepted_are_those_of_the_class_from_a_probability_on(least, expected):
    assert np.flatnonzero(selected_images.accepted(PROBABILITIES, 1, least)).tolist() == expected


@pytest.mark.parametrize(
    ("accepted", "count", "expected"),
    [
        ([1, 2, 3], 2, [1, 2]),  # the first ones, as they were drawn
        ([1, 3], 5, [1, 3, 1, 3, 1]),  # as many as asked for
        ([], 3, [2, 1, 0]),  # the most probable ones, the first of equal ones
        ([], 5, [2, 1, 0, 3, 2]),
    ],
)
def test_the_number_that_is_taken_does_not_depend_on_the_classifier(accepted, count, expected):
    chosen = np.isin(np.arange(4), accepted)
    assert selected_images.rows(chosen, PROBABILITIES[:, 1], count).tolist() == expected


def test_density_counts_the_balls_around_real_images():
    """Naeem et al. (2020), equation 5, with the neighbours of a k-d tree."""
    draws = np.random.default_rng(0)
    real, made = draws.normal(size=(60, 3)), draws.normal(0.5, 1.5, (40, 3))
    reach = KDTree(real).query(real, k=6)[0][:, 5]  # the first is the image itself
    expected = [sum(np.linalg.norm(each - real, axis=1) < reach) / 5 for each in made]
    np.testing.assert_allclose(selected_images.densities(real, made, 5), expected)


def test_few_real_images_have_a_density():
    assert selected_images.densities(np.array([[0.0], [1.0]]), np.array([[0.5], [3.0]]), 5).tolist() == [2, 0]
