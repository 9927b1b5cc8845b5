"""One light for a generator: what is wrong with its images, if anything, from its measures and the search for copies.

Every measure is read beside its reference, the same measure between real images of different patients, class by class
(means over the choices of training folds); one bad class makes a bad generator. The limits were set on images whose
faults are known, and docs/results.md says how often those were named rightly. KID, precision and density are not asked:
broken images had better values of them than other patients' images.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug.quality import copy_search, embedding, realism
from synthaug.terms.totals import ALL

UNTRAINED, COLLAPSED, COPYING, BROKEN = "untrained", "collapsed", "copying", "broken"
UNKNOWN, RECOGNISABLE, UNAUDITED, FINE = "unknown", "told apart", "unaudited", "fine"
# In order of precedence: the first state that applies is the generator's.
LIGHTS = {
    **dict.fromkeys((UNTRAINED, COLLAPSED, COPYING, BROKEN), "red"),
    **dict.fromkeys((UNKNOWN, RECOGNISABLE, UNAUDITED), "amber"),
    FINE: "green",
}
COLUMNS = ["generator", "seed", "state", "light", "why"]  # of diagnosis.csv
FEWEST = 20  # images of a class and choice of folds, below which a class is not judged
REPEATED = 0.1  # recall of both kinds of features, up to which a generator repeats a few images
UNLIKE = 0.6  # coverage, as a share of its reference, up to which images do not resemble real ones
TOLD_APART, ALWAYS = 0.85, 0.98  # AUC
# Radiomic AUC, mean of all classes, and by how much it is above that of real images. A mean of few values varies more:
# images of one class of a few other patients had up to 0.93.
TOLD_BY_TEXTURE, BY_FEW, BEYOND = 0.88, 0.95, 0.25
MANY = 3  # classes times choices of folds, from which a mean is not one of few
DOUBLINGS = 1.0  # of sharpness, up or down, beyond those between real images
POWERS = 0.25  # of ten: spectrum, beyond that between real images
COPIES = 4.0  # share of clear copies, as a multiple of the share of alarms that chance explains
SHARPNESS, SPECTRUM = (realism.PIXELS, realism.SHARPNESS), (realism.PIXELS, realism.SPECTRUM)
RECALL, COVERAGE, AUC = ((embedding.CNN, measure) for measure in ("recall", "coverage", realism.SCORE))
RADIOMIC_RECALL, RADIOMIC_AUC = ((embedding.RADIOMIC, measure) for measure in ("recall", realism.SCORE))
DETAIL = (SHARPNESS, SPECTRUM, RADIOMIC_AUC, AUC)
SAID = {  # of images with a fault, and the measures that show it
    UNTRAINED: ("have nothing in common with real ones", (COVERAGE, RADIOMIC_AUC, SHARPNESS)),
    COLLAPSED: ("are a few, repeated", (RECALL, RADIOMIC_RECALL, COVERAGE)),
    BROKEN: ("differ from real ones more than other patients' do", DETAIL),
}
MEASURES = [SHARPNESS, SPECTRUM, RECALL, COVERAGE, AUC, RADIOMIC_RECALL, RADIOMIC_AUC]


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a generator's images: a key of `LIGHTS`, its light, and what was measured, in words."""

    state: str
    light: str
    why: str


class Measured:
    """The `MEASURES` of each class and their references: means over the choices of folds.

    Attributes
    ----------
    value, reference
        Columns are (features, measure); what was not measured is NaN.
    fewest
        Of each class, how many images were compared where they were fewest.
    choices
        Of each class, how many choices of folds there are.
    """

    def __init__(self, table: pd.DataFrame):
        single = table[(table["folds"] != ALL) & (table["class"] != ALL)]
        by = ["class", "features", "measure"]
        means = single.groupby(by, sort=False)[["value", "reference"]].mean().unstack(["features", "measure"])
        self.value, self.reference = (means[part].reindex(columns=MEASURES) for part in ("value", "reference"))
        self.choices = single.groupby("class", sort=False)["folds"].nunique()
        self.fewest = single.groupby("class", sort=False)[["n_synthetic", "n_real"]].min().min(axis=1)

    def few(self) -> pd.Series:
        """Return the number of images of each class that has too few to be judged."""
        return self.fewest[(self.fewest < FEWEST) | self.value.isna().any(axis=1)]

    def doublings(self) -> pd.Series:
        """Return how many times the sharpness of each class is doubled or halved, beyond that between real images."""
        return np.abs(np.log2(self.value[SHARPNESS])) - np.abs(np.log2(self.reference[SHARPNESS]))

    def said(self, cls: str, *measures: tuple[str, str]) -> str:
        """Return measures of a class and their references in words, such as "sharpness 2.84 (real 0.95)"."""
        parts = []
        for features, measure in measures:
            name = f"radiomic {measure}" if features == embedding.RADIOMIC else measure
            value, reference = (table.loc[cls, (features, measure)] for table in (self.value, self.reference))
            parts.append(f"{name} {value:.2f} (real {reference:.2f})")
        return ", ".join(parts)


def diagnose(table: pd.DataFrame, audits: pd.DataFrame) -> Diagnosis:
    """Return what is wrong with the images of one generator.

    Several faults may apply. The state is the first of them in the order of `LIGHTS`; ``why`` names all, each with its
    numbers in the class where it is worst.

    Parameters
    ----------
    table
        `realism.assess` of each class and choice of ``folds``; rows of means (`ALL`) are left out.
    audits
        `copy_search.Audit.summary` of the same, with ``class``.
    """
    measured = Measured(table)
    faults = list(_faults(measured)) or list(_told_apart(measured))
    sentences = dict([*faults, *_missing(measured), *_copies(audits), *_audit(audits)])
    applying = [state for state in LIGHTS if state in sentences]
    state = applying[0] if applying else FINE
    why = [sentences[each] for each in applying] or [_nothing_found(measured, audits)]
    return Diagnosis(state, LIGHTS[state], " ".join([*why, *_variations(audits)]))


def _faults(measured: Measured) -> Iterator[tuple[str, str]]:
    """Yield each fault of the images themselves with its sentence. A class has one: the first that applies."""
    value, reference, doublings = measured.value, measured.reference, measured.doublings()
    unlike = value[COVERAGE] <= UNLIKE * reference[COVERAGE]
    nothing = unlike & (value[RADIOMIC_RECALL] <= REPEATED) & (value[RADIOMIC_AUC] >= ALWAYS) & (doublings > DOUBLINGS)
    repeated = (value[RECALL] <= REPEATED) & (value[RADIOMIC_RECALL] <= REPEATED)
    detail = (doublings > DOUBLINGS) | (value[SPECTRUM] - reference[SPECTRUM] > POWERS)
    different = (detail & (value[RADIOMIC_AUC] >= TOLD_APART)) | (unlike & (value[AUC] >= TOLD_APART))
    faults = pd.Series(np.select([nothing, repeated, different], [UNTRAINED, COLLAPSED, BROKEN], ""), value.index)
    faults[measured.few().index] = ""
    for state, (text, measures) in SAID.items():
        classes = faults.index[faults == state]
        if len(classes):
            worst = (-value[COVERAGE] if state == COLLAPSED else doublings)[classes].idxmax()
            yield state, f"Images of {_named(classes, worst)} {text}: {measured.said(worst, *measures)}."


def _told_apart(measured: Measured) -> Iterator[tuple[str, str]]:
    """Yield that textures alone tell the images of all classes together from real ones, if so."""
    judged = measured.value.index.difference(measured.few().index)
    value, reference = (table.loc[judged, RADIOMIC_AUC].mean() for table in (measured.value, measured.reference))
    limit = TOLD_BY_TEXTURE if measured.choices[judged].sum() >= MANY else BY_FEW
    if value >= limit and value - reference >= BEYOND:
        text = f"radiomic AUC {value:.2f}, mean of all classes (real {reference:.2f})"
        yield (
            RECOGNISABLE,
            f"Statistics of the gray values alone tell its images from real ones ({text}): look at them.",
        )


def _missing(measured: Measured) -> Iterator[tuple[str, str]]:
    """Yield that there are too few images, if so."""
    few = measured.few()
    if len(few):
        text = f"expected {FEWEST} real and as many synthetic ones of each class and choice of folds"
        yield UNKNOWN, f"Too few images to tell what they are like: {text}, found {few.min()} of class {few.idxmin()}."


def _copies(audits: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield that there are more clear copies than chance explains, if so."""
    of_class = audits.groupby("class", sort=False).agg({"clear": "sum", "images": "sum", "chance": "mean"})
    share = of_class["clear"] / of_class["images"]
    classes = of_class.index[share > COPIES * of_class["chance"]]
    if len(classes):
        worst = share[classes].idxmax()
        row = of_class.loc[worst]
        count = f"{row['clear']:.0f} of {row['images']:.0f} images of {_named(classes, worst)}"
        chance = f"by chance, up to {100 * row['chance']:.1f} % would raise an alarm"
        yield COPYING, f"{count} are as near to a training image as copies are; {chance}."


def _audit(audits: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield that the search for copies is not valid, and what follows, if so."""
    missed = copy_search.missed(audits)
    if len(missed):
        worst = (missed["found"] / missed["planted"]).idxmin()
        found, planted = missed.loc[worst, ["found", "planted"]]
        count = f"it found {found} of {planted} planted copies of {_named(missed.index, worst)}"
        then = "look at the nearest pairs, and handle the images like the training images until you know more"
        yield UNAUDITED, f"The copy audit is not valid ({count}), so nothing is known of copies: {then}."


def _variations(audits: pd.DataFrame) -> Iterator[str]:
    """Yield how near variations of real images are to these, if the images are such."""
    if "meant" in audits:
        meant, count = audits[["meant", "images"]].sum()
        near = f"{meant} of {count} are as near to their own parent as copies are"
        yield f"All of them are variations of patients' images, and {near}: handle them like these."


def _nothing_found(measured: Measured, audits: pd.DataFrame) -> str:
    """Return what was measured of a generator without a fault, of the class where sharpness differs most."""
    cls = measured.doublings().idxmax()
    clear, count, found, planted = audits[["clear", "images", "found", "planted"]].sum()
    copies = f"{clear} of {count} images are as near to a training image as copies are"
    numbers = measured.said(cls, *DETAIL, RECALL)
    audited = f"the copy audit found {found} of {planted} planted copies"
    return (
        f"No fault was measured, but look at the images; class {cls} differs most: {numbers}. {copies}, and {audited}."
    )


def _named(classes: pd.Index, worst: str) -> str:
    """Name classes, the worst one first."""
    others = [str(cls) for cls in classes if cls != worst]
    return f"class {worst}" + (f" (worst; also {', '.join(others)})" if others else "")
