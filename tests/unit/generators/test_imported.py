"""Imported images are taken over as they are; every fault planted in a folder is named, all of them at once."""

import json
import logging
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.helpers import forked

from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.generators import imported, imported_files
from synthaug.imaging import picture_files

CLASSES = ["cyst", "met"]
TRAINED = ["12", "02", "01"]
PARAMS = imported.Params(CLASSES, 6)
# Patient P0 has two lesions of two classes; P9 is extra. Folds are 0, 1, 2.
ROIS = pd.DataFrame(
    [
        ("L0a", "P0", "cyst", "main"),
        ("L0b", "P0", "met", "main"),
        ("L1", "P1", "cyst", "main"),
        ("L2", "P2", "met", "main"),
        ("L9", "P9", "cyst", "extra"),
    ],
    columns=["lesion", "patient", "class", "set"],
)
FOLDS = ROIS[ROIS["set"] == "main"].drop(columns="set").assign(fold=[0, 0, 1, 2])
PATIENTS = {"12": ["P1", "P2", "P9"], "02": ["P0", "P2"], "01": []}  # no patient of the one fold that is left out


def noise(*key, count=6):
    return np.random.default_rng(key).integers(0, 256, (count, 64, 64), np.uint8)


@pytest.fixture
def cohort():
    return imported_files.Cohort(ROIS, "lesion", FOLDS, noise(99, count=len(ROIS)), seed=4)


@pytest.fixture
def folders(tmp_path):
    """A clean folder for each (training folds, class); cysts as an array, metastases as PNG files."""
    found = {}
    for i, folds in enumerate(TRAINED):
        for j, cls in enumerate(CLASSES):
            folder = found[folds, cls] = tmp_path / f"train-{folds}" / cls
            folder.mkdir(parents=True)
            write(folder, noise(i, j), as_files=cls == "met")
            (folder / "patients.csv").write_text("\n".join(["patient", *PATIENTS[folds]]) + "\n")
    return found


def write(folder, images, *, as_files=False):
    for path in [*folder.glob("*.npy"), *folder.glob("*.png")]:
        path.unlink()
    if not as_files:
        np.save(folder / "images.npy", images)
        return
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{i:03}.png")


def problems(folders, cohort):
    """Return the lines after the first of the error that `imported.check` raises."""
    with pytest.raises(InputError) as error:
        imported.check(folders, cohort, PARAMS, "ldm")
    first, *lines = str(error.value).split("\n  ")
    assert first == f"imported images of ldm: {len(lines)} problem" + "s" * (len(lines) > 1)
    return lines


def test_clean_folders_are_taken_over_whole(folders, cohort):
    write(folders["12", "cyst"], noise(7, count=9))  # more than are needed
    sources = imported.check(folders, cohort, PARAMS, "ldm")
    assert list(sources) == list(folders)
    np.testing.assert_array_equal(sources["12", "cyst"].images, noise(7, count=9))
    np.testing.assert_array_equal(sources["02", "met"].images, noise(1, 1))
    assert sources["12", "met"].patients == ["P1", "P2", "P9"]


@pytest.mark.parametrize("suffix", ["png", "tif", "TIFF"])
def test_lossless_files_keep_their_pixels_in_the_order_of_their_names(tmp_path, suffix):
    images = noise(3, count=3)
    for name, image in zip("bca", images, strict=True):
        Image.fromarray(image).save(tmp_path / f"{name}.{suffix}")
    (tmp_path / "._a.png").write_text("what some systems leave behind")
    read, names = imported_files.read_images(tmp_path, (64, 64))
    np.testing.assert_array_equal(read, images[[2, 0, 1]])
    assert names == [f"{name}.{suffix}" for name in "abc"]


def test_jpeg_files_are_read_as_their_decoder_does(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(noise(3)[0]).save(path, quality=95)
    read, _ = imported_files.read_images(tmp_path, (64, 64))
    assert np.abs(read[0].astype(int) - np.asarray(Image.open(path)).astype(int)).max() <= 1
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"a\.jpg: expected a whole JPEG file, found a truncated one"):
        imported_files.read_images(tmp_path, (64, 64))


def fails(function):
    """Return whether a function refuses its file."""
    try:
        function()
    except InputError:
        return True
    return False


def test_damage_that_only_a_check_finds_is_refused(tmp_path):
    """A byte changed in the middle of a JPEG file: its decoder makes up the rest and says nothing."""
    path = tmp_path / "a.jpg"
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (64, 64)).astype(np.uint8)).save(path, quality=95)
    content = path.read_bytes()
    for place in range(700, len(content) - 50):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        if not fails(lambda: picture_files.look(path).pixels()) and fails(lambda: picture_files.look(path).check()):
            break
    else:
        pytest.fail("no byte whose change only the check finds")
    with pytest.raises(InputError, match=r"a\.jpg: expected a whole JPEG file, found damage within its data"):
        imported_files.read_images(tmp_path, (64, 64))


def test_an_external_generator_serves_all_training_folds(folders, cohort):
    shared = {(folds, cls): folders["12", cls] for folds, cls in folders}
    for cls in CLASSES:
        (folders["12", cls] / "patients.csv").write_text("patient\nP9\n")
    sources = imported.check(shared, cohort, PARAMS, "ldm")
    assert all(source.patients == ["P9"] for source in sources.values())

    (folders["12", "met"] / "patients.csv").write_text("patient\nP1\n")
    assert problems(shared, cohort) == [
        f"{folders['12', 'met'] / 'patients.csv'}, row 2: patient P1: expected no patient that is tested on, found one "
        "of fold 1 of seed 4, a test fold of the models trained on 02; train the generator without this patient"
    ]


def test_an_inner_generator_is_tested_on_both_folds_it_did_not_see(folders, cohort):
    inner = {("1", "met"): folders["12", "met"]}
    (line,) = problems(inner, cohort)
    assert "row 3: patient P2: expected no patient that is tested on, found one of fold 2" in line


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            "patient\nP1\nP0\n",
            ["row 3: patient P0: expected no patient that is tested on, found one of fold 0 of seed 4"],
        ),
        ("patient\nP1\n\nP1\n", ["row 4: patient P1: expected each patient once, found it in row 2 too"]),
        (
            "patient\np1\n",
            ["row 2: patient p1: expected a patient of the case table, found none of that id; did you mean P1?"],
        ),
        ("patient\nA77\n", ["found none of that id; list only patients of this cohort"]),
        ("id\nP1\n", ['row 1: expected a header with the column "patient" once, found id']),
        ("", ['row 1: expected a header with the column "patient" once, found an empty file']),
        ("scan,patient\na\n", ["row 2: expected a patient, found an empty cell"]),
        ('patient\n"P1\n', ["expected comma-separated UTF-8 text, found unexpected end of data"]),
        ("patient\nP0\nA77\nP1\nP1\n", ["row 2: patient P0", "row 3: patient A77", "row 5: patient P1"]),
        (
            None,
            ["expected the patients of this cohort whose images trained the generator, found no file; write one with"],
        ),
    ],
)
def test_wrong_patients(folders, cohort, text, messages):
    path = folders["12", "cyst"] / "patients.csv"
    path.unlink() if text is None else path.write_text(text)
    lines = problems(folders, cohort)
    assert len(lines) == len(messages)
    assert all(line.startswith(str(path)) and message in line for line, message in zip(lines, messages, strict=True))


def test_a_header_alone_and_further_columns_are_fine(tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text("patient\n")
    assert imported_files.read_patients(path) == {}
    path.write_text("\ufeffscan, patient\n1,007\n2,NA\n", encoding="utf-8")
    assert imported_files.read_patients(path) == {2: "007", 3: "NA"}


def constant(images):
    images[2] = 17
    return images


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:5], "expected at least 6 images, found 5"),
        (lambda x: x / np.float32(255), "expected uint8 (n, 64, 64), found float32 (6, 64, 64)"),
        (lambda x: x[:, :32], "expected uint8 (n, 64, 64), found uint8 (6, 32, 64)"),
        (lambda x: x[..., None], "found uint8 (6, 64, 64, 1)"),
        (constant, "expected images, found a single gray level in number 2"),
        (lambda x: np.concatenate([x, noise(0, 1)]), "found 6 the same; an image has one class"),
        (
            lambda x: np.concatenate([x, noise(1, 0)[:2]]),
            "found 2 the same; if one generator serves all training folds",
        ),
    ],
)
def test_wrong_arrays(folders, cohort, change, message):
    folder = folders["12", "cyst"]
    write(folder, change(noise(0, 0)))
    (line,) = problems(folders, cohort)
    assert message in line
    assert str(folder) in line


def test_what_is_no_array_or_is_there_twice_or_not_at_all(folders, cohort):
    (folders["12", "cyst"] / "images.npy").write_text("text")
    with (folders["02", "cyst"] / "images.npy").open("wb") as file:
        np.savez(file, noise(5))
    (folders["01", "cyst"] / "images.npy").unlink()
    np.save(folders["12", "met"] / "images.npy", noise(5))
    folders["02", "met"] = folders["02", "met"].with_name("mett")
    lines = problems(folders, cohort)
    assert ["npy: expected a NumPy array, found a damaged or other file" in line for line in lines[::2][:2]] == [
        True
    ] * 2
    assert "found both images.npy and 6 image files; keep the one or the other" in lines[1]
    assert "mett: expected images.npy or PNG, JPEG or TIFF files, found none" in lines[3]
    assert "mett/patients.csv: expected the patients" in lines[4].replace("\\", "/")
    assert "cyst: expected images.npy or PNG, JPEG or TIFF files, found none" in lines[5]


@pytest.mark.parametrize(
    ("convert", "message"),
    [
        (lambda image: image.convert("RGB"), "found 3 color channels in 001.png"),
        (lambda image: image.convert("P"), "found 3 color channels in 001.png"),
        (
            lambda image: Image.fromarray(np.asarray(image).astype(np.uint16)),
            "found uint16 values in 001.png",
        ),
        (lambda image: image.resize((32, 64)), "found 64 x 32 px in 001.png"),
    ],
)
def test_wrong_image_files(folders, cohort, convert, message):
    folder = folders["12", "met"]
    convert(Image.open(folder / "001.png")).save(folder / "001.png")
    (line,) = problems(folders, cohort)
    assert line.startswith(f"{folder}: expected 8-bit gray images of 64 x 64 px, {message}")


def test_many_wrong_files_are_a_line_a_reason(folders, cohort):
    folder = folders["12", "met"]
    for path in sorted(folder.glob("*.png")):
        Image.open(path).convert("RGB").save(path)
    (folder / "z.png").write_text("no image")
    pages = [Image.fromarray(image) for image in noise(3)]
    pages[0].save(folder / "z.tif", save_all=True, append_images=pages[1:])
    unreadable, paged, colored = problems(folders, cohort)
    assert "z.png: expected a PNG file, as its name says, found a text file" in unreadable
    assert colored.endswith("in 000.png, 001.png, 002.png, 003.png, 004.png and 1 more; export them again")
    assert "z.tif: expected one 2-D picture, found 6 pages" in paged


def test_one_folder_for_two_classes(folders, cohort):
    folders["12", "met"] = folders["12", "cyst"]
    (line,) = problems(folders, cohort)
    assert line == f"{folders['12', 'cyst']}: expected a folder for each class, found one for cyst, met"


def test_copies_of_real_rois_and_repeats_are_warned_of(folders, cohort, caplog):
    with caplog.at_level(logging.WARNING):
        imported.check(folders, cohort, PARAMS, "ldm")
    assert caplog.messages == []
    images = noise(0, 0)
    write(folders["12", "cyst"], np.concatenate([images, images[:2], cohort.images[[0, 2]]]))
    with caplog.at_level(logging.WARNING):
        imported.check(folders, cohort, PARAMS, "ldm")
    repeats, copies = caplog.messages
    assert repeats.endswith("2 of 10 images repeat another one exactly")
    assert copies.endswith(
        "2 images are exact copies of real ones: number 8 of lesion L0a, patient P0, who is not in patients.csv, "
        "number 9 of lesion L1, patient P1"
    )


def test_a_listed_patient_counts_with_all_lesions():
    rows = imported_files.train_set(["P9", "P0"], ROIS, "lesion")
    assert rows.to_dict("list") == {
        "source": ["imported"] * 3,
        "lesion": ["L0a", "L0b", "L9"],
        "rank": [-1] * 3,
        "class": ["cyst", "met", "cyst"],
        "generator": [""] * 3,
    }


def test_script(folders, cohort, tmp_path):
    ROIS.to_csv(tmp_path / "rois.csv", index=False)
    FOLDS.to_csv(tmp_path / "folds.csv", index=False)
    np.save(tmp_path / "rois.npy", cohort.images)
    out = tmp_path / "out"
    command = [sys.executable, "scripts/import_synthetic.py", "--rois", tmp_path / "rois.csv"]
    command += ["--roi-images", tmp_path / "rois.npy", "--folds", tmp_path / "folds.csv", "--seed", "4"]
    command += ["--generator", "ldm", "--group", "50", "--train-folds", *TRAINED]
    command += ["--params", json.dumps({"classes": CLASSES, "samples": 6})]
    command += ["--synthetic-dir", out / "synthetic", "--generator-dir", out / "generators", "--folders"]
    command.append(json.dumps({"ldm": str(tmp_path / "train-{folds}/{cls}"), "other": "elsewhere/{seed}/{cls}"}))
    forked.started(command, check=True)  # model.json lists the packages that were imported

    np.testing.assert_array_equal(np.load(out / "synthetic" / "train-02" / "met" / "images.npy"), noise(1, 1))
    index = artifacts.read_csv(out / "synthetic" / "train-02" / "met" / "index.csv")
    assert index.to_dict("list") == {"sample": [*range(6)], "generator": ["ldm"] * 6, "class": ["met"] * 6}
    model = artifacts.read_json(out / "generators" / "train-02" / "met" / "model.json")
    assert model.pop("versions").keys() == {"python", "numpy", "pandas"}
    params = {"classes": CLASSES, "samples": 6}
    assert model == {"imported": True, "params": params, "device": "unknown", "images": 6}
    assert artifacts.read_csv(out / "generators/train-02/met/train_set.csv")["lesion"].tolist() == ["L0a", "L0b", "L2"]
    none = artifacts.read_csv(out / "generators/train-01/cyst/train_set.csv")
    assert list(none) == ["source", "lesion", "rank", "class", "generator"]
    assert none.empty

    (folders["12", "cyst"] / "patients.csv").write_text("patient\nP0\n")
    done = forked.run(command)
    assert done.returncode == 1
    assert "ERROR [import_synthetic] imported images of ldm: 1 problem\n" in done.stderr
    assert "row 2: patient P0: expected no patient that is tested on" in done.stderr
