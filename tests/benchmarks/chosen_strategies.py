"""Simulate studies of strategies that are all alike, choose the best of them, and count what is claimed.

    PYTHONPATH=scripts:. python -m tests.benchmarks.chosen_strategies --studies 400 --out \
        tests/benchmarks/results/chosen_strategies.csv

docs/statistics.md shows both tables. In the first, classifiers have a known accuracy and learn nothing; in the second
they learn, some of them little, and the choice is read off either source.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.evaluation import best_strategy, comparisons
from tests.helpers import predicted_studies as studies

ACCURACY = 0.8
KNOWN = [
    (60, 9, 1, 3),
    (182, 9, 1, 3),
    (182, 9, 1, 5),
    (182, 30, 1, 3),
    (182, 9, 3, 3),
]  # units, strategies, seeds, folds
LEARNED = [(signal, folds) for signal in (0.0, 0.15, 0.25, 0.35) for folds in (3, 5)]
UNITS, MORE = 120, 5  # of the latter; so many times more studies, which are quick


def known(lesions: int, strategies: int, seeds: int, folds: int, number: int, master_seed: int = 1) -> dict:
    """Return what is found where every strategy is equally good, as the row of a table; differences are points."""
    generator = np.random.default_rng([master_seed, lesions, strategies, seeds, folds])
    made = [
        studies.chosen(studies.simulated(generator, [ACCURACY] * strategies, lesions, seeds, folds), folds)
        for _ in range(number)
    ]
    about = {"kind": "known", "units": lesions, "strategies": strategies, "seeds": seeds, "folds": folds}
    return about | summed(made)


def learned(signal: float, folds: int, number: int, strategies: int = 9, master_seed: int = 1) -> list[dict]:
    """Return how far the choice is too high where classifiers learn: read off inner models, then off the other folds.

    The choice is made from arrays, as `predicted_studies.picked` does; a test holds that `best_strategy` chooses so.
    """
    generator = np.random.default_rng([master_seed, int(100 * signal), folds])
    gains: dict[bool, list] = {True: [], False: []}
    accuracy, hindsight = [], []
    for _ in range(number):
        right, fold, known = studies.learned(generator, strategies, signal, UNITS, folds)
        tested = {k: right["".join(str(i) for i in range(folds) if i != k)][:, fold == k] for k in range(folds)}
        counts = np.array([tested[k].sum(axis=1) for k in range(folds)]).T  # (strategies, folds)
        accuracy.append(counts[0].sum() / UNITS)
        hindsight.append((counts - counts[0]).sum(axis=1).max() / UNITS)
        share = np.array([tested[k].shape[1] for k in range(folds)]) / UNITS
        for inner, found in gains.items():
            taken = studies.picked(right, fold, folds, inner), np.arange(folds)
            true = ((known[taken] - known[0]) * share).sum()
            found.append(((counts[taken] - counts[0]).sum() / UNITS, true))
    rows = []
    for inner, found in gains.items():
        measured, true = 100 * np.array(found).T
        rows.append(
            {
                "kind": "learned", "units": UNITS, "strategies": strategies, "seeds": 1, "folds": folds,
                "signal": signal, "read": best_strategy.INNER if inner else best_strategy.OTHERS,
                "accuracy": float(np.mean(accuracy)), "true gain": float(true.mean()),
                "bias": float((measured - true).mean()),
                "error": float((measured - true).std(ddof=1) / np.sqrt(number)),
                "hindsight": 100 * float(np.mean(hindsight)), "studies": number,
            }
        )  # fmt: skip
    return rows


def summed(made: list[best_strategy.Best]) -> dict:
    """Return the mean gain of the choice and of hindsight, in points, and shares of studies with a claim.

    The true gain is 0, so the mean is the bias; ``error`` is its standard error.
    """
    rows = pd.concat([each.comparison for each in made], ignore_index=True)
    gain, worse = (float((rows["verdict"] == said).mean()) for said in (comparisons.GAIN, comparisons.WORSE))
    excluded = rows["low"].gt(0) | rows["high"].lt(0)
    return {
        "read": rows["read"].iloc[0],
        "accuracy": float(np.mean([each.strategies["accuracy"].iloc[0] for each in made])),
        "true gain": 0.0,
        "bias": 100 * float(rows["delta"].mean()),
        "error": 100 * float(rows["delta"].std() / np.sqrt(len(rows))),
        "hindsight": 100 * float(np.mean([each.strategies["delta"].max() for each in made])),
        "false gain": gain,
        "false loss": worse,
        "interval excludes 0": float(excluded.mean()),
        "interval excludes 0 upwards": float(rows["low"].gt(0).mean()),
        "studies": len(rows),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=400, help="of each design")
    parser.add_argument("--one", action="store_true", help="stop after the first design that was not done yet")
    parser.add_argument(
        "--out", type=Path, required=True, help="the table, CSV; designs that it holds are not repeated"
    )
    arguments = parser.parse_args()
    designs = [(known, design) for design in KNOWN] + [(learned, design) for design in LEARNED]
    for simulate, design in designs:
        done = pd.read_csv(arguments.out) if arguments.out.exists() else pd.DataFrame({"design": []})
        name = f"{simulate.__name__} {design}"
        if name not in set(done["design"]):
            found = simulate(*design, arguments.studies * (MORE if simulate is learned else 1))
            rows = pd.DataFrame(found if isinstance(found, list) else [found]).round(4)
            pd.concat([done, rows.assign(design=name)], ignore_index=True).to_csv(arguments.out, index=False)
            if arguments.one:
                break


if __name__ == "__main__":
    main()
