"""What a look at the data has found, in words: what stops the experiment, and which lesions deserve a second look."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from synthaug.cohort import duplicates, patient_classes
from synthaug.cohort.formats import patient_names

SHOWN = 20  # patients that are listed
SUGGESTED = "suggested_cases.csv"
FILLED = {  # by rois: padding
    "edge": "repeats of the outermost pixels",
    "constant": "black",
    "reflect": "the image mirrored",
}


def too_small(refusals: Sequence[str], folds: int, *, given: bool = False, unsettled: bool = False) -> list[str]:
    """Return what the cohort lacks for the experiment.

    Parameters
    ----------
    refusals
        The messages of `folds.split`, of each seed.
    given
        Whether the case table divides the patients.
    unsettled
        Whether there are pairs, see `shared`, that would leave fewer patients, or other ones.
    """
    lines = list(dict.fromkeys(line.strip() for text in refusals for line in text.splitlines()))
    if not lines:
        enough = f"The cohort is large enough for {folds} folds"
        if given:
            enough = "The column split has every class in training and test"
        return [f"{enough}, unless the pairs below change its patients." if unsettled else f"{enough}."]
    missing = "with this column split" if given else "before the cohort is larger"
    return [f"The experiment will not run {missing}; this preview does:", *_indented(lines)]


def beyond(units: pd.DataFrame) -> list[str]:
    """Return how many images of the network reach beyond their source image, and which, the worst first.

    Parameters
    ----------
    units
        The task's samples: ``lesion``, ``patient`` and ``beyond``, a share from 0 to 1. Without it nothing is said.
    """
    if "beyond" not in units:
        return []
    found = units[units["beyond"] > 0].sort_values(["beyond", "lesion"], ascending=[False, True])
    count = (
        f"{len(found)} of {len(units)} lesions lie so near the border that the network sees what is beyond the image"
    )
    if found.empty:
        return [f"{count}."]
    how = "the key padding of the config says what it sees there. Turned and shifted copies reach further."
    rows = [f"{row.lesion}, patient {row.patient}: {100 * row.beyond:.1f} %" for row in found.itertuples()]
    return [f"{count}; {how}", *_indented(rows)]


def filled(units: pd.DataFrame, padding: str) -> list[str]:
    """Return how many whole images are not square, and what fills the square that the network sees; nothing if all are.

    Parameters
    ----------
    units
        As of `beyond`.
    padding
        Of the config.
    """
    found = units["beyond"][units["beyond"] > 0]
    if found.empty:
        return []
    return [
        f"{len(found)} of {len(units)} images are not square. The network sees squares, of which up to "
        f"{100 * found.max():.0f} % is filled with {FILLED[padding]} (rois: padding: {padding})."
    ]


def of_several_classes(cases: pd.DataFrame, unit: str) -> list[str]:
    """Return which patients have lesions, or images, of several classes that share no image; nothing if none has.

    Parameters
    ----------
    cases
        The case table, see `patient_classes.several`.
    """
    found = patient_classes.several(cases)
    if found.empty:
        return []
    rows = [f"{patient}: {' and '.join(classes)}" for patient, classes in found.head(SHOWN).items()]
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    what = f"is each of them one patient? A fold takes all {unit}s of a patient, of whatever class."
    return [f"{_counted(len(found), 'patient')} with {unit}s of two classes or more; {what}", *_indented(rows + more)]


def alone(table: pd.DataFrame, unit: str) -> list[str]:
    """Return a doubt about patients who all have one ``unit``, though names of images look as if they shared patients.

    Parameters
    ----------
    table
        The case table: ``lesion``, ``patient`` and ``image``. Neither names of files nor parts of them are returned.
    """
    images = table.drop_duplicates("image")
    hint = patient_names.hint(images["image"].tolist(), set(table["class"])) if table["patient"].is_unique else None
    if hint is None:
        return []
    named = images.set_index("image")["lesion"]
    pair = " and ".join(named[path] for path in hint.example[1:])
    return [
        f"Each of the {len(table)} {unit}s has a patient of its own, but names of images look as if they held the "
        f"ids of {hint.patients} patients:",
        *_indented(
            [
                f"those of {pair} share one. If it is a patient's, correct the column patient: images of one",
                "patient in both training and test make every result too good.",
            ]
        ),
    ]


def shared(
    found: pd.DataFrame, new: Mapping[str, str], acknowledged: Collection[Sequence[str]], unit: str
) -> list[str]:
    """Return which lesions may be one scan under two patients, those of contradicting classes first.

    Parameters
    ----------
    found
        See `duplicates.table`.
    new
        See `linked_patients.merged`.
    acknowledged
        Pairs of lesions that the config acknowledges.
    """
    if found.empty:
        return ["No two patients share an image, and no images of two patients look alike."]
    known = {frozenset(pair) for pair in acknowledged}
    contradicting = int((found["classes"] == duplicates.CONTRADICT).sum())
    also = f", {contradicting} of them with contradicting classes" if contradicting else ""
    lines = [f"{_counted(len(found), 'pair')} of {unit}s of two patients may show one scan{also}:"]
    for pair in found.itertuples():
        seen = " (acknowledged)" if frozenset((pair.lesion_a, pair.lesion_b)) in known else ""
        lines += _indented([f"{duplicates.in_words(pair)}{seen}"])
    if new:
        lines.append(
            f"{SUGGESTED} is your case table with one id for {_counted(len(set(new) | set(new.values())), 'patient')} "
            "whom these pairs link; to take it, copy it into the folder of your table and name it under cases: table."
        )
        if contradicting:
            lines.append("It changes no class: contradicting ones are yours to correct, or leave one of the two out.")
    return lines


def text(*sections: Sequence[str]) -> str:
    """Return the sections as text, with an empty line between them; those without lines are left out."""
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
