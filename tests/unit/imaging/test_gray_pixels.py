"""Gray pictures stored in colours, against Pillow's own conversion; real colours are refused, with their place."""

import numpy as np
import pytest
import SimpleITK
from PIL import Image
from tests.unit.imaging.test_volumes import refusal

from synthaug.cohort import cases
from synthaug.imaging import gray_pixels, volumes

SHAPE = (60, 70)


def noisy(most, seed=0):
    """Return colours around a smooth gray whose channels differ by at most so many levels, and somewhere by as many."""
    rng = np.random.default_rng(seed)
    gray = np.add.outer(np.arange(SHAPE[0]), np.arange(SHAPE[1])) + 40
    colours = (gray[..., None] + rng.integers(0, most + 1, (*SHAPE, 3))).astype(np.uint8)
    colours[5, 6] = (100, 100 + most, 100)
    return colours


def pillow(path):
    with Image.open(path) as picture:
        return np.array(picture.convert("L"))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("most", [1, gray_pixels.NOISE])
def test_noise_of_colour_gives_the_luminance_of_pillow(tmp_path, mode, suffix, most):
    picture = Image.fromarray(noisy(most))
    path = tmp_path / f"p.{suffix}"
    if mode == "P":  # 256 colours of it
        picture = Image.fromarray(noisy(most)[:16, :16]).convert("P", palette=Image.Palette.ADAPTIVE)
    picture.convert(mode).save(path)
    source = volumes.open_image(path)
    assert source.check() == [gray_pixels.REMARK]
    np.testing.assert_array_equal(source.slice(0), pillow(path))
    np.testing.assert_array_equal(source.volume()[0], pillow(path))


def test_a_gray_jpeg_stored_as_colours_is_read(tmp_path):
    path = tmp_path / "p.jpg"
    gray = Image.fromarray(noisy(0)[..., 0])
    gray.convert("RGB").save(path, quality=60)
    np.testing.assert_array_equal(volumes.open_image(path).slice(0), pillow(path))


def jpeg(path, strength, seed=0):
    """Write noise whose red differs from green and blue, at half the width, which readers widen in two ways."""
    rng = np.random.default_rng(seed)
    colours = np.repeat(rng.integers(60, 200, (61, 83, 1)), 3, axis=-1)
    colours[..., 0] += rng.integers(-strength, strength + 1, (61, 83))
    Image.fromarray(colours.astype(np.uint8)).save(path, quality=90, subsampling="4:2:2")
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))), np.array(Image.open(path))


def test_a_gray_jpeg_is_read_although_two_readers_differ_in_its_noise(tmp_path):
    path = tmp_path / "p.jpg"
    one, other = jpeg(path, strength=3)
    assert (one != other).any()  # else this shows nothing
    source = volumes.open_image(path)
    assert source.check() == [gray_pixels.REMARK]
    assert np.abs(source.slice(0) - pillow(path).astype(int)).max() <= 1


def test_colours_of_a_jpeg_are_named_although_two_readers_differ_in_them(tmp_path):
    one, other = jpeg(tmp_path / "p.jpg", strength=50)
    assert np.abs(one.astype(int) - other).max() > gray_pixels.NOISE
    assert "expected a grey-level picture, found colours in " in refusal(tmp_path / "p.jpg")


def test_one_level_more_is_a_colour_and_its_place_is_named(tmp_path):
    colours = noisy(gray_pixels.NOISE)
    colours[20:23, 30:35, 0] = colours[20:23, 30:35, 1:].min(axis=-1) + gray_pixels.NOISE + 1
    Image.fromarray(colours).save(tmp_path / "p.png")
    message = refusal(tmp_path / "p.png")
    assert f"found colours in 15 of {60 * 70} px, x 30 to 34 and y 20 to 22: one gray channel is meant;" in message


def test_colours_of_16_bits_must_be_equal():
    deep = np.full((4, 5, 3), 40000, np.uint16)
    np.testing.assert_array_equal(gray_pixels.of_colours("p.png", deep), deep[..., 0])
    deep[1, 2, 0] += 1
    with pytest.raises(gray_pixels.InputError, match="in 1 of 20 px, x 2 to 2 and y 1 to 1"):
        gray_pixels.of_colours("p.png", deep)


def test_the_log_says_it_once_for_all_images(tmp_path, caplog):
    lines = ["lesion,patient,class,image,box"]
    for number in range(3):
        Image.fromarray(noisy(2, number)).save(tmp_path / f"{number}.png")
        lines.append(f'L{number},p{number},cyst,{number}.png,"10,10,30,30"')
    (tmp_path / "table.csv").write_text("\n".join(lines))
    cases.check(tmp_path / "table.csv", cases.Params(["cyst"]))
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"3 images, such as 0.png: {gray_pixels.REMARK}"]
