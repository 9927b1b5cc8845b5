"""The three rules on curves made by hand, and the proof that the nested rule never looks at the test fold."""

import numpy as np
import pandas as pd
import pytest

from synthaug.classification import measures
from synthaug.errors import InputError
from synthaug.evaluation import operating_points
from synthaug.evaluation.pools import pooled
from synthaug.terms import sizes as terms_sizes

CLASSES = ["a", "b", "c"]
MEASURES = measures.Classification(CLASSES)
PARAMS = operating_points.Params(folds=3, classes=3, group=400, synthetic=150, plateau=0.05)


def run(arm, size, folds, seed=0, n_folds=3, per_fold=20, right=lambda fold, i: True):
    """Return one run's predictions of all lesions outside ``folds``; ``right(fold, i)`` says which it has right."""
    rows = []
    for fold in range(n_folds):
        if str(fold) in folds:
            continue
        for i in range(per_fold):
            truth = CLASSES[i % 3]
            predicted = truth if right(fold, i) else CLASSES[(i + 1) % 3]
            rows.append((arm, size, seed, folds, f"L{fold}{i:02d}", f"P{fold}{i // 2:02d}", fold, truth, predicted))
    columns = ["arm", "size", "seed", "folds", "lesion", "patient", "fold", "truth", "predicted"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(**{f"p_{name}": (table["predicted"] == name).astype(float) for name in CLASSES})


def arm_runs(arm, curve, *, seeds=(0,), inner=None, n_folds=3, tested=None):
    """Return standard runs with ``curve[size]`` of 20 lesions right in each fold, and inner runs likewise.

    ``tested`` of the folds have standard runs, all by default.
    """
    trained = ["".join(str(k) for k in range(n_folds) if k != j) for j in range(tested or n_folds)]
    pairs = ["".join(str(k) for k in range(n_folds) if k not in (i, j)) for j in range(n_folds) for i in range(j)]
    tables = []
    for seed in seeds:
        for number, counts in ((trained, curve), (pairs, inner or {})):
            for size, count in counts.items():
                tables += [
                    run(arm, size, folds, seed, n_folds, right=lambda fold, i, c=count: i < c) for folds in number
                ]
    return pd.concat(tables, ignore_index=True)


def sizes(choice, rule, arm):
    return set(choice[(choice["rule"] == rule) & (choice["arm"] == arm)]["size"])


def test_fixed_is_the_configs_whatever_the_results():
    table = pd.concat(
        [
            arm_runs("classic", {"0": 20, "400": 1}),
            arm_runs("dcgan", {"400+50x3": 20, "400+150x3": 1}),
            arm_runs("extra", {"400+50x3": 20}),
            arm_runs("online", {"400": 20, "850": 1, "2000": 20}),
            arm_runs("mixup", {"100": 20, "1000": 3}),
            arm_runs("gabor", {"0": 5}),
        ]
    )
    choice = operating_points.choose(table, MEASURES, PARAMS)
    chosen = {arm: sizes(choice, "fixed", arm) for arm in table["arm"].unique()}
    assert chosen == {
        "classic": {"400"},
        "dcgan": {"400+150x3"},
        "extra": set(),  # not run at the config's size
        "online": {"850"},  # as many images as 400 + 150 * 3
        "mixup": {"1000"},  # the largest
        "gabor": {"0"},
    }
    assert choice[choice["rule"] == "fixed"]["accuracy"].isna().all()


def test_published_takes_the_start_of_the_plateau_for_classic_and_the_best_for_others():
    curve = {"0": 10, "400": 15, "1000": 16, "2000": 16}  # 0.75 is within 0.05 of 0.80
    synthetic = {"400+50x3": 15, "400+100x3": 16, "400+150x3": 16}
    choice = operating_points.choose(
        pd.concat([arm_runs("classic", curve), arm_runs("dcgan", synthetic)]), MEASURES, PARAMS
    )
    assert sizes(choice, "published", "classic") == {"400"}
    assert sizes(choice, "published", "dcgan") == {"400+100x3"}
    of_classic = choice[(choice["rule"] == "published") & (choice["arm"] == "classic")]
    assert of_classic["accuracy"].tolist() == pytest.approx([0.75] * 3)
    assert of_classic["fold"].tolist() == [0, 1, 2]


def test_published_averages_the_seeds():
    table = pd.concat(
        [
            arm_runs("dcgan", {"400+50x3": 18, "400+150x3": 12}),
            arm_runs("dcgan", {"400+50x3": 8, "400+150x3": 15}, seeds=(1,)),
        ]
    )
    choice = operating_points.choose(table, MEASURES, PARAMS)
    assert sizes(choice, "published", "dcgan") == {"400+150x3"}
    assert len(choice[choice["rule"] == "published"]) == 6  # a row a seed and fold


def test_sizes_are_ordered_as_numbers():
    assert terms_sizes.ascending(["1000", "50", "400+150x3", "400+50x3", "400"]) == [
        "50",
        "400",
        "400+50x3",
        "400+150x3",
        "1000",
    ]


@pytest.mark.parametrize("n_folds", [3, 4])
def test_nested_reads_the_curve_of_inner_runs(n_folds):
    params = operating_points.Params(n_folds, 3, 400, 150, 0.05)
    outer, inner = {"400+50x3": 12, "400+150x3": 18}, {"400+50x3": 16, "400+150x3": 9}
    choice = operating_points.choose(arm_runs("dcgan", outer, inner=inner, n_folds=n_folds), MEASURES, params)
    nested = choice[choice["rule"] == "nested"]
    assert nested["fold"].tolist() == list(range(n_folds))
    assert set(nested["size"]) == {"400+50x3"}
    assert nested["accuracy"].tolist() == pytest.approx([0.8] * n_folds)
    assert sizes(choice, "published", "dcgan") == {"400+150x3"}


def test_a_size_is_chosen_for_tested_folds_alone():
    """By inner runs that also predict the folds that are not tested: without one of these, nested is not possible."""
    params = operating_points.Params(4, 3, 400, 150, 0.05)
    outer, inner = {"400+50x3": 12, "400+150x3": 18}, {"400+50x3": 16, "400+150x3": 9}
    table = arm_runs("dcgan", outer, inner=inner, n_folds=4, tested=1)
    choice = operating_points.choose(table, MEASURES, params)
    chosen = choice.set_index("rule")[["fold", "size"]].apply(tuple, axis=1).to_dict()
    assert chosen == {"fixed": (0, "400+150x3"), "published": (0, "400+150x3"), "nested": (0, "400+50x3")}
    without = table[~((table["folds"] == "12") & (table["size"] == "400+50x3"))]
    assert set(operating_points.choose(without, MEASURES, params)["rule"]) == {"fixed", "published"}


def test_nested_chooses_by_test_fold():
    """Size 0 is right in fold 0 only, size 400 in fold 1 only: test fold 0 is served by fold 1, and so on."""
    right = {"0": lambda fold, i: fold == 0, "400": lambda fold, i: fold == 1}
    table = pd.concat(
        [
            run("classic", size, folds, right=rule)
            for size, rule in right.items()
            for folds in ("12", "02", "01", "0", "1", "2")
        ]
    )
    nested = operating_points.choose(table, MEASURES, PARAMS).query("rule == 'nested'")
    assert nested["size"].tolist() == ["400", "0", "0"]
    assert nested["accuracy"].tolist() == pytest.approx([0.5, 0.5, 0.5])


def random_table(generator, n_folds):
    curve = dict.fromkeys(["0", "100", "400", "850"], 0)
    table = arm_runs("classic", curve, inner=curve, seeds=(0, 1), n_folds=n_folds)
    return table.assign(predicted=generator.choice(CLASSES, len(table)))


@pytest.mark.parametrize("n_folds", [3, 4])
def test_nested_is_blind_to_the_test_fold(n_folds):
    """Whatever is predicted for lesions of fold k, or by models that trained on it, the choice for k stays."""
    generator = np.random.default_rng(1)
    params = operating_points.Params(n_folds, 3, 400, 150, 0.0)
    moved = 0
    for _ in range(3):
        table = random_table(generator, n_folds)
        before = operating_points.choose(table, MEASURES, params).query("rule == 'nested'").set_index(["seed", "fold"])
        assert len(before) == 2 * n_folds
        for k in range(n_folds):
            forbidden = (table["fold"] == k) | table["folds"].str.contains(str(k))
            other = np.where(forbidden, generator.choice(CLASSES, len(table)), table["predicted"])
            after = operating_points.choose(table.assign(predicted=other), MEASURES, params).query("rule == 'nested'")
            after = after.set_index(["seed", "fold"])
            pd.testing.assert_frame_equal(after.xs(k, level="fold"), before.xs(k, level="fold"))
            moved += (after["size"] != before["size"]).sum()
    assert moved > 5  # the choices for other folds do depend on what was changed


@pytest.mark.parametrize("n_folds", [3, 4])
def test_nested_is_read_from_all_that_it_may_see(n_folds):
    """Of each allowed lesion, the pooled curve counts the one prediction by a model that is allowed too."""
    table = random_table(np.random.default_rng(2), n_folds)
    params = operating_points.Params(n_folds, 3, 400, 150, 0.0)
    nested = operating_points.choose(table, MEASURES, params).query("rule == 'nested'")
    for row in nested.itertuples():
        allowed = table[
            (table["seed"] == row.seed)
            & (table["fold"] != row.fold)
            & ~table["folds"].str.contains(str(row.fold))
            & (table["folds"].str.len() == n_folds - 2)
        ]
        best = {}
        for size, of_size in allowed.groupby("size"):
            by_lesion = of_size.set_index("lesion")
            assert by_lesion.index.is_unique
            assert len(by_lesion) == 20 * (n_folds - 1)
            best[size] = (by_lesion["truth"] == by_lesion["predicted"]).mean()
        assert row.accuracy == pytest.approx(max(best.values()))
        assert best[row.size] == pytest.approx(row.accuracy)


def test_nested_needs_inner_runs_at_every_size_or_a_single_size():
    curve = {"0": 10, "400": 15}
    table = pd.concat(
        [
            arm_runs("classic", curve, inner={"0": 10}),
            arm_runs("dcgan", {"400+150x3": 12}),
            arm_runs("online", {"400": 3, "850": 4}, inner={"400": 3, "850": 4}).query("folds != '1'"),
        ]
    )
    nested = operating_points.choose(table, MEASURES, PARAMS).query("rule == 'nested'")
    assert set(nested["arm"]) == {"dcgan"}
    assert nested["accuracy"].isna().all()


def test_two_folds_have_no_inner_runs():
    params = operating_points.Params(2, 3, 400, 150, 0.05)
    table = pd.concat(
        [arm_runs("classic", {"0": 10, "400": 15}, n_folds=2), arm_runs("dcgan", {"400+150x3": 12}, n_folds=2)]
    )
    nested = operating_points.choose(table, MEASURES, params).query("rule == 'nested'")
    assert nested[["arm", "fold", "size"]].to_numpy().tolist() == [["dcgan", 0, "400+150x3"], ["dcgan", 1, "400+150x3"]]


def test_at_takes_each_lesion_at_the_size_of_its_fold():
    generator = np.random.default_rng(3)
    table = random_table(generator, 3)
    pools = pooled(table, measures.Classification(CLASSES), 3)
    chosen = {0: "400", 1: "0", 2: "850"}
    choice = pd.DataFrame(
        [("nested", "classic", seed, fold, size, 0.5) for seed in (0, 1) for fold, size in chosen.items()],
        columns=[*operating_points.COLUMNS, "accuracy"],
    )
    at = operating_points.at(pools, choice, "nested")
    assert list(at) == [("classic", "nested", 0), ("classic", "nested", 1)]
    standard = table[table["folds"].str.len() == 2].set_index(["seed", "size", "lesion"])
    for (_, _, seed), pool in at.items():
        assert pool.units.tolist() == pools["classic", "0", 0].units.tolist()
        expected = [
            standard.loc[(seed, chosen[fold], lesion)] for fold, lesion in zip(pool.fold, pool.units, strict=True)
        ]
        assert [CLASSES[i] for i in pool.predicted] == [row["predicted"] for row in expected]
        assert pool.scores.tolist() == [[row[f"p_{name}"] for name in CLASSES] for row in expected]
    assert operating_points.at(pools, choice, "fixed") == {}


def test_problems_are_named():
    table = arm_runs("classic", {"0": 10})
    leak = table.assign(folds=table["folds"].where(table.index > 0, "01"))
    with pytest.raises(InputError, match="lesion L000 of fold 0 with a model trained on folds 01"):
        operating_points.choose(leak, MEASURES, PARAMS)
    with pytest.raises(InputError, match="lesion L000 twice"):
        operating_points.choose(pd.concat([table, table[:1]]), MEASURES, PARAMS)
    choice = operating_points.choose(table, MEASURES, PARAMS).assign(size="7")
    with pytest.raises(InputError, match="published takes arm classic, seed 0 at size 7"):
        operating_points.at(pooled(table, measures.Classification(CLASSES), 3), choice, "published")
