"""The number of patients that a planted gain takes, against exact powers and fresh studies of known truth."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from tests.benchmarks import verdicts
from tests.helpers import simulated_studies
from tests.unit.evaluation.test_observed_variation import MEASURES, PARAMS, pool, pools

from synthaug.classification.measures import Classification
from synthaug.evaluation import comparisons, observed_variation, simulated_power

ACCURACY = 0.786


def exact_power(units, only_arm, only_reference):
    """Return how often McNemar's exact test claims a gain, from all tables of (only arm, only reference) right."""
    power, discordance = 0.0, only_arm + only_reference
    for differing in range(1, units + 1):
        ahead = np.arange(differing + 1)
        p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(ahead, differing - ahead), differing, 0.5))
        likely = stats.binom.pmf(ahead, differing, only_arm / discordance)
        claimed = (p < 0.05) & (2 * ahead > differing)
        power += stats.binom.pmf(differing, units, discordance) * likely[claimed].sum()
    return power


def test_the_numbers_have_the_exact_power_of_mcnemars_test():
    """One lesion a patient: 10 % are right in the arm alone, 10 % in the reference alone, 20 % in neither."""
    made = pools(40, 40, 240)
    observed = observed_variation.observe(made, MEASURES, PARAMS)
    rows = simulated_power.table(made, observed, MEASURES, replace(PARAMS, smallest_gain=0.1))
    assert rows["gain"].tolist() == [0.03, 0.05, 0.07, 0.1]
    for row in rows[1:].itertuples():
        chance = row.gain / 0.3
        assert simulated_power.pair(made, MEASURES, "gan", "fixed").changed(row.gain) == pytest.approx(chance)
        exact = exact_power(row.patients_needed, 0.1 + 0.2 * chance, 0.1 * (1 - chance))
        assert exact == pytest.approx(0.8, abs=0.05)
        assert row.lesions_needed == row.patients_needed


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [1, 3])
def test_fresh_studies_of_that_size_have_that_power(seeds):
    """Several lesions a patient; the truth is a model with parts of patients, lesions and trainings."""
    generator = np.random.default_rng(seeds)
    patient = np.concatenate([simulated_studies.patients_of(182) + 127 * k for k in range(12)])
    right = simulated_studies.right(generator, [ACCURACY, ACCURACY], patient, seeds, 0.0)
    cohort = {
        (arm, "fixed", seed): pool(right[number, seed], patient)
        for number, arm in enumerate(("classic", "gan"))
        for seed in range(seeds)
    }
    observed = observed_variation.observe(cohort, MEASURES, PARAMS)
    rows = simulated_power.table(cohort, observed, MEASURES, PARAMS).set_index("gain")
    needed = int(rows.loc[0.07, "patients_needed"])
    claimed, number = 0, 500
    lesions = simulated_studies.LESIONS[182]
    for _ in range(number):
        fresh = np.repeat(np.arange(needed), generator.choice(lesions, needed))
        hits = simulated_studies.right(generator, [ACCURACY, ACCURACY + 0.07], fresh, seeds, 0.0)
        (said,), _ = verdicts.verdicts(hits, fresh, generator)
        claimed += said == comparisons.GAIN
    assert claimed / number == pytest.approx(0.8, abs=0.05)


def test_a_claim_is_that_of_the_comparisons():
    """The verdict on simulated studies is that which the report would have given."""
    generator = np.random.default_rng(8)
    patient = simulated_studies.patients_of(60)
    params = comparisons.Params(1, 3, 2, 0.95, 0.03, None, "fixed")
    said = []
    for _ in range(40):
        right = simulated_studies.right(generator, [0.6, 0.8], patient, 2, 0.0)
        made = {
            (arm, "fixed", seed): pool(right[number, seed], patient)
            for number, arm in enumerate(("classic", "gan"))
            for seed in range(2)
        }
        rows = comparisons.of_pairs(made, [("fixed", ("gan", "fixed"), ("classic", "fixed"))], MEASURES, params)
        row = rows[(rows["metric"] == "accuracy") & (rows["class"] == "all")].iloc[0]
        pair = simulated_power.pair(made, MEASURES, "gan", "fixed")
        assert pair.delta.mean() == pytest.approx(row["delta"])
        claim = simulated_power.is_gain(pair.ahead.sum(-1), pair.there.sum(-1), 0.05, generator)
        assert claim == (row["verdict"] == comparisons.GAIN)
        said.append(claim)
    assert 5 < sum(said) < 35


def test_planted_changes_reach_the_gain_from_above_and_below():
    generator = np.random.default_rng(9)
    for made in (pools(100, 20, 200), pools(20, 100, 200)):
        cohort = simulated_power.pair(made, MEASURES, "gan", "fixed")
        chance = cohort.changed(0.05)
        assert (chance > 0) == (cohort.delta < 0.05)
        flips = generator.random((2000, *cohort.there.shape)) < np.abs(chance)
        ahead = cohort.ahead + flips * (~cohort.right if chance > 0 else -1 * cohort.right)
        assert ahead.mean() == pytest.approx(0.05, abs=0.002)


def test_the_shift_of_trainings_is_what_patients_do_not_explain():
    generator = np.random.default_rng(10)
    patient, found = simulated_studies.patients_of(182), {0.0: [], 0.06: []}
    for shift, squares in found.items():
        for _ in range(60):
            right = simulated_studies.right(generator, [0.8, 0.8], patient, 5, shift)
            made = {
                (arm, "fixed", seed): pool(right[number, seed], patient)
                for number, arm in enumerate(("classic", "gan"))
                for seed in range(5)
            }
            squares.append(simulated_power.pair(made, MEASURES, "gan", "fixed").shift ** 2)
    assert np.sqrt(np.mean(found[0.06])) == pytest.approx(0.06 * np.sqrt(2 / 3), rel=0.2)  # two arms, three folds
    assert np.sqrt(np.mean(found[0.0])) < 0.02


def test_no_number_where_none_is_enough_or_nothing_is_known():
    same = pools(0, 0, 300)
    observed = observed_variation.observe(same, MEASURES, PARAMS)
    assert simulated_power.table(same, observed, MEASURES, PARAMS).empty
    perfect = pools(1, 1, 398)  # 0.25 % of the lesions are wrong in the arm: no gain of 3 points is left
    observed = observed_variation.observe(perfect, MEASURES, PARAMS)
    rows = simulated_power.table(perfect, observed, MEASURES, PARAMS)
    assert rows[["patients_needed", "lesions_needed"]].isna().all(axis=None)
    three = pools(60, 20, 300) | pools(40, 20, 300, seed=1) | pools(20, 20, 300, seed=2)
    observed = observed_variation.observe(three, MEASURES, PARAMS)  # trainings 10, 5 and 0 points apart
    assert simulated_power.table(three, observed, MEASURES, PARAMS)["patients_needed"].isna().all()


def test_a_measure_that_is_not_right_or_wrong_has_no_rows():
    class Halved(Classification):
        def contributions(self, pool):
            return {key: values / 2 for key, values in super().contributions(pool).items()}

    observed = observed_variation.observe(pools(60, 20, 300), Halved(["a", "b"]), PARAMS)
    assert simulated_power.table(pools(60, 20, 300), observed, Halved(["a", "b"]), PARAMS).empty
