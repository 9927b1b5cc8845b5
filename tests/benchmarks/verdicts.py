"""Simulate many studies of known truth and count how often intervals and verdicts are right: docs/statistics.md.

    PYTHONPATH=scripts:. python -m tests.benchmarks.verdicts --studies 2000 --out tests/benchmarks/results/verdicts.csv
    PYTHONPATH=scripts:. python -m tests.benchmarks.verdicts --studies 2000 --likely-worse

A study has `classic`, a primary arm and ten others. Every row of the table is one design: lesions, seeds and the
standard deviation that a training adds to the accuracy of each fold's model.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.evaluation import comparisons, differences, multiplicity, paired_tests
from tests.helpers import simulated_studies as studies

OTHERS = 10
LEVEL, MARGIN = 0.05, 0.03
ACCURACY, GAIN = 0.786, 0.071  # the paper's


def verdicts(
    right: np.ndarray, patient: np.ndarray, generator: np.random.Generator
) -> tuple[list[str], list[differences.Difference]]:
    """Return each arm's verdict against the first, and its difference; the second arm is the primary one.

    ``right`` and ``patient`` are those of `simulated_studies.right`.
    """
    found, exact, differing = [], [], []
    for arm in right[1:]:
        difference = arm.astype(float) - right[0]
        found.append(differences.estimate(studies.without_each(difference, patient)))
        sums = np.bincount(patient, weights=difference.sum(axis=0))
        exact.append(paired_tests.sign_flip(sums, generator))
        differing.append(int((np.abs(sums) > 1e-9).sum()))
    p = multiplicity.gatekept(np.array([np.fmax(e, f.p()) for e, f in zip(exact, found, strict=True)]), 0)
    no_gain = multiplicity.fallback(np.array([each.p_of_gain(MARGIN) for each in found]), 0)
    equivalent = multiplicity.fallback(np.array([each.p_of_inequality(MARGIN) for each in found]), 0)
    said = [
        comparisons.verdict(each.value, each.interval(1 - LEVEL)[1], *of_arm, LEVEL, number)
        for each, *of_arm, number in zip(found, p, no_gain, equivalent, differing, strict=True)
    ]
    return said, found


def design(lesions: int, seeds: int, shift: float, number: int, master_seed: int = 1) -> dict[str, float]:
    """Return how often intervals and verdicts came out as they did in ``number`` studies of one design; fractions.

    ``coverage``, ``false primary`` and ``false any`` (claims of a difference) are of studies where all arms are equal,
    ``excluded wrongly`` of studies where every arm gains what is of interest, ``power`` of the paper's gain.
    """
    generator = np.random.default_rng([master_seed, lesions, seeds, int(100 * shift)])
    patient = studies.patients_of(lesions)
    decided = (comparisons.GAIN, comparisons.WORSE)
    excluded = (comparisons.NO_GAIN, comparisons.LIKELY_WORSE, comparisons.EQUIVALENT)
    count = dict.fromkeys(("coverage", "false primary", "false any", "excluded wrongly", "power"), 0)
    for _ in range(number):
        said, found = verdicts(
            studies.right(generator, [ACCURACY] * (2 + OTHERS), patient, seeds, shift), patient, generator
        )
        low, high = found[0].interval(1 - LEVEL)
        count["coverage"] += not (low > 0 or high < 0)
        count["false primary"] += said[0] in decided
        count["false any"] += any(each in decided for each in said)
        accuracies = [ACCURACY] + [ACCURACY + MARGIN] * (1 + OTHERS)
        said, _ = verdicts(studies.right(generator, accuracies, patient, seeds, shift), patient, generator)
        count["excluded wrongly"] += any(each in excluded for each in said)
        said, _ = verdicts(
            studies.right(generator, [ACCURACY, ACCURACY + GAIN], patient, seeds, shift), patient, generator
        )
        count["power"] += said[0] == comparisons.GAIN
    shares = {name: value / number for name, value in count.items()}
    return {"lesions": lesions, "seeds": seeds, "shift": shift, "studies": number, **shares}


def likely_worse(lesions: int, seeds: int, number: int, master_seed: int = 7) -> dict[str, float]:
    """Return how often arms are called `likely worse`: any of equal ones in a study, and those that truly lose `GAIN`.

    The latter are the `OTHERS` in a quarter of ``number`` studies, in which the primary arm loses nothing; ``worse`` is
    how often they are called that.
    """
    generator = np.random.default_rng([master_seed, lesions, seeds])
    patient = studies.patients_of(lesions)
    equal, losing = [ACCURACY] * (2 + OTHERS), [ACCURACY] * 2 + [ACCURACY - GAIN] * OTHERS
    said = {
        name: [
            verdicts(studies.right(generator, arms, patient, seeds, 0.0), patient, generator)[0] for _ in range(each)
        ]
        for name, arms, each in (("equal", equal, number), ("losing", losing, number // 4))
    }
    called = {
        verdict: float(np.mean([study.count(verdict) / OTHERS for study in said["losing"]]))
        for verdict in (comparisons.LIKELY_WORSE, comparisons.WORSE)
    }
    return {"any of equal": float(np.mean([comparisons.LIKELY_WORSE in study for study in said["equal"]])), **called}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=2000, help="of each design")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--out", type=Path, help="the table, CSV; designs that it holds are not repeated")
    chosen.add_argument("--likely-worse", action="store_true", help="say how often arms are called so")
    arguments = parser.parse_args()
    if arguments.likely_worse:
        print(likely_worse(182, 5, arguments.studies))
        return
    done = pd.read_csv(arguments.out) if arguments.out.exists() else pd.DataFrame()
    for lesions, seeds, shift in itertools.product((60, 182), (1, 3, 5), (0.0, 0.03, 0.06)):
        if not done.empty and ((done[["lesions", "seeds", "shift"]] == [lesions, seeds, shift]).all(axis=1)).any():
            continue
        row = pd.DataFrame([design(lesions, seeds, shift, arguments.studies)])
        done = pd.concat([done, row], ignore_index=True)
        done.to_csv(arguments.out, index=False)
        print(row.to_string(index=False, header=False), flush=True)


if __name__ == "__main__":
    main()
