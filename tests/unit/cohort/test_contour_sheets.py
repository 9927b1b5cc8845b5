"""Contour sheets: their pages are counted, their drawing is compared with what is known, their bytes repeat."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fpdf import FPDF
from PIL import Image
from tests.helpers import forked, pdf_content

from synthaug.cohort import cases, contour_sheets, near_duplicates, sheet_pages
from synthaug.cohort.drawn_lesions import Lesion
from synthaug.cohort.sheet_pages import Frame, Sheet
from synthaug.files import artifacts

SCRIPT = Path(__file__).parents[3] / "scripts" / "plot_contours.py"
SEEN = np.random.default_rng(1).integers(0, 256, (13, 64, 64)).astype(np.uint8)
PARAMS = {"intensity": {"mode": "percentile", "low": 1, "high": 99}, "duplicate_correlation": 0.9, "margin": 0.25}


@pytest.fixture
def cohort(tmp_path):
    """Eleven pictures of one class and two of another; the last is a copy of the first under another patient."""
    rows = []
    for number in range(13):
        values = np.kron(np.random.default_rng(number % 12).integers(0, 255, (10, 8)), np.ones((9, 9))).astype(np.uint8)
        Image.fromarray(values).save(tmp_path / f"{number}.png")
        cls = "cyst" if number < 11 else "metastasis"
        rows.append((f"L{number:02}", f"p{number}", cls, f"{number}.png", f"20,30 50,30 50,60 {20 + number},60"))
    table = tmp_path / "table.csv"
    pd.DataFrame(rows, columns=["lesion", "patient", "class", "image", "polygon"]).to_csv(table, index=False)
    checked = cases.check(table, cases.Params(["cyst", "metastasis"]))
    artifacts.write_csv(checked, tmp_path / "cases.csv")
    artifacts.write_csv(checked[["lesion", "patient"]].assign(beyond=[0.25] + [0.0] * 12), tmp_path / "units.csv")
    artifacts.write_array(SEEN, tmp_path / "images.npy")
    return tmp_path


def run(cohort, name, params=PARAMS, start=forked.run):
    command = [sys.executable, str(SCRIPT), "--cases", str(cohort / "cases.csv"), "--table", str(cohort / "table.csv")]
    command += ["--units", str(cohort / "units.csv"), "--unit-images", str(cohort / "images.npy")]
    command += ["--params", json.dumps(params), "--contours", str(cohort / name / "contours.pdf")]
    command += ["--duplicates", str(cohort / name / "duplicates.csv")]
    return start(command)


def test_sheets_and_duplicates_repeat_byte_by_byte(cohort):
    for name, start in (("one", forked.run), ("two", forked.started)):
        result = run(cohort, name, start=start)
        assert result.returncode == 0, result.stderr
        assert "1 pair" in result.stderr
    for name in ("contours.pdf", "duplicates.csv"):
        assert (cohort / "one" / name).read_bytes() == (cohort / "two" / name).read_bytes()
    (row,) = artifacts.read_csv(cohort / "one" / "duplicates.csv").to_dict("records")
    assert row == {
        "lesion_a": "L00", "patient_a": "p0", "class_a": "cyst", "row_a": 2,
        "lesion_b": "L12", "patient_b": "p12", "class_b": "metastasis", "row_b": 14,
        "found": "same pixels", "classes": "contradict", "correlation": 1.0,
    }  # fmt: skip


def test_each_lesion_is_shown_as_the_network_sees_it(cohort):
    """Byte by byte: twelve lesions are drawn on a page, by class, and the pair at the end."""
    assert run(cohort, "one").returncode == 0
    pdf = (cohort / "one" / "contours.pdf").read_bytes()
    stored = [image for image in pdf_content.images(pdf) if image.shape == (64, 64)]
    assert [np.array_equal(*pair) for pair in zip(stored, SEEN, strict=True)] == [True] * 13
    written = [[text for _, _, text in pdf_content.texts(page)] for page in pdf_content.pages(pdf)]
    assert [texts[0] for texts in written] == [
        "cyst: lesions 1 to 11 of 11", "metastasis: lesions 1 to 2 of 2",
        "Possibly the same scan under two patients: pairs 1 to 1 of 1",
    ]  # fmt: skip
    assert written[2][2:5] == [
        "contradicting classes; same pixels, correlation 1.000", "L00, patient p0, cyst",
        "L12, patient p12, metastasis",
    ]  # fmt: skip
    (place,) = (place for place, text in enumerate(written[0]) if "beyond the image" in text)
    assert written[0][place - 2 : place] == ["L00", "patient p0"]
    assert written[0][place].endswith(" px across, 25 % beyond the image")
    assert "beyond the image" not in " ".join(written[1])


def test_slices_without_lesion_are_searched_for_copies_but_not_drawn(cohort):
    """L00 and L12 are one picture of two patients; here nothing is there in the second."""
    table = pd.read_csv(cohort / "table.csv", dtype=str)
    table.loc[[3, 12], ["class", "polygon"]] = ""
    table.to_csv(cohort / "table.csv", index=False)
    checked = cases.check(cohort / "table.csv", cases.Params(["cyst", "metastasis"], of_slices=True))
    artifacts.write_csv(checked, cohort / "cases.csv")
    assert run(cohort, "one", {**PARAMS, "margin": None}).returncode == 0
    pages = pdf_content.pages((cohort / "one" / "contours.pdf").read_bytes())
    assert [len(pdf_content.placed(page)) for page in pages] == [16, 4, 2, 2]  # close-up and slice, two of a pair
    written = [[text for _, _, text in pdf_content.texts(page)] for page in pages]
    assert written[0][1] == (
        "From left to right: the outline as annotated, and the whole slice. Gray levels: percentiles 1 to 99."
    )
    assert [texts[0] for texts in written] == [
        "cyst: lesions 1 to 8 of 10", "cyst: lesions 9 to 10 of 10", "metastasis: lesions 1 to 1 of 1",
        "Possibly the same scan under two patients: pairs 1 to 1 of 1",
    ]  # fmt: skip
    assert written[3][2:5] == [
        "contradicting classes; same pixels, correlation 1.000", "L00, patient p0, cyst",
        "L12, patient p12, (nothing there)",
    ]  # fmt: skip


def test_outlines_have_the_colours_of_their_classes(cohort):
    """Those of the figures, on close-up and whole slice; and without classes one colour, on the close-up."""
    for name, whole, colours, lines in (
        ("one", {"margin": None, "classes": ["cyst", "metastasis"]}, ["#D55E00", "#0072B2"], 2),
        ("two", {"margin": None}, ["#E69F00"] * 2, 1),
    ):
        assert run(cohort, name, {**PARAMS, **whole}).returncode == 0
        pages = pdf_content.pages((cohort / name / "contours.pdf").read_bytes())
        for page in pages[:-1]:  # the last one has a pair
            cls = pdf_content.texts(page)[0][2].split(":")[0]
            rgb = np.array([int(colours[cls == "metastasis"][place : place + 2], 16) for place in (1, 3, 5)]) / 255
            drawn = list(re.finditer(rb"([\d.]+(?: [\d.]+)*) (RG|G)\n| (m)\n", page))
            outlines = [place for place, match in enumerate(drawn) if match[3]]
            lesions = sum(text.startswith("patient ") for _, _, text in pdf_content.texts(page))
            assert len(outlines) == lines * lesions
            for place in outlines:
                stroke = next(match[1] for match in reversed(drawn[:place]) if not match[3])
                np.testing.assert_allclose(np.array(stroke.split(), dtype=float), rgb, atol=0.001)


def test_a_box_is_drawn_as_it_is_around_what_it_holds_in_both_pictures(tmp_path):
    """The picture is black but for the box, so in each picture the drawn corners are those of the bright pixels."""
    values = np.zeros((60, 90), np.uint8)
    values[20:32, 40:70] = 255
    Image.fromarray(values).save(tmp_path / "0.png")
    (tmp_path / "table.csv").write_text('lesion,patient,class,image,box\nL0,p0,cyst,0.png,"40,20,70,32"\n')
    checked = cases.check(tmp_path / "table.csv", cases.Params(["cyst"], of_slices=True))
    artifacts.write_csv(checked, tmp_path / "cases.csv")
    artifacts.write_csv(checked[["lesion", "patient"]], tmp_path / "units.csv")
    artifacts.write_array(SEEN[:1], tmp_path / "images.npy")
    window = {"mode": "window", "low": 0, "high": 255}
    params = {**PARAMS, "intensity": window, "margin": None, "classes": ["cyst"], "boxes": True}
    result = run(tmp_path, "one", params)
    assert result.returncode == 0, result.stderr
    pdf = (tmp_path / "one" / "contours.pdf").read_bytes()
    (page,) = pdf_content.pages(pdf)
    assert "what is annotated, up close and on the whole slice" in pdf_content.texts(page)[1][2]
    drawn = re.findall(rb"\S+ \S+ m(?:\s\S+ \S+ l){4}", page)  # bars have two ends only
    for line, image, (left, bottom, width, height) in zip(
        drawn, pdf_content.images(pdf), pdf_content.placed(page), strict=True
    ):
        rows, columns = (np.flatnonzero(image.any(axis=axis)) for axis in (1, 0))
        x = left + width * np.array([columns[0], columns[-1] + 1]) / image.shape[1]
        y = bottom + height * (1 - np.array([rows[0], rows[-1] + 1]) / image.shape[0])
        corners = np.array(re.findall(rb"(\S+) (\S+) [ml]", line), float)
        expected = [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1]), (x[0], y[0])]
        np.testing.assert_allclose(corners, expected, atol=0.05)


def test_unknown_parameter_and_damaged_image(cohort):
    assert "unexpected keyword" in run(cohort, "one", {**PARAMS, "colour": "red"}).stderr
    (cohort / "5.png").write_bytes((cohort / "5.png").read_bytes()[:40])
    result = run(cohort, "one")
    assert result.returncode == 1
    assert "5.png: expected a whole PNG file, found a truncated one" in result.stderr
    assert not (cohort / "one").exists() or not list((cohort / "one").iterdir())


def lesion(image=None, mask=None, seen=None, beyond=None, **changes):
    row = {"lesion": "L1", "patient": "p1", "class": "cyst", "slice": 3, "set": "main", "diameter_px": 20.0,
           "diameter_mm": 16.0, "center_x_px": 30.0, "center_y_px": 40.0, "spacing_x_mm": 0.8}  # fmt: skip
    row |= changes
    return Lesion(pd.Series(row), image, mask, seen, beyond, placed=pd.notna(row["spacing_x_mm"]))


def rectangle(shape=(100, 80)):
    mask = np.zeros(shape, bool)
    mask[35:46, 20:41] = True
    return mask


def test_close_up_is_centred_on_the_lesion_and_its_outline_fits():
    left, top, side = contour_sheets.close_up(lesion().row)
    assert (left + side / 2, top + side / 2, side) == (30, 40, 60)  # a diameter on each side
    (line,) = contour_sheets.outlines(rectangle(), side)
    np.testing.assert_allclose([line.min(axis=0), line.max(axis=0)], [[19.5, 34.5], [40.5, 45.5]])


def test_an_outline_of_many_parts_stays_small():
    rows, columns = np.indices((240, 240)) - 120
    specks = np.random.default_rng(0).random(rows.shape) > 0.7
    wave = 80 + 8 * np.sin(9 * np.arctan2(rows, columns))
    ring = np.abs(np.hypot(rows, columns) - wave) < 12
    for mask in (specks, ring):
        lines = contour_sheets.outlines(mask, 240)
        assert 0 < sum(map(len, lines)) <= contour_sheets.MOST_POINTS
    outer, inner = contour_sheets.outlines(ring, 240)  # a hole has an outline too
    for line, side in ((outer, 12), (inner, -12)):
        x, y = (line - 120).T
        np.testing.assert_allclose(np.hypot(x, y), 80 + 8 * np.sin(9 * np.arctan2(y, x)) + side, atol=1.5)


def test_captions_of_volumes_and_pictures():
    assert contour_sheets.lesion_caption(lesion()) == [
        ("{}", ["L1"]),
        ("patient {}", ["p1"]),
        ("slice 3, 16.0 mm (20 px) across", []),
    ]
    flat = lesion(beyond=0.2, spacing_x_mm=np.nan, diameter_mm=np.nan, set="extra")
    assert contour_sheets.lesion_caption(flat)[2][0] == "20 px across, extra set, 20 % beyond the image"


@pytest.mark.parametrize(("width", "length"), [(60 * 0.8, 10), (3000, 500), (2, 1), (0.5, 1)])
def test_scale_bar_is_a_round_third_of_the_picture(width, length):
    assert contour_sheets.bar_length(width) == length


def drawn(*lesions):
    """The bytes of the sheets of lesions, and their thumbnails."""
    table = pd.DataFrame([each.row for each in lesions]).reset_index(drop=True)
    sheet = Sheet(min(len(table), contour_sheets.LESIONS) + contour_sheets.PAIRS)
    params = contour_sheets.Params(**PARAMS)
    thumbnails = contour_sheets.draw_lesions(sheet, table, lambda row: lesions[row.name], params)
    return bytes(sheet._pdf.output()), thumbnails


def test_pictures_have_no_sides_and_a_bar_in_px():
    image = np.random.default_rng(0).random((100, 80), np.float32)
    pictured = lesion(image, rectangle(), spacing_x_mm=np.nan, diameter_mm=np.nan)
    for each, bar, letters in ((lesion(image, rectangle()), "10 mm", set("RLAP")), (pictured, "20 px", set())):
        pdf, _ = drawn(each)
        texts = [text for _, _, text in pdf_content.texts(pdf_content.pages(pdf)[0])]
        assert bar in texts
        assert set("RLAP") & set(texts) == letters


def test_shown_pixels_are_where_they_were():
    """A part of an image is placed so that its pixels keep their place in the frame; what lies beyond is black."""
    image = np.random.default_rng(0).integers(0, 256, (100, 80)).astype(np.uint8)
    frame, sheet = Frame(30, 50, 20, left=59.5, top=79.5, width=40), Sheet(1)
    sheet.page("", "")
    sheet.picture(frame, image, 1)
    pdf = bytes(sheet._pdf.output())
    (shown,) = pdf_content.images(pdf)
    np.testing.assert_array_equal(shown, image[79:, 59:])
    ((left, bottom, width, height),) = np.array(pdf_content.placed(pdf_content.pages(pdf)[0])) * 25.4 / 72
    # The frame begins at the right edge of column 59, 0.5 mm a px.
    np.testing.assert_allclose([left, width], [30 - 0.5, 21 * 0.5], atol=0.01)
    np.testing.assert_allclose([297 - bottom - height, height], [50 - 0.5, 21 * 0.5], atol=0.01)


def test_long_ids_neither_overlap_nor_leave_the_page():
    image, name = np.random.default_rng(0).random((100, 80), np.float32), "W" * 30 + "-" + "m" * 29
    cells = [lesion(image, rectangle(), None, 0.333, lesion=f"{name}{n}", patient=name, set="extra") for n in range(12)]
    (page,) = pdf_content.pages(drawn(*cells)[0])
    texts = pdf_content.texts(page)
    rows = {}
    for x, y, text in texts:
        if "..." in text:
            rows.setdefault(y, []).append((x, text))
    assert [len(row) for row in rows.values()] == [2] * 12  # two captions of two lines, in six rows of cells
    measure = FPDF()
    for place, row in enumerate(rows.values()):
        measure.set_font("Helvetica", *(("B", 8) if place % 2 == 0 else ("", 7)))
        ends = [x / 72 * 25.4 + measure.get_string_width(text) for x, text in sorted(row)]
        assert ends[0] < sorted(row)[1][0] / 72 * 25.4
        assert ends[1] < 200
    assert any(text.endswith("m3") for _, _, text in texts)  # both ends stay, so that lesions can be told apart
    assert any("extra set, 33 % beyond the image" in text for _, _, text in texts)


@pytest.mark.parametrize(("count", "shape"), [(500, (512, 512)), (1200, (60, 90)), (20, (2000, 3000))])
def test_the_sheets_of_a_large_cohort_stay_below_10_mb(count, shape):
    """Noise is what compresses worst. Twenty large ones are drawn as if there were 500."""
    random = np.random.default_rng(0)
    image, mask = random.random(shape, np.float32), rectangle(shape)
    seen = random.integers(0, 256, (64, 64)).astype(np.uint8)
    table = pd.DataFrame([lesion(lesion=f"L{n}", center_x_px=40.0 + n % 20).row for n in range(count)])
    table = table.reset_index(drop=True)
    drawn_as = max(count, 500)
    sheet = Sheet(min(drawn_as, contour_sheets.LESIONS) + contour_sheets.PAIRS)

    def read(row):
        changed = np.roll(image, row.name, axis=1)  # fpdf2 stores equal images once
        return Lesion(row, changed, mask, np.roll(seen, row.name, axis=1), 0.0)

    contour_sheets.draw_lesions(sheet, table, read, contour_sheets.Params(**PARAMS))
    pdf = bytes(sheet._pdf.output())
    drawn_now = min(count, contour_sheets.LESIONS)
    assert len(pdf) * min(drawn_as, contour_sheets.LESIONS) / drawn_now < 10e6
    placed = sum(len(pdf_content.placed(page)) for page in pdf_content.pages(pdf))
    assert placed == 3 * drawn_now
    if count > contour_sheets.LESIONS:
        assert "1000 drawn, 1200 in all" in pdf_content.texts(pdf_content.pages(pdf)[0])[0][2]


@pytest.mark.parametrize("most", [20_000, 5_000, 1_000])
def test_a_picture_is_stored_in_the_bytes_that_it_may_take(most):
    image = np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)
    stored = sheet_pages.stored(image, most)
    if most > 64 * 64:
        np.testing.assert_array_equal(np.asarray(stored), image)
    else:
        assert len(stored.getvalue()) <= most
        smaller = np.asarray(Image.open(stored).resize((8, 8), Image.Resampling.BOX), float)
        assert np.corrcoef(smaller.ravel(), image.reshape(8, 8, 8, 8).mean(axis=(1, 3)).ravel())[0, 1] > 0.8


def test_thumbnails_are_of_the_whole_slices_also_of_those_that_are_not_drawn(monkeypatch):
    monkeypatch.setattr(contour_sheets, "LESIONS", 1)
    images = [np.random.default_rng(n).random((100, 80), np.float32) for n in range(3)]
    _, thumbnails = drawn(*(lesion(image, rectangle(), lesion=f"L{n}") for n, image in enumerate(images)))
    np.testing.assert_array_equal(thumbnails, [near_duplicates.thumbnail(image, 0, 1) for image in images])


def test_the_square_is_what_the_roi_shows():
    """A lesion of 40 px with a margin of a quarter on each side: 60 px, around its centre."""
    row = pd.Series({"center_x_px": 100.0, "center_y_px": 70.0, "diameter_px": 40.0})
    square = contour_sheets.seen_square(row, 0.25)
    assert (square.min(axis=0).tolist(), square.max(axis=0).tolist()) == ([70.0, 40.0], [130.0, 100.0])
    assert square[0].tolist() == square[-1].tolist()


def test_a_slice_at_the_border_of_the_head_needs_no_contrast(cohort):
    """Nothing is drawn on it and almost all of it is black, so both percentiles are 0."""
    values = np.zeros((90, 72), np.uint8)
    values[40:43, 30:33] = 9
    Image.fromarray(values).save(cohort / "5.png")
    table = pd.read_csv(cohort / "table.csv", dtype=str)
    assert "percentiles 1 and 99 are both 0" in run(cohort, "one").stderr
    table.loc[5, ["class", "polygon"]] = ""
    table.to_csv(cohort / "table.csv", index=False)
    checked = cases.check(cohort / "table.csv", cases.Params(["cyst", "metastasis"], of_slices=True))
    artifacts.write_csv(checked, cohort / "cases.csv")
    assert run(cohort, "one").returncode == 0
