"""Tables of predictions of strategies whose truth is known, as `collect_predictions` writes them."""

import itertools

import numpy as np
import pandas as pd
from scipy import special

from synthaug.classification.measures import Classification
from synthaug.evaluation import best_strategy
from synthaug.evaluation.pools import pooled
from tests.helpers import simulated_studies

CLASSES = ["a", "b"]
MEASURES = Classification(CLASSES)
SIZES = ("100", "200", "300")  # of each arm; the reference arm stands at the first


def chosen(table: pd.DataFrame, folds: int, *, candidates=None, bootstrap=2, master_seed=1) -> best_strategy.Best:
    """Return what `best_strategy.choose` makes of a table; ``classic`` stands at its smallest size."""
    arms = list(table["arm"].unique())
    where = table.loc[table["arm"] == "classic", ["seed", "fold"]].drop_duplicates()
    points = where.assign(rule="fixed", arm="classic", size=SIZES[0])
    params = best_strategy.Params(
        master_seed, folds, bootstrap, 0.95, 0.03, None, "fixed", arms if candidates is None else candidates
    )
    return best_strategy.choose(table, pooled(table, MEASURES, folds), points, MEASURES, params)


def table(right: dict[str, np.ndarray], patient: np.ndarray, fold: np.ndarray, seed: int = 0) -> pd.DataFrame:
    """Return predictions of units in each test fold by the folds trained on.

    Parameters
    ----------
    right : dict of str to (strategies, n) bool array
        Whether each strategy has each unit right, by the folds trained on; units of these folds are left out.
    patient, fold : (n,) int arrays
    """
    parts = []
    truth = np.array(CLASSES)[np.arange(len(fold)) % 2]
    wrong = np.array(CLASSES)[(np.arange(len(fold)) + 1) % 2]
    for folds, of_strategies in right.items():
        tested = ~np.isin(fold.astype(str), list(folds))
        for number, hits in enumerate(of_strategies):
            part = pd.DataFrame({"fold": fold[tested], "truth": truth[tested]})
            part["predicted"] = np.where(hits, truth, wrong)[tested]
            part["lesion"] = [f"L{i:04d}" for i in np.flatnonzero(tested)]
            part["patient"] = [f"P{i:04d}" for i in patient[tested]]
            parts.append(part.assign(arm=_arm(number), size=SIZES[number % 3], seed=seed, folds=folds))
    whole = pd.concat(parts, ignore_index=True)
    return whole.assign(**{f"p_{name}": (whole["predicted"] == name).astype(float) for name in CLASSES})


def simulated(
    generator: np.random.Generator, accuracies: list[float], lesions: int, seeds: int, folds: int
) -> pd.DataFrame:
    """Return a study of strategies of known accuracy (`simulated_studies.right`); no training has a part in it."""
    patient = simulated_studies.patients_of(lesions)
    right = simulated_studies.right(generator, accuracies, patient, seeds, 0.0)
    parts = []
    for seed in range(seeds):
        fold = (generator.permutation(patient.max() + 1) % folds)[patient]
        parts.append(table(dict.fromkeys(trained(folds), right[:, seed]), patient, fold, seed))
    return pd.concat(parts, ignore_index=True)


Learned = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]  # who is right, as `table` takes it; folds; the truth


def learned(generator: np.random.Generator, strategies: int, signal: float, units: int, folds: int) -> Learned:
    """Return a study, with inner models, of classifiers that learn; all are equally good on average.

    The classes' means in each of 20 normal features are apart by twice ``signal``. A strategy takes 10 of the features,
    drawn anew in each study, and classifies by the nearer mean of its training set. Each unit is one patient. The truth
    is the accuracy that each strategy's model for each test fold has of all units that could come, (strategies, folds),
    from the normal distribution.
    """
    truth = np.where(np.arange(units) % 2, -1.0, 1.0)
    features = generator.standard_normal((units, 20)) + signal * truth[:, np.newaxis]
    own = np.stack([features[:, generator.permutation(20)[:10]] for _ in range(strategies)])
    fold = np.repeat(generator.permutation(units // 2) % folds, 2)
    right, known = {}, np.zeros((strategies, folds))
    for of in [*trained(folds), *trained(folds, 2)]:
        learns = np.isin(fold.astype(str), list(of))
        weights = np.einsum("mnp,n->mp", own[:, learns], truth[learns])
        middle = own[:, learns].mean(axis=1)
        if len(of) == folds - 1:
            ahead = [((sign * signal - middle) * weights).sum(axis=1) * sign for sign in (1, -1)]
            (left_out,) = set(range(folds)) - set(map(int, of))
            known[:, left_out] = special.ndtr(ahead / np.linalg.norm(weights, axis=1)).mean(axis=0)
        centred = own - middle[:, np.newaxis]
        right[of] = np.einsum("mnp,mp->mn", centred, weights) * truth > 0
    return right, fold, known


def picked(right: dict[str, np.ndarray], fold: np.ndarray, folds: int, inner: bool) -> list[int]:
    """Return the first best strategy for each test fold, by inner models or by the predictions of the other folds."""
    result = []
    for k in range(folds):
        scores = np.zeros(len(next(iter(right.values()))))
        for j in set(range(folds)) - {k}:
            of = "".join(str(i) for i in range(folds) if i not in ({j, k} if inner else {j}))
            scores += right[of][:, fold == j].sum(axis=1)
        result.append(int(scores.argmax()))
    return result


def point(number: int) -> tuple[str, str]:
    """Return the arm and size of a strategy by its number."""
    return _arm(number), SIZES[number % 3]


def trained(folds: int, left_out: int = 1) -> list[str]:
    """Return the choices of training folds that leave out so many."""
    return ["".join(map(str, of)) for of in itertools.combinations(range(folds), folds - left_out)]


def _arm(number: int) -> str:
    return "classic" if number < len(SIZES) else f"gan{number // len(SIZES)}"
