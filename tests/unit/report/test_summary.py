"""The words of the summary follow from the numbers: each verdict, each caveat, each step."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from synthaug.quality import diagnosis
from synthaug.report import arm_names, captions, contents, generator_faults, summary, summary_pdf, terminal
from synthaug.report.evaluated import Evaluated
from synthaug.terms import arms

PARAMS = summary.Params(
    unit="lesion", primary="accuracy", confidence=0.95, operating_point="nested",
    arms=["classic", "placebo", "gan", "glcm"], further=[], cohort="livers",
    question="Do synthetic images improve the classifier?", main="gan", declared=True,
    networks=["classic", "placebo", "gan"], imported=[], smallest_gain=0.03, phantom=False,
    reference="classic", size="Size per fold", real=["placebo", "online", "mixup", "extra"], sizes_are_chosen=True,
    size_shown="Images added per fold", folds=3, tested_folds=3, given_split=False,
    smallest_study_of=None, unit_shown="lesion",
)  # fmt: skip
GENERATOR = ["generator", "seed", "state", "light", "why"]
NO_DEVIATIONS = pd.DataFrame(columns=["key", "planned", "value", "since", "until"])
STUDY_SIZE = pd.DataFrame({"gain": [0.03], "corrected_for": [1], "power": [0.8], "patients_needed": [412]})


def compared(**changes):
    """Return one row of comparisons.csv, of the generator against `classic`."""
    row = {
        "against": "nested", "arm_a": "gan", "size_a": "nested", "arm_b": "classic", "size_b": "nested",
        "metric": "accuracy", "class": "all", "delta": 0.071, "low": 0.012, "high": 0.129, "error": 0.03, "p": 0.02,
        "p_adjusted": 0.02, "detectable": 0.09, "detectable_adjusted": 0.1, "primary": True, "verdict": "gain",
        "speaks_of": "other trainings too", "differing": 40, "patients": 115, "lesions": 182, "seeds": 5,
    }  # fmt: skip
    return row | changes


def evaluated(*rows, glcm=0.7, sizes=("5000", "5000+1000x3")):
    values = {"classic": 0.786, "placebo": 0.79, "gan": 0.857, "glcm": glcm}
    metrics = [
        (arm, size, seed, "accuracy", "all", value, value - 0.06, value + 0.05, 182)
        for arm, value in values.items()
        for size in ("nested", *(["0"] if arm == "classic" else []))
        for seed in ("all", "0")
    ]
    columns = ["arm", "size", "seed", "metric", "class", "value", "low", "high", "n"]
    chosen = dict(zip(values, (sizes[0], sizes[0], sizes[1], "0"), strict=True))
    choice = [
        ("nested", arm, seed, fold, size) for arm, size in chosen.items() for seed in range(5) for fold in range(3)
    ]
    return Evaluated(
        pd.DataFrame(metrics, columns=columns),
        pd.DataFrame(rows or [compared()]),
        pd.DataFrame(choice, columns=["rule", "arm", "seed", "fold", "size"]),
        "accuracy",
    )


def summarised(*rows, params=PARAMS, deviations=NO_DEVIATIONS, generators=None, cautions=(), **changes):
    generators = pd.DataFrame() if generators is None else generators
    evidence = summary.Evidence(STUDY_SIZE, deviations, generators, list(cautions))
    return summary.summarise(evaluated(*rows, **changes), evidence, params)


@pytest.mark.parametrize(
    ("verdict", "answer", "words"),
    [
        (
            "gain",
            "Yes",
            "With the images of gan, accuracy was 85.7 % instead of 78.6 %: +7.1 points (95 % interval +1.2",
        ),
        ("worse", "No: they did harm", "+7.1 points"),
        ("equivalent", "No: no difference that matters", "A gain of 3.0 points is excluded, and so is a loss of 3.0."),
        ("likely worse", "No: they likely did harm", "The interval lies below 0, but the test"),
        ("no gain", "No gain that matters", "A gain of 3.0 points is excluded."),
        ("undecidable", "Not shown", "It could have shown only differences of about 9.0 points or more"),
    ],
)
def test_each_verdict_has_its_words(verdict, answer, words):
    made = summarised(compared(verdict=verdict))
    assert made.answer == answer
    assert words in made.verdict
    assert made.study.startswith(
        "182 lesions of 115 patients, each predicted by a model that saw no image of that patient"
    )
    assert made.table["Arm"].tolist() == ["no augmentation", "classic", "gan", "placebo", "glcm"]


def test_a_clean_gain_has_no_caveats():
    made = summarised()
    assert made.caveats == []
    confirm, keep = made.next_steps
    assert confirm == "Confirm the gain on patients of another time or hospital before you rely on it."
    assert keep.startswith("Keep the network")


@pytest.mark.parametrize(
    ("delta", "verdict", "answer", "said"),
    [
        (-0.18, "worse", "Yes, but real images alone do better", "mixup, which needs no synthetic images, it is -18.0"),
        (-0.006, "no gain", "Yes, but real images alone do as well", "it is -0.6 points (-10.0 to +10.0)."),
        (0.02, "undecidable", "Yes", "Compared with mixup, which needs no synthetic images, it is +2.0 points"),
        (0.05, "gain", "Yes", None),
    ],
)
def test_a_gain_that_real_images_alone_bring_too_is_not_due_to_synthetic_ones(delta, verdict, answer, said):
    other = compared(against="online at equal steps", size_a="5000+1000x3", arm_b="online", size_b="8000", delta=0.06)
    best = other | {"arm_b": "mixup", "delta": delta, "low": -0.1, "high": 0.1, "verdict": verdict}
    made = summarised(compared(), other, best)
    assert made.answer == answer
    assert said is None or said in made.verdict
    assert ("which needs no synthetic images" in made.verdict) == (said is not None)
    shown = compared(verdict="undecidable"), other, best
    assert summarised(*shown).answer == "Not shown"


def test_what_a_task_cautions_of_is_a_caveat():
    assert summarised(cautions=["Some networks ended badly."]).caveats == ["Some networks ended badly."]


def test_a_run_of_the_smallest_step_asks_for_a_larger_budget_first():
    first, *others = summarised(params=replace(PARAMS, smallest_study_of="40min")).next_steps
    assert first.startswith("Give a larger budget first: 40min allowed the smallest networks")
    assert others == summarised().next_steps


def only(made, before):
    """Return the one caveat that ``made`` has more than ``before``."""
    (text,) = [text for text in made.caveats if text not in before.caveats]
    return text


@pytest.mark.parametrize(
    ("rows", "params", "words"),
    [
        ([compared(speaks_of="these trainings", seeds=1)], {}, "With one seed, this is about these trainings"),
        ([compared()], {"declared": False}, "No primary comparison was declared"),
        ([compared()], {"given_split": True, "folds": 2, "tested_folds": 1}, "that of the case table"),
        ([compared()], {"tested_folds": 1}, "Of 3 folds only the first was tested"),
        ([compared(differing=4)], {}, "The arms differ in 4 patients only"),
        ([compared()], {"imported": ["gan"]}, "made elsewhere"),
        (
            [compared(), compared(against="best classic, at the operating point", size_b="500", delta=-0.04, low=-0.1,
                                  high=0.02)],
            {},
            "Against the best size of classic, 500 instead of 5000, the difference is -4.0 points (-10.0 to +2.0)",
        ),
        (
            [compared(), compared(against="no augmentation", arm_a="classic", size_b="0", delta=-0.053)],
            {},
            "Without any augmentation accuracy was 5.3 points higher than with classic augmentation",
        ),
        ([compared(), compared(arm_a="placebo", delta=-0.08)], {}, "differed by -8.0 points: chance alone"),
    ],
)  # fmt: skip
def test_each_caveat(rows, params, words):
    assert words in only(summarised(*rows, params=replace(PARAMS, **params)), summarised())


def test_sizes_read_off_the_test_folds_are_called_optimistic():
    results = evaluated(compared(against="published"))
    metrics = results.metrics.assign(size=results.metrics["size"].replace("nested", "published"))
    results = Evaluated(metrics, results.comparisons, results.choice.assign(rule="published"), "accuracy")
    evidence = summary.Evidence(STUDY_SIZE, NO_DEVIATIONS, pd.DataFrame())
    made = summary.summarise(results, evidence, replace(PARAMS, operating_point="published"))
    assert made.caveats == ["Sizes were read off the test folds, as in the paper: every value here is optimistic."]
    step = "Let models that never saw the test patients choose how many images to add (operating_point: nested); "
    assert step + "the test folds chose it here." in made.next_steps


def test_deviations_are_named_by_value_and_those_taken_back_are_not():
    rows = [
        ("evaluation: smallest_gain", "0.03", "0.05", "d", ""),
        ("a: b", "1", "2", "d", "later"),
        ("code", "x", "y", "d", ""),
    ]
    made = summarised(deviations=pd.DataFrame(rows, columns=NO_DEVIATIONS.columns))
    assert made.caveats == [
        "Against the analysis plan, evaluation: smallest_gain is 0.05 instead of 0.03.",
        "The code of the workflow has changed since the analysis plan was registered.",
    ]
    late = pd.DataFrame([("predictions before the plan", "0", "7", "d", "")], columns=NO_DEVIATIONS.columns)
    assert "nothing shows what was planned" in summarised(deviations=late).caveats[0]


def test_an_undecided_study_hears_how_many_patients_it_takes():
    steps = summarised(compared(verdict="undecidable")).next_steps
    assert "To show a gain of 3.0 points, a study like this one needs about 412 patients; there are 115." in steps
    steps = summarised(
        compared(verdict="undecidable", error=np.nan, low=np.nan, high=np.nan, detectable=np.nan)
    ).next_steps
    assert any(text.startswith("Take more patients") for text in steps)


def test_a_method_that_beats_the_networks_best_arm_is_named_with_both_numbers_and_the_paired_difference():
    texture = compared(arm_a="glcm", delta=0.034, low=-0.01, high=0.078, primary=False)
    expected = (
        "Ask whether this network is the right model: glcm had 88.0 % (82.0 to 93.0), the network's best arm, gan, "
        "85.7 % (79.7 to 90.7)."
    )
    assert f"{expected[:-1]}. On the same lesions glcm minus classic is +3.4 points (-1.0 to +7.8)." in (
        summarised(compared(), texture, glcm=0.88).next_steps
    )
    assert expected in summarised(compared(), glcm=0.88).next_steps  # without a comparison of it
    # Better than the main arm is not enough where another arm of the network is better still.
    params = replace(PARAMS, main="classic")
    steps = summarised(compared(arm_a="classic"), texture, glcm=0.8, params=params).next_steps
    assert not any(text.startswith("Ask whether") for text in steps)


def test_where_none_beats_the_network_that_is_said_too():
    expected = (
        "Keep the network: of the methods without it none did better. glcm had 80.0 % (74.0 to 85.0), the network's "
        "best arm, gan, 85.7 % (79.7 to 90.7)."
    )
    assert expected in summarised(glcm=0.8).next_steps
    alone = replace(PARAMS, arms=["classic", "placebo", "gan"])
    assert not any("network" in text for text in summarised(glcm=0.8, params=alone).next_steps)


def test_a_broken_generator_comes_first():
    light = {"generator": ["gan"], "seed": ["0"], "state": ["broken"], "light": ["red"], "why": ["Sharpness 2.84."]}
    assert summarised(generators=pd.DataFrame(light)).next_steps[0] == (
        "Mend the generator first: gan is broken. Give it more epochs or a larger budget."
    )
    light["state"] = [diagnosis.COPYING]  # which more epochs would make worse
    assert "fewer epochs or on more patients" in summarised(generators=pd.DataFrame(light)).next_steps[0]


@pytest.mark.parametrize("state", [state for state, light in diagnosis.LIGHTS.items() if light == "red"])
@pytest.mark.parametrize("verdict", ["gain", "undecidable"])
def test_a_fault_of_the_generator_is_read_before_any_difference(state, verdict):
    light = {"generator": ["gan"], "seed": ["0"], "state": [state], "light": ["red"], "why": ["Sharpness 2.84."]}
    made = summarised(compared(verdict=verdict), generators=pd.DataFrame(light))
    assert made.answer == f"No fair test: {state} generator"
    assert made.verdict.startswith(f"The images of gan {diagnosis.SAID.get(state, ['repeat training images'])[0]}, so ")
    assert made.verdict.index("says nothing about better ones") < made.verdict.index("+7.1 points")
    assert f"gan ({state})" in made.table["Arm"].tolist()
    said = "\n".join(terminal.lines(made))
    assert said.index(f"{state} generator") < said.index("+7.1")
    assert f"\ngan ({state})" in said
    if verdict == "gain":
        assert made.recommendation[0].startswith("The images of gan ")


@pytest.mark.parametrize(
    ("arm", "found"),
    [
        ("gan", "gan"),
        ("gan-low", None),
        ("gan-select", "gan"),
        ("gan-filtered", "gan"),
        ("both", "gan"),
        ("mixup", None),
        ("gan-discriminator", None),
    ],
)
def test_a_fault_is_that_of_the_generator_whose_images_the_arm_takes(arm, found):
    rows = [("gan", "0", "broken", "red", "a"), ("gan-low", "0", "fine", "green", "b")]
    generators = generator_faults.worst(pd.DataFrame(rows, columns=GENERATOR))
    fault = generator_faults.of_arm(generators, arm)
    assert (None if fault is None else fault["generator"]) == found


def test_every_arm_of_the_table_has_a_few_words_beside_it():
    made = summarised(generators=pd.DataFrame([("gan", "0", "fine", "green", "a")], columns=GENERATOR))
    assert [name for name, _ in made.legend] == ["no augmentation", "classic", "placebo", "gan", "glcm"]
    assert dict(made.legend)["glcm"].startswith("no network: ")
    assert summary.from_json(json.loads(json.dumps(summary.to_json(made)))).legend == [list(row) for row in made.legend]
    every = [*arms.SHARED, *arms.BASELINES, "best", "gan-select", "gan-filtered", "gan-discriminator", "both", "paste"]
    assert all(arm_names.in_words(arm, ["gan"], "classic") for arm in every)


def test_the_worst_light_of_each_generator_is_shown_with_how_often_it_was():
    table = pd.DataFrame(
        [("gan", "0", "fine", "green", "a"), ("gan", "1", "copying", "red", "b"), ("other", "0", "fine", "green", "c")],
        columns=GENERATOR,
    )
    assert summarised(generators=table).generators.to_numpy().tolist() == [
        ["gan", ", 1 of 2 seeds", "red", "copying", "b"],
        ["other", "", "green", "fine", "c"],
    ]


def test_no_operating_point_is_said():
    made = summarised(compared(arm_a="other"))
    assert made.answer == "No answer yet"
    assert made.verdict == "gan or classic was not run at the operating point that the rule nested asks for."


def test_json_holds_all_of_it():
    made = summarised(compared(), glcm=0.88)
    again = summary.from_json(summary.to_json(made))
    pd.testing.assert_frame_equal(again.table, made.table, check_dtype=False)
    assert (again.answer, again.next_steps) == (made.answer, made.next_steps)


def test_terminal_shows_answer_arms_and_caveats_in_its_width():
    made = summarised(compared(speaks_of="these trainings", seeds=1), params=replace(PARAMS, phantom=True))
    text = terminal.lines(made)
    assert text[1] == "Do synthetic images improve the classifier? Yes."
    (line,) = (line for line in text if line.startswith("gan "))
    assert line.split()[1] == "5000+3000"
    assert "+7.1 (+1.2 to +12.9)" in line
    assert any("nothing here is evidence" in line for line in text)
    assert text[-1].startswith("- With one seed")
    assert max(map(len, text)) <= terminal.COLUMNS


def test_terminal_shows_size_measure_and_difference_whatever_they_are_called():
    """A size that is a share "of the training patients", and further measures beside the primary one."""
    made = summarised()
    arm, size, *others = made.table
    share, further = "Share of the training patients, per mille", ["Precision (%)", "Recall (%)"]
    table = made.table.rename(columns={size: share})
    table[further] = "12.3 (no interval)"
    text = terminal.lines(replace(made, table=table[[arm, share, others[0], *further, *others[1:]]]))
    (head,) = (line for line in text if line.startswith("Arm"))
    assert head.split()[:3] == ["Arm", "Size", "Accuracy"]
    (line,) = (line for line in text if line.startswith("gan "))
    assert line.split()[1] == "5000+3000"
    assert "+7.1 (+1.2 to +12.9)" in line


def test_terminal_gives_each_size_a_line():
    results = evaluated()
    choice = results.choice
    choice.loc[(choice["arm"] == "gan") & (choice["fold"] == 0), "size"] = "5000+100x3"
    evidence = summary.Evidence(STUDY_SIZE, NO_DEVIATIONS, pd.DataFrame())
    text = terminal.lines(summary.summarise(results, evidence, PARAMS))
    place = next(number for number, line in enumerate(text) if line.startswith("gan "))
    assert text[place].split()[1:3] == ["5000+300", "(5x)"]
    assert text[place + 1].split() == ["5000+3000", "(10x)"]


def test_pdf_is_the_same_each_time_and_leaves_room_for_the_figure(tmp_path):
    Image.new("RGB", (800, 400), "white").save(tmp_path / "fig8.png")
    light = {"generator": ["gan"], "seed": ["0"], "state": ["fine"], "light": ["green"], "why": ["Like real images."]}
    made = summarised(generators=pd.DataFrame(light))
    content = summary_pdf.page(made, tmp_path / "fig8.png")
    assert content == summary_pdf.page(made, tmp_path / "fig8.png")
    assert content.count(b"/Subtype /Image") == 1
    many = replace(made, caveats=["A caveat of a line or so, which says something that is to be read with care."] * 22)
    crowded = summary_pdf.page(many, tmp_path / "fig8.png")
    assert len(re.findall(rb"/Type /Page\b(?!s)", crowded)) == 1


CONFIG = {"cases": {"table": None}, "seeds": [0]}


def test_captions_take_values_of_the_config_and_warn_of_a_phantom():
    text = "``a`` and {{ config['seeds'] | length }} of {{ wildcards.generator }}\n\n.. phantom::\n"
    found = captions.html(text, CONFIG, {"generator": "gan"})
    assert "1 of gan" in found
    assert "no evidence" in found
    assert "no evidence" not in captions.html(text, CONFIG | {"cases": {"table": "cases.csv"}}, {"generator": "gan"})
    assert "<main" not in found


def test_tables_show_text_as_text_and_say_how_much_is_left_out():
    rows = pd.DataFrame({"name": ["<b>"] * 400, "value": ["0.06666666666666665"] * 400})
    found = contents.table(rows)
    assert "&lt;b&gt;" in found
    assert "<b>" not in found
    assert found.count("<tr>") == contents.ROWS + 1
    assert "The first 300 of 400 rows." in found
    assert '<td class="number">0.06667</td>' in found
    upright = contents.table(pd.DataFrame([map(str, range(12))], columns=[f"c{i}" for i in range(12)]))
    assert upright.count("<tr>") == 13


def test_as_many_classic_images_stand_in_the_verdict():
    number = compared(against="equal number", size_a="5000+1000x3", size_b="8000", delta=0.004, low=-0.05, high=0.06)
    other = number | {"size_a": "5000+500x3", "size_b": "6500", "delta": 0.5}
    made = summarised(compared(), other, number)
    expected = (
        "as many images by classic augmentation alone (8000 per fold), the difference is +0.4 points (-5.0 to +6.0)."
    )
    assert made.verdict.endswith(f" Compared with {expected}")


def test_images_that_are_told_from_real_ones_are_to_be_looked_at():
    light = {"generator": ["gan"], "seed": ["0"], "light": ["amber"], "why": ["Radiomic AUC 0.91."]}
    told, unknown = (
        summarised(generators=pd.DataFrame(light | {"state": [state]})) for state in (diagnosis.RECOGNISABLE, "unknown")
    )
    assert told.next_steps[0].startswith("Look at the images of gan: gray values alone tell them from real ones.")
    assert told.verdict == unknown.verdict
    assert told.next_steps[1:] == unknown.next_steps


def test_sizes_are_counted_in_all_in_the_table():
    sizes = summarised().table.set_index("Arm")["Images added per fold"]
    assert sizes["gan"] == "5000+3000"
    assert sizes["classic"] == "5000"


def test_the_best_classic_size_is_no_caveat_where_the_verdict_names_it():
    number = compared(against="equal number", size_a="5000+1000x3", size_b="8000", delta=0.004, low=-0.05, high=0.06)
    best = compared(against="best classic, at the operating point", size_b="8000", delta=0.004, low=-0.05, high=0.06)
    assert not any("best size of classic" in text for text in summarised(compared(), number, best).caveats)
    assert any(
        "best size of classic" in text for text in summarised(compared(), number, best | {"size_b": "500"}).caveats
    )


def test_whole_images_are_not_called_lesions():
    made = summarised(glcm=0.88, params=replace(PARAMS, unit_shown="image"))
    assert made.study.startswith("182 images of 115 patients")
    config = {"cases": {"table": "cases.csv", "annotation": "none"}}
    assert "its images" in captions.html("its {{ unit }}s", config, {})
    assert "its lesions" in captions.html("its {{ unit }}s", {"cases": {"table": "cases.csv"}}, {})
