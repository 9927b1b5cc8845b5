"""One small cohort of known pictures and rectangles, written in each format that `make case-table` reads.

The rectangles' sides lie between pixels, so polygons, masks, run lengths and boxes are about the same pixels. Names
ascend as folders of classes do, so a table has its rows in one order whatever the format.
"""

import base64
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image
from pycocotools import mask as run_lengths

CLASSES = ("benign", "malignant")
SHAPE = (80, 96)  # rows, columns
EMPTY = 2  # pictures of further patients, on which nothing is
PATIENT = "P[0-9]+"  # of a path
# Volumes are of ultrasound, as pictures of which nothing is said are taken to be: one draft of the config for all.
MODALITY = "US"


@dataclass(frozen=True)
class Case:
    """A picture, uint8 (rows, columns), and the rectangle on it, x0, y0, x1, y1 in px, half-open; None without one."""

    name: str
    patient: str
    cls: str
    image: np.ndarray
    rectangle: tuple[int, int, int, int] | None

    @property
    def mask(self) -> np.ndarray:
        """bool (rows, columns)."""
        found = np.zeros(self.image.shape, dtype=bool)
        if self.rectangle:
            x0, y0, x1, y1 = self.rectangle
            found[y0:y1, x0:x1] = True
        return found


def cohort(patients: int) -> list[Case]:
    """Return a picture of each of ``patients`` of one class and of as many of the other, and `EMPTY` of nothing."""
    found = []
    for number in range(patients * len(CLASSES) + EMPTY):
        random = np.random.default_rng(number)
        image = np.kron(random.integers(60, 200, (SHAPE[0] // 4, SHAPE[1] // 4)), np.ones((4, 4))).astype(np.uint8)
        cls = (*CLASSES, "")[min(number // patients, len(CLASSES))]
        rectangle = None
        if cls:
            x0, y0 = random.integers(10, 40, 2).tolist()
            width, height = random.integers(14, 32, 2).tolist()
            rectangle = (x0, y0, x0 + width, y0 + height)
            image[y0 : y0 + height, x0 : x0 + width] = 25 if cls == CLASSES[0] else 230
        found.append(Case(f"P{number:02}_1", f"P{number:02}", cls, image, rectangle))
    return found


def write_pictures(folder: Path, cases: Sequence[Case], *, of_classes: bool = False) -> None:
    """Write the pictures, in a folder of each class if wanted; those without one lie in ``normal``."""
    for case in cases:
        path = folder / ((case.cls or "normal") if of_classes else "") / f"{case.name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(case.image).save(path)


def write_folders(folder: Path, cases: Sequence[Case]) -> list[str]:
    write_pictures(folder, [case for case in cases if case.cls], of_classes=True)
    return []


def write_labels(folder: Path, cases: Sequence[Case]) -> list[str]:
    write_pictures(folder / "images", [case for case in cases if case.cls])
    rows = [f"{case.name}.png,{case.cls}" for case in cases if case.cls]
    (folder / "labels.csv").write_text("\n".join(["image,class", *rows]) + "\n", encoding="utf-8")
    return []


def write_medmnist(folder: Path, cases: Sequence[Case]) -> list[str]:
    """Write the three parts, in the order of their names, which lesions are sorted by."""
    folder.mkdir(parents=True)
    known = [case for case in cases if case.cls]
    parts = {"test": known[:2], "train": known[2:-3], "val": known[-3:]}
    arrays = {f"{part}_images": np.stack([case.image for case in part_cases]) for part, part_cases in parts.items()}
    for part, part_cases in parts.items():
        arrays[f"{part}_labels"] = np.array([[CLASSES.index(case.cls)] for case in part_cases], dtype=np.uint8)
    np.savez_compressed(folder / "set.npz", **arrays)
    return ["--names", ",".join(CLASSES)]


def write_masks(folder: Path, cases: Sequence[Case]) -> list[str]:
    write_pictures(folder, cases, of_classes=True)
    for case in cases:
        _write_mask(folder / (case.cls or "normal") / f"{case.name}_mask.png", case)
    return []


def write_names(folder: Path, cases: Sequence[Case]) -> list[str]:
    write_pictures(folder, cases, of_classes=True)
    for case in cases:
        if case.cls:
            _write_mask(folder / "drawn" / f"{case.cls}-{case.name}.png", case)
    patterns = ["--image", "{class}/{patient}_{image}.png", "--mask", "drawn/{class}-{patient}_{image}.png"]
    return ["--format", "names", *patterns]


def write_coco(folder: Path, cases: Sequence[Case]) -> list[str]:
    """Write polygons, and run lengths of every third."""
    write_pictures(folder / "images", cases)
    images, annotations = [], []
    for number, case in enumerate(cases):
        images.append({"id": number, "file_name": f"{case.name}.png", "width": SHAPE[1], "height": SHAPE[0]})
        if case.rectangle:
            x0, y0, x1, y1 = case.rectangle
            packed = run_lengths.encode(np.asfortranarray(case.mask.astype(np.uint8)))
            outline = {"size": packed["size"], "counts": packed["counts"].decode()}
            annotations.append({
                "id": number, "image_id": number, "category_id": CLASSES.index(case.cls) + 1, "iscrowd": 0,
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "segmentation": [_corners(case).ravel().tolist()] if number % 3 else outline,
            })  # fmt: skip
    categories = [{"id": place, "name": cls} for place, cls in enumerate(CLASSES, start=1)]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(content), encoding="utf-8")
    return []


def write_labelme(folder: Path, cases: Sequence[Case]) -> list[str]:
    """Write polygons, and pictures of masks of every third."""
    write_pictures(folder, cases)
    for number, case in enumerate(cases):
        shapes = []
        if case.rectangle:
            x0, y0, x1, y1 = case.rectangle
            shape = {"label": case.cls, "points": _corners(case).tolist(), "shape_type": "polygon"}
            if number % 3 == 0:
                file = io.BytesIO()
                Image.fromarray(np.full((y1 - y0, x1 - x0), 255, np.uint8)).save(file, "PNG")
                stored = base64.b64encode(file.getvalue()).decode()
                points = [[x0, y0], [x1 - 1, y1 - 1]]  # of the first and the last pixel
                shape = {"label": case.cls, "points": points, "shape_type": "mask", "mask": stored}
            shapes.append(shape)
        content = {"version": "5.5.0", "flags": {}, "shapes": shapes, "imagePath": f"{case.name}.png"}
        (folder / f"{case.name}.json").write_text(json.dumps(content | {"imageData": None}), encoding="utf-8")
    return []


def write_via(folder: Path, cases: Sequence[Case]) -> list[str]:
    write_pictures(folder, cases)
    files = {}
    for case in cases:
        regions = []
        if case.rectangle:
            x, y = _corners(case).T.tolist()
            shape = {"name": "polygon", "all_points_x": x, "all_points_y": y}
            regions.append({"shape_attributes": shape, "region_attributes": {"kind": case.cls}})
        name = f"{case.name}.png"
        files[f"{name}123"] = {"filename": name, "size": 123, "file_attributes": {}, "regions": regions}
    content = {"_via_settings": {}, "_via_img_metadata": files}
    (folder / "via.json").write_text(json.dumps(content), encoding="utf-8")
    return []


def write_yolo(folder: Path, cases: Sequence[Case]) -> list[str]:
    write_pictures(folder / "images/train", cases)
    (folder / "labels/train").mkdir(parents=True)
    for case in cases:
        if case.rectangle:
            fractions = (_corners(case) / SHAPE[::-1]).ravel()
            line = " ".join([str(CLASSES.index(case.cls)), *(f"{value:.6f}" for value in fractions)])
            (folder / f"labels/train/{case.name}.txt").write_text(f"{line}\n", encoding="utf-8")
    (folder / "data.yaml").write_text(f"names: [{', '.join(CLASSES)}]\n", encoding="utf-8")
    return []


def write_nnunet(folder: Path, cases: Sequence[Case]) -> list[str]:
    """Write volumes of one slice."""
    for case in cases:
        label = CLASSES.index(case.cls) + 1 if case.cls else 0
        _write_volume(folder / f"imagesTr/{case.name}_0000.nii.gz", case.image.astype(np.int16))
        _write_volume(folder / f"labelsTr/{case.name}.nii.gz", (case.mask * label).astype(np.uint8))
    labels = {"background": 0} | {cls: number for number, cls in enumerate(CLASSES, start=1)}
    content = {"channel_names": {"0": MODALITY}, "labels": labels, "numTraining": len(cases), "file_ending": ".nii.gz"}
    (folder / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    return []


def write_dicom(folder: Path, cases: Sequence[Case]) -> list[str]:
    """Write series of one slice, with SEG files by highdicom and, of every third, an RTSTRUCT."""
    from tests.helpers import small_dicom

    for number, case in enumerate(cases):
        series = small_dicom.write_series(folder / f"scans/{case.name}", case.image, case.patient, MODALITY, number)
        if case.rectangle and number % 3:
            small_dicom.write_seg(folder / f"drawn/{case.name}", series, case.mask, case.cls)
        elif case.rectangle:
            small_dicom.write_rtstruct(folder / f"drawn/{case.name}", series, _corners(case) - 0.5, case.cls)
    return []


OUTLINED: dict[str, Callable] = {
    "coco": write_coco, "masks": write_masks, "labelme": write_labelme, "via": write_via, "yolo": write_yolo,
    "names": write_names, "nnunet": write_nnunet, "dicom": write_dicom,
}  # fmt: skip
WHOLE: dict[str, Callable] = {"folders": write_folders, "labels": write_labels, "medmnist": write_medmnist}


def _corners(case: Case) -> np.ndarray:
    """Return the corners of a case's rectangle, float64 (4, 2), x, y from the upper left corner of the first pixel."""
    x0, y0, x1, y1 = case.rectangle
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=float)


def _write_mask(path: Path, case: Case) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((case.mask * 255).astype(np.uint8)).save(path)


def _write_volume(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(pixels[None])
    image.SetSpacing((0.8, 0.8, 3.0))
    sitk.WriteImage(image, str(path))
