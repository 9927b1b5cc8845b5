"""SEG files that highdicom writes."""

import numpy as np
import pydicom
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import Segmentation, SegmentDescription
from pydicom.sr.codedict import codes

from tests.helpers.annotated import in_file


def described(number):
    algorithm = AlgorithmIdentificationSequence("eye", codes.DCM.ArtificialIntelligence, "1")
    lesion = codes.SCT.Lesion
    return SegmentDescription(number, f"lesion {number}", lesion, lesion, "AUTOMATIC", algorithm)


def write_seg(path, series, lesions, flips="plain", kind="BINARY", *, slices=slice(None), change=None, **options):
    """Let highdicom write a SEG of lesions, bool (n, z, y, x), as segments 1 to n, on the given slices only."""
    images = [pydicom.dcmread(file) for file in series.iterdir()]
    images.sort(key=lambda image: image.ImagePositionPatient[2])
    for image in images:
        image.setdefault("FrameOfReferenceUID", "1.2.3.3")  # which highdicom insists on
    pixels = np.moveaxis(in_file(np.asarray(lesions), flips), 0, -1)
    pixels = pixels.astype(np.uint8 if pixels.dtype == bool else pixels.dtype)
    segmentation = Segmentation(
        images[slices],
        pixels[slices],
        kind,
        [described(number + 1) for number in range(len(lesions))],
        series_instance_uid="1.2.3.1",
        series_number=2,
        sop_instance_uid="1.2.3.2",
        instance_number=1,
        manufacturer="highdicom",
        manufacturer_model_name="test",
        software_versions="1",
        device_serial_number="1",
        **options,
    )
    if change:
        change(segmentation)
    segmentation.save_as(path)
    return path
