"""What a look at the data has found is said in words, the worst first."""

import pandas as pd

from synthaug.cohort import duplicates, patient_classes, preview_notes


def test_what_stops_the_experiment_is_said_once_for_all_seeds():
    refusals = ["class a: too few\n  class b: none", "class a: too few\n  class b: none", "folds: no split"]
    assert preview_notes.too_small(refusals, 3)[1:] == ["  class a: too few", "  class b: none", "  folds: no split"]
    assert preview_notes.too_small([], 3) == ["The cohort is large enough for 3 folds."]


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
    first, one, other, *rest = preview_notes.shared(found, {"s": "r"}, [["b", "a"]])
    assert first == "2 pairs of lesions of two patients may show one scan, 1 of them with contradicting classes:"
    assert one == (
        "  c (patient r, row 4) and d (patient s, row 5): contradicting classes benign and malignant; same pixels, "
        "correlation 1.000"
    )
    assert other.endswith("same series, correlation 0.311 (acknowledged)")
    assert "suggested_cases.csv is your case table with one id for 2 patients whom these pairs link" in rest[0]
    assert "changes no class" in rest[1]
    assert preview_notes.shared(found[1:], {}, [["b", "a"]])[2:] == []
    assert len(preview_notes.shared(found[:0], {}, [])) == 1


def each_in_an_image_of_its_own(rows):
    table = pd.DataFrame(rows, columns=["patient", "class"])
    return table.assign(image=[f"{number}.png" for number in range(len(table))])


def test_patients_of_several_classes_are_listed():
    rows = [("p", "cyst"), ("p", "mass"), ("q", "cyst"), ("q", ""), ("r", "mass"), ("r", "mass"), ("s", "mass")]
    cases = each_in_an_image_of_its_own(rows)
    first, *listed = preview_notes.of_several_classes(cases)
    assert first.startswith("1 patient with lesions of two classes or more")
    assert listed == ["  p: cyst and mass"]
    assert preview_notes.of_several_classes(cases[2:]) == []
    many = each_in_an_image_of_its_own([(f"p{number}", cls) for number in range(57) for cls in "ab"])
    assert preview_notes.of_several_classes(many)[-1] == "  and 37 more"


def test_classes_that_share_an_image_raise_no_doubt_about_the_patient():
    rows = [("p", "cyst", "1"), ("p", "mass", "1"), ("p", "mass", "2"), ("p", "node", "2"), ("p", "", "3")]
    rows += [("q", "cyst", "4"), ("q", "mass", "4"), ("q", "node", "5")]
    rows += [("r", "cyst", "6"), ("r", "mass", "7"), ("r", "cyst", "8"), ("r", "mass", "8")]  # joined by the last one
    cases = pd.DataFrame(rows, columns=["patient", "class", "image"])
    first, *listed = preview_notes.of_several_classes(cases)
    assert first.startswith("1 patient with lesions")
    assert listed == ["  q: cyst and mass and node"]
    assert patient_classes.said(cases).startswith("1 patient has lesions of two classes or more, such as q")
    assert patient_classes.said(cases[cases["patient"] != "q"]) == ""


def test_patients_of_one_lesion_each_are_doubted_where_names_look_shared():
    images = ["in/Smith12_1.png", "in/Smith12_2.png", "in/Smith7_1.png"]
    table = pd.DataFrame({"lesion": list("abc"), "patient": list("pqr"), "class": ["x", "x", "y"], "image": images})
    found = preview_notes.alone(table)
    assert "Each of the 3 lesions has a patient of its own" in found[0]
    assert "the ids of 2 patients:" in found[0]
    assert "those of a and b share one" in found[1]
    assert "Smith" not in " ".join(found)  # no result holds a part of a file's name
    assert preview_notes.alone(table.assign(patient=["p", "p", "r"])) == []
    assert preview_notes.alone(table.assign(image=["1.png", "2.png", "3.png"])) == []
