"""Folders per class, masks beside images, patterns of names, a CSV file of labels, and MedMNIST."""

import numpy as np
import pytest
from PIL import Image
from tests.helpers.case_tables import made, mask, picture, refusal


@pytest.fixture
def busi(tmp_path):
    """Names with blanks and brackets, one image with two masks, and black masks of what is normal."""
    folder = tmp_path / "busi"
    for place, cls in enumerate(["benign", "malignant", "normal"]):
        for number in (1, 2):
            picture(folder / f"{cls}/{cls} ({number}).png", 10 * place + number)
            mask(folder / f"{cls}/{cls} ({number})_mask.png", *([(20, 10, 50, 40)] if cls != "normal" else []))
    mask(folder / "benign/benign (2)_mask_1.png", (60, 45, 75, 55))
    return folder


def test_masks_beside_images_in_folders_of_classes(busi):
    found = made(busi, "--patients", "image")
    assert found.table[["lesion", "patient", "class"]].to_numpy().tolist() == [
        ["benign_1", "benign_1", "benign"],
        ["benign_2-1", "benign_2", "benign"],
        ["benign_2-2", "benign_2", "benign"],
        ["malignant_1", "malignant_1", "malignant"],
        ["malignant_2", "malignant_2", "malignant"],
    ]
    assert found.mask("benign_2-1").sum() == 30 * 30
    assert found.mask("benign_2-2").sum() == 15 * 10
    assert found.config["cases"]["positive"] == "malignant"
    assert found.config["folds"] == 2  # two patients of each class
    assert "2 images without a lesion were left out" in found.said
    assert "each image counts as another patient, as you said" in found.said


@pytest.mark.parametrize("task", ["segmentation", "detection"])
def test_what_is_normal_is_empty_in_tasks_of_slices(busi, task):
    found = made(busi, "--patients", r"\((\d)\)", task=task)
    assert found.table.groupby("class").size().to_dict() == {"": 2, "benign": 3, "malignant": 2}
    assert set(found.table["patient"]) == {"1", "2"}
    assert found.checked["diameter_px"].isna().sum() == 2


def test_masks_in_a_folder_of_their_own_with_several_labels(tmp_path):
    for name in ("P1_a", "P2_a"):
        picture(tmp_path / f"set/images/{name}.png", len(name) + ord(name[1]))
        both = np.zeros((60, 80), np.uint8)
        both[5:20, 5:20], both[30:50, 30:50] = 1, 2
        (tmp_path / "set/masks").mkdir(exist_ok=True)
        Image.fromarray(both).save(tmp_path / f"set/masks/{name}.png")
    assert "found it in none; move it, or give CLASS=" in refusal(tmp_path / "set", "--patients", "P[0-9]")
    found = made(tmp_path / "set", "--patients", "P[0-9]", "--class", "edema", task="segmentation")
    assert found.table[["lesion", "patient", "label"]].to_numpy().tolist() == [
        ["P1_a-1", "P1", "1"], ["P1_a-2", "P1", "2"], ["P2_a-1", "P2", "1"], ["P2_a-2", "P2", "2"],
    ]  # fmt: skip
    assert found.mask("P1_a-2").sum() == 400


def test_folders_of_classes(tmp_path):
    for place, cls in enumerate(["NORMAL", "PNEUMONIA"]):
        for part in ("train", "test"):
            for number in (1, 2):
                name = f"{part}/{cls}/person{number}_{part}.png"
                picture(tmp_path / "xray" / name, len(name) * 100 + place * 10 + number)
    found = made(tmp_path / "xray", "--patients", r"([A-Z]+/person\d+)_")
    assert found.table.groupby("class")["patient"].agg(["size", "nunique"]).to_numpy().tolist() == [[4, 2], [4, 2]]
    assert found.config["cases"]["annotation"] == "none"
    assert found.config["cases"]["positive"] == "PNEUMONIA"
    assert set(found.checked["diameter_px"]) == {80}
    assert "the division into test, train is not used" in found.said


def test_whole_images_are_for_classification_alone(tmp_path):
    for cls in "ab":
        picture(tmp_path / f"set/{cls}/1.png", ord(cls))
    line = refusal(tmp_path / "set", "--patients", "image", "--task", "detection")
    assert "task detection: expected lesions that are drawn, found whole images with a class" in line
    picture(tmp_path / "set/lone.png", 5)
    assert "lone.png: expected it in the folder of its class" in refusal(tmp_path / "set", "--patients", "image")


@pytest.mark.parametrize(
    "text",
    [
        "image_id,sex,dx,patient_id\nA,f,nevus,p1\nB,m,melanoma,p2\nC,f,nevus,p3\nD,f,melanoma,p3\n",
        "image,melanoma,nevus\nA,0,1\nB,1,0\nC,0.0,1.0\nD,1,0\n",
    ],
)
def test_a_csv_of_labels(tmp_path, text):
    for name in "ABCDE":
        picture(tmp_path / f"isic/images/{name}.jpg", ord(name))
    (tmp_path / "isic/labels.csv").write_text(text)
    found = made(tmp_path / "isic", *([] if "patient_id" in text else ["--patients", "image"]))
    assert found.table.set_index("lesion")["class"].to_dict() == {
        "A": "nevus", "B": "melanoma", "C": "nevus", "D": "melanoma",
    }  # fmt: skip
    assert found.table["patient"].nunique() == (3 if "patient_id" in text else 4)
    assert "1 images are not in the table and were left out, such as images/E.jpg" in found.said


@pytest.mark.parametrize(
    ("classes", "modality", "positive", "preset"),
    [
        (("COVID-19", "No_finding"), "X-ray", "COVID-19", "chest-xray"),
        (("Tuberculosis", "healthy"), "Chest X-Ray", "Tuberculosis", "chest-xray"),
        (("abnormal", "normal"), "CR", "abnormal", "chest-xray"),
        (("nodule", "without"), "ultrasound", "nodule", "ultrasound"),
        (("MS", "controls"), "MRI", "MS", "mr"),
        (("cyst", "malignant"), "CT", "malignant", "ct-lesion"),
        (("hemangioma", "benign"), "computed tomography", "hemangioma", "ct-lesion"),
        (("benign", "normal"), "sonography", "benign", "ultrasound"),
        (("covid_negative", "covid_positive"), "", "covid_positive", "ultrasound"),
        (("Demented", "NonDemented"), "PET", "Demented", "ultrasound"),
    ],
)
def test_the_draft_takes_the_modality_of_the_table_and_no_positive_class_of_nothing(
    tmp_path, classes, modality, positive, preset
):
    rows = [f"{name},{cls},p{name},{modality}" for name, cls in zip("ABCD", classes * 2, strict=True)]
    for name in "ABCDE":
        picture(tmp_path / f"set/{name}.png", ord(name))
    lines = ["image,class,patient,modality", *rows, f"E,,pE,{modality}"]
    (tmp_path / "set/labels.csv").write_text("\n".join(lines))
    found = made(tmp_path / "set", "--incomplete", "skip")
    assert found.config["cases"]["positive"] == positive
    assert found.config["augmentation"]["preset"] == preset
    assert "1 rows have no class and were left out" in found.said
    assert "not in the table" not in found.said  # its image is


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,class\nA,a\nZ,b\n", "expected the image Z in this folder, found none"),
        ("image,class\nA,\n", "row 2: expected a class, found an empty cell"),
        ("image,a,b\nA,0,1\nB,1,1\n", "row 3: expected a 1 in one column of classes, found a, b"),
    ],
)
def test_what_is_wrong_with_a_csv_of_labels(tmp_path, text, message):
    for name in "AB":
        picture(tmp_path / f"set/{name}.png", ord(name))
    (tmp_path / "set/labels.csv").write_text(text)
    assert message in refusal(tmp_path / "set", "--patients", "image")


def test_a_csv_that_lists_more_than_there_is(tmp_path):
    for name in "ABCDE":
        picture(tmp_path / f"set/{name}.png", ord(name))
    (tmp_path / "set/labels.csv").write_text("image,class\nA,a\nB,b\nC,a\nD,b\nE,\nY,a\nZ,b\n")
    found = made(tmp_path / "set", "--patients", "image", "--incomplete", "skip")
    assert found.table["lesion"].tolist() == list("ABCD")
    assert "2 images are not there, or several have the name; their annotations were left out, such as Y" in found.said
    assert "1 rows have no class and were left out, such as row 6" in found.said


def medmnist(path, shape=(), classes=2):
    random = np.random.default_rng(0)
    arrays = {}
    for part, count in [("train", 6), ("val", 2), ("test", 3)]:
        arrays[f"{part}_images"] = random.integers(0, 255, (count, 28, 28, *shape), dtype=np.uint8)
        arrays[f"{part}_labels"] = (np.arange(count) % classes)[:, None].astype(np.uint8)
    np.savez_compressed(path, **arrays)
    return arrays


def test_medmnist(tmp_path):
    arrays = medmnist(tmp_path / "breastmnist.npz")
    found = made(tmp_path / "breastmnist.npz", "--patients", "image", "--names", "malignant,normal")
    assert len(found.table) == 11
    assert found.table["class"].tolist()[:6] == ["malignant", "normal"] * 3
    for part in ("train", "val", "test"):
        for number, pixels in enumerate(arrays[f"{part}_images"]):
            row = found.table.set_index("lesion").loc[f"{part}_{number:05d}"]
            np.testing.assert_array_equal(np.array(Image.open(found.folder / row["image"])), pixels)
    assert "the 11 pictures are written as PNG files beside the table" in found.said


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"shape": (3,)}, [], "expected gray pictures, uint8 (n, rows, columns), found uint8 (6, 28, 28, 3)"),
        ({"classes": 3}, ["--names", "a,b"], "expected 2 classes as NAMES says, found number 2"),
    ],
)
def test_what_is_wrong_with_medmnist(tmp_path, change, options, message):
    medmnist(tmp_path / "set.npz", **change)
    assert message in refusal(tmp_path / "set.npz", "--patients", "image", *options)


def test_patterns_of_names(tmp_path):
    """Pictures of a patient by number, and masks of those that show something, elsewhere and of other names."""
    for name in ("0142_20", "0142_21", "0074_21"):
        picture(tmp_path / f"set/slices/{name}.png", int(name[2:4]) * 100 + int(name[5:]))
    for name in ("0142_21", "0074_21"):
        mask(tmp_path / f"set/drawn/{name}-by-eye.png", (10, 10, 30, 40))
    patterns = ["--image", "slices/{patient}_{image}.png", "--mask", "drawn/{patient}_{image}-*.png"]
    found = made(tmp_path / "set", *patterns, "--class", "edema", task="segmentation")
    assert found.table[["lesion", "patient", "class", "image", "mask"]].to_numpy().tolist() == [
        ["0074_21", "0074", "edema", "../set/slices/0074_21.png", "../set/drawn/0074_21-by-eye.png"],
        ["0142_20", "0142", "", "../set/slices/0142_20.png", ""],
        ["0142_21", "0142", "edema", "../set/slices/0142_21.png", "../set/drawn/0142_21-by-eye.png"],
    ]


@pytest.mark.parametrize(
    ("image", "mask_of", "message"),
    [
        ("{image}.png", "{image}_m.png", "expected {class} where its name stands"),
        ("{class}.png", "{class}_m.png", "expected {image} where its name stands"),
        ("{class}/{id}.png", "{class}/{id}_m.png", "found {id}; correct it"),
        ("{class}/{image}.jpg", "{class}/{image}_m.png", "expected images in"),
        ("{class}/{image}.png", "{class}/{image}_mask.png", "found none of 3, such as a/x 1.png"),
        ("{class}/{image}.png", "{class}/{image}_m.png",
         "lesion x_1: expected an id for one lesion, found it for x 1 and x_1; rename"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_patterns(tmp_path, image, mask_of, message):
    for number, name in enumerate(["x 1", "x_1"]):
        picture(tmp_path / f"set/a/{name}.png", number)
    mask(tmp_path / "set/a/x 1_m.png", (1, 1, 9, 9))
    options = ["--format", "names", "--image", image, "--mask", mask_of, "--patients", "image", "--task", "detection"]
    assert message in refusal(tmp_path / "set", *options)
