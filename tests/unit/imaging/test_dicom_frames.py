"""Enhanced CT and MR: the frames of one file against pydicom's pixels, and against the series they are made of."""

import numpy as np
import pydicom
import pytest
from highdicom.legacy import LegacyConvertedEnhancedCTImage
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage, EnhancedMRImageStorage, RLELossless, generate_uid
from tests.unit.imaging.test_volumes import SLICES, STACK, refusal, write_slice

from synthaug.imaging import volumes

ORDER = [2, 0, 3, 1]  # of the frames in the file, by their slice
SLOPES = [0.5, 1.0, 2.0, 4.0]  # of each slice
PLAIN = {"StudyInstanceUID": "1.2.9", "FrameOfReferenceUID": "1.2.10", "PatientID": "p", "PatientName": "x^",
         "PatientBirthDate": "", "PatientSex": "", "StudyDate": "20200101", "StudyTime": "000000", "StudyID": "1",
         "AccessionNumber": "", "ReferringPhysicianName": "", "SeriesNumber": 1, "AcquisitionNumber": 1, "KVP": 120,
         "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "Manufacturer": "m", "AcquisitionDate": "20200101",
         "AcquisitionTime": "000000", "ContentDate": "20200101", "ContentTime": "000000", "RescaleType": "HU",
         "PositionReferenceIndicator": "", "BurnedInAnnotation": "NO", "SliceThickness": 2.5}  # fmt: skip


def item(**values):
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def write_enhanced(path, sop_class=EnhancedMRImageStorage, orientation=(1, 0, 0, 0, 1, 0), drop=(), **tags):
    """Write the stack as frames in another order, each with its own rescale, and none of it outside of the frames."""
    frames, groups = [], []
    for z in ORDER:
        frames.append(np.rint((STACK[z] + 1000) / SLOPES[z]).astype(np.uint16))
        groups.append(
            item(
                PlanePositionSequence=[item(ImagePositionPatient=[-100, -80, 30 + 2.5 * z])],
                PlaneOrientationSequence=[item(ImageOrientationPatient=list(orientation))],
                PixelMeasuresSequence=[item(PixelSpacing=[0.7, 0.7], SliceThickness=9)],
                PixelValueTransformationSequence=[
                    item(RescaleSlope=SLOPES[z], RescaleIntercept=-1000, RescaleType="US")
                ],
                FrameContentSequence=[item(InStackPositionNumber=z + 1, StackID="1")],
            )
        )
    place = ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept"]
    write_slice(
        path, 0, drop=[*place, *drop], SOPClassUID=sop_class, Modality="MR", NumberOfFrames=len(frames),
        SharedFunctionalGroupsSequence=[item()], PerFrameFunctionalGroupsSequence=groups,
        PixelData=np.stack(frames).tobytes(), FrameOfReferenceUID="1.2.10", **tags,
    )  # fmt: skip
    return path


def expected(path):
    """Return the stack by pydicom alone: its pixels in the order of the places, each with the frame's rescale."""
    file = pydicom.dcmread(path)
    found = {}
    for pixels, group in zip(file.pixel_array, file.PerFrameFunctionalGroupsSequence, strict=True):
        scale = group.PixelValueTransformationSequence[0]
        height = float(group.PlanePositionSequence[0].ImagePositionPatient[2])
        found[height] = pixels * float(scale.RescaleSlope) + float(scale.RescaleIntercept)
    return np.stack([found[height] for height in sorted(found)])


@pytest.mark.parametrize("sop_class", [EnhancedMRImageStorage, EnhancedCTImageStorage])
@pytest.mark.parametrize("compressed", [False, True])
def test_frames_are_slices_in_the_order_of_their_places(tmp_path, sop_class, compressed):
    path = write_enhanced(tmp_path / "IM1", sop_class)
    if compressed:
        file = pydicom.dcmread(path)
        file.compress(RLELossless)
        file.save_as(path)
    source = volumes.open_image(path)
    assert source.check() == []
    np.testing.assert_array_equal(source.volume(), expected(path))
    for z in range(SLICES):
        assert source.slice(z).dtype == np.float32
        np.testing.assert_array_equal(source.slice(z), expected(path)[z])
    geometry = source.geometry
    assert geometry.spacing == pytest.approx((2.5, 0.7, 0.7))
    assert geometry.origin == (-100, -80, 30)
    assert (geometry.series, geometry.frame_of_reference) == ("1.2.3", "1.2.10")
    np.testing.assert_array_equal(volumes.open_image(tmp_path).volume(), expected(path))  # named by its folder


def test_prone_frames_come_in_the_standard_orientation(tmp_path):
    path = write_enhanced(tmp_path / "IM1", orientation=(-1, 0, 0, 0, -1, 0))
    source = volumes.open_image(path)
    np.testing.assert_array_equal(source.volume(), expected(path)[:, ::-1, ::-1])
    columns, rows = STACK.shape[2], STACK.shape[1]
    np.testing.assert_allclose(source.geometry.origin, [-100 - 0.7 * (columns - 1), -80 - 0.7 * (rows - 1), 30])


def test_a_converted_series_is_the_series(tmp_path):
    (tmp_path / "ct").mkdir()
    for z in range(SLICES):
        write_slice(tmp_path / "ct" / str(z), z, **{**PLAIN, "InstanceNumber": z + 1})
    slices = [pydicom.dcmread(tmp_path / "ct" / str(z)) for z in (3, 1, 0, 2)]
    made = LegacyConvertedEnhancedCTImage(
        slices, series_instance_uid="1.2.4", series_number=2, sop_instance_uid=generate_uid(), instance_number=1
    )
    made.save_as(tmp_path / "enhanced.dcm")
    source, series = volumes.open_image(tmp_path / "enhanced.dcm"), volumes.open_image(tmp_path / "ct")
    assert series.geometry.difference(source.geometry) == ""
    np.testing.assert_array_equal(source.volume(), series.volume())


def one_place(groups):
    for group in groups[:2]:
        group.PlanePositionSequence[0].ImagePositionPatient = [-100, -80, 30]


def a_gap(groups):
    groups[ORDER.index(3)].PlanePositionSequence[0].ImagePositionPatient = [-100, -80, 60]


def no_places(groups):
    for group in groups:
        del group.PlanePositionSequence


@pytest.mark.parametrize("change", [one_place, a_gap, no_places])
def test_frames_that_are_no_regular_stack_are_refused_in_one_line(tmp_path, change):
    path = write_enhanced(tmp_path / "IM1")
    file = pydicom.dcmread(path)
    change(file.PerFrameFunctionalGroupsSequence)
    file.save_as(path)
    message = refusal(path)
    assert "expected frames that form one regular stack of slices" in message
    assert "give it as a series of single slices or as NIfTI" in message
    assert "\n" not in message


def test_other_refusals(tmp_path):
    coronal = write_enhanced(tmp_path / "coronal", orientation=(1, 0, 0, 0, 0, -1))
    assert "expected " in refusal(coronal)
    inverted = write_enhanced(tmp_path / "inverted", PhotometricInterpretation="MONOCHROME1")
    assert "expected grey levels (MONOCHROME2), found MONOCHROME1" in refusal(inverted)
    whole = write_enhanced(tmp_path / "IM1").read_bytes()
    for share in (0.3, 0.6, 0.95):
        (tmp_path / "cut").write_bytes(whole[: int(share * len(whole))])
        assert "\n" not in refusal(tmp_path / "cut")
