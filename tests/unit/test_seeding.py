import numpy as np

from synthaug import seeding


def test_same_names_same_draws_other_names_other_draws():
    names = [("a",), ("b",), ("a", 1), ("a", "1"), ("a", "b"), ("a/b",), ()]
    draws = [seeding.stream(7, *name).random(4).tolist() for name in names]
    assert draws == [seeding.stream(7, *name).random(4).tolist() for name in names]
    assert len({tuple(draw) for draw in draws}) == len(names)
    assert seeding.stream(8, "a").random() != draws[0][0]


def test_seeds_fit_the_libraries_that_take_them():
    seeds = [seeding.stream_seed(1, "x", i) for i in range(1000)]
    assert min(seeds) >= 0
    assert max(seeds) < 2**63
    assert len(set(seeds)) == 1000


def test_streams_are_uncorrelated():
    draws = np.array([seeding.stream(1, "x", i).standard_normal(500) for i in range(40)])
    off_diagonal = np.corrcoef(draws)[~np.eye(40, dtype=bool)]
    assert np.abs(off_diagonal).max() < 0.25  # 5.6 standard errors of a correlation at n = 500
