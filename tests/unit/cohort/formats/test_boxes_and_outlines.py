"""COCO, labelme, VIA and YOLO: outlines come back where their tool draws them."""

import base64
import csv
import io
import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as run_lengths
from pycocotools.coco import COCO
from tests.helpers.case_tables import made, picture, refusal, script

from synthaug.cohort.formats import coco_rle

SHAPE = (60, 80)  # rows, columns
HEXAGON = [20.5, 10.0, 40.0, 12.5, 50.0, 30.0, 41.5, 48.0, 22.0, 45.0, 12.0, 28.5]


def disc(x, y, radius):
    rows, columns = np.indices(SHAPE)
    return ((rows - y) ** 2 + (columns - x) ** 2 <= radius**2).astype(np.uint8)


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


def packed(mask):
    found = run_lengths.encode(np.asfortranarray(mask))
    return {"size": found["size"], "counts": found["counts"].decode()}


def plain(mask):
    values = mask.T.ravel()
    borders = np.flatnonzero(np.diff(values)) + 1
    runs = np.diff([0, *borders, values.size]).tolist()
    return {"size": list(mask.shape), "counts": ([0] if values[0] else []) + runs}


@pytest.fixture
def coco(tmp_path):
    """Each kind of outline, an image of nothing, a group and a line."""
    folder, random = tmp_path / "coco", np.random.default_rng(0)
    for number in range(1, 6):
        picture(folder / f"images/p{number}.png", number, SHAPE)
    noise = (random.random(SHAPE) < 0.3).astype(np.uint8)
    outlines = [
        (1, [HEXAGON]),
        (2, packed(disc(30, 25, 12))),
        (2, plain(noise)),
        (3, [HEXAGON, [60, 40, 70, 40, 70, 52, 60, 52]]),
        (4, [[1.0, 1.0, 9.0, 9.0]]),
    ]
    annotations = [
        {"id": number, "image_id": image, "category_id": 1 + number % 2, "segmentation": outline, "iscrowd": 0}
        for number, (image, outline) in enumerate(outlines, start=1)
    ]
    annotations.append({"id": 9, "image_id": 4, "category_id": 1, "iscrowd": 1, "segmentation": packed(noise)})
    content = {
        "images": [
            {"id": n, "file_name": f"p{n}.png", "height": SHAPE[0], "width": SHAPE[1], "patient_id": f"s{n % 3}"}
            for n in range(1, 6)
        ],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "cyst"}, {"id": 2, "name": "solid mass"}],
    }
    theirs = COCO()
    theirs.dataset = content
    theirs.createIndex()
    for annotation in annotations[:4]:
        annotation["bbox"] = run_lengths.toBbox(theirs.annToRLE(annotation)).tolist()
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder


def test_coco_outlines_are_those_of_pycocotools(coco):
    found = made(coco)
    theirs = COCO(coco / "annotations.json")
    lesions = {"p1": 1, "p2-1": 2, "p2-2": 3, "p3": 4}
    assert found.table["lesion"].tolist() == list(lesions)
    for lesion, number in lesions.items():
        mask = theirs.annToMask(theirs.anns[number]).astype(bool)
        if number in (2, 3):
            np.testing.assert_array_equal(found.mask(lesion), mask)
        else:
            assert overlap(found.mask(lesion), mask) > 0.97
    assert set(found.table["class"]) == {"cyst", "solid_mass"}
    assert found.table["patient"].tolist() == ["s1", "s2", "s2", "s0"]
    assert "1 annotations of groups (iscrowd) were left out" in found.said
    assert "1 annotations without an area in their image were left out" in found.said


def test_coco_boxes_are_those_of_the_file(coco):
    found = made(coco, task="detection")
    theirs = COCO(coco / "annotations.json")
    boxes = [[float(value) for value in box.split(",")] for box in found.table["box"] if box]
    expected = [theirs.anns[number]["bbox"] for number in (1, 2, 3, 4)]
    corners = [[x, y, x + width, y + height] for x, y, width, height in expected]
    np.testing.assert_allclose(boxes, np.clip(corners, 0, [80, 60, 80, 60]), atol=0.006)
    assert found.table["class"].tolist()[-1] == ""  # p5: nothing is there


@pytest.mark.parametrize("seed", range(20))
def test_run_lengths_are_those_of_pycocotools(seed):
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 90, 2))
    mask = (random.random(shape) < random.choice([0, 0.02, 0.5, 1])).astype(np.uint8)
    for outline in (packed(mask), plain(mask)):
        np.testing.assert_array_equal(coco_rle.mask(outline["counts"], *shape), mask * 255)


@pytest.mark.parametrize("counts", ["P", "1", [3, 4], [-1, 11]])
def test_damaged_run_lengths(counts):
    with pytest.raises(ValueError, match="run lengths"):
        coco_rle.mask(counts, 2, 5)


def change(folder, edit):
    path = folder / "annotations.json"
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("edit", "options", "message"),
    [
        (lambda c: c["images"][0].update(file_name="q.png"), [], "expected the image q.png in this folder, found none"),
        (lambda c: c["images"][0].update(width=81), [], "expected 81 x 60 px as annotations.json says, found 80 x 60"),
        (lambda c: c["annotations"][0].update(category_id=7), [], "expected a category of annotation 1, found 7"),
        (lambda c: c["annotations"][1]["segmentation"].update(counts="0"), [], "annotation 2: expected run lengths of"),
        (lambda c: c["annotations"][0].update(segmentation=[]), ["--task", "segmentation"], "found boxes alone"),
        (lambda c: c["images"][0].pop("patient_id"), [], "patients: expected a rule for whose each image is"),
        (
            lambda c: c["categories"][1].update(name="Cyst"),
            [],
            "for one class, found it for Cyst and cyst",
        ),
        (lambda c: c["categories"][1].update(name="all"), [], "class all: expected a name of one class"),
        (lambda c: c["images"][0].pop("id"), [], "coco: expected coco as its tool writes it, found KeyError: 'id'"),
        (lambda c: c["annotations"][0].update(segmentation=[["x"] * 6]), [], "as its tool writes it, found ValueError"),
        (lambda c: None, ["--patients", "x[0-9]"], "PATIENTS: expected 'x[0-9]' to find a patient in each path"),
        (lambda c: None, ["--patients", "p[0-9"], "PATIENTS: expected a regular expression, found 'p[0-9'"),
        (lambda c: None, ["--classes", "cist"], "CLASSES: expected classes that are there, found cist"),
        (lambda c: None, ["--format", "cocco"], "FORMAT: expected one of nnunet, coco, labelme"),
    ],
)
def test_what_is_wrong_with_coco(coco, edit, options, message):
    change(coco, edit)
    assert message in refusal(coco, *options)


def test_wanted_classes_and_a_folder_that_is_there(coco):
    found = made(coco, "--classes", "cyst", task="segmentation")
    assert set(found.table["class"]) == {"cyst", ""}
    before = {path.name: path.read_bytes() for path in found.folder.iterdir() if path.is_file()}
    done = script(coco, found.folder, "--task", "segmentation")
    assert "expected a new folder, found one that is there" in done.stderr
    assert {path.name: path.read_bytes() for path in found.folder.iterdir() if path.is_file()} == before


def test_labelme(tmp_path):
    folder = tmp_path / "labelme"
    part = disc(8, 8, 6)[:17, :17]
    file = io.BytesIO()
    Image.fromarray(part * 255).save(file, "PNG")
    stored = base64.b64encode(file.getvalue()).decode()
    circle = {"label": "cyst", "points": [[40.5, 30.5], [50.5, 30.5]], "shape_type": "circle"}
    drawn = {"label": "mass", "points": [[10, 20], [26, 36]], "shape_type": "mask", "mask": stored}
    polygon = {"label": "mass", "points": np.reshape(HEXAGON, (-1, 2)).tolist(), "shape_type": "polygon"}
    rectangle = {"label": "cyst", "points": [[50, 40], [30, 10]], "shape_type": "rectangle"}
    point = {"label": "cyst", "points": [[5, 5]], "shape_type": "point"}
    for number, shapes in enumerate([[circle, point], [drawn, polygon], [rectangle], []], start=1):
        picture(folder / f"P{number}-a.png", number, SHAPE)
        content = {
            "version": "5.5.0",
            "flags": {},
            "shapes": shapes,
            "imagePath": f"P{number}-a.png",
            "imageData": None,
        }
        (folder / f"P{number}-a.json").write_text(json.dumps(content))
    found = made(folder, "--patients", "P[0-9]")
    assert found.table["class"].tolist() == ["cyst", "mass", "mass", "cyst"]
    assert found.table["patient"].tolist() == ["P1", "P2", "P2", "P3"]
    assert overlap(found.mask("P1-a"), disc(40, 30, 10).astype(bool)) > 0.95
    np.testing.assert_array_equal(found.mask("P2-a-1"), np.pad(part, ((20, 23), (10, 53))).astype(bool))
    hexagon = run_lengths.decode(run_lengths.frPyObjects([HEXAGON], *SHAPE))[..., 0].astype(bool)
    assert overlap(found.mask("P2-a-2"), hexagon) > 0.97
    assert found.table["box"].tolist()[-1] == "30,10,50,40"
    assert "1 shapes without an area, such as points and lines, were left out" in found.said
    boxes = made(folder, "--patients", "P[0-9]", task="detection").table
    assert boxes["box"].tolist() == ["30.5,20.5,50.5,40.5", "10,20,27,37", "12,10,50,48", "30,10,50,40", ""]


REGIONS = {
    "a1.png": [
        ({"name": "rect", "x": 10, "y": 5, "width": 20, "height": 30}, {"kind": "cyst"}),
        ({"name": "polygon", "all_points_x": HEXAGON[::2], "all_points_y": HEXAGON[1::2]}, {"kind": "mass"}),
    ],
    "a2.png": [
        ({"name": "ellipse", "cx": 40.5, "cy": 30.5, "rx": 20, "ry": 8, "theta": np.pi / 2}, {"kind": "cyst"}),
        ({"name": "point", "cx": 4, "cy": 4}, {"kind": "cyst"}),
    ],
    "a3.png": [({"name": "circle", "cx": 30.5, "cy": 30.5, "r": 9}, {"kind": "mass"})],
    "a4.png": [],
}


def via_project(folder):
    files = {
        f"{name}123": {"filename": name, "size": 123, "file_attributes": {}, "regions": [
            {"shape_attributes": shape, "region_attributes": attributes} for shape, attributes in regions
        ]} for name, regions in REGIONS.items()
    }  # fmt: skip
    (folder / "via.json").write_text(json.dumps({"_via_settings": {}, "_via_img_metadata": files}))


def via_export(folder):
    via_project(folder)
    files = json.loads((folder / "via.json").read_text())["_via_img_metadata"]
    (folder / "via.json").write_text(json.dumps(files))


def via_csv(folder):
    names = ["filename", "file_size", "file_attributes", "region_count", "region_id"]
    with (folder / "via.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "region_shape_attributes", "region_attributes"])
        for name, regions in REGIONS.items():
            for number, (shape, attributes) in enumerate(regions or [({}, {})]):
                cells = [name, 123, "{}", len(regions), number, json.dumps(shape), json.dumps(attributes)]
                writer.writerow(cells)


@pytest.mark.parametrize("write", [via_project, via_export, via_csv])
def test_via(tmp_path, write):
    folder = tmp_path / "via"
    for number in range(1, 5):
        picture(folder / f"a{number}.png", number, SHAPE)
    write(folder)
    found = made(folder, "--patients", "image", task="detection").table
    assert found["class"].tolist() == ["cyst", "mass", "cyst", "mass", ""]
    assert found["box"].tolist() == ["10,5,30,35", "12,10,50,48", "32.5,10.5,48.5,50.5", "21.5,21.5,39.5,39.5", ""]
    outlines = made(folder, "--patients", "image")
    rows, columns = np.indices(SHAPE)
    upright = ((columns - 40) / 8) ** 2 + ((rows - 30) / 20) ** 2 <= 1
    assert overlap(outlines.mask("a2"), upright) > 0.95
    assert "1 regions without an area" in outlines.said


def test_via_with_several_attributes(tmp_path):
    folder = tmp_path / "via"
    folder.mkdir()
    for number in range(1, 5):
        picture(folder / f"a{number}.png", number, SHAPE)
    via_project(folder)
    path = folder / "via.json"
    path.write_text(path.read_text().replace('{"kind": ', '{"sure": "no", "kind": '))
    line = refusal(folder, "--patients", "image")
    assert "expected an attribute of regions that holds the class, found kind, sure; give COLUMN=" in line
    found = made(folder, "--patients", "image", "--column", "kind")
    assert found.config["cases"]["classes"] == ["cyst", "mass"]


def yolo(folder, images, labels, lines):
    for number, text in enumerate(lines, start=1):
        picture(folder / images / f"s{number}.png", number, SHAPE)
        (folder / labels).mkdir(parents=True, exist_ok=True)
        if text is not None:
            (folder / labels / f"s{number}.txt").write_text(text)


@pytest.mark.parametrize(("images", "labels"), [("images/train", "labels/train"), ("obj", "obj")])
def test_yolo(tmp_path, images, labels):
    polygon = " ".join(f"{value / SHAPE[1 - at % 2]:.6f}" for at, value in enumerate(HEXAGON))
    lines = ["0 0.5 0.5 0.25 0.5\n1 0.98 0.5 0.1 0.2\n", f"1 {polygon}\n", "", None]
    yolo(tmp_path / "yolo", images, labels, lines)
    (tmp_path / "yolo/data.yaml").write_text("nc: 2\nnames:\n  0: polyp\n  1: tumor\n")
    found = made(tmp_path / "yolo", "--patients", "image", task="detection")
    assert found.table["class"].tolist() == ["polyp", "tumor", "tumor", "", ""]
    assert found.table["box"].tolist() == ["30,15,50,45", "74.4,24,80,36", "12,10,50,48", "", ""]
    assert "1 images have no text file: nothing is on them" in found.said


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 40 30 20 10", "row 2: expected fractions, found 40"),
        ("5 0.5 0.5 0.1 0.1", "row 2: expected one of 2 classes, found 5"),
        ("0 0.5 0.5 0.1", "row 2: expected a class and a box or polygon in fractions, found"),
        ("0 0.5 0.5 0.1 0.1 0.9", "row 2: expected a class and a box or polygon in fractions, found"),
    ],
)
def test_what_is_wrong_with_yolo(tmp_path, line, message):
    yolo(tmp_path / "yolo", "obj", "obj", [f"0 0.5 0.5 0.25 0.5\n{line}\n", "1 0.5 0.5 0.1 0.1"])
    (tmp_path / "yolo/classes.txt").write_text("polyp\ntumor\n")
    assert message in refusal(tmp_path / "yolo", "--format", "yolo", "--patients", "image")


def test_several_formats_in_one_folder_must_be_named(tmp_path):
    yolo(tmp_path / "both", "obj", "obj", ["0 0.5 0.5 0.25 0.5\n", "1 0.5 0.5 0.1 0.1"])
    (tmp_path / "both/labels.csv").write_text("image,class\ns1,a\ns2,b\n")
    assert "expected one known format, found yolo and labels; give FORMAT= one of yolo, labels" in refusal(
        tmp_path / "both", "--patients", "image"
    )
    found = made(tmp_path / "both", "--patients", "image", "--format", "yolo", task="detection")
    assert found.table["class"].tolist() == ["class0", "class1"]
    assert "classes have no names here" in found.said
