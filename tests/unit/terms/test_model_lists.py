import json

from hypothesis import given
from hypothesis import strategies as st

from synthaug.terms import model_lists

ONE_ARGUMENT = 128 * 1024  # bytes; MAX_ARG_STRLEN of Linux
models = st.tuples(st.sampled_from("ab"), st.sampled_from(["0", "9"]), st.integers(0, 3), st.sampled_from(["12", "02"]))


@given(st.lists(models, unique=True))
def test_every_model_comes_back_once_and_those_of_a_seed_in_their_order(listed):
    found = model_lists.read(model_lists.written(listed))
    assert sorted(found) == sorted(listed)
    for seed in range(4):
        assert [each for each in found if each[2] == seed] == [each for each in listed if each[2] == seed]


def test_lists_that_go_seed_by_seed_keep_their_order():
    listed = [(arm, "0", seed, folds, "cyst") for seed in (3, 0, 7) for arm in "ab" for folds in ("12", "02")]
    assert model_lists.read(model_lists.written(listed)) == listed


def test_two_hundred_models_of_each_of_a_thousand_seeds_fit_in_an_argument():
    listed = [("dcgan", f"5000+{size}x3", seed, "0123") for seed in range(1000) for size in range(200)]
    assert len(json.dumps(listed)) > 30 * ONE_ARGUMENT
    assert len(model_lists.written(listed)) < ONE_ARGUMENT / 4
