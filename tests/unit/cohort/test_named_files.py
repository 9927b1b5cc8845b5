import subprocess
import sys
from pathlib import Path

import pytest

import write_case_table
from synthaug.cohort import case_table, table_from_files
from synthaug.errors import InputError


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folders_of_classes_with_masks_beside_the_images(here):
    """The form of public ultrasound sets: names with blanks and brackets, some images with two masks."""
    made(here, "set/benign/benign (1).png", "set/benign/benign (1)_mask.png", "set/benign/benign (2).png",
         "set/benign/benign (2)_mask.png", "set/benign/benign (2)_mask_1.png", "set/malignant/malignant (1).png",
         "set/malignant/malignant (1)_mask.png", "set/README.txt")  # fmt: skip
    found = table_from_files.table("set/{class}/{lesion}.png", "set/{class}/{lesion}_mask*.png", Path("tables"))
    assert found.to_dict("list") == {
        "lesion": ["benign_1", "benign_2-1", "benign_2-2", "malignant_1"],
        "patient": ["benign_1", "benign_2", "benign_2", "malignant_1"],
        "class": ["benign", "benign", "benign", "malignant"],
        "image": [f"../set/{name}.png" for name in
                  ["benign/benign (1)", "benign/benign (2)", "benign/benign (2)", "malignant/malignant (1)"]],
        "mask": [f"../set/{name}.png" for name in
                 ["benign/benign (1)_mask", "benign/benign (2)_mask", "benign/benign (2)_mask_1",
                  "malignant/malignant (1)_mask"]],
    }  # fmt: skip


def test_patients_and_masks_in_folders_of_their_own(here):
    made(here, "p 1/ct/a/x.nii.gz", "p 1/seg/a/x.nii.gz", "p2/ct/b/x.nii.gz", "p2/seg/b/x.nii.gz")
    found = table_from_files.table(
        "{patient}/ct/{class}/{lesion}.nii.gz", "{patient}/seg/{class}/{lesion}.nii.gz", Path()
    )
    assert found[["lesion", "patient", "class"]].to_numpy().tolist() == [["a_x", "p_1", "a"], ["b_x", "p2", "b"]]


def test_slices_of_one_class_some_without_lesion(here):
    """The form of public segmentation sets: pictures of a patient by number, and masks of those that show something."""
    made(here, "images/0142_20.png", "images/0142_21.png", "images/0074_21.png", "masks/0142_21.png")
    found = table_from_files.table(
        "images/{patient}_{lesion}.png", "masks/{patient}_{lesion}.png", Path(), only_class="edema", without_mask=True
    )
    assert found.sort_values("image").to_numpy().tolist() == [
        ["0074_21", "0074", "", "images/0074_21.png", ""],
        ["0142_20", "0142", "", "images/0142_20.png", ""],
        ["0142_21", "0142", "edema", "images/0142_21.png", "masks/0142_21.png"],
    ]
    with pytest.raises(InputError, match="expected a mask of each image, found none of 3"):
        table_from_files.table(
            "images/{patient}_{lesion}.png", "mask/{patient}_{lesion}.png", Path(), only_class="x", without_mask=True
        )


@pytest.mark.parametrize(
    ("image", "mask", "files", "message"),
    [
        ("{lesion}.png", "{lesion}_m.png", [], "expected {class} where its name stands"),
        ("{class}.png", "{class}_m.png", [], "expected {lesion} where its name stands"),
        ("{class}/{id}.png", "{class}/{id}_m.png", [], "found {id}; correct it"),
        ("{class}/{lesion}.png", "{class}/{lesion}_m.png", ["a/1.jpg"], "expected images, found none"),
        ("{class}/{lesion}.png", "{class}/{lesion}_m.png", ["a/1.png", "a/2.png", "a/2_m.png"],
         "found none of 1, such as a/1.png"),
        ("{class}/{lesion}.png", "{class}/{lesion}_m.png", ["a/x 1.png", "a/x 1_m.png", "a/x_1.png", "a/x_1_m.png"],
         "lesion x_1: expected an id for one lesion, found it for a/x 1_m.png and a/x_1_m.png"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_line(here, image, mask, files, message):
    made(here, *files)
    with pytest.raises(InputError, match=message.replace("{", r"\{").replace("(", r"\(")) as error:
        table_from_files.table(image, mask, Path())
    assert "\n" not in str(error.value)


def test_script_writes_a_table_that_the_check_reads(here):
    made(here, "set/a/1.png", "set/a/1_mask.png", "set/b/1.png", "set/b/1_mask.png")
    command = [sys.executable, write_case_table.__file__, "--image", "set/{class}/{lesion}.png"]
    command += ["--mask", "set/{class}/{lesion}_mask.png", "--out", "cases.csv"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "cases.csv: 2 rows (1 a, 1 b) of 2 patients" in done.stderr
    assert "each image is a patient of its own" in done.stderr
    read = case_table.read_table("cases.csv")
    assert read["lesion"].tolist() == ["a_1", "b_1"]
    assert all((here / path).is_file() for path in [*read["image"], *read["mask"]])
