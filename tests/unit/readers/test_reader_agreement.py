"""Agreement of readers: kappas against scikit-learn and published worked examples."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from tests.helpers import made_readers

from synthaug.readers import agreement, scores
from synthaug.readers import answers as reader_answers

PARAMS = scores.Params(1, 500, 0.95)
# Fleiss 1971, as reworked in many textbooks: fourteen raters put ten subjects into five categories; kappa 0.210.
FLEISS = np.array([
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
])  # fmt: skip


def test_fleiss_kappa_of_readers_is_that_of_the_worked_example():
    weights = np.vstack([np.ones(10), [2] * 5 + [0] * 5])
    values = agreement.fleiss_kappa(FLEISS, weights)
    assert values[0] == pytest.approx(0.210, abs=5e-4)
    # A weight of 2 is the subject twice.
    twice = agreement.fleiss_kappa(np.repeat(FLEISS[:5], 2, axis=0), np.ones((1, 10)))
    assert values[1] == pytest.approx(twice[0])
    same = np.tile([3, 0], (4, 1))
    assert np.isnan(agreement.fleiss_kappa(same, np.ones((1, 4)))).all()


def test_cohen_kappa_of_readers_is_scikit_learns():
    assert agreement.cohen_kappa(np.array([[20, 5], [10, 15]])) == pytest.approx(0.4)  # the textbook example
    random = np.random.default_rng(0)
    first, second = random.integers(0, 3, (2, 80))
    second = np.where(random.uniform(size=80) < 0.5, first, second)
    counts = np.zeros((3, 3))
    np.add.at(counts, (first, second), 1)
    assert agreement.cohen_kappa(counts) == pytest.approx(cohen_kappa_score(first, second))
    assert np.isnan(agreement.cohen_kappa(np.diag([7, 0])))


def exported(readers=3, repeats=20):
    table = made_readers.key((15,) * 3, (15,) * 3)
    asked = made_readers.study(table, readers=readers, repeats=list(table["image"][:repeats]))
    random = np.random.default_rng(4)
    by_reader = {reader: made_readers.detecting(table, 1, random) for reader in asked.presentations}
    given = made_readers.answers(asked, by_reader)
    second = given.duplicated(["reader", "image"])
    changed = second & (random.uniform(size=len(given)) < 0.3)
    given.loc[changed, "origin"] = given.loc[changed, "origin"].map({"real": "synthetic", "synthetic": "real"})
    return asked, reader_answers.with_truth(given.assign(repeat=second), asked)


def test_agreement_between_and_within_readers():
    asked, answers = exported()
    table = agreement.table(answers, asked, PARAMS).set_index(["agreement", "readers", "task", "measure"])
    first = answers[~answers["repeat"]].pivot(index="image", columns="reader", values="origin")
    second = answers[answers["repeat"]].pivot(index="image", columns="reader", values="origin")
    row = table.loc[("between readers", "reader-1 and reader-3", "origin", "Cohen's kappa")]
    assert row["value"] == pytest.approx(cohen_kappa_score(first["reader-1"], first["reader-3"]))
    assert row["n"] == 90
    assert row["low"] < row["value"] < row["high"]
    row = table.loc[("within a reader", "reader-2", "origin", "Cohen's kappa")]
    assert row["value"] == pytest.approx(cohen_kappa_score(first["reader-2"][second.index], second["reader-2"]))
    assert row["n"] == 20
    row = table.loc[("within a reader", "reader-2", "origin", "same answer")]
    assert row["value"] == pytest.approx((first["reader-2"][second.index] == second["reader-2"]).mean())
    right = first.apply(lambda column: column == asked.key.set_index("image")["origin"].loc[first.index])
    row = table.loc[("between readers", "reader-1 and reader-2", "origin", "both right")]
    assert row["value"] == pytest.approx((right["reader-1"] & right["reader-2"]).mean())
    assert ("between readers", "all", "origin", "Fleiss' kappa") in table.index


def test_agreement_of_two_readers_has_no_fleiss_and_of_one_reader_none_between():
    table = agreement.table(*reversed(exported(readers=2)), PARAMS)
    assert "Fleiss' kappa" not in set(table["measure"])
    table = agreement.table(*reversed(exported(readers=1, repeats=0)), PARAMS)
    assert table.empty
    assert list(table) == agreement.COLUMNS
