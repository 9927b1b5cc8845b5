"""The case table and its checks, on a cohort whose lesions are discs of known place and size."""

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from tests.helpers import forked

import check_cases
from synthaug.cohort import annotations, cases
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.imaging import volumes
from synthaug.terms import case_columns

PARAMS = cases.Params(classes=["cyst", "metastasis"])
SCRIPT = Path(__file__).parents[3] / "scripts" / "check_cases.py"
SHAPE, SPACING = (5, 60, 50), (3.0, 0.8, 0.8)
REAL = Path(os.environ.get("SYNTHAUG_REAL_DATA", "/nonexistent"))
real_data = pytest.mark.skipif(
    not REAL.is_dir(), reason="SYNTHAUG_REAL_DATA names no folder with the unzipped real data sets"
)


def disc(x, y, radius, shape=SHAPE[1:]):
    rows, columns = np.indices(shape)
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def write_volume(path, values, origin=(0, 0, 0), spacing=SPACING):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing[::-1])
    image.SetOrigin(origin)
    sitk.WriteImage(image, str(path))


@pytest.fixture
def cohort(tmp_path):
    """Two classes of two patients each: one volume a patient, two lesions with labels 1 and 2."""
    rows = []
    for number in range(4):
        patient = f"p{number}"
        values = np.random.default_rng(number).normal(60, 10, SHAPE).astype(np.float32)
        mask = np.zeros(SHAPE, np.uint8)
        for z, radius in ((1, 5), (2, 8 + number), (3, 6)):
            mask[z][disc(20, 25, radius)] = 1
        mask[4][disc(35, 50, 4)] = 2
        write_volume(tmp_path / f"{patient}.nii.gz", values)
        write_volume(tmp_path / f"{patient}-mask.nii.gz", mask)
        for label in (1, 2):
            rows.append(
                {
                    "lesion": f"L{number}-{label}",
                    "patient": patient,
                    "class": PARAMS.classes[number % 2],
                    "image": f"{patient}.nii.gz",
                    "mask": f"{patient}-mask.nii.gz",
                    "label": str(label),
                    "site": f"site{number % 2}",
                }
            )
    return pd.DataFrame(rows, dtype=str)


def save(table, folder, name="table.csv"):
    path = folder / name
    table.to_csv(path, index=False)
    return path


def refused(table, folder, *expected, params=PARAMS):
    """Check that the script refuses the table with one message that has all of ``expected``, and writes nothing."""
    path = table if isinstance(table, Path) else save(table, folder)
    before = sorted(folder.rglob("*"))
    settings = json.dumps({"classes": params.classes})
    arguments = ["check_cases", "--table", str(path), "--params", settings, "--out", str(folder / "cases.csv")]
    with mock.patch("sys.argv", arguments), pytest.raises(SystemExit) as caught:
        check_cases.main()
    message = str(caught.value)
    assert message.startswith("ERROR [check_cases] ")
    assert sorted(folder.rglob("*")) == before
    for text in ("table.csv", "expected", *expected):
        assert text in message
    return message


def run(table, out, params=PARAMS, start=forked.run):
    text = json.dumps({"classes": params.classes})
    command = [sys.executable, str(SCRIPT), "--table", str(table), "--params", text, "--out", str(out)]
    return start(command)


def test_measurements(cohort, tmp_path):
    checked = cases.check(save(cohort.sample(frac=1, random_state=1), tmp_path), PARAMS)
    assert list(checked.columns) == [*case_columns.COLUMNS, "site"]
    assert list(checked["lesion"]) == sorted(cohort["lesion"])
    assert list(checked["slice"]) == [2, 4] * 4
    assert (checked["set"] == "main").all()
    assert (checked["rows"] == SHAPE[1]).all()
    assert (checked["columns"] == SHAPE[2]).all()
    np.testing.assert_allclose(checked[["spacing_z_mm", "spacing_y_mm", "spacing_x_mm"]], [SPACING] * 8, rtol=1e-6)
    np.testing.assert_array_equal(checked[["center_x_px", "center_y_px"]], [(20, 25), (35, 50)] * 4)
    radii = np.array([8, 4, 9, 4, 10, 4, 11, 4])
    np.testing.assert_allclose(checked["diameter_px"], 2 * radii, atol=1.1)
    np.testing.assert_allclose(checked["diameter_mm"], checked["diameter_px"] * 0.8, rtol=1e-5)
    assert checked["digest"].str.fullmatch("[0-9a-f]{16}").all()
    assert checked["digest"].is_unique


def test_script_writes_the_same_bytes_twice_and_nothing_on_failure(cohort, tmp_path):
    table = save(cohort, tmp_path)
    for name, start in (("one.csv", forked.run), ("two.csv", forked.started)):
        assert run(table, tmp_path / "out" / name, start=start).returncode == 0
    assert (tmp_path / "out/one.csv").read_bytes() == (tmp_path / "out/two.csv").read_bytes()
    assert artifacts.read_csv(tmp_path / "out/one.csv")["lesion"].tolist() == sorted(cohort["lesion"])
    cohort.loc[0, "image"] = "absent.nii.gz"
    cohort.loc[5, "class"] = "cist"
    result = run(save(cohort, tmp_path), tmp_path / "out" / "three.csv")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-3].startswith("ERROR [check_cases] ")
    assert "2 problems" in result.stderr
    assert "row 2, lesion L0-1: image: " in result.stderr
    assert (
        "row 7, lesion L2-2: class: expected one of cyst, metastasis, found 'cist'; did you mean cyst?" in result.stderr
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["one.csv", "two.csv"]


def test_all_problems_at_once_in_the_order_of_rows(cohort, tmp_path):
    cohort.loc[0, "lesion"] = "a b"
    cohort.loc[1, "patient"] = ""
    cohort.loc[2, "label"] = "one"
    cohort.loc[4, "mask"] = "absent.nii.gz"
    cohort.loc[6, "label"] = "7"
    message = refused(
        cohort, tmp_path, "row 2, lesion a b: lesion", "row 3, lesion L0-2: patient", "row 4, lesion L1-1: label",
        "absent.nii.gz", "row 8, lesion L3-1: label: expected one of 1, 2, the labels of p3-mask.nii.gz, found 7",
    )  # fmt: skip
    rows = [int(line.split()[1].rstrip(",")) for line in message.splitlines() if line.strip().startswith("row ")]
    assert rows == sorted(rows)
    assert "5 problems" in message


def test_a_damaged_image_is_found_even_where_its_slices_can_be_read(cohort, tmp_path):
    table = save(cohort, tmp_path)
    image = tmp_path / "p0.nii.gz"
    image.write_bytes(image.read_bytes()[:-20])
    result = run(table, tmp_path / "checked.csv")
    assert result.returncode == 1
    assert "p0.nii.gz: expected a whole NIfTI file, found a truncated" in result.stderr


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"image": "absent.nii.gz", "mask": "p0-mask.nii.gz"}, "absent.nii.gz"),
        ({"image": ""}, "row 2, lesion L0-1: image: expected a value"),
        ({"class": "all"}, "'all'"),
        ({"class": "Cyst"}, "did you mean cyst"),
        ({"class": "haemangioma"}, "found 'haemangioma'; correct the cell"),
        ({"lesion": "L1-1"}, "found it in rows 2, 4"),
        ({"lesion": "l1-1"}, "found L1-1 and l1-1, which differ only by case"),
        ({"patient": "P0"}, "found P0 and p0, which differ only by case"),
        ({"patient": "p 0"}, "found 'p 0'"),
        ({"set": "extra"}, "patient p0: expected one set, found main in row 3 and extra in row 2"),
        ({"set": "test"}, "found 'test'"),
        ({"label": "-1"}, "found '-1'"),
        ({"label": "1.5"}, "found '1.5'"),
        ({"label": ""}, "expected one of 1, 2, the labels of p0-mask.nii.gz, found an empty cell"),
        ({"slice": "9"}, "slice: expected 0 to 4, found 9"),
        ({"slice": "0"}, "p0-mask.nii.gz: expected a lesion on slice 0"),
        ({"mask": "", "label": ""}, "expected one of mask, polygon and box, found none"),
        ({"mask": ""}, "label: expected only with a mask"),
        ({"polygon": "1,1 5,1 5,5"}, "found mask and polygon"),
        ({"mask": "", "label": "", "polygon": "1,1 5,1", "slice": "1"}, "at least 3 points"),
        ({"mask": "", "label": "", "polygon": "1,1 5,1 a,b", "slice": "1"}, "polygon: expected"),
        ({"mask": "", "label": "", "polygon": "1,1 70,1 5,5", "slice": "1"}, "x from 0 to 49"),
        ({"mask": "", "label": "", "polygon": "1,1 5,1 5,5"}, "slice: expected the slice of the polygon"),
        ({"mask": "", "label": "", "box": "9,9,5,12", "slice": "1"}, "x0 < x1"),
        ({"mask": "", "label": "", "box": "9.1,9.1,9.4,9.4", "slice": "1"}, "found nothing drawn"),
        ({"image": "p1.nii.gz", "mask": "p1-mask.nii.gz"}, "image p1.nii.gz: expected one patient, found p0 and p1"),
        ({"label": "2"}, "found the same pixels and outline as L0-1 and L0-2 (rows 2, 3)"),
    ],
)
def test_refused_cells(cohort, tmp_path, change, expected):
    for column, value in change.items():
        if column not in cohort:
            cohort[column] = ""
        cohort.loc[0, column] = value
    refused(cohort, tmp_path, expected)


def test_the_first_lesion_of_the_first_patient_is_checked_like_any_other(cohort, tmp_path):
    first = cohort.head(1)
    checked = cases.check(save(first, tmp_path), PARAMS)
    everything = cases.check(save(cohort, tmp_path), PARAMS)
    pd.testing.assert_frame_equal(checked, everything[everything["lesion"] == first["lesion"].item()])


def test_copies_whose_classes_contradict_each_other_are_called_so_and_come_first(cohort, tmp_path):
    copied = [{**cohort.loc[4], "lesion": "agrees", "image": "copied.nii.gz"}]
    copied += [{**cohort.loc[6], "lesion": "differs", "image": "other.nii.gz", "class": PARAMS.classes[0]}]
    for row in copied:
        shutil.copy(tmp_path / cohort.loc[4 if row["lesion"] == "agrees" else 6, "image"], tmp_path / row["image"])
    assert cohort.loc[6, "class"] == PARAMS.classes[1]
    message = refused(pd.concat([cohort, pd.DataFrame(copied)]), tmp_path)
    first, second = (line for line in message.splitlines() if "same pixels and outline" in line)
    assert f"found the same pixels and outline as {cohort.loc[6, 'lesion']} and differs (rows 8, 11), " in first
    assert first.endswith(
        "with the contradicting classes cyst and metastasis; find out which class is right and keep that one"
    )
    assert second.endswith("and agrees (rows 6, 10); keep one of them")


def test_the_column_volume_says_which_of_several_is_meant(cohort, tmp_path):
    first = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "p1.nii.gz")))
    image = sitk.GetImageFromArray(np.stack([first, 3 * first + 1]), isVector=False)
    image.SetSpacing((*SPACING[::-1], 1))
    sitk.WriteImage(image, str(tmp_path / "p1.nii.gz"))
    cohort["volume"] = ["", "", "1", "1.0", "", "", "", ""]
    table = save(cohort, tmp_path)
    checked = cases.check(table, PARAMS)
    row = {**cases.read_table(table).loc[4], "slice": checked["slice"][2]}
    np.testing.assert_array_equal(cases.lesion_on_slice(row, tmp_path)[0], 3 * first[checked["slice"][2]] + 1)
    cohort.loc[3, "patient"] = "p9"
    refused(cohort, tmp_path, "image p1.nii.gz#1: expected one patient, found p1 and p9")
    cohort.loc[[2, 3], "volume"] = ["x", "2"]
    refused(cohort, tmp_path, "volume: expected a whole number of at least 0, found 'x'", "2 volumes, found 2; give 0")
    Image.fromarray(first[2].astype(np.uint8)).save(tmp_path / "p.png")
    cohort.loc[0, ["image", "mask", "label", "volume"]] = ["p.png", "p.png", "", "12"]
    refused(cohort, tmp_path, "row 2, lesion L0-1: volume: expected it empty, since only a NIfTI file has several")


def test_empty_mask(cohort, tmp_path):
    write_volume(tmp_path / "p1-mask.nii.gz", np.zeros(SHAPE, np.uint8))
    refused(cohort, tmp_path, "lesion L1-1: p1-mask.nii.gz: expected a lesion, found only zeros")


def test_mask_of_probabilities(cohort, tmp_path):
    write_volume(tmp_path / "p1-mask.nii.gz", np.full(SHAPE, 0.5, np.float32))
    refused(cohort, tmp_path, "p1-mask.nii.gz: expected whole numbers")


@pytest.mark.parametrize(
    ("shape", "change", "found"),
    [
        ((5, 60, 51), {"spacing": (3.0, 0.81, 0.81)}, "(5, 60, 51)"),
        ((5, 60, 51), {"origin": (0, 0, 1.1)}, "(5, 60, 51)"),
        (SHAPE, {"origin": (0, 5, 0)}, "origin (0, 5, 0)"),
        (SHAPE, {"spacing": (3.0, 0.9, 0.9)}, "spacing (3, 0.9, 0.9)"),
    ],
)
def test_wrong_geometry(cohort, tmp_path, shape, change, found):
    write_volume(tmp_path / "p2-mask.nii.gz", np.ones(shape, np.uint8), **change)
    message = refused(cohort, tmp_path, "p2-mask.nii.gz: mask and image do not match", found, "(rows 6, 7)")
    assert message.count("p2-mask") == 1


def test_nan_image(cohort, tmp_path):
    values = np.zeros(SHAPE, np.float32)
    values[2, 1, 1] = np.nan
    write_volume(tmp_path / "p3.nii.gz", values)
    refused(cohort, tmp_path, "lesion L3-1: ", "p3.nii.gz", "1 NaN")


def write_dicom(folder):
    folder.mkdir()
    for z in range(SHAPE[0]):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
        meta.MediaStorageSOPInstanceUID = f"1.2.{z + 1}"
        file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        file.SOPClassUID, file.SOPInstanceUID, file.SeriesInstanceUID = CTImageStorage, f"1.2.{z + 1}", "1.2.99"
        file.ImagePositionPatient, file.ImageOrientationPatient = [0, 0, 3 * z], [1, 0, 0, 0, 1, 0]
        file.PixelSpacing, (file.Rows, file.Columns) = [0.8, 0.8], SHAPE[1:]
        file.SamplesPerPixel, file.PhotometricInterpretation, file.PixelRepresentation = 1, "MONOCHROME2", 0
        file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
        file.PixelData = (np.indices(SHAPE[1:])[0] + 100 + z).astype(np.uint16).tobytes()
        file.save_as(folder / f"image_{z}", enforce_file_format=True)


def test_dicom_with_nifti_mask_and_a_truncated_slice(cohort, tmp_path):
    write_dicom(tmp_path / "ct")
    cohort.loc[cohort["patient"] == "p0", "image"] = "ct"
    checked = cases.check(save(cohort, tmp_path), PARAMS)
    assert checked.loc[0, ["slice", "spacing_z_mm"]].tolist() == [2, 3.0]
    path = tmp_path / "ct" / "image_3"
    path.write_bytes(path.read_bytes()[:-100])
    refused(cohort, tmp_path, "image_3", "truncated", "(rows 2, 3)")
    assert pydicom.dcmread(tmp_path / "ct" / "image_2").Rows == SHAPE[1]


def test_pictures_with_polygons_boxes_and_masks(tmp_path):
    rows = []
    for number in range(4):
        values = np.random.default_rng(number).integers(0, 255, (60, 50)).astype(np.uint8)
        Image.fromarray(values).save(tmp_path / f"{number}.png")
        rows.append({"lesion": f"{number}", "patient": f"{number}", "class": "cyst", "image": f"{number}.png"})
    table = pd.DataFrame(rows).assign(polygon="", box="", mask="")
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    table.loc[0, "polygon"] = " ".join(f"{25 + 12 * np.cos(a):.3f},{30 + 12 * np.sin(a):.3f}" for a in angles)
    table.loc[1, "box"] = "10,20,30,28"
    table.loc[2, "mask"] = "2-mask.png"
    table.loc[3, "polygon"] = "10,10 19,10 19,13 10,13"
    Image.fromarray(disc(20, 30, 9).astype(np.uint8) * 255).save(tmp_path / "2-mask.png")
    checked = cases.check(save(table, tmp_path), cases.Params(["cyst"]))
    np.testing.assert_allclose(checked["center_x_px"], [25, 20, 20, 14.5], atol=0.5)
    np.testing.assert_allclose(checked["center_y_px"], [30, 24, 30, 11.5], atol=0.5)
    np.testing.assert_allclose(checked["diameter_px"], [24, 20, 18, np.hypot(10, 4)], atol=1.1)
    assert checked[["spacing_x_mm", "diameter_mm"]].isna().all(axis=None)
    assert (checked["slice"] == 0).all()
    Image.fromarray(np.ones((60, 51), np.uint8)).save(tmp_path / "2-mask.png")
    refused(table, tmp_path, "2-mask.png: mask and image do not match", params=cases.Params(["cyst"]))


@pytest.mark.parametrize("radius", [1, 3, 7.5, 20, 24])
def test_diameter_of_a_disc(radius):
    assert annotations.largest_diameter(disc(25, 30, radius)) == pytest.approx(2 * radius, abs=1.1)


def test_diameter_of_a_pixel_and_of_oblong_pixels():
    pixel = np.zeros((5, 5), bool)
    pixel[2, 2] = True
    assert annotations.largest_diameter(pixel) == pytest.approx(1)
    line = np.zeros((30, 30), bool)
    line[5:25, 7] = True
    assert annotations.largest_diameter(line, (0.5, 0.8)) == pytest.approx(10, abs=0.1)


def test_lesion_on_slice_agrees_with_the_check(cohort, tmp_path):
    path = save(cohort, tmp_path)
    checked = cases.check(path, PARAMS).set_index("lesion")
    for row in cases.read_table(path).to_dict("records"):
        case = checked.loc[row["lesion"]]
        image, mask = cases.lesion_on_slice({**row, "slice": case["slice"]}, tmp_path)
        np.testing.assert_array_equal(image, volumes.open_image(tmp_path / row["image"]).slice(case["slice"]))
        assert annotations.largest_diameter(mask) == pytest.approx(case["diameter_px"])


def test_several_parts_are_a_warning(cohort, tmp_path, caplog):
    mask = np.ones(SHAPE, np.uint8) * (disc(10, 10, 5) | disc(35, 40, 6))
    write_volume(tmp_path / "p0-mask.nii.gz", mask.astype(np.uint8))
    cases.check(save(cohort.drop(index=1), tmp_path), PARAMS)
    assert "lesion L0-1: 2 separate parts on slice 0" in caplog.text


def test_byte_order_mark_blank_lines_and_row_numbers(cohort, tmp_path):
    text = cohort.to_csv(index=False)
    lines = text.splitlines()
    path = tmp_path / "table.csv"
    path.write_text("\ufeff" + "\n".join([lines[0], "", *lines[1:], ",,,,,,"]), encoding="utf-8")
    table = cases.read_table(path)
    assert list(table.index) == list(range(3, 11))
    assert table.columns[0] == "lesion"
    assert len(cases.check(path, PARAMS)) == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lesion;patient;class;image;mask\n", "semicolons"),
        ("lesion\tpatient\tclass\timage\tmask\n", "tabs"),
        ("lesion,patient,image,mask\n", "missing: class"),
        ("slice,patient,class,image,mask\n1,p1,cyst,1.png,m\n2,p1,cyst,2.PNG,m\n", "lesion; rename slice to lesion"),
        ("slice,patient,class,image,mask\n1,p1,cyst,1.png,m\n1,p2,cyst,2.png,m\n", "missing: lesion; add them"),
        ("slice,patient,class,image,mask\n1,p1,cyst,1.nii,m\n2,p1,cyst,1.nii,m\n", "missing: lesion; add them"),
        ("slice,class,image,mask\n1,cyst,1.png,m\n2,cyst,2.png,m\n", "missing: lesion, patient; add them"),
        ("lesion,patient,class,image\n", "a column mask, polygon or box"),
        ("lesion,patient,class,image,mask,mask\n", "'mask'"),
        ("lesion,patient,class,image,mask,\n", "a name for every column"),
        ("lesion,patient,class,image,mask,rows\n", "expected other names for rows"),
        ("lesion,patient,class,image,box\nL1,p1,cyst,1.png,1,2,3,4\n", "row 2: expected 5 cells, found 8"),
        ("", "empty file"),
        ("lesion,patient,class,image,mask\nL1,p1,cyst\n", "found 3"),
    ],
)
def test_refused_headers(tmp_path, text, expected):
    path = tmp_path / "table.csv"
    path.write_text(text)
    refused(path, tmp_path, expected)


def test_no_table_and_no_text(tmp_path):
    refused(tmp_path / "table.csv", tmp_path, "no file")
    (tmp_path / "table.csv").write_bytes("lesion,patient,class,image,mask,Größe".encode("latin-1"))
    refused(tmp_path / "table.csv", tmp_path, "UTF-8")


@real_data
def test_3d_ircadb_and_figshare(tmp_path):
    folder = REAL / "3d-ircadb-01-case17"
    path = tmp_path / "table.csv"
    path.write_text(
        "lesion,patient,class,image,mask\n"
        + "".join(f"t{n},p17,tumour,{folder}/PATIENT_DICOM,{folder}/MASKS_DICOM/livertumor{n}\n" for n in (1, 2))
    )
    checked = cases.check(path, cases.Params(["tumour"]))
    assert checked["diameter_mm"].between(50, 90).all()
    brains = cases.check(
        REAL / "figshare-brain-t1c" / "lesions.csv", cases.Params(["meningioma", "glioma", "pituitary"])
    )
    assert brains.groupby("class").size().to_dict() == {"glioma": 480, "meningioma": 240, "pituitary": 320}


# Rows without lesion


def with_empty_rows(table, folder):
    """The cohort, an empty slice of its first volume, and a whole volume of another patient with nothing there."""
    values = np.random.default_rng(9).normal(60, 10, SHAPE).astype(np.float32)
    write_volume(folder / "healthy.nii.gz", values)
    nothing = {"lesion": "N1", "patient": "p0", "image": "p0.nii.gz", "slice": "0"}
    healthy = {"lesion": "N2", "patient": "p9", "image": "healthy.nii.gz"}
    return pd.concat([table, pd.DataFrame([nothing, healthy])], ignore_index=True).fillna("")


def test_empty_rows_are_checked_like_all_others(cohort, tmp_path):
    table = with_empty_rows(cohort, tmp_path)
    checked = cases.check(save(table, tmp_path), replace(PARAMS, of_slices=True)).set_index("lesion")
    assert checked.loc[["N1", "N2"], "slice"].tolist() == [0, 2]
    assert checked.loc["N2", "class"] == ""
    assert checked.loc[["N1", "N2"], ["diameter_px", "diameter_mm", "center_x_px"]].isna().all(axis=None)
    assert checked.loc["N2", ["rows", "columns", "spacing_x_mm"]].tolist() == pytest.approx([60, 50, 0.8])
    pd.testing.assert_frame_equal(checked.drop(["N1", "N2"])[list(case_columns.COLUMNS[1:])],
                                  cases.check(save(cohort, tmp_path), PARAMS).set_index("lesion")[
                                      list(case_columns.COLUMNS[1:])])  # fmt: skip
    assert artifacts.read_csv(_written(checked.reset_index(), tmp_path))["class"].tolist().count("") == 2


def _written(table, folder):
    artifacts.write_csv(table, folder / "cases.csv")
    return folder / "cases.csv"


@pytest.mark.parametrize(
    ("cells", "of_slices", "message"),
    [
        ({}, False, "row 10, lesion N1: class: expected a value, found an empty cell"),
        ({"slice": "5"}, True, "row 10, lesion N1: slice: expected 0 to 4, found 5"),
        ({"slice": "-1"}, True, "row 10, lesion N1: slice: expected a whole number"),
        ({"class": "cyst"}, True, "row 10, lesion N1: expected one of mask, polygon and box, found none"),
        ({"box": "1,1,9,9"}, True, "row 10, lesion N1: class: expected a value, found an empty cell"),
        ({"label": "1"}, True, "row 10, lesion N1: class: expected a value, found an empty cell"),
        ({"image": "none.nii.gz"}, True, "row 10, lesion N1: image: "),
        ({"patient": "p1"}, True, "image p0.nii.gz: expected one patient, found p0 and p1"),
    ],
)
def test_what_is_wrong_with_an_empty_row(cohort, tmp_path, cells, of_slices, message):
    table = with_empty_rows(cohort, tmp_path).iloc[:-1]
    for name in ("box", *cells):
        table[name] = table.get(name, "")
        table.loc[8, name] = cells.get(name, "")
    with pytest.raises(InputError) as error:
        cases.check(save(table, tmp_path), replace(PARAMS, of_slices=of_slices))
    assert message in str(error.value)


def test_empty_slice_of_one_value_is_refused(cohort, tmp_path):
    table = with_empty_rows(cohort, tmp_path)
    write_volume(tmp_path / "healthy.nii.gz", np.zeros(SHAPE, np.float32))
    with pytest.raises(InputError, match=r"row 11, lesion N2: .*expected an image with contrast.*; delete the row"):
        cases.check(save(table, tmp_path), replace(PARAMS, of_slices=True))


def test_a_column_slice_of_pictures_is_one_problem(tmp_path):
    """Tables of slices number them, and a stranger meets thousands of rows that are wrong in the same way."""
    for name in "ab":
        Image.fromarray(np.random.default_rng(ord(name)).integers(0, 255, (20, 20), np.uint8)).save(
            tmp_path / f"{name}.png"
        )
    rows = ["lesion,patient,class,image,slice,box", 'L1,p1,cyst,a.png,83,"2,2,9,9"', 'L2,p1,cyst,b.png,85,"2,2,9,9"']
    (tmp_path / "cases.csv").write_text("\n".join(rows) + "\n")
    with pytest.raises(InputError) as error:
        cases.check(tmp_path / "cases.csv", replace(PARAMS, of_slices=True))
    lines = str(error.value).splitlines()
    assert sum("slice: expected" in line for line in lines) == 1
    assert "slice: expected it empty, since each picture is one slice, found '83' and others in 2 rows" in lines[-1]
    rows[0] = rows[0].replace("slice", "number")
    (tmp_path / "cases.csv").write_text("\n".join(rows) + "\n")
    assert len(cases.check(tmp_path / "cases.csv", cases.Params(classes=["cyst"], of_slices=True))) == 2
