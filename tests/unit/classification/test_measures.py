"""The measures give the paper's tables from its confusion matrices, and agree with scikit-learn."""

import json
import math
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference
from tests.helpers import forked

from synthaug.classification import measures
from synthaug.errors import InputError
from synthaug.evaluation.pools import pooled
from synthaug.evaluation.roc import auc
from synthaug.files import artifacts
from synthaug.terms import model_lists

CLASSES = ["cyst", "metastasis", "hemangioma"]
MEASURES = measures.Classification(CLASSES)
TABLE2 = np.array([[52, 1, 0], [2, 44, 18], [0, 18, 47]])
TABLE3 = np.array([[53, 0, 0], [2, 52, 10], [1, 13, 51]])

# (total accuracy, sensitivities, specificities, weighted sensitivity, weighted specificity) as printed, in percent.
PRINTED = [
    (TABLE2, 78.6, [98.1, 68.7, 72.3], [98.4, 83.9, 84.6], 78.6, 88.4),
    (TABLE3, 85.7, [100, 81.2, 78.5], [97.7, 89.0, 91.4], 85.7, 92.4),
]


@pytest.mark.parametrize(
    ("counts", "total", "sensitivities", "specificities", "average", "average_specificity"), PRINTED
)
def test_paper_tables_2_3_and_7(counts, total, sensitivities, specificities, average, average_specificity):
    sensitivity, specificity = measures.sensitivity(counts), measures.specificity(counts)
    assert 100 * measures.accuracy(counts) == pytest.approx(total, abs=0.1)
    assert 100 * sensitivity == pytest.approx(sensitivities, abs=0.1)
    assert 100 * specificity == pytest.approx(specificities, abs=0.1)
    assert 100 * measures.weighted(sensitivity, counts) == pytest.approx(average, abs=0.1)
    assert 100 * measures.weighted(specificity, counts) == pytest.approx(average_specificity, abs=0.1)


def test_the_paper_cells_that_rounding_does_not_give():
    """Rounded to one decimal, half up, all cells are as printed but three, which the paper cut off instead."""
    differing = []
    for table, (counts, _, sensitivities, specificities, *_) in zip(("Table 2", "Table 3"), PRINTED, strict=True):
        computed = {"sensitivity": measures.sensitivity(counts), "specificity": measures.specificity(counts)}
        for name, printed in (("sensitivity", sensitivities), ("specificity", specificities)):
            for cls, fraction, cell in zip(CLASSES, computed[name], printed, strict=True):
                rounded = math.floor(1000 * fraction + 0.5) / 10
                if rounded != cell:
                    differing.append((table, name, cls, round(100 * float(fraction), 2), rounded, cell))
    assert differing == [
        ("Table 2", "sensitivity", "metastasis", 68.75, 68.8, 68.7),
        ("Table 3", "sensitivity", "metastasis", 81.25, 81.3, 81.2),
        ("Table 3", "specificity", "hemangioma", 91.45, 91.5, 91.4),
    ]


def random_predictions(generator, n=60, folds=3):
    scores = generator.dirichlet([1, 1, 1], n).round(1)  # rounded, so that there are ties
    return pd.DataFrame(
        {
            "arm": "classic",
            "size": "0",
            "seed": 0,
            "lesion": [f"L{i:02d}" for i in range(n)],
            "patient": [f"P{i // 2:02d}" for i in range(n)],
            "fold": np.arange(n) // 2 % folds,
            "truth": generator.choice(CLASSES, n),
            "predicted": [CLASSES[i] for i in scores.argmax(axis=1)],
            **{f"p_{name}": scores[:, i] for i, name in enumerate(CLASSES)},
        }
    ).assign(folds=lambda table: table["fold"].map({0: "12", 1: "02", 2: "01"}))


def test_agrees_with_scikit_learn_within_a_fold_and_with_weights():
    generator = np.random.default_rng(1)
    table = random_predictions(generator)
    pool = pooled(table, MEASURES, 3)["classic", "0", 0]
    weights = generator.integers(0, 4, (5, len(table)))
    values = MEASURES.values(pool, weights)
    for b, weight in enumerate(weights):
        counts = reference.confusion_matrix(table["truth"], table["predicted"], labels=CLASSES, sample_weight=weight)
        assert measures.confusion(pool.truth, pool.predicted, 3, weights)[b] == pytest.approx(counts)
        assert values["accuracy", "all"][b] == pytest.approx(counts.trace() / counts.sum())
        recall = reference.recall_score(
            table["truth"], table["predicted"], labels=CLASSES, average=None, sample_weight=weight
        )
        for i, name in enumerate(CLASSES):
            assert values["sensitivity", name][b] == pytest.approx(recall[i])
            against = reference.recall_score(
                table["truth"] != name, table["predicted"] != name, sample_weight=weight, zero_division=np.nan
            )
            assert values["specificity", name][b] == pytest.approx(against)
            shares, areas = [], []
            for fold in range(3):
                inside = (table["fold"] == fold).to_numpy()
                positive, w = (table["truth"] == name)[inside], weight[inside]
                shares.append(w[positive].sum() * w[~positive].sum())
                areas.append(reference.roc_auc_score(positive, table[f"p_{name}"][inside], sample_weight=w))
            assert values["auc", name][b] == pytest.approx(np.average(areas, weights=shares))


def test_usual_measures_agree_with_scikit_learn():
    generator = np.random.default_rng(4)
    table = random_predictions(generator)
    truth, predicted = table["truth"], table["predicted"]
    pool = pooled(table, MEASURES, 3)["classic", "0", 0]
    weights = generator.integers(0, 4, (5, len(table)))
    values = MEASURES.values(pool, weights)
    for b, weight in enumerate(weights):
        how = {"labels": CLASSES, "sample_weight": weight}
        recall = reference.recall_score(truth, predicted, average="macro", **how)
        assert values["balanced accuracy", "all"][b] == pytest.approx(recall)
        assert values["macro F1", "all"][b] == pytest.approx(
            reference.f1_score(truth, predicted, average="macro", **how)
        )
        expected = reference.matthews_corrcoef(truth, predicted, sample_weight=weight)
        assert values["MCC", "all"][b] == pytest.approx(expected)
        precision = reference.precision_score(truth, predicted, average=None, **how)
        for i, name in enumerate(CLASSES):
            assert values["positive predictive value", name][b] == pytest.approx(precision[i])
            negative = reference.precision_score(truth != name, predicted != name, sample_weight=weight)
            assert values["negative predictive value", name][b] == pytest.approx(negative)


def test_usual_measures_of_one_class():
    """Only the first class is called: MCC is 0, a class that is never called has no predictive value."""
    counts = np.array([[[4.0, 0, 0], [2, 0, 0], [0, 0, 0]]])
    assert measures.matthews(counts) == [0]
    assert measures.matthews(np.zeros((1, 3, 3))) == pytest.approx([np.nan], nan_ok=True)
    assert measures.balanced_accuracy(counts) == [0.5]  # of the two classes that there are
    assert measures.macro_f1(counts) == pytest.approx([0.8 / 2])
    assert measures.positive_value(counts)[0] == pytest.approx([4 / 6, np.nan, np.nan], nan_ok=True)
    assert measures.negative_value(counts)[0] == pytest.approx([np.nan, 4 / 6, 1], nan_ok=True)


def test_auc_compares_no_lesions_of_different_folds():
    """Each fold ranks perfectly, but fold 1's scores are all above fold 0's: pooled, the area would be 0.75."""
    positive = np.array([False, True, False, True])
    scores = np.array([0.1, 0.2, 0.8, 0.9])
    fold = np.array([0, 0, 1, 1])
    assert auc(positive, scores, fold, np.ones((1, 4))) == pytest.approx([1.0])
    assert reference.roc_auc_score(positive, scores) == pytest.approx(0.75)


def test_auc_without_a_pair_is_not_a_number():
    assert np.isnan(auc(np.array([True, False]), np.array([0.1, 0.2]), np.array([0, 1]), np.ones((1, 2)))).all()


def test_a_class_without_lesions_has_no_sensitivity_and_no_part_in_the_average():
    counts = np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
    sensitivity = measures.sensitivity(counts)
    assert np.isnan(sensitivity[2])
    assert measures.weighted(sensitivity, counts) == pytest.approx(7 / 8)


def test_only_models_trained_on_all_folds_but_one_are_pooled():
    table = random_predictions(np.random.default_rng(2))
    fewer = table.assign(folds=table["fold"].map({0: "1", 1: "2", 2: "0"}), predicted="cyst")
    pools = pooled(pd.concat([fewer, table]), MEASURES, 3)
    assert pools["classic", "0", 0].predicted.tolist() == measures.positions(table["predicted"], CLASSES).tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: pd.concat([t, t[:1]]), "lesion L00 is predicted 2 times"),
        (lambda t: pd.concat([t, t[1:].assign(arm="dcgan")]), "the first L00"),
        (lambda t: t.assign(truth=t["truth"].replace("cyst", "abscess")), r"found \['abscess'\]"),
        (lambda t: t.assign(p_cyst=t["p_cyst"].where(t.index > 0)), "lesion L00 in arm classic"),
        (lambda t: t.drop(columns="p_cyst"), "p_cyst is missing"),
        (lambda t: t[:0], "nothing to evaluate"),
    ],
)
def test_unusable_predictions_are_named(change, message):
    table = random_predictions(np.random.default_rng(3))
    with pytest.raises(InputError, match=message):
        pooled(change(table), MEASURES, 3)


def test_scripts_collect_and_compute(tmp_path):
    table = random_predictions(np.random.default_rng(4))
    runs = []
    for folds, rows in table.groupby("folds"):
        runs.append(["classic", "0", 0, folds])
        path = tmp_path / f"seed-0/classify/classic/0/train-{folds}/predictions.csv"
        artifacts.write_csv(rows.drop(columns=["arm", "size", "seed", "folds"]), path)
    collect = [sys.executable, "scripts/collect_predictions.py", "--out", tmp_path / "predictions.csv"]
    collect += ["--results", tmp_path, "--stage", "classify"]
    forked.run([*collect, "--runs", model_lists.written(runs)], check=True)
    params = {"master_seed": 1, "measures": {"classes": CLASSES}, "folds": 3, "bootstrap": 20, "confidence": 0.95}
    params |= {"classes": 3, "group": 0, "synthetic": 0, "plateau": 0.01}
    compute = [
        sys.executable,
        "scripts/compute_metrics_classification.py",
        "--predictions",
        tmp_path / "predictions.csv",
    ]
    compute += ["--params", json.dumps(params), "--out", tmp_path / "metrics.csv"]
    compute += ["--operating-points", tmp_path / "points.csv", "--seeds", tmp_path / "seeds.csv"]
    compute += ["--references", tmp_path / "references.csv", "--variances", tmp_path / "variances.csv"]
    forked.run(compute, check=True)
    values = artifacts.read_csv(tmp_path / "metrics.csv").query("seed == 'all' and metric == 'accuracy'")
    assert list(values) == ["arm", "size", "seed", "metric", "class", "value", "low", "high", "n"]
    assert values["size"].tolist() == ["0", "fixed", "published", "nested"]
    assert values["value"].tolist() == pytest.approx(4 * [(table["truth"] == table["predicted"]).mean()])
    points = artifacts.read_csv(tmp_path / "points.csv")
    assert list(points) == ["rule", "arm", "seed", "fold", "size", "accuracy"]
    assert points["size"].tolist() == 9 * ["0"]
    assert artifacts.read_csv(tmp_path / "seeds.csv")["sd_between"].isna().all()
    variances = artifacts.read_csv(tmp_path / "variances.csv")
    assert variances["size"].tolist() == ["fixed", "published", "nested"]
    assert variances["models"].tolist() == 3 * [3]
    references = artifacts.read_csv(tmp_path / "references.csv")
    assert references["how"].tolist() == ["always the largest class"]
    assert references["value"].tolist() == pytest.approx([table["truth"].value_counts(normalize=True).max()])

    done = forked.run([*collect, "--runs", model_lists.written([])])
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ERROR [collect_predictions] --runs: expected a run or more, found none; see experiment in the config"
    )
