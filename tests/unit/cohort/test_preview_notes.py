"""What a look at the data has found is said in words, the worst first."""

import pandas as pd
import pytest

from synthaug.cohort import class_given_away, duplicates, patient_classes, preview_notes


def test_what_stops_the_experiment_is_said_once_for_all_seeds():
    refusals = ["class a: too few\n  class b: none", "class a: too few\n  class b: none", "folds: no split"]
    assert preview_notes.too_small(refusals, 3)[1:] == ["  class a: too few", "  class b: none", "  folds: no split"]
    assert preview_notes.too_small([], 3) == ["The cohort is large enough for 3 folds."]
    unsettled = "The cohort is large enough for 3 folds, unless the pairs below change its patients."
    assert preview_notes.too_small([], 3, unsettled=True) == [unsettled]
    assert preview_notes.too_small(refusals, 3, unsettled=True) == preview_notes.too_small(refusals, 3)


def test_images_beyond_the_border_are_counted_and_listed():
    units = pd.DataFrame({"lesion": list("abc"), "patient": list("pqr"), "beyond": [0.051, 0, 0.25]})
    first, *rows = preview_notes.beyond(units)
    assert first.startswith("2 of 3 lesions lie so near the border")
    assert "padding" in first
    assert rows == ["  c, patient r: 25.0 %", "  a, patient p: 5.1 %"]
    assert preview_notes.beyond(units[1:2]) == [first.replace("2 of 3", "0 of 1").partition(";")[0] + "."]
    assert preview_notes.beyond(units.drop(columns="beyond")) == []


def test_pairs_are_listed_with_what_may_be_done_about_them():
    rows = [("c", "r", "benign", 4, "d", "s", "malignant", 5, "same pixels", "contradict", 1.0)]
    rows += [("a", "p", "benign", 2, "b", "q", "benign", 3, "same series", "agree", 0.311)]
    found = pd.DataFrame(rows, columns=duplicates.COLUMNS)
    first, one, other, *rest = preview_notes.shared(found, {"s": "r"}, [["b", "a"]], "lesion")
    assert first == "2 pairs of lesions of two patients may show one scan, 1 of them with contradicting classes:"
    assert one == (
        "  c (patient r, row 4) and d (patient s, row 5): contradicting classes benign and malignant; same pixels, "
        "correlation 1.000"
    )
    assert other.endswith("same series, correlation 0.311 (acknowledged)")
    assert "suggested_cases.csv is your case table with one id for 2 patients whom these pairs link" in rest[0]
    assert "changes no class" in rest[1]
    assert preview_notes.shared(found[1:], {}, [["b", "a"]], "lesion")[2:] == []
    assert len(preview_notes.shared(found[:0], {}, [], "lesion")) == 1


def each_in_an_image_of_its_own(rows):
    table = pd.DataFrame(rows, columns=["patient", "class"])
    return table.assign(image=[f"{number}.png" for number in range(len(table))])


def test_patients_of_several_classes_are_listed():
    rows = [("p", "cyst"), ("p", "mass"), ("q", "cyst"), ("q", ""), ("r", "mass"), ("r", "mass"), ("s", "mass")]
    cases = each_in_an_image_of_its_own(rows)
    first, *listed = preview_notes.of_several_classes(cases, "lesion")
    assert first.startswith("1 patient with lesions of two classes or more")
    assert listed == ["  p: cyst and mass"]
    assert preview_notes.of_several_classes(cases[2:], "image") == []
    many = each_in_an_image_of_its_own([(f"p{number}", cls) for number in range(57) for cls in "ab"])
    assert preview_notes.of_several_classes(many, "image")[-1] == "  and 37 more"


def test_classes_that_share_an_image_raise_no_doubt_about_the_patient():
    rows = [("p", "cyst", "1"), ("p", "mass", "1"), ("p", "mass", "2"), ("p", "node", "2"), ("p", "", "3")]
    rows += [("q", "cyst", "4"), ("q", "mass", "4"), ("q", "node", "5")]
    rows += [("r", "cyst", "6"), ("r", "mass", "7"), ("r", "cyst", "8"), ("r", "mass", "8")]  # joined by the last one
    cases = pd.DataFrame(rows, columns=["patient", "class", "image"])
    first, *listed = preview_notes.of_several_classes(cases, "lesion")
    assert first.startswith("1 patient with lesions")
    assert listed == ["  q: cyst and mass and node"]
    assert patient_classes.said(cases, "lesion").startswith("1 patient has lesions of two classes or more, such as q")
    assert patient_classes.said(cases[cases["patient"] != "q"], "lesion") == ""


def test_patients_of_one_lesion_each_are_doubted_where_names_look_shared():
    images = ["in/Smith12_1.png", "in/Smith12_2.png", "in/Smith7_1.png"]
    table = pd.DataFrame({"lesion": list("abc"), "patient": list("pqr"), "class": ["x", "x", "y"], "image": images})
    found = preview_notes.alone(table, "lesion")
    assert "Each of the 3 lesions has a patient of its own" in found[0]
    assert "the ids of 2 patients:" in found[0]
    assert "those of a and b share one" in found[1]
    assert "Smith" not in " ".join(found)  # no result holds a part of a file's name
    assert preview_notes.alone(table.assign(patient=["p", "p", "r"]), "lesion") == []
    assert preview_notes.alone(table.assign(image=["1.png", "2.png", "3.png"]), "lesion") == []


def test_what_fills_the_square_of_whole_images_is_one_sentence():
    units = pd.DataFrame({"lesion": range(44), "beyond": [0.0, 0.1, *[0.25] * 42]})
    assert preview_notes.filled(units, "constant") == [
        "43 of 44 images are not square. The network sees squares, of which up to 25 % is filled with "
        "black (rois: padding: constant)."
    ]
    assert preview_notes.filled(units[:1], "edge") == []


def sourced(ill=20, well=20, **columns):
    """Return a case table of images of two classes, each of a patient of its own."""
    count = ill + well
    table = {
        "lesion": [f"l{number}" for number in range(count)],
        "patient": [f"p{number}" for number in range(count)],
        "class": ["ill"] * ill + ["well"] * well,
        "image": [f"in/{number:03}.png" for number in range(count)],
        "set": "main",
    }
    return pd.DataFrame(table | columns)


def test_a_source_that_coincides_with_the_class_is_said_with_counts():
    first, why = class_given_away.notes(sourced(source=["A"] * 21 + ["B"] * 19), "image")
    assert first == (
        "The class can be read off the column source: of the images that share one, 20 of 21 are ill, 19 of 19 are "
        "well."
    )
    assert why.startswith("  If that is where images come from")
    assert class_given_away.notes(sourced(source=["A"] * 23 + ["B"] * 17), "image") == []  # 20 of 23
    # One class of three is enough; values of another class may be several.
    three = sourced().assign(source=["A"] * 20 + ["B", "C"] * 10).replace({"class": {"well": "x"}})
    three.loc[30:, "class"] = "y"
    assert class_given_away.notes(three, "image")[0].endswith("20 of 20 are ill.")


def test_names_of_images_give_the_class_away_without_being_told():
    letters = [f"in/{'siteone' if number < 20 else 'other'}_{number}.png" for number in range(40)]
    (first, _) = class_given_away.notes(sourced(image=letters), "image")
    assert "the first letters of the images' names" in first
    folders = [f"in/{'h1' if number < 20 else 'h2'}/{number}.png" for number in range(40)]
    assert "the images' folders" in class_given_away.notes(sourced(image=folders), "image")[0]
    types = [f"in/{number}.{'jpeg' if number < 20 else 'PNG'}" for number in range(40)]
    assert "the type of the images' files" in class_given_away.notes(sourced(image=types), "image")[0]
    for found in (letters, folders):
        text = " ".join(class_given_away.notes(sourced(image=found), "image"))
        assert "siteone" not in text
        assert "h1" not in text


@pytest.mark.parametrize(
    "columns",
    [
        {"image": [f"{'ill' if number < 20 else 'well'}/{number}.png" for number in range(40)]},  # the class itself
        {"image": [f"in/{'well2' if number >= 20 else 'person'}_{number}.png" for number in range(40)]},
        {"finding": ["Ill."] * 20 + ["none"] * 20},
        {"source": ["A", "B"] * 20},
        {"source": [f"s{number}" for number in range(40)]},  # a value each
        {"source": ["A"] * 20 + ["B"] * 16 + ["C"] * 4},  # too few of one
        {"source": ["A"] * 40},
        {"source": ["A"] * 20 + ["B"] * 20, "patient": ["p"] * 20 + ["q"] * 20},  # each a patient
        {"split": ["train"] * 20 + ["test"] * 20},
    ],
)
def test_no_alarm_without_a_source(columns):
    assert class_given_away.notes(sourced(**columns), "image") == []
