"""Simulate studies of strategies that are all alike, choose the best of them, and count what is claimed.

    PYTHONPATH=scripts:. python -m tests.benchmarks.chosen_strategies --studies 400 --out \
        tests/benchmarks/results/chosen_strategies.csv

docs/statistics.md shows the table. In one half classifiers have a known accuracy and learn nothing; in the other they
learn, some of them little, and the choice is read off either source.
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
LEARNED = [(0.0, 3), (0.15, 3), (0.3, 3)]


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
    """Return the same of classifiers that learn: read off inner models, then off the other test folds."""
    generator = np.random.default_rng([master_seed, int(100 * signal), folds])
    made: tuple[list, list] = [], []
    truth: tuple[list, list] = [], []
    places = {studies.point(i): i for i in range(strategies)}
    for _ in range(number):
        table, known = studies.learned(generator, strategies, signal, 120, folds)
        for source, rows in enumerate((table, table[table["folds"].str.len() == folds - 1])):
            best = studies.chosen(rows, folds)
            taken = [(places[row["arm"], row["size"]], row["fold"]) for row in best.choices.to_dict("records")]
            made[source].append(best)
            truth[source].append(np.mean([known[place, fold] - known[0, fold] for place, fold in taken]))
    about = {"kind": "learned", "units": 120, "strategies": strategies, "seeds": 1, "folds": folds, "signal": signal}
    return [about | summed(each, of) for each, of in zip(made, truth, strict=True)]


def summed(made: list[best_strategy.Best], truth: list[float] | None = None) -> dict:
    """Return mean gains of the choice and of hindsight, in points, and shares of studies with a claim.

    Without ``truth`` the true gain is 0. ``bias`` is what is measured less what is true, ``error`` its standard error.
    """
    true = np.zeros(len(made)) if truth is None else np.array(truth)
    rows = pd.concat([each.comparison for each in made], ignore_index=True)
    gain, worse = (float((rows["verdict"] == said).mean()) for said in (comparisons.GAIN, comparisons.WORSE))
    excluded = rows["low"].gt(0) | rows["high"].lt(0)
    return {
        "read": rows["read"].iloc[0],
        "accuracy": float(np.mean([each.strategies["accuracy"].iloc[0] for each in made])),
        "true gain": 100 * float(true.mean()),
        "bias": 100 * float((rows["delta"] - true).mean()),
        "error": 100 * float((rows["delta"] - true).std() / np.sqrt(len(rows))),
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
            found = simulate(*design, arguments.studies)
            rows = pd.DataFrame(found if isinstance(found, list) else [found]).round(4)
            pd.concat([done, rows.assign(design=name)], ignore_index=True).to_csv(arguments.out, index=False)
            if arguments.one:
                break


if __name__ == "__main__":
    main()
