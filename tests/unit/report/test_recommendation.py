"""Each sentence of the recommendation follows from the numbers by its rule, and no other sentence does."""

import pandas as pd
import pytest
from tests.unit.report.test_summary import PARAMS as SUMMARY
from tests.unit.report.test_summary import compared, evaluated

from synthaug.evaluation import best_strategy
from synthaug.report import generator_faults, headline, recommendation
from synthaug.report.evaluated import Evaluated
from synthaug.report.recommendation import sentences
from synthaug.terms import best

PARAMS = recommendation.Params(
    primary="accuracy", operating_point="nested", reference="classic", smallest_gain=0.03,
    networks=["classic", "placebo", "online", "mixup", "extra", "gan", "other"],
    real=["placebo", "online", "mixup", "extra"], unit_shown="lesion",
)  # fmt: skip
NOTHING = pd.DataFrame()
NO_GENERATORS = generator_faults.worst(NOTHING)


def arm(name, verdict="undecidable", delta=0.02):
    return compared(arm_a=name, verdict=verdict, delta=delta, low=delta - 0.05, high=delta + 0.06)


def chosen(results, verdict="undecidable", read=best.INNER, optimism=0.04, delta=0.01):
    """Return the results with the rows of a best strategy."""
    taken = [("mixup", "850"), ("gan", "400+50x3"), ("gan", "400+50x3")]
    rows = [(seed, fold, *taken[fold]) for seed in range(5) for fold in range(3)]
    choices = pd.DataFrame(rows, columns=best_strategy.COLUMNS)
    measured = pd.DataFrame(
        [("best", "chosen", "all", "accuracy", "all", 0.8, 0.74, 0.85, 182)],
        columns=["arm", "size", "seed", "metric", "class", "value", "low", "high", "n"],
    )
    row = compared(against="best", arm_a="best", size_a="chosen", verdict=verdict, delta=delta, low=-0.02, high=0.05)
    row |= {"read": read, "strategies": 7, "hindsight_arm": "gan", "hindsight_size": "400", "optimism": optimism}
    row["primary"] = False
    return Evaluated(
        results.metrics, results.comparisons, results.choice, "accuracy", choices, measured, pd.DataFrame([row])
    )


def use(*rows, results=None):
    return sentences(results or evaluated(*rows), PARAMS, NOTHING, NOTHING, NO_GENERATORS)[0]


def test_a_gain_decides_the_plainest_arm_first():
    assert use(arm("gan", "gain", 0.05), arm("other", "gain", 0.07), arm("mixup")) == (
        "Use the images of other: +7.0 points (+2.0 to +13.0)."
    )
    plain = use(arm("online", "gain", 0.03), arm("mixup", "gain", 0.04), arm("gan", "gain", 0.09))
    assert plain.startswith(
        "Use mixup: +4.0 points (-1.0 to +10.0), with real images alone. Synthetic images have a gain"
    )
    assert use(arm("mixup", "gain", 0.04), arm("gan")).endswith("with real images alone.")


@pytest.mark.parametrize("verdict", ["gain", "undecidable"])
def test_controls_are_nothing_to_use(verdict):
    said = use(arm("placebo", verdict, 0.2), arm("extra", verdict, 0.2), arm("gan"))
    assert said == "Use nothing but classic for now: no gain is shown for gan."


def test_excluded_gains_are_nothing_for_good():
    said = {"mixup": "equivalent", "online": "likely worse", "gan": "no gain", "other": "worse"}
    rows = [arm(name, verdict, -0.02) for name, verdict in said.items()]
    assert use(*rows) == "Use nothing but classic: a gain of 3.0 points is excluded for online, mixup, gan and other."
    assert "for now" in use(*rows[:3], arm("other"))


def test_what_was_chosen_decides_where_no_arm_has_a_gain():
    results = chosen(evaluated(arm("gan")), "gain", delta=0.03)
    assert use(results=results) == (
        "Use what was chosen for the test folds, gan 400+50x3 (10x), mixup 850 (5x): +3.0 points (-2.0 to +5.0)."
    )
    others = chosen(evaluated(arm("gan")), "gain", read=best.OTHERS)
    assert use(results=others).endswith("had a part in the choice: let inner models choose.")
    assert "for now" in use(results=chosen(evaluated(arm("gan"))))


def test_hindsight_is_said_with_its_optimism():
    said = sentences(chosen(evaluated(arm("gan"))), PARAMS, NOTHING, NOTHING, NO_GENERATORS)
    assert said[1] == (
        "Choosing among 7 strategies, each an arm with its number of images, without the test patients gave +1.0 "
        "points (-2.0 to +5.0). Do not expect what the best in hindsight, gan 400, had: 4.0 points "
        "more, in part by luck."
    )
    none = sentences(chosen(evaluated(arm("gan")), optimism=0.0), PARAMS, NOTHING, NOTHING, NO_GENERATORS)
    assert none[1].endswith("the best of all in hindsight was no better.")


def test_further_real_lesions():
    def said(*rows):
        return [
            text for text in sentences(evaluated(*rows), PARAMS, NOTHING, NOTHING, NO_GENERATORS) if "nnotate" in text
        ]

    assert said(arm("extra", "gain", 0.06), arm("gan")) == [
        "Annotate more lesions: with further real ones (extra) the difference was +6.0 points (+1.0 to +12.0)."
    ]
    assert said(arm("extra", delta=0.03), arm("gan", delta=0.02), arm("other", delta=0.025)) == [
        "Rather annotate more lesions than train a generator: +3.0 points (-2.0 to +9.0) with extra, +2.5 with the "
        "images of other."
    ]
    assert said(arm("extra", delta=0.02), arm("gan", delta=0.03)) == []
    assert said(arm("extra", delta=-0.01), arm("gan", delta=-0.03)) == []
    assert said(arm("extra", delta=0.02), arm("mixup")) == []


def test_more_patients():
    columns = ["arm", "kind", "patients", "accuracy", "low", "high"]
    measured = [("classic", "measured", 38, 0.6, 0.5, 0.7), ("classic", "measured", 77, 0.7, 0.6, 0.8)]
    further = [("classic", "extrapolated", 115, 0.75, 0.65, 0.85), ("classic", "extrapolated", 230, 0.82, 0.71, 0.9)]
    rows = measured + further
    curve = pd.DataFrame(rows, columns=columns)
    said = sentences(evaluated(arm("gan")), PARAMS, NOTHING, curve, NO_GENERATORS)[-1]
    assert said == (
        "With 230 patients to learn from instead of 77, classic would come to 82.0 % (71.0 to 90.0) instead of "
        "70.0 %, if its learning curve goes on."
    )
    wide = curve.assign(low=0.69)
    assert sentences(evaluated(arm("gan")), PARAMS, NOTHING, wide, NO_GENERATORS)[-1].endswith(
        "so it is not shown that more patients help."
    )
    without = sentences(chosen(evaluated(arm("gan"))), PARAMS, NOTHING, curve[:0], NO_GENERATORS)[-1]
    assert without.endswith("one fold fewer (list it under experiment: nested).")
    assert len(sentences(evaluated(arm("gan")), PARAMS, NOTHING, NOTHING, NO_GENERATORS)) == 1


def test_patients_that_show_a_gain():
    power = pd.DataFrame({"gain": [0.03, 0.05, 0.07], "patients_needed": [1957, 662, None], "patients": 44, "seeds": 1})
    assert sentences(evaluated(arm("gan")), PARAMS, power, NOTHING, NO_GENERATORS)[-1] == (
        "Patients needed to show a gain in four studies of five: at least 1,957 for 3 points and 662 for 5 points; "
        "there are 44."
    )
    assert (
        "five: about 1,957"
        in sentences(evaluated(arm("gan")), PARAMS, power.assign(seeds=5), NOTHING, NO_GENERATORS)[-1]
    )
    none = power.assign(patients_needed=None)
    assert sentences(evaluated(arm("gan")), PARAMS, none, NOTHING, NO_GENERATORS)[-1] == (
        "No number of patients up to 5,000 would show a gain of 7.0 points; there are 44."
    )


def test_nothing_is_recommended_where_nothing_was_compared():
    assert sentences(evaluated(arm("glcm"), arm("placebo")), PARAMS, NOTHING, NOTHING, NO_GENERATORS) == []


def test_the_last_row_of_the_headline_is_what_was_chosen():
    table = headline.headline_table(chosen(evaluated(arm("gan"))), SUMMARY)
    row = table.iloc[-1]
    assert row[["Arm", "Size per fold", "Operating point", "Lesions", "Seeds", "Accuracy (%)"]].tolist() == [
        "best", "gan 400+50x3 (10x), mixup 850 (5x)", "chosen, inner models", "182", "5", "80.0"
    ]  # fmt: skip
    assert row["Accuracy minus classic (points)"] == "+1.0"
    pd.testing.assert_frame_equal(table[:-1], headline.headline_table(evaluated(arm("gan")), SUMMARY))
