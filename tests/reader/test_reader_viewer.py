"""What the reader study's page shows of an image, pixel by pixel, beside an independent calculation."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from skimage import io

from tests.reader.browser import Reader

pytestmark = pytest.mark.slow


def pixels(study, reader, presentation):
    image = study.facts["presentations"][reader][presentation - 1]
    return np.asarray(Image.open(study.folder / "pack/images" / f"{image}.png"))


def test_reader_sees_the_pixels_of_the_pack(browser, studies):
    """Each pixel as a square without interpolation; Keys' bicubic kernel, as Pillow computes it, with it."""
    study = studies(practice=0)
    reader = Reader(browser)
    reader.begin(study.links["reader-1"])
    source = pixels(study, "reader-1", 1)
    smooth = reader.canvas()
    size = len(smooth)
    expected = np.asarray(Image.fromarray(source.astype(np.float32)).resize((size, size), Image.BICUBIC))
    # Beyond the edge Pillow renormalises where the page repeats the edge, so two source pixels of it are left out.
    edge = -(-2 * size // 64)
    inside = np.s_[edge:-edge, edge:-edge]
    assert np.abs(smooth - np.clip(expected, 0, 255))[inside].max() <= 0.51
    assert np.abs(smooth - expected).mean() < 1
    reader.press("i")
    at = ((np.arange(size) + 0.5) * 64 / size).astype(int)
    np.testing.assert_array_equal(reader.canvas(), source[np.ix_(at, at)])
    reader.press("i", "+", "+", "+")
    assert reader.page.inner_text("#zoom-value") == "195 %"
    zoom = 1.25**3
    left = 32 - 32 / zoom
    box = (left, left, left + 64 / zoom, left + 64 / zoom)
    expected = np.asarray(Image.fromarray(source.astype(np.float32)).resize((size, size), Image.BICUBIC, box=box))
    # Pillow does not look beyond the box, so its edges differ.
    edge = -(-4 * size // 64)
    inside = np.s_[edge:-edge, edge:-edge]
    assert np.abs(reader.canvas() - np.clip(expected, 0, 255))[inside].max() <= 0.51


def window(source, width, level, low=-60, high=200):
    """Return gray values through a window, for an image in which 0 and 255 stand for ``low`` and ``high``."""
    values = low + source / 255 * (high - low)
    return np.clip((values - (level - width / 2)) / width * 255, 0, 255)


def shown(reader):
    """Return window and level as the page says them."""
    texts = [reader.page.inner_text(f"#{name}-value") for name in ("width", "level")]
    assert all(text.endswith(" HU") for text in texts)
    return [float(text.removesuffix(" HU")) for text in texts]


def test_reader_sets_window_and_level_in_hounsfield_units(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser)
    reader.begin(study.links["reader-1"])
    reader.press("i")
    at = ((np.arange(len(reader.canvas())) + 0.5) * 64 / len(reader.canvas())).astype(int)
    source = pixels(study, "reader-1", 1)[np.ix_(at, at)].astype(float)

    def matches():
        width, level = (float(reader.page.input_value(f"#{name}")) for name in ("width", "level"))
        assert np.abs(np.array(shown(reader)) - [width, level]).max() <= 0.5
        # The slider's step is 1 HU, the picture's window is not rounded: at most half a step of each.
        return np.abs(reader.canvas() - window(source, width, level)).max() <= 0.51 + 255 / width

    assert shown(reader) == [260, 70]
    assert matches()
    reader.press("ArrowLeft", "ArrowLeft", "ArrowUp")
    assert shown(reader) == [pytest.approx(260 - 2 * 5.2, abs=0.5), pytest.approx(70 - 5.2, abs=0.5)]
    assert matches()
    box = reader.page.locator("#canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    reader.page.mouse.move(x, y)
    reader.page.mouse.down()
    reader.page.mouse.move(x - box["width"] / 4, y + box["height"] / 10, steps=5)
    reader.page.mouse.up()
    # A quarter of the view across is a quarter of the range; a tenth of it down, a tenth of the range up in level.
    assert shown(reader) == [pytest.approx(249.6 - 65, abs=2), pytest.approx(64.8 + 26, abs=2)]
    assert matches()
    reader.page.focus("#level")
    reader.press("ArrowRight")
    assert shown(reader)[1] == pytest.approx(91.8, abs=2)
    reader.press("a", "s", "4", "0")
    assert shown(reader) == [260, 70]
    assert matches()
    assert reader.chosen() == ["cyst", "synthetic", "4"]


def test_reader_zooms_by_wheel_and_fingers_and_the_scale_bar_keeps_true(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser, size="tablet")
    reader.begin(study.links["reader-1"])
    millimetres = study.facts["images"][study.facts["presentations"]["reader-1"][0]]["width_mm"]
    box = reader.page.locator("#canvas").bounding_box()

    def zoom():
        return float(reader.page.inner_text("#zoom-value").removesuffix(" %")) / 100

    def bar_is_true():
        length = float(reader.page.inner_text("#scale-text").removesuffix(" mm"))
        pixels = reader.page.locator("#scale-bar").bounding_box()["width"]
        assert pixels == pytest.approx(length / millimetres * box["width"] * zoom(), rel=0.02)
        assert 0.1 * box["width"] < pixels <= 0.42 * box["width"]

    bar_is_true()
    x, y = box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.25
    reader.page.mouse.move(x, y)
    for _ in range(4):
        reader.page.mouse.wheel(0, -100)
    reader.page.wait_for_function("document.getElementById('zoom-value').textContent === '223 %'")
    bar_is_true()
    # What was under the pointer still is.
    source = pixels(study, "reader-1", 1).astype(float)
    reader.press("i")
    picture = reader.canvas()
    quarter = len(picture) // 4
    assert picture[quarter, quarter] in source[15:17, 15:17]
    for _ in range(30):
        reader.page.mouse.wheel(0, -100)
    reader.page.wait_for_function("document.getElementById('zoom-value').textContent === '800 %'")
    bar_is_true()
    reader.press("0")
    assert zoom() == 1
    touch = reader.context.new_cdp_session(reader.page)

    def fingers(kind, *places):
        points = [
            {"x": box["x"] + fx * box["width"], "y": box["y"] + fy * box["height"], "id": number}
            for number, (fx, fy) in enumerate(places)
        ]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (0.4, 0.5), (0.6, 0.5))
    for spread in (0.12, 0.16, 0.2):
        fingers("touchMove", (0.5 - spread, 0.5), (0.5 + spread, 0.5))
    fingers("touchEnd")
    reader.page.wait_for_function("parseInt(document.getElementById('zoom-value').textContent) >= 190")
    assert zoom() == pytest.approx(2, abs=0.1)
    assert shown(reader) == [260, 70]
    bar_is_true()


def test_reader_who_lifts_one_of_two_fingers_leaves_the_window_as_it_is(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser, size="tablet")
    reader.begin(study.links["reader-1"])
    reader.page.evaluate("document.getElementById('canvas').setPointerCapture = () => {}")  # knows real pointers only

    def finger(kind, number, x, y):
        reader.page.evaluate(
            """([kind, pointerId, x, y]) => { const canvas = document.getElementById("canvas");
            const { left, top, width, height } = canvas.getBoundingClientRect();
            const [clientX, clientY] = [left + x * width, top + y * height];
            canvas.dispatchEvent(new PointerEvent(kind, { pointerId, clientX, clientY, pointerType: "touch" })); }""",
            [kind, number, x, y],
        )

    finger("pointerdown", 1, 0.4, 0.5)
    finger("pointerdown", 2, 0.6, 0.5)
    finger("pointermove", 2, 0.8, 0.5)
    assert reader.page.inner_text("#zoom-value") == "200 %"
    finger("pointerup", 2, 0.8, 0.5)
    finger("pointermove", 1, 0.5, 0.7)
    assert shown(reader) == [260, 70]
    finger("pointerup", 1, 0.5, 0.7)
    finger("pointerdown", 3, 0.5, 0.5)
    finger("pointermove", 3, 0.5, 0.6)
    assert shown(reader) == [260, 96]


def test_reader_sees_whole_squares_on_a_screen_finer_than_the_canvas(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser, device_scale_factor=2)
    reader.begin(study.links["reader-1"])
    reader.press("i")
    box = reader.page.locator("#canvas").bounding_box()
    assert 2 * box["width"] > len(reader.canvas())
    clip = {"x": box["x"] + 40, "y": box["y"] + 40, "width": box["width"] - 80, "height": 1}  # beside the scale bar
    picture = io.imread(BytesIO(reader.page.screenshot(clip=clip)))[0, :, 0]
    assert np.count_nonzero(np.diff(picture.astype(int))) <= 63


def test_reader_study_without_widths_shows_no_scale_bar(browser, studies):
    study = studies(practice=0)
    study.kill()
    text = (study.folder / "pack/study.json").read_text()
    (study.folder / "pack/study.json").write_text(re.sub(r'"width_mm": [\d.]+', '"width_mm": null', text, count=1))
    study.database.unlink()
    (study.folder / "pack/begun.txt").unlink()
    links = study.invite()
    study.start()
    reader = Reader(browser)
    reader.begin(links["reader-1"])
    assert not reader.page.is_visible("#scale")
