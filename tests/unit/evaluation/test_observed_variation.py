"""What a cohort says about the size of a study, on cohorts whose errors are known in closed form."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from synthaug.classification.measures import Classification, ClassPool
from synthaug.errors import InputError
from synthaug.evaluation import observed_variation
from synthaug.report import study_size_figures

MEASURES = Classification(["a", "b"])
PARAMS = observed_variation.Params(
    master_seed=1, folds=3, bootstrap=4000, confidence=0.95, operating_point="fixed", arms=["classic", "gan", "other"],
    shown=["gan"], smallest_gain=0.03,
)  # fmt: skip


def pool(right, patients=None):
    """Return the pool of lesions that are classified right or wrong, one per patient unless ``patients`` says more."""
    right = np.asarray(right)
    n = len(right)
    patients = np.arange(n) if patients is None else patients
    truth = np.arange(n) % 2
    return ClassPool(
        units=np.array([f"L{i:04d}" for i in range(n)]),
        patients=np.array([f"P{i:04d}" for i in patients]),
        fold=patients % 3,
        truth=truth,
        predicted=np.where(right, truth, 1 - truth),
        scores=np.eye(2)[truth],
    )


def pools(only_gan, only_classic, both, n=400, per_patient=1, seed=0):
    """Return two arms of ``n`` different lesions, each of which is there ``per_patient`` times, in one patient."""
    kinds = np.repeat([0, 1, 2, 3], [only_gan, only_classic, both, n - only_gan - only_classic - both])
    kinds, patients = (np.repeat(values, per_patient) for values in (kinds, np.arange(n)))
    gan, classic = np.isin(kinds, [0, 2]), np.isin(kinds, [1, 2])
    return {("classic", "fixed", seed): pool(classic, patients), ("gan", "fixed", seed): pool(gan, patients)}


@pytest.mark.parametrize("per_patient", [1, 2, 3])
def test_error_discordance_and_design_effect(per_patient):
    """Copies of a lesion say nothing new: the error is that of as many patients, and the design effect their number."""
    found = observed_variation.observe(pools(60, 20, 300, per_patient=per_patient), MEASURES, PARAMS)
    assert (found.arm, found.patients, found.units, found.seeds) == ("gan", 400, 400 * per_patient, 1)
    assert found.delta == pytest.approx(0.1)
    assert found.discordance == pytest.approx(0.2)
    assert found.error == pytest.approx(np.sqrt((0.2 - 0.1**2) / 400), rel=0.04)
    assert found.design_effect == pytest.approx(per_patient, rel=0.08)
    assert np.isnan(found.training_error)


def test_trainings_vary_from_seed_to_seed():
    three = pools(60, 20, 300) | pools(40, 20, 300, seed=1) | pools(20, 20, 300, seed=2)
    found = observed_variation.observe(three, MEASURES, PARAMS)
    assert found.delta == pytest.approx(0.05)
    assert found.training_error == pytest.approx(0.05 / np.sqrt(3))  # 10, 5 and 0 points
    assert found.discordance == pytest.approx(0.15)
    rows = observed_variation.table(found, MEASURES, PARAMS)
    limit = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * found.training_error  # 8 points
    enough = rows.query("corrected_for == 1 and power == 0.8").set_index("gain")["patients_needed"]
    assert enough[[gain for gain in enough.index if gain < limit]].isna().all()
    assert enough[0.1] > 0


def test_the_table_follows_the_square_of_the_gain():
    found = observed_variation.observe(pools(60, 20, 300, per_patient=2), MEASURES, PARAMS)
    found = replace(found, comparisons=4)
    rows = observed_variation.table(found, MEASURES, replace(PARAMS, smallest_gain=0.025))
    assert sorted(rows["gain"].unique()) == [0.025, 0.03, 0.05, 0.07, 0.1]
    assert sorted(rows["corrected_for"].unique()) == [1, 4]
    single = rows.query("corrected_for == 1 and power == 0.9").set_index("gain")
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.9)
    assert single.loc[0.05, "patients_needed"] == pytest.approx(400 * (found.error * z / 0.05) ** 2, abs=1)
    assert single.loc[0.05, "lesions_needed"] == pytest.approx(2 * single.loc[0.05, "patients_needed"], abs=2)
    assert single.loc[0.025, "patients_needed"] == pytest.approx(4 * single.loc[0.05, "patients_needed"], abs=4)
    corrected = rows.query("corrected_for == 4 and power == 0.9").set_index("gain")
    z4 = stats.norm.ppf(1 - 0.025 / 4) + stats.norm.ppf(0.9)
    assert corrected.loc[0.05, "patients_needed"] == pytest.approx(400 * (found.error * z4 / 0.05) ** 2, abs=1)


def test_a_measure_that_is_not_right_or_wrong_has_an_error_and_no_discordance():
    class Halved(Classification):
        def contributions(self, pool):
            return {key: values / 2 for key, values in super().contributions(pool).items()}

    found = observed_variation.observe(pools(60, 20, 300), Halved(["a", "b"]), PARAMS)
    assert found.error == pytest.approx(np.sqrt((0.2 - 0.1**2) / 400), rel=0.04)
    assert np.isnan([found.discordance, found.design_effect]).all()


def test_arms_that_never_differ_say_nothing():
    found = observed_variation.observe(pools(0, 0, 300), MEASURES, PARAMS)
    assert (found.delta, found.discordance) == (0, 0)
    rows = observed_variation.table(found, MEASURES, PARAMS)
    assert rows[["patients_needed", "lesions_needed", "error", "design_effect"]].isna().all(axis=None)
    legend = study_size_figures.after(found, PARAMS, "classic").legends[0].get_texts()
    assert legend[0].get_text() == "one comparison: unknown, as the arms never differ"


def test_the_figure_says_the_patients_of_the_table():
    found = replace(observed_variation.observe(pools(60, 20, 300), MEASURES, PARAMS), comparisons=3)
    rows = observed_variation.table(found, MEASURES, PARAMS).query("gain == 0.03 and power == 0.8")
    words = [text.get_text() for text in study_size_figures.after(found, PARAMS, "classic").legends[0].get_texts()]
    for patients, start in zip(rows["patients_needed"], ("one comparison", "corrected for 3 arms"), strict=True):
        assert f"{start}: {patients:,} patients show it" in words


def test_without_a_generator_the_first_other_arm_is_looked_at():
    assert observed_variation.observe(pools(60, 20, 300), MEASURES, replace(PARAMS, shown=[])).arm == "gan"


def test_arms_that_cannot_be_compared_are_one_line():
    two = pools(60, 20, 300)
    with pytest.raises(InputError, match="expected the rule fixed for classic and third, found it for classic, gan;"):
        observed_variation.observe(two, MEASURES, replace(PARAMS, shown=["third"]))
    with pytest.raises(InputError, match=r"arm gan was run with seeds \[0, 1\], classic with \[0\];"):
        observed_variation.observe(two | {("gan", "fixed", 1): two["gan", "fixed", 0]}, MEASURES, PARAMS)
