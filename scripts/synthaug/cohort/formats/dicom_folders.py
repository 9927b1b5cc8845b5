"""DICOM series with SEG or RTSTRUCT files, wherever in a folder they lie."""

from collections.abc import Iterable
from pathlib import Path

from synthaug.cohort import annotations, dicom_annotations
from synthaug.cohort.formats.found import Found, Row
from synthaug.cohort.formats.source import Source
from synthaug.errors import InputError
from synthaug.imaging import contents, dicom_elements, dicom_files, volumes

SOP_CLASS, MODALITY, PATIENT, SERIES = 0x00080016, 0x00080060, 0x00100020, 0x0020000E
WANTED = frozenset({SOP_CLASS, MODALITY, PATIENT, SERIES})
OF_ANNOTATIONS = (*dicom_annotations.SEGMENTATIONS, dicom_annotations.STRUCTURE_SET)


def recognised(source: Source) -> bool:
    """Return whether there is a SEG or RTSTRUCT file."""
    return source.file is None and any(uid in OF_ANNOTATIONS for _, uid in _kinds(source))


def read(source: Source) -> Found:
    """Return a row for each segment or ROI that is drawn, named as in its file; of series without, one of no class.

    Patients are numbered, ``P1`` and so on, in the order of their folders: their own ids would show in results.

    Raises
    ------
    InputError
        If a folder holds several series, or an annotation is damaged or belongs to no series that is here.
    """
    series, annotated = {}, []
    headers: dict[Path, dicom_elements.Elements] = {}
    found, patients = Found(), {}
    for path, uid in _kinds(source):
        elements = dicom_elements.read(path, WANTED)
        if uid in OF_ANNOTATIONS:
            annotated.append(path)
        elif not dicom_files.described(elements):
            series.setdefault(elements.text(SERIES), path.parent)
            headers.setdefault(path.parent, elements)
    rows: dict[Path, list[Row]] = {folder: [] for folder in headers}
    for path in annotated:
        with found.each():
            folder = next((series[uid] for uid in _referenced(path) if uid in series), None)
            if folder is None:
                raise InputError(
                    f"{path}: expected the series that it belongs to, found none of them here; put it there"
                )
            _check_alone(folder, series)
            labels = annotations.read_labels(path, volumes.open_image(folder).geometry)
            for value, name in labels.names.items():
                rows[folder].append(Row(folder, name or f"label{value:g}", path, f"{value:g}"))
    for folder, elements in headers.items():
        known = elements.text(PATIENT)
        patient = patients.setdefault(known, f"P{len(patients) + 1}") if known else ""
        of_folder = rows[folder] or [Row(folder)]
        found.rows += [Row(row.image, row.cls, row.mask, row.label, patient=patient) for row in of_folder]
        found.modality = found.modality or elements.text(MODALITY)
    if patients:
        found.notes.append("patients are numbered by the PatientID of their files, in the order of the rows")
    return found


def _kinds(source: Source) -> Iterable[tuple[Path, str]]:
    """Yield each DICOM file with its SOP class."""
    for path in source.paths:
        if contents.kind(path) == contents.DICOM and path.name.upper() != "DICOMDIR":
            yield path, dicom_elements.read(path, frozenset({SOP_CLASS})).text(SOP_CLASS)


def _referenced(path: Path) -> list[str]:
    """Return the series that a SEG or RTSTRUCT refers to."""
    import pydicom

    names = ("ReferencedSeriesSequence", "ReferencedFrameOfReferenceSequence")
    dataset = pydicom.dcmread(path, specific_tags=list(names), force=True)
    of_segmentation = [item.SeriesInstanceUID for item in dataset.get(names[0], [])]
    return of_segmentation + [
        item.SeriesInstanceUID
        for frame in dataset.get(names[1], [])
        for study in frame.get("RTReferencedStudySequence", [])
        for item in study.get("RTReferencedSeriesSequence", [])
    ]


def _check_alone(folder: Path, series: dict[str, Path]) -> None:
    if (count := sum(other == folder for other in series.values())) > 1:
        raise InputError(f"{folder}: expected one series in a folder, found {count}; give each a folder of its own")
