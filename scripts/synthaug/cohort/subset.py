"""Choosing a study of a given size from a large case table: balanced over classes, spread over patients."""

import pandas as pd

from synthaug import seeding
from synthaug.errors import InputError


def select(table: pd.DataFrame, *, main: int, extra: int, main_share: float, master_seed: int) -> pd.DataFrame:
    """Choose ``main`` and ``extra`` lesions of each class, from different patients.

    A share ``main_share`` of each class's patients serves the main set, the others the extra set. Within a set lesions
    are taken in turn, one from each patient, until there are enough.

    Parameters
    ----------
    table
        A case table with ``lesion``, ``patient``, ``class``; all lesions of a patient are of one class.
    main, extra
        Lesions of each class.
    main_share
        Fraction of a class's patients, between 0 and 1.

    Returns
    -------
    The chosen rows with ``set`` (main or extra), sorted by lesion.

    Raises
    ------
    InputError
        If a class has too few lesions, or a patient has lesions of several classes.
    """
    mixed = table.groupby("patient")["class"].nunique()
    if (mixed > 1).any():
        patient = mixed[mixed > 1].index[0]
        raise InputError(f"patient {patient}: expected lesions of one class, found {mixed[patient]}; choose by hand")
    chosen = []
    for cls, members in table.sort_values("lesion").groupby("class"):
        random = seeding.stream(master_seed, "select", cls)
        patients = random.permutation(sorted(members["patient"].unique()))
        members = members.iloc[random.permutation(len(members))]
        members = members.assign(turn=members.groupby("patient").cumcount())
        border = round(main_share * len(patients))
        for name, count, group in [("main", main, patients[:border]), ("extra", extra, patients[border:])]:
            part = members[members["patient"].isin(group)]
            if len(part) < count:
                raise InputError(
                    f"class {cls}, set {name}: expected {count} lesions, found {len(part)} of {len(group)} patients; "
                    f"ask for fewer, or change --main-share"
                )
            place = part["patient"].map({patient: i for i, patient in enumerate(group)})
            part = part.assign(place=place).sort_values(["turn", "place"]).head(count)
            chosen.append(part.assign(set=name))
    return pd.concat(chosen).drop(columns=["turn", "place"]).sort_values("lesion", ignore_index=True)
