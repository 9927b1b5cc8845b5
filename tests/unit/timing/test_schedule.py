import math
import random

import pytest

from synthaug.timing import schedule


def test_jobs_that_wait_for_nothing_fill_the_cores():
    assert schedule.duration(dict.fromkeys("abcdef", 10.0), {}, cores=2) == 30
    assert schedule.duration(dict.fromkeys("abcdef", 10.0), {}, cores=6) == 10
    assert schedule.duration({}, {}, cores=2) == 0


def test_a_chain_takes_the_sum_whatever_the_cores():
    seconds = {"a": 1.0, "b": 2.0, "c": 4.0}
    assert schedule.duration(seconds, {"b": {"a"}, "c": {"b"}}, cores=8) == 7


def test_the_longest_chain_begins_first():
    # On two cores: the chain of 3 x 4 s beside the two of 6 s; begun last it would end at 6 + 12.
    seconds = {"x": 6.0, "y": 6.0, "a": 4.0, "b": 4.0, "c": 4.0}
    assert schedule.duration(seconds, {"b": {"a"}, "c": {"b"}}, cores=2) == 12


def test_jobs_that_run_keep_their_cores():
    seconds = {"running": 2.0, "long": 10.0}
    assert schedule.duration(seconds, {}, cores=1, running={"running"}) == 12
    # What is done already is not waited for.
    assert schedule.duration({"b": 3.0}, {"b": {"done long ago"}}, cores=1) == 3


@pytest.mark.parametrize("seed", range(20))
def test_any_run_lies_within_grahams_bound(seed):
    """List scheduling ends at most 2 - 1/cores times after any lower bound of the best (Graham 1969)."""
    draws = random.Random(seed)
    names, cores = [f"job{number}" for number in range(40)], draws.randint(1, 6)
    seconds = {name: draws.uniform(1, 20) for name in names}
    waits_for = {name: set(draws.sample(names[:n], min(n, draws.randint(0, 3)))) for n, name in enumerate(names)}
    chain = {}
    for name in names:
        chain[name] = seconds[name] + max((chain[other] for other in waits_for[name]), default=0)
    bound = max(math.fsum(seconds.values()) / cores, *chain.values())
    found = schedule.duration(seconds, waits_for, cores)
    assert bound * (1 - 1e-9) <= found <= (2 - 1 / cores) * bound * (1 + 1e-9)
