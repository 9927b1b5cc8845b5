"""Paired tests of two models on the same units (lesions, slices), where units of one patient are not independent.

The main test is `sign_flip`, which takes whole patients; it serves measures that are sums over units. `swap` serves the
others. `mcnemar` is what papers report; it takes units for independent. `clustered_mcnemar` is the large-sample form of
`sign_flip`.
"""

from collections.abc import Callable

import numpy as np
from scipy import stats

PERMUTATIONS = 19_999  # random sign flips where the exact distribution is out of reach
SWAPS = 1_999  # random swaps, of which each measures two arms anew
ENUMERATED = 14  # patients up to which all sign flips are gone through
EXHAUSTED = 10  # patients up to which all swaps are
BLOCK, SWAP_BLOCK = 2000, 500  # sign flips and swaps computed at a time; bounds the memory
ROUNDING = 1e-9  # sums of fractions that differ by less, relative to the largest possible sum, are tied


def sign_flip(sums: np.ndarray, generator: np.random.Generator) -> float:
    """Return the two-sided p of the patient-level sign-flip permutation test of a sum of paired differences.

    Under the null hypothesis the two models are exchangeable within a patient, so each patient's sum could as
    well have the other sign; p is the share of sign patterns whose total is at least as far from 0 as the observed.
    Whole numbers (units, counted over seeds) and few patients are computed exactly, the rest by random sign flips,
    where the observed pattern counts as one of them, so that p is never 0 (Phipson and Smyth, Stat. Appl. Genet. Mol.
    Biol. 9:39, 2010).

    Parameters
    ----------
    sums : (patients,) array
        Each patient's sum of differences, over units and seeds.
    generator
        Used for random sign flips only.

    Returns
    -------
    float
        1 where no patient differs.
    """
    sizes = np.abs(sums)
    sizes = sizes[sizes > ROUNDING * sizes.sum()]
    observed = abs(np.sum(sums)) - ROUNDING * sizes.sum()
    if not len(sizes):
        return 1.0
    if (sizes == np.round(sizes)).all():
        return _whole_numbers(sizes.astype(int), observed)
    if len(sizes) <= ENUMERATED:
        patterns = np.arange(2 ** len(sizes))[:, np.newaxis] >> np.arange(len(sizes)) & 1
        return float(_as_far(patterns, sizes, observed).mean())
    hits = 0
    for start in range(0, PERMUTATIONS, BLOCK):
        patterns = generator.integers(0, 2, (min(BLOCK, PERMUTATIONS - start), len(sizes)), dtype=np.int8)
        hits += _as_far(patterns, sizes, observed).sum()
    return float(1 + hits) / (1 + PERMUTATIONS)


def swap(differences: Callable[[np.ndarray], np.ndarray], patients: int, generator: np.random.Generator) -> float:
    """Return the two-sided p of the permutation test that swaps whole patients between two models.

    For a measure that is no sum over units, such as a correlation or an average precision: under the null hypothesis
    the two models are exchangeable within a patient, so the patients' predictions could as well have come from the
    other one. With few patients all swaps are gone through, else random ones, as in `sign_flip`.

    Parameters
    ----------
    differences
        Of the measure between the two models, (swaps,), after the patients of each row of a (swaps, patients) bool
        array were swapped.

    Returns
    -------
    float
        Not a number where the difference is none. Swaps without a difference are left out.
    """
    (observed,) = differences(np.zeros((1, patients), dtype=bool))
    if np.isnan(observed):
        return np.nan
    exact = patients <= EXHAUSTED
    if exact:
        patterns = (np.arange(2**patients)[:, np.newaxis] >> np.arange(patients) & 1).astype(bool)
    else:
        patterns = generator.random((SWAPS, patients)) < 0.5
    parts = [differences(patterns[start : start + SWAP_BLOCK]) for start in range(0, len(patterns), SWAP_BLOCK)]
    swapped = np.concatenate(parts)
    swapped = swapped[~np.isnan(swapped)]
    hits = int((np.abs(swapped) >= abs(observed) - ROUNDING).sum())
    return hits / len(swapped) if exact else (1 + hits) / (1 + len(swapped))


def mcnemar(only_a: int, only_b: int) -> float:
    """Return the exact two-sided p of McNemar's test, 1 without discordant units.

    Parameters
    ----------
    only_a, only_b
        Units that only the one and only the other model has right.
    """
    discordant = only_a + only_b
    return float(stats.binomtest(only_a, discordant).pvalue) if discordant else 1.0


def clustered_mcnemar(sums: np.ndarray) -> float:
    """Return the p of McNemar's chi-square test for clustered pairs (Obuchowski, Stat. Med. 17:1495, 1998).

    With one unit per patient it is McNemar's statistic without continuity correction, times (patients - 1) / patients.

    Parameters
    ----------
    sums : (patients,) array
        Each patient's units that only the one model has right, minus those that only the other has; also 0s.
    """
    squares = np.square(sums).sum()
    if squares == 0:
        return 1.0
    patients = len(sums)
    return float(stats.chi2.sf(np.sum(sums) ** 2 / (patients / (patients - 1) * squares), df=1))


def _whole_numbers(sizes: np.ndarray, observed: float) -> float:
    """Build the distribution of the total patient by patient; a total is ``sizes.sum()`` less twice those flipped."""
    flipped = np.zeros(sizes.sum() + 1)  # probability of each sum of the flipped patients' sizes
    flipped[0] = 1
    for size in sizes:
        moved = flipped[:-size].copy()
        flipped /= 2
        flipped[size:] += moved / 2
    totals = sizes.sum() - 2 * np.arange(len(flipped))
    return float(min(flipped[np.abs(totals) >= observed].sum(), 1))


def _as_far(patterns: np.ndarray, sizes: np.ndarray, observed: float) -> np.ndarray:
    return np.abs(sizes.sum() - 2 * (patterns @ sizes)) >= observed
