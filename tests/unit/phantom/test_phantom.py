"""The built-in cohort, read back with tools that did not write it."""

import hashlib
import json
import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from tests.helpers import forked

from synthaug import errors, seeding
from synthaug.phantom import cohort as phantom_cohort
from synthaug.phantom import lesion_models, scanner, series

ROOT = Path(__file__).parents[3]
COUNTS = {"cyst": 3, "metastasis": 3, "hemangioma": 3}
EXTRA = {"cyst": 1, "metastasis": 0, "hemangioma": 1}


def write(folder, lesions=COUNTS, extra=EXTRA, seed=3, slices=3):
    params = phantom_cohort.Params(seed, lesions, extra, slices)
    return phantom_cohort.write_cohort(params, folder / "patients", Path("patients"), logging.getLogger("test"))


def digests(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def read(folder, row):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder / row["image"])))
    return reader.Execute(), sitk.ReadImage(str(folder / row["mask"]))


def outline(hu, mask, pixel):
    """Return the mean HU inside a mask and its largest diameter in mm."""
    points = np.argwhere(mask)
    return hu[mask].mean(), pdist(points[ConvexHull(points).vertices]).max() * pixel


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantom")
    return folder, write(folder)


@pytest.fixture(scope="module")
def measured():
    """Class, patient, mean HU and diameter of the lesions of a larger cohort, one slice a patient."""
    counts = {"cyst": 12, "metastasis": 45, "hemangioma": 45}
    rows = []
    for patient, _, kinds in phantom_cohort.plan(phantom_cohort.Params(8, counts, {}, 1)):
        scan = phantom_cohort.simulate(8, patient, kinds, 1)
        hu = scan.stored[0] + scan.protocol.model.intercept
        for label, kind in enumerate(kinds, start=1):
            rows.append((kind, patient, *outline(hu, scan.mask[0] == label, scan.protocol.pixel)))
    return pd.DataFrame(rows, columns=["kind", "patient", "mean", "diameter"])


def test_the_case_table_has_the_counts_asked_for(cohort):
    folder, table = cohort
    assert list(table.columns) == ["lesion", "patient", "class", "image", "mask", "label", "set", "scanner"]
    assert table[table["set"] == "main"]["class"].value_counts().to_dict() == COUNTS
    assert table[table["set"] == "extra"]["class"].value_counts().to_dict() == {"cyst": 1, "hemangioma": 1}
    assert (table.groupby("patient")["set"].nunique() == 1).all()
    assert table["lesion"].is_unique
    assert table.groupby("patient")["label"].apply(lambda labels: list(labels) == list(range(1, len(labels) + 1))).all()
    for name in (*table["image"], *table["mask"]):
        assert not Path(name).is_absolute()
        assert (folder / name).exists()


def test_the_same_params_give_the_same_bytes(cohort, tmp_path):
    folder, table = cohort
    again = write(tmp_path)
    pd.testing.assert_frame_equal(table, again)
    assert digests(folder) == digests(tmp_path)


def test_more_lesions_change_no_patient_that_was_there(cohort, tmp_path):
    folder, _ = cohort
    write(tmp_path, lesions=COUNTS | {"cyst": 5}, extra={})
    before, after = digests(folder), digests(tmp_path)
    shared = {name for name in before if name in after}
    assert {name: before[name] for name in shared} == {name: after[name] for name in shared}
    assert len({name.split("/")[1] for name in shared}) >= 4
    assert set(after) - shared


def test_another_seed_gives_other_patients():
    first, second = (phantom_cohort.simulate(seed, "P001", ["cyst"], 1).stored for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_a_plan_keeps_each_numbered_patient_whole():
    few = {patient: kinds for patient, _, kinds in phantom_cohort.plan(phantom_cohort.Params(1, COUNTS, {}, 1))}
    many = {"cyst": 40, "metastasis": 20, "hemangioma": 30}
    planned = list(phantom_cohort.plan(phantom_cohort.Params(1, many, {}, 1)))
    assert all(kinds == few[patient] for patient, _, kinds in planned if patient in few)
    counts = pd.Series([kind for _, _, kinds in planned for kind in kinds]).value_counts().to_dict()
    assert counts == many
    assert {len(kinds) for _, _, kinds in planned} == {1, 2, 3}
    assert any(len(set(kinds)) > 1 for _, _, kinds in planned)


def test_mask_and_series_share_one_grid(cohort):
    folder, table = cohort
    for _, row in table.iterrows():
        image, mask = read(folder, row)
        assert image.GetSize() == mask.GetSize() == (512, 512, 3)
        np.testing.assert_allclose(image.GetOrigin(), mask.GetOrigin(), atol=1e-3)
        np.testing.assert_allclose(image.GetSpacing(), mask.GetSpacing(), rtol=1e-5)
        np.testing.assert_allclose(image.GetDirection(), mask.GetDirection(), atol=1e-6)
        assert 0.6 <= image.GetSpacing()[0] <= 0.95
        assert 1.25 <= image.GetSpacing()[2] <= 5
        assert (sitk.GetArrayFromImage(mask) == row["label"]).any()


def test_tissues_have_their_density_in_hounsfield_units(cohort):
    folder, table = cohort
    for _, row in table.iterrows():
        image, mask = (sitk.GetArrayFromImage(volume) for volume in read(folder, row))
        lesion = image[1][mask[1] == row["label"]]
        low, high = (-5, 32) if row["class"] == "cyst" else (33, 115)
        assert low < lesion.mean() < high
        # The liver is the largest tissue in its range of density.
        values, counts = np.unique(image[(image > 80) & (image < 140)], return_counts=True)
        smooth = np.convolve(counts, np.ones(9), "same")
        assert 88 < values[smooth.argmax()] < 130
        assert image.min() < -900
        assert image[:, 0, 256].max() < -900
        assert image.max() > 250


def test_vessels_stand_out_of_the_liver():
    anatomy = phantom_cohort.Anatomy(seeding.stream(1, "anatomy"))
    x = np.arange(-200, 200, 1, np.float32)
    image, liver = anatomy.render(x[None, :], x[:, None], 0.0, 2.5)
    inside = image[liver < -5]
    assert abs(np.median(inside) - anatomy.parenchyma) < 3
    assert inside.max() == pytest.approx(anatomy.blood, abs=3)
    assert 0.005 < (inside > anatomy.parenchyma + 15).mean() < 0.15


def test_the_liver_is_the_same_asked_on_a_grid_or_at_points():
    anatomy = phantom_cohort.Anatomy(seeding.stream(2, "anatomy"))
    x, y = np.arange(-100, 100, 20, np.float32), np.arange(-90, 90, 30, np.float32)
    grid = anatomy.liver(x[None, :], y[:, None], np.float32(12))
    points = np.meshgrid(x, y)
    flat = anatomy.liver(points[0].ravel(), points[1].ravel(), np.full(points[0].size, 12, np.float32))
    np.testing.assert_allclose(grid.ravel(), flat, atol=1e-3)


def test_dicom_attributes(cohort):
    folder, table = cohort
    for image in table["image"].unique():
        slices = [pydicom.dcmread(path) for path in sorted((folder / image).iterdir())]
        heights = [float(ds.ImagePositionPatient[2]) for ds in slices]
        assert heights != sorted(heights)
        np.testing.assert_allclose(np.diff(sorted(heights)), slices[0].SliceThickness, atol=1e-3)
        by_number = sorted(slices, key=lambda ds: ds.InstanceNumber)
        assert [float(ds.ImagePositionPatient[2]) for ds in by_number] == sorted(heights, reverse=True)
        assert len({ds.SOPInstanceUID for ds in slices}) == len(slices)
        for name in ("SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID"):
            assert len({ds[name].value for ds in slices}) == 1
        for ds in slices:
            assert pydicom.uid.UID(ds.SOPInstanceUID).is_valid
            assert ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID
            assert ds.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
            assert ds.PatientID == Path(image).parent.name
            assert list(ds.ImageOrientationPatient) == [1, 0, 0, 0, 1, 0]
        for path in (folder / image).iterdir():
            assert 512 * 512 * 2 <= path.stat().st_size < 512 * 512 * 2 + 4096


def test_the_scanners_store_values_differently_and_differ_in_noise():
    ge, siemens = scanner.MODELS
    assert ge.intercept != siemens.intercept
    spectra = []
    for model in (ge, siemens):
        protocol = scanner.Protocol(model, 0.75, 2.5, 250)
        texture = scanner.noise(seeding.stream(1, "noise"), protocol, 2)
        assert texture.std() == pytest.approx(1, abs=0.03)
        assert np.corrcoef(texture[0].ravel(), texture[1].ravel())[0, 1] == pytest.approx(0.2, abs=0.04)
        spectra.append(np.mean(texture[:, :, 1:] * texture[:, :, :-1]))
        stored = scanner.acquire(np.full((512, 512), 100, np.float32), texture[0], protocol)
        centre = stored[156:356, 156:356] + model.intercept
        assert centre.mean() == pytest.approx(100, abs=0.5)
        assert centre.std() == pytest.approx(1.1 * protocol.noise, rel=0.08)
    assert spectra[1] - spectra[0] > 0.1  # neighbouring pixels agree more under the smoother kernel
    noises = [scanner.draw(seeding.stream(i, "scan"), 330).noise for i in range(60)]
    assert 8 <= min(noises) < 9.5
    assert 13 < max(noises) <= 16


def test_file_names_never_follow_the_slices():
    for i in range(30):
        names = series.file_names(seeding.stream(i, "files"), 2)
        assert names != sorted(names)


def test_diameters_are_the_papers(measured):
    assert measured["diameter"].between(10, 102).all()
    assert 15 < measured["diameter"].median() < 30
    assert measured["diameter"].max() > 50


def test_a_drawn_outline_has_the_diameter_it_was_given():
    for kind in lesion_models.CLASSES:
        lesion = lesion_models.draw(seeding.stream(4, kind), kind, 155.0)
        axis = np.arange(-70, 70, 0.5, np.float32)
        distance, _ = lesion.depth(axis[None, :], axis[:, None], np.float32(0))
        _, diameter = outline(distance, distance < 0, 0.5)
        assert lesion_models.SHORTEST - 1 < diameter < lesion_models.LONGEST + 1
        assert distance[140, 140] < 0


def test_the_mean_density_tells_cysts_but_not_metastases_from_hemangiomas(measured):
    cyst = measured["kind"] == "cyst"
    assert measured["mean"][cyst].max() < measured["mean"][~cyst].min() + 2
    solid = measured[~cyst]
    truth = (solid["kind"] == "hemangioma").to_numpy()
    above = solid["mean"].to_numpy() > solid["mean"].to_numpy()[:, None]
    balanced = (above[:, truth].mean(axis=1) + 1 - above[:, ~truth].mean(axis=1)) / 2
    assert max(balanced.max(), 1 - balanced.min()) < 0.75


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lesions": {"abscess": 1}}, "found abscess"),
        ({"extra": {"cyst": -1}}, "0 or more"),
        ({"slices": 0}, "1 or more"),
    ],
)
def test_params_that_cannot_be_are_refused(change, message):
    with pytest.raises(errors.InputError, match=message):
        phantom_cohort.Params(**({"master_seed": 1, "lesions": COUNTS, "extra": EXTRA, "slices": 3} | change))


def test_the_script(tmp_path):
    params = {"master_seed": 1, "lesions": {"cyst": 1}, "extra": {}, "slices": 2}
    command = [sys.executable, str(ROOT / "scripts/make_phantom.py"), "--table", str(tmp_path / "p/case_table.csv")]
    command += ["--patients", str(tmp_path / "p/patients"), "--log", str(tmp_path / "log"), "--params"]
    forked.run([*command, json.dumps(params)], check=True)
    table = pd.read_csv(tmp_path / "p/case_table.csv")
    assert (tmp_path / "p" / table["image"][0]).is_dir()
    assert "1 lesions" in (tmp_path / "log").read_text(encoding="utf-8")
    wrong = forked.run([*command, json.dumps(params | {"slice": 2})])
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("ERROR [make_phantom] --params: got an unexpected keyword argument 'slice'")
    assert wrong.stderr.count("\n") == 1
