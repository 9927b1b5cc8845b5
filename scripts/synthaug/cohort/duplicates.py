"""The suspected duplicates among patients: which lesions, by what evidence, and whether their classes contradict."""

import numpy as np
import pandas as pd

from synthaug.cohort import near_duplicates

ALIKE = "look alike"
COLUMNS = [
    "lesion_a", "patient_a", "class_a", "row_a", "lesion_b", "patient_b", "class_b", "row_b",
    "found", "classes", "correlation",
]  # fmt: skip
NUMBERS = ("row_a", "row_b", "correlation")  # all other columns are text
CONTRADICT, AGREE = "contradict", "agree"
NOTHING = "(nothing there)"  # of a slice without lesion


def table(cases: pd.DataFrame, thumbnails: np.ndarray, threshold: float, shared: pd.DataFrame) -> pd.DataFrame:
    """List the pairs of lesions whose images are, or look like, one scan of two patients.

    Each pair of key slices that look alike is a row. Two patients that share an image have one row at least, also where
    their lesions lie on different slices of it.

    Parameters
    ----------
    cases
        ``cases.csv`` with the columns ``image``, its path, and ``row``, its row in the case table.
    thumbnails
        See `near_duplicates.thumbnail`: of each case, float64 (n, 1024).
    threshold
        Key slices that correlate by this much or more look alike.
    shared
        See `shared_images.pairs`.

    Returns
    -------
    DataFrame with `COLUMNS`. ``found`` is the strongest evidence: that of ``shared``, or `ALIKE`. ``class_a`` and
    ``class_b`` are all classes on the key slice, joined by ``+``. ``classes`` is `CONTRADICT` if the two slices are, or
    look like, one and the same and have no class in common, else `AGREE`. Contradictions come first, then the shared
    images, then the most similar.
    """
    kinds = {frozenset((row.image_a, row.image_b)): row.found for row in shared.itertuples()}
    first = cases.drop_duplicates(["image", "slice"])
    classes = cases.groupby(["image", "slice"])["class"].agg(lambda each: "+".join(sorted(set(each))))
    by_lesion = first.set_index("lesion")
    similar = near_duplicates.pairs(cases, thumbnails, threshold)
    found = list(similar[["lesion_a", "lesion_b", "correlation"]].itertuples(index=False, name=None))
    listed = {frozenset(by_lesion.loc[[a, b], "image"]) for a, b, _ in found}
    for row in shared.itertuples():
        if frozenset((row.image_a, row.image_b)) not in listed:
            places = [first.index[first["image"] == image][0] for image in (row.image_a, row.image_b)]
            correlation = round(float(thumbnails[places[0]] @ thumbnails[places[1]]), 4)
            found.append((*cases.loc[places, "lesion"], correlation))
    rows = [_row(by_lesion.loc[a], by_lesion.loc[b], correlation, kinds, classes) for a, b, correlation in found]
    pairs = pd.DataFrame(rows, columns=COLUMNS)
    ranks = pairs.assign(agree=pairs["classes"] == AGREE, alike=pairs["found"] == ALIKE)
    order = ["agree", "alike", "correlation", "lesion_a", "lesion_b"]
    ranks = ranks.sort_values(order, ascending=[True, True, False, True, True], ignore_index=True)
    return ranks[COLUMNS]


def evidence(pair: tuple) -> str:
    """Return by what a pair, a row of `table`, is suspected."""
    contradicting = f"contradicting classes {pair.class_a or NOTHING} and {pair.class_b or NOTHING}; "
    start = contradicting if pair.classes == CONTRADICT else ""
    return f"{start}{pair.found}, correlation {pair.correlation:.3f}"


def in_words(pair: tuple) -> str:
    """Return which lesions a pair, a row of `table`, is of, and by what it is suspected."""
    a = f"{pair.lesion_a} (patient {pair.patient_a}, row {pair.row_a})"
    b = f"{pair.lesion_b} (patient {pair.patient_b}, row {pair.row_b})"
    return f"{a} and {b}: {evidence(pair)}"


def _row(a: pd.Series, b: pd.Series, correlation: float, kinds: dict, classes: pd.Series) -> tuple:
    of_a, of_b = (classes[(each["image"], each["slice"])] for each in (a, b))
    kind = kinds.get(frozenset((a["image"], b["image"])), ALIKE)
    one_slice = kind == ALIKE or a["slice"] == b["slice"]
    contradict = one_slice and not set(of_a.split("+")) & set(of_b.split("+"))
    return (
        a.name, a["patient"], of_a, a["row"], b.name, b["patient"], of_b, b["row"],
        kind, CONTRADICT if contradict else AGREE, correlation,
    )  # fmt: skip
