"""The best strategy: what is read for the choice, what was chosen, its test, and its claims where nothing differs."""

import itertools

import numpy as np
import pandas as pd
import pytest
from tests.benchmarks import chosen_strategies
from tests.helpers import predicted_studies, simulated_studies

from synthaug.evaluation import best_strategy, operating_points
from synthaug.evaluation.best_strategy import Differences
from synthaug.terms.best import INNER, OTHERS

STRATEGIES = 6


def random_study(folds, seeds=2, inner=True, patients=24):
    """Return predictions at random of lesions of which each patient has two, and who is right."""
    generator = np.random.default_rng(folds)
    patient = np.repeat(np.arange(patients), 2)
    parts = []
    for seed in range(seeds):
        fold = (generator.permutation(patients) % folds)[patient]
        trained = predicted_studies.trained(folds) + (predicted_studies.trained(folds, 2) if inner else [])
        right = {of: generator.random((STRATEGIES, len(patient))) < 0.7 for of in trained}
        parts.append(predicted_studies.table(right, patient, fold, seed))
    return pd.concat(parts, ignore_index=True)


def hits(rows):
    return (rows["truth"] == rows["predicted"]).groupby([rows["arm"], rows["size"]]).mean()


def expected_choices(table, folds, source):
    """Return the first best strategy by (seed, fold), computed from the table of predictions alone."""
    result = {}
    for seed, fold in itertools.product(sorted(table["seed"].unique()), range(folds)):
        rows = table[(table["seed"] == seed) & (table["fold"] != fold)]
        unseen = ~rows["folds"].str.contains(str(fold))
        number = rows["folds"].str.len()
        read = rows[unseen & (number == folds - 2)] if source == INNER else rows[number == folds - 1]
        result[seed, fold] = hits(read).idxmax()  # the first of several
    return result


@pytest.mark.parametrize("folds", [3, 4])
@pytest.mark.parametrize("source", [INNER, OTHERS])
def test_the_choice_and_its_value_from_the_table_alone(folds, source):
    table = random_study(folds, inner=source == INNER)
    best = predicted_studies.chosen(table, folds)
    (row,) = best.comparison.to_dict("records")
    assert (row["read"], row["strategies"], row["seeds"]) == (source, STRATEGIES, 2)
    expected = expected_choices(table, folds, source)
    found = {(row.seed, row.fold): (row.arm, row.size) for row in best.choices.itertuples()}
    assert found == expected
    assert len(set(found.values())) > 1
    standard = table[table["folds"].str.len() == folds - 1]
    whole = hits(standard)
    picked = [
        ((rows := standard[(standard["seed"] == seed) & (standard["fold"] == fold)])[
            (rows["arm"] == arm) & (rows["size"] == size)
        ])
        for (seed, fold), (arm, size) in expected.items()
    ]  # fmt: skip
    chosen = pd.concat(picked)
    value = (chosen["truth"] == chosen["predicted"]).mean()
    assert best.metrics.set_index(["metric", "class"]).loc[("accuracy", "all"), "value"] == pytest.approx(value)
    assert row["delta"] == pytest.approx(value - whole["classic", "100"])
    strategies = best.strategies.set_index(["arm", "size"])
    assert strategies["accuracy"].to_dict() == pytest.approx(whole.to_dict())
    assert strategies["minus_best"].to_dict() == pytest.approx((whole - value).to_dict())
    assert strategies["chosen"].to_dict() == {point: list(found.values()).count(point) for point in strategies.index}


@pytest.mark.parametrize(("source", "folds"), [(INNER, 3), (INNER, 4), (OTHERS, 3)])
def test_the_choice_is_blind_to_the_test_fold(source, folds):
    """Other predictions of its units change nothing, nor, of inner models, what models that saw it predict."""
    table = random_study(folds, inner=source == INNER)
    before = predicted_studies.chosen(table, folds).choices.set_index(["seed", "fold"])
    moved = 0
    for k in range(folds):
        forbidden = (table["fold"] == k) | ((source == INNER) & table["folds"].str.contains(str(k)))
        flipped = np.random.default_rng(k).choice(predicted_studies.CLASSES, len(table))
        changed = table.assign(predicted=np.where(forbidden, flipped, table["predicted"]))
        after = predicted_studies.chosen(changed, folds).choices.set_index(["seed", "fold"])
        pd.testing.assert_frame_equal(after.xs(k, level="fold"), before.xs(k, level="fold"))
        moved += (after != before).any(axis=1).sum()
    assert moved  # the choices for other folds do depend on what was changed


def test_of_two_alike_the_plainer_strategy_and_controls_never():
    table = random_study(3, inner=False)
    right = table.assign(predicted=table["truth"])
    first = predicted_studies.chosen(right, 3)
    assert set(zip(first.choices["arm"], first.choices["size"], strict=True)) == {("classic", "100")}
    assert first.comparison["delta"].tolist() == [0]
    wrong = np.where(table["truth"] == "a", "b", "a")
    control = table.assign(predicted=np.where(table["arm"] == "classic", wrong, table["truth"]))
    assert set(predicted_studies.chosen(control, 3).choices["arm"]) == {"gan1"}
    without = predicted_studies.chosen(control, 3, candidates=["classic"])
    assert set(without.choices["arm"]) == {"classic"}


def test_one_missing_inner_run_makes_the_choice_that_of_the_other_folds():
    table = random_study(3)
    assert predicted_studies.chosen(table, 3).comparison["read"].tolist() == [INNER]
    lacking = table[~((table["arm"] == "gan1") & (table["size"] == "200") & (table["folds"] == "1"))]
    best = predicted_studies.chosen(lacking, 3)
    assert best.comparison["read"].tolist() == [OTHERS]
    found = {(row.seed, row.fold): (row.arm, row.size) for row in best.choices.itertuples()}
    assert found == expected_choices(lacking, 3, OTHERS)


def test_one_test_fold_needs_inner_models():
    table = random_study(3, seeds=1)
    tested = table[(table["fold"] == 0) | (table["folds"].str.len() == 1)]
    standard = tested[
        tested["folds"].isin(["12", "1", "2"]) & ~((tested["folds"].str.len() == 1) & (tested["fold"] == 0))
    ]
    best = predicted_studies.chosen(standard, 3)
    assert best.comparison["read"].tolist() == [INNER]
    assert best.choices["fold"].tolist() == [0]
    assert predicted_studies.chosen(standard[standard["folds"] == "12"], 3) is None
    empty = best_strategy.none(predicted_studies.MEASURES)
    for name, filled in vars(best).items():
        assert list(getattr(empty, name)) == list(filled), name


def brute_force(held_out, read):
    """Return p over all sign patterns, strategy by strategy and fold by fold."""
    strategies, folds, patients = held_out.shape
    totals = []
    for signs in itertools.product([1, -1], repeat=patients):
        total = 0.0
        for fold in range(folds):
            scores = [np.dot(signs, read[s, fold]) for s in range(strategies)]
            total += np.dot(signs, held_out[scores.index(max(scores)), fold])
        totals.append(total)
    ahead, behind = np.mean(np.array(totals) >= totals[0]), np.mean(np.array(totals) <= totals[0])
    return min(1, 2 * min(ahead, behind))


def test_p_of_the_choice_is_that_of_all_sign_patterns():
    generator = np.random.default_rng(4)
    for _ in range(5):
        fold = np.arange(10) % 2
        sums = generator.integers(-2, 3, (4, 10)).astype(float)
        held_out = np.stack([np.where(fold == k, sums, 0) for k in range(2)], axis=1)
        read = np.stack([np.where(fold != k, sums, 0) for k in range(2)], axis=1)
        p = best_strategy.p_of_choice([Differences(held_out, read)], generator)
        assert p == pytest.approx(brute_force(held_out, read), abs=8 * np.sqrt(0.25 / best_strategy.FLIPS))


def test_a_gain_of_every_strategy_is_found():
    generator = np.random.default_rng(3)
    accuracies = [0.7] + [0.9] * 5
    best = predicted_studies.chosen(predicted_studies.simulated(generator, accuracies, 182, 3, 3), 3)
    assert best.comparison["verdict"].tolist() == ["gain"]
    assert set(zip(best.choices["arm"], best.choices["size"], strict=True)).isdisjoint({("classic", "100")})


@pytest.mark.slow
def test_without_a_difference_false_gains_are_at_most_nominal():
    """200 studies of nine strategies that are equally good; a gain is claimed by a two-sided test at 5 %."""
    number = 200
    found = chosen_strategies.known(60, 9, 1, 3, number, master_seed=7)
    assert found["false gain"] <= 0.025 + 1.645 * np.sqrt(0.025 * 0.975 / number)
    assert found["false gain"] + found["false loss"] <= 0.05 + 1.645 * np.sqrt(0.05 * 0.95 / number)
    assert abs(found["bias"]) < 3 * found["error"]
    assert found["hindsight"] > 4  # points: what an honest choice does not claim


def test_models_that_learn_little_make_the_choice_of_other_folds_optimistic_and_not_that_of_inner_models():
    """At chance: a feature that two folds share by luck helps both, where models of either have seen the other."""
    inner, others = chosen_strategies.learned(0.0, 3, 1500, master_seed=3)
    assert (inner["read"], others["read"]) == (INNER, OTHERS)
    assert abs(inner["bias"]) < 3 * inner["error"]
    assert others["bias"] > 10 * others["error"] > 0


def test_the_simulation_of_models_that_learn_chooses_as_the_code_does():
    generator = np.random.default_rng(6)
    for _ in range(3):
        right, fold, _ = predicted_studies.learned(generator, 6, 0.1, 60, 3)
        for inner in (True, False):
            trained = {of: hits for of, hits in right.items() if inner or len(of) == 2}
            best = predicted_studies.chosen(predicted_studies.table(trained, np.arange(60), fold), 3)
            expected = [predicted_studies.point(i) for i in predicted_studies.picked(right, fold, 3, inner)]
            assert list(zip(best.choices["arm"], best.choices["size"], strict=True)) == expected
            assert best.comparison["read"].tolist() == [INNER if inner else OTHERS]


def test_simulated_tables_hold_what_they_say():
    table = predicted_studies.simulated(np.random.default_rng(5), [0.6, 0.9], 182, 2, 3)
    shares = hits(table)
    assert shares.to_numpy() == pytest.approx([0.6, 0.9], abs=0.08)
    assert table["patient"].nunique() == len(simulated_studies.LESIONS[182])
    assert operating_points.with_unseen(table, "lesion", 3)["unseen"].eq("").all()
