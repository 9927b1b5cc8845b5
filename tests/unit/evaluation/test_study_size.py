"""The size of a study against published and exact numbers, and against cohorts made so that the answer is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from synthaug.errors import InputError
from synthaug.evaluation import study_size

# One lesion per patient and trainings without shifts: what textbooks assume.
PLAIN = study_size.Design(
    gain=0.071,
    discordances=(0.13, 0.2),
    units_per_patient=1,
    icc=0,
    arms=11,
    seeds=1,
    folds=3,
    shift=0,
    confidence=0.95,
)


def exact_power(units: int, gain: float, discordance: float, test: str) -> float:
    """Return the power of McNemar's test, "exact" or "chi-square", from all tables of (only a, only b) right."""
    power = 0.0
    for differing in range(1, units + 1):
        only_a = np.arange(differing + 1)
        if test == "exact":
            p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(only_a, differing - only_a), differing, 0.5))
        else:
            p = stats.chi2.sf((2 * only_a - differing) ** 2 / differing, df=1)
        likely = stats.binom.pmf(only_a, differing, (1 + gain / discordance) / 2)
        power += stats.binom.pmf(differing, units, discordance) * likely[p < 0.05].sum()
    return power


@pytest.mark.parametrize(
    ("discordance", "comparisons", "units"),
    # Connor's formula by hand, z of 0.975 or 1 - 0.025/11 and of 0.8.
    [(0.13, 1, 200), (0.2, 1, 309), (0.13, 11, 346), (0.2, 11, 534)],
)
def test_connors_sizes(discordance, comparisons, units):
    assert study_size.units_needed(PLAIN, discordance, 0.8, comparisons) == pytest.approx(units, abs=0.6)


@pytest.mark.parametrize("discordance", [0.13, 0.2])
def test_the_size_lies_between_those_of_the_chi_square_and_the_exact_test(discordance):
    """And the exact test needs about 1 / gain units more, as the page says."""
    units = study_size.up(study_size.units_needed(PLAIN, discordance, 0.8))
    assert exact_power(units, 0.071, discordance, "exact") < 0.8 < exact_power(units, 0.071, discordance, "chi-square")
    assert exact_power(units + 14, 0.071, discordance, "exact") == pytest.approx(0.8, abs=0.01)


def simulated_power(design, discordance, patients, generator, studies=2000):
    """Return how often the patients' mean difference lies beyond its normal critical value.

    Two lesions per patient; with the probability icc the second one's difference is the first one's. Each study has its
    own shift of each training of the two arms.
    """
    shares = [1 - discordance, (discordance + design.gain) / 2, (discordance - design.gain) / 2]
    first, second = generator.choice([0, 1, -1], (2, studies, patients), p=shares)
    second = np.where(generator.random(second.shape) < design.icc, first, second)
    trainings = generator.normal(0, design.shift, (2, studies, design.seeds * design.folds)).mean(axis=2)
    mean = (first + second).mean(axis=1) / 2 + trainings[0] - trainings[1]
    effect = study_size.design_effect(2, design.icc)
    error = np.sqrt(effect * discordance / (2 * patients) + design.training_error**2)
    return np.mean(np.abs(mean) > stats.norm.ppf(0.975) * error)


@pytest.mark.parametrize(
    ("icc", "shift", "seeds"),
    [(0, 0, 1), (0.5, 0, 1), (0, 0.03, 5), (0.4, 0.03, 3)],
    ids=["plain", "icc", "shift", "both"],
)
def test_simulated_studies_of_that_size_have_that_power(icc, shift, seeds):
    design = replace(PLAIN, units_per_patient=2, icc=icc, shift=shift, seeds=seeds)
    for power in study_size.POWERS:
        patients = study_size.up(study_size.units_needed(design, 0.2, power) / 2)
        found = simulated_power(design, 0.2, patients, np.random.default_rng(5))
        assert found == pytest.approx(power, abs=0.03)


def test_no_number_of_patients_outweighs_trainings_that_vary_too_much():
    """The limit: the gain is the sum of the quantiles times the error of the trainings."""
    one = replace(PLAIN, seeds=1, folds=3, shift=0.058)  # an error of 4.7 points, which shows 13 points at best
    assert study_size.units_needed(one, 0.2, 0.8) == np.inf
    assert study_size.table(one)[["units", "patients"]].isna().all(axis=None)
    assert np.isfinite(study_size.units_needed(replace(one, seeds=10), 0.2, 0.8))
    limit = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * 0.058 * np.sqrt(2 / 3)
    assert study_size.units_needed(replace(one, gain=1.01 * limit), 0.2, 0.8) < np.inf
    assert study_size.units_needed(replace(one, gain=0.99 * limit), 0.2, 0.8) == np.inf


def test_the_table_has_patients_for_lesions():
    table = study_size.table(replace(PLAIN, units_per_patient=1.58)).set_index(["discordance", "comparisons", "power"])
    assert len(table) == 8
    assert table.loc[(0.2, 1, 0.8)].tolist() == [310, 196]
    assert table.loc[(0.2, 11, 0.8)].tolist() == [534, 338]


def test_patients_from_an_error_that_was_seen():
    """A normal difference: its power by hand, at four times the patients half the error."""
    error = 0.05
    gain = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * error / 2
    needed = study_size.patients_needed(error, 40, gain, 0.95, 0.8)
    assert needed == pytest.approx(160)
    assert study_size.detectable(error, 40, np.array([160.0]), 0.95, 0.8)[0] == pytest.approx(gain)
    assert stats.norm.sf(stats.norm.ppf(0.975) - gain / (error / 2)) == pytest.approx(0.8)
    assert study_size.patients_needed(error, 40, gain, 0.95, 0.8, fixed=error / 2) == np.inf


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gain": 0}, "gain: expected more than 0"),
        ({"discordances": (0.05,)}, "discordance: expected the gain, 7.1 %, to 100 %, found 5;"),
        ({"icc": 1.2}, "icc: expected 0 to 1, found 1.2;"),
        ({"units_per_patient": 0.5}, "lesions per patient: expected 1 to 1000, found 0.5;"),
        ({"arms": 0}, "arms: expected 1 "),
    ],
)
def test_impossible_designs_are_one_line(change, words):
    with pytest.raises(InputError, match=words) as error:
        study_size.check(replace(PLAIN, **change))
    assert "\n" not in str(error.value)
