"""How a run stands to the reference paper: its numbers beside ours, its open details, and what differs."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from synthaug.classification import frid_adar, network_sizes
from synthaug.classification.augmentation_choice import Choice
from synthaug.evaluation import operating_points
from synthaug.evaluation.detectability import detectability
from synthaug.report.beside_paper import is_phantom, look_up, setting, shown
from synthaug.report.evaluated import NOT_RUN, Evaluated
from synthaug.report.numbers import estimate, percent, probability, span
from synthaug.terms.arms import BASELINES, CLASSIC, DISCRIMINATOR, EXTRA
from synthaug.terms.readers import BETWEEN, CLASS, ORIGIN, REAL, SYNTHETIC
from synthaug.terms.totals import ALL


@dataclass(frozen=True)
class Estimate:
    """A value with its interval, in percent or percentage points; empty texts where there is none."""

    value: str = ""
    low: str = ""
    high: str = ""
    size: str = ""  # the sizes that the rule chose, or why there is no value


@dataclass(frozen=True)
class Row:
    """A published number beside ours, at the paper's rule and at the configured one."""

    published: frid_adar.Published
    arm: str
    optimistic: Estimate
    configured: Estimate


def arms_of(config: dict) -> dict[str, str]:
    """Return the arm of this run that stands for each arm of the paper: the first generator of its architecture.

    >>> presets = {"small": {"architecture": "dcgan"}}
    >>> arms_of({"experiment": {"generators": ["small"]}, "generators": presets})["dcgan"]
    'small'
    """
    result = {arm: arm for arm in (CLASSIC, EXTRA, *BASELINES)}
    for name in config["experiment"]["generators"]:
        architecture = config["generators"].get(name, {}).get("architecture")
        if architecture in (frid_adar.DCGAN, frid_adar.ACGAN):
            result.setdefault(architecture, name)
    if frid_adar.ACGAN in result:
        result[frid_adar.ACGAN + DISCRIMINATOR] = result[frid_adar.ACGAN] + DISCRIMINATOR
    return result


def rows(evaluated: Evaluated, config: dict) -> list[Row]:
    """Put our value beside each published number, chosen in the paper's way and by the configured rule."""
    arms = arms_of(config)
    result = []
    for published in frid_adar.PUBLISHED:
        arm = arms.get(published.arm, "")
        estimates = [
            _estimate(evaluated, published, arm, rule, config)
            for rule in (operating_points.PUBLISHED, config["evaluation"]["operating_point"])
        ]
        result.append(Row(published, arm, *estimates))
    return result


def table(compared: list[Row], config: dict) -> pd.DataFrame:
    """Return ``conformance.csv``: a row a published number, in percent and percentage points."""
    return pd.DataFrame(
        {
            "where": row.published.where,
            "method": row.published.method,
            "metric": row.published.metric,
            "class": row.published.lesions,
            "paper": row.published.percent,
            "arm": row.arm,
            **_columns("published_optimistic", row.optimistic),
            **_columns("configured", row.configured),
            "configured_rule": config["evaluation"]["operating_point"],
        }
        for row in compared
    )


def _columns(name: str, estimate: Estimate) -> dict[str, str]:
    return {
        name: estimate.value,
        f"{name}_low": estimate.low,
        f"{name}_high": estimate.high,
        f"{name}_size": estimate.size,
    }


def _estimate(evaluated: Evaluated, published: frid_adar.Published, arm: str, rule: str, config: dict) -> Estimate:
    if published.lesions not in (ALL, *config["cases"]["classes"]):
        return Estimate(size="no such class here")
    if published.metric == "difference":
        found = evaluated.difference(arm, rule)
        values = None if found is None else [found["delta"], found["low"], found["high"]]
    else:
        found = evaluated.measure(arm, published.size or rule, published.metric, published.lesions)
        values = None if found is None else [found["value"], found["low"], found["high"]]
    if values is None:
        return Estimate(size=NOT_RUN)
    signed = published.metric == "difference"
    size = published.size or evaluated.sizes(arm, rule)
    return Estimate(*(percent(value, signed=signed) for value in values), size)


def readers(scores: pd.DataFrame | None, agreement: pd.DataFrame | None) -> list[dict[str, object]]:
    """Put our readers beside the paper's Table 4 and what section 4.4 says of their agreement.

    Parameters
    ----------
    scores, agreement
        ``scores.csv`` and ``agreement.csv`` of the reader study; nothing without answers.

    Returns
    -------
    list of dicts with ``where``, ``who``, ``measure``, ``paper`` (percent) and ``ours``: (reader, value with interval)
    """
    measures = [
        ("right class, real", CLASS, REAL),
        ("right class, synthetic", CLASS, SYNTHETIC),
        ("right class, all", CLASS, ALL),
        ("real or synthetic", ORIGIN, ALL),
    ]
    result = []
    for place, (name, task, origin) in enumerate(measures):
        theirs = "; ".join(f"{values[place]:.1f}" for values in frid_adar.TABLE4.values())
        ours = [] if scores is None else _readers(scores, "reader", task, "accuracy", origin)
        result.append(_read("Table 4", "; ".join(frid_adar.TABLE4), name, theirs, ours))
    shown = frid_adar.REAL_SHOWN + frid_adar.SYNTHETIC_SHOWN
    for name, number in (("same answer", frid_adar.SAME_CLASS), ("both right", frid_adar.BOTH_RIGHT)):
        ours = []
        if agreement is not None:
            between = agreement[agreement["agreement"] == BETWEEN]
            ours = _readers(between.assign(origin=ALL), "readers", CLASS, name, ALL)
        both = " and ".join(frid_adar.TABLE4)
        result.append(_read("section 4.4", both, f"class, {name}", percent(number / shown), ours))
    return result


def _readers(table: pd.DataFrame, who: str, task: str, measure: str, origin: str) -> list[tuple[str, str]]:
    rows = table[(table["task"] == task) & (table["measure"] == measure) & (table["origin"] == origin)]
    result = []
    for row in rows[rows[who] != ALL].to_dict("records"):
        text = estimate(row["value"], row["low"], row["high"])
        if task == ORIGIN:
            text += f"; {row['chance_of']} scores {percent(row['chance'])}"
        result.append((row[who], text))
    return result


def _read(where: str, who: str, measure: str, theirs: str, ours: list) -> dict[str, object]:
    return {"where": where, "who": who, "measure": measure, "paper": theirs, "ours": ours}


def implied(confidence: float = 0.95) -> list[dict[str, str]]:
    """Compute what the paper's numbers imply and the paper does not state.

    Returns
    -------
    list of dicts with ``what``, ``value`` and ``meaning``
    """
    counts = {"CNN-AUG": np.array(frid_adar.TABLE2), "CNN-AUG-GAN": np.array(frid_adar.TABLE3)}
    right = {name: int(np.trace(matrix)) for name, matrix in counts.items()}
    lesions = int(counts["CNN-AUG"].sum())
    result = []
    for name, number in right.items():
        low, high = stats.binomtest(number, lesions).proportion_ci(confidence, method="wilson")
        result.append(
            _implied(
                f"{name}: Wilson's {100 * confidence:g} % interval of {number}/{lesions}",
                f"{span(low, high)} %",
                "how far chance alone could move the accuracy, one lesion a patient",
            )
        )
    wrong = [[number, lesions - number] for number in right.values()]
    p = stats.chi2_contingency(wrong, correction=False).pvalue
    result.append(
        _implied(
            "Both accuracies as two independent samples, z test",
            f"p = {probability(p)}",
            "the unpaired test; the same lesions were classified twice, but which were right twice is not said",
        )
    )
    gained, errors = right["CNN-AUG-GAN"] - right["CNN-AUG"], lesions - right["CNN-AUG-GAN"]
    discordant = [gained + 2 * lost for lost in range(errors + 1)]
    significant = [n for n in discordant if stats.binomtest((n + gained) // 2, n).pvalue < 1 - confidence]
    result.append(
        _implied(
            "McNemar's exact test of the same lesions",
            f"p < {1 - confidence:.2g} if at most {max(significant)} lesions changed",
            f"between {gained} and {max(discordant)} may have: {gained} more became right than wrong",
        )
    )
    result += [_reader(reader, right, confidence) for reader, right in frid_adar.READERS.items()]
    result.append(_implied("Sum of the folds", str(sum(frid_adar.FOLDS)), f"the data set has {lesions} lesions"))
    return result


def reader_splits(right: int) -> pd.DataFrame:
    """Return what a reader's total allows: every split of ``right`` over the real and the synthetic ROIs shown.

    The paper gives totals only, and a share of right answers has no chance level of its own: a reader who says "real"
    more often than not scores more on real ROIs and less on synthetic ones. So whether the reader could tell is asked
    of each split.

    Returns
    -------
    DataFrame with ``real`` and ``synthetic``, the right answers of each; ``p``, Fisher's exact and two-sided, of no
    relation between answer and origin, images taken as independent; ``d'``.
    """
    real, synthetic = frid_adar.REAL_SHOWN, frid_adar.SYNTHETIC_SHOWN
    hits = np.arange(max(right - synthetic, 0), min(real, right) + 1)
    alarms = synthetic - (right - hits)  # synthetic ROIs that were called real
    p = [stats.fisher_exact([[h, real - h], [a, synthetic - a]]).pvalue for h, a in zip(hits, alarms, strict=True)]
    told = detectability(hits, alarms, np.full(len(hits), real), np.full(len(hits), synthetic))
    return pd.DataFrame({"real": hits, "synthetic": right - hits, "p": p, "d'": told["d'"]})


def _reader(name: str, right: int, confidence: float) -> dict[str, str]:
    splits, shown = reader_splits(right), frid_adar.REAL_SHOWN + frid_adar.SYNTHETIC_SHOWN
    least, most = splits["d'"].min(), splits["d'"].max()
    told = splits["p"].max() < 1 - confidence
    meaning = (
        "the total alone shows that the reader could tell real from synthetic, images taken as independent"
        if told
        else "the total alone does not say whether the reader could tell: some splits would show it, others would not"
    )
    return _implied(
        f"{name}: {right} of {shown} right about real or synthetic, over all splits that this total allows",
        f"Fisher's exact p at most {probability(splits['p'].max())}, d' {least:.2f} to {most:.2f}",
        meaning,
    )


def settings(config: dict) -> list[dict[str, str | bool]]:
    """Return each setting that the paper states beside this run's, and whether they are the same."""
    preset = arms_of(config).get(frid_adar.DCGAN, "(no dcgan)")
    result = []
    for stated in frid_adar.SETTINGS:
        key = stated.key.replace("{dcgan}", preset)
        ours = look_up(config, key)
        if stated.key == "seeds":
            ours = len(ours)
        result.append(setting(stated.where, stated.what, key, stated.value, ours))
    result.append(_augmentations(result, config["augmentation"]))
    number = network_sizes.parameters(config["classifier"], len(config["cases"]["classes"]))
    similar = math.isclose(number, frid_adar.PARAMETERS, rel_tol=0.04)  # "approximately 1.3 M": 1.25 to 1.35
    row = setting("2.2", "CNN: parameters, approximately", "classifier", f"{frid_adar.PARAMETERS:,.0f}", f"{number:,}")
    return [*result, row | {"same": similar}]


def _augmentations(rows: list[dict[str, str | bool]], chosen: dict) -> dict[str, str | bool]:
    """Return the number of augmentations of a lesion beside the paper's, given the rows of each kind of them."""
    number = Choice(**{key: value for key, value in chosen.items() if key != "preset"}).per_lesion
    same = all(row["same"] for row in rows if row["key"].startswith("augmentation"))
    ours = f"{number}" if same else f"{number}, preset {chosen['preset']}, not the paper's"
    what = "classic augmentations of each lesion"
    return setting("3.1", what, "augmentation", frid_adar.AUGMENTATIONS, ours) | {"same": same}


def cohort(evaluated: Evaluated, config: dict) -> list[dict[str, str | bool]]:
    """Return what the paper says of its cohort beside what is known of this one."""
    at_rule = evaluated.metrics[evaluated.metrics["arm"] == CLASSIC]
    measured = at_rule.drop_duplicates(["metric", "class"]).set_index(["metric", "class"])["n"]
    ours = {name: int(measured.get(("sensitivity", name), 0)) for name in config["cases"]["classes"]}
    patients = evaluated.comparisons.loc[evaluated.comparisons["class"] == ALL, "patients"]
    theirs = "portal-phase CT, 182 two-dimensional slices of one hospital"
    source = "phantom: simulated lesions" if is_phantom(config) else "the cohort's own"
    return [
        setting("2.1", "images", "cases: table", theirs, source),
        setting("2.1", "lesions", "", shown(frid_adar.LESIONS), shown(ours)),
        setting("2.1", "patients", "", "not given", shown(int(patients.max())) if len(patients) else "not known"),
        setting("4.2.2", "extra lesions", "phantom: extra" if is_phantom(config) else "", str(frid_adar.EXTRA_LESIONS),
                 str(sum(config["phantom"]["extra"].values())) if is_phantom(config) else "see the case table"),
    ]  # fmt: skip


def _implied(what: str, value: str, meaning: str) -> dict[str, str]:
    return {"what": what, "value": value, "meaning": meaning}
