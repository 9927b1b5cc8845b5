"""Pictures over the whole range of how they may be stored: read as tifffile or Pillow reads them, or refused."""

import io
import itertools
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from synthaug.errors import InputError
from synthaug.imaging import jpeg_stream, picture_files, volumes

RNG = np.random.default_rng(3)
LAYOUTS = ({}, {"tile": (16, 16)}, {"tile": (32, 16), "bigtiff": True}, {"rowsperstrip": 5}, {"bigtiff": True})
TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "f2", "f4", "f8", "u8", "c8")


def picture(kind, shape=(37, 41)):
    info = np.iinfo(kind) if kind[0] in "ui" else None
    if info:
        return RNG.integers(info.min, info.max, shape, kind, endpoint=True)
    return (RNG.standard_normal(shape) * 100).astype(kind)


def read(path):
    source = volumes.open_image(path)
    source.check()
    return source.slice(0)


def outcome(path):
    """Return the pixels, or the one line that refuses the file."""
    try:
        return read(path)
    except InputError as error:
        message = str(error)
        assert message.startswith(str(path))
        assert "\n" not in message
        assert "expected" in message
        assert "found" in message
        return message


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", TYPES)
def test_tiff_of_any_type_and_layout(tmp_path, kind, order, capfd):
    read_ones = 0
    for number, (layout, compression) in enumerate(itertools.product(LAYOUTS, (None, "zlib"))):
        path = tmp_path / f"{number}.tif"
        values = picture(kind)
        try:
            tifffile.imwrite(
                path,
                values,
                photometric="minisblack",
                byteorder=order,
                compression=compression,
                metadata=None,
                **layout,
            )
        except (ValueError, RuntimeError, NotImplementedError, struct.error):
            continue  # tifffile cannot write it
        found = outcome(path)
        if not isinstance(found, str):
            read_ones += 1
            np.testing.assert_array_equal(found, tifffile.imread(path).astype(np.float32))
    assert read_ones >= (kind in ("u1", "u2", "i2", "f4")) * 7
    if kind in ("f2", "c8", "u8", "f8"):
        assert read_ones == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "group4"])
@pytest.mark.parametrize("mode", ["1", "L", "I;16", "RGB", "P"])
def test_tiff_as_pillow_compresses_it(tmp_path, mode, compression):
    if (mode == "1") != (compression == "group4") and compression == "group4":
        pytest.skip("group 4 is for two values")
    values = picture("u2") if mode == "I;16" else picture("u1")
    image = Image.fromarray(values)
    image = image if mode == "I;16" else image.convert(mode)
    image.save(tmp_path / "p.tif", compression=compression)
    found = outcome(tmp_path / "p.tif")
    if isinstance(found, str):
        assert "white as 0" in found
        return
    expected = np.array(Image.open(tmp_path / "p.tif").convert("L")) if mode != "I;16" else values
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("extra", [0, 1, 2])
@pytest.mark.parametrize("colours", [1, 3])
def test_tiff_of_several_samples(tmp_path, colours, extra, planar):
    path, gray = tmp_path / "p.tif", picture("u1")
    samples = [gray] * colours + [picture("u1") for _ in range(extra)]
    values = np.stack(samples, axis=-1 if planar == "contig" else 0)
    options = {"photometric": "rgb" if colours == 3 else "minisblack", "metadata": None}
    if len(samples) > 1:
        options |= {"planarconfig": planar, "extrasamples": ["unassalpha", "unspecified"][:extra]}
    tifffile.imwrite(path, values if len(samples) > 1 else gray, **options)
    found = outcome(path)
    if len(samples) == 1 or (planar == "contig" and (colours, extra) in ((3, 0), (3, 1))):
        np.testing.assert_array_equal(found, gray)
    else:
        assert isinstance(found, str)
        assert "sample" in found or "pages" in found or "plane" in found


@pytest.mark.parametrize("turned", range(1, 9))
@pytest.mark.parametrize("name", ["p.tif", "p.jpg", "p.png"])
def test_pictures_that_viewers_turn(tmp_path, name, turned):
    image = Image.fromarray(np.full((16, 24), 90, np.uint8))
    exif = Image.Exif()
    exif[0x0112] = turned
    if name == "p.tif":
        tifffile.imwrite(tmp_path / name, np.array(image), extratags=[(274, 3, 1, turned, True)])
    else:
        image.save(tmp_path / name, exif=exif)
    found = outcome(tmp_path / name)
    if turned == 1:
        np.testing.assert_array_equal(found, 90)
    else:
        assert f"orientation {turned}" in found


@pytest.mark.parametrize("pages", [2, 3])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("back", [0, 1])
def test_tiff_whose_directories_point_back(tmp_path, pages, big, back):
    path = tmp_path / "p.tif"
    tifffile.imwrite(path, picture("u1", (pages, 8, 8)), photometric="minisblack", bigtiff=big, metadata=None)
    with tifffile.TiffFile(path) as file:
        offsets = [page.offset for page in file.pages]
        size, form = (file.tiff.tagnosize, file.tiff.offsetformat)
        (count,) = struct.unpack_from(file.tiff.tagnoformat, path.read_bytes(), offsets[-1])
        end = offsets[-1] + size + count * file.tiff.tagsize
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, end, offsets[-1] if back else offsets[0])
    path.write_bytes(data)
    assert "damaged directory" in outcome(path)
    tifffile.imwrite(path, picture("u1", (pages, 8, 8)), photometric="minisblack", bigtiff=big, metadata=None)
    assert f"found {pages} pages" in outcome(path)


def test_a_single_page_that_follows_itself(tmp_path):
    path = tmp_path / "p.tif"
    tifffile.imwrite(path, picture("u1", (8, 8)), photometric="minisblack", metadata=None)
    data = bytearray(path.read_bytes())
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * count, start)
    path.write_bytes(data)
    assert "damaged directory" in outcome(path)


def png(values, depth, colour, interlaced=0, further=b""):
    """Return a PNG file of 1 to 16 bits a sample, written by hand, (rows, columns[, samples])."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows, columns = values.shape[:2]
    bits = (values.reshape(rows, -1, 1) >> np.arange(depth - 1, -1, -1)) & 1
    packed = np.packbits(bits.astype(np.uint8).reshape(rows, -1), axis=1)
    raw = b"".join(b"\0" + row.tobytes() for row in packed)
    header = struct.pack(">IIBBBBB", columns, rows, depth, colour, 0, 0, interlaced)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + further
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("depth", "channels"), [(1, 1), (2, 1), (4, 1), (8, 1), (16, 1), (8, 2), (16, 2), (8, 4)])
def test_png_of_any_depth(tmp_path, depth, channels):
    values = RNG.integers(0, 2**depth, (9, 11), np.int64)
    samples = values if channels == 1 else np.stack([values] * (channels - 1) + [values * 0 + 2**depth - 1], axis=-1)
    path = tmp_path / "p.png"
    path.write_bytes(png(samples, depth, {1: 0, 2: 4, 4: 6}[channels]))
    if (depth, channels) == (16, 2):
        assert "16 bits with an alpha channel" in outcome(path)
    else:
        np.testing.assert_array_equal(read(path), values * (255 // (2**depth - 1) if depth < 8 else 1))


def test_animated_png(tmp_path):
    frames = [Image.fromarray(picture("u1", (8, 8))) for _ in range(3)]
    frames[0].save(tmp_path / "p.png", save_all=True, append_images=frames[1:])
    assert "found an animation" in outcome(tmp_path / "p.png")


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "RGBA", "LA", "I;16"])
def test_no_byte_of_a_png_file_changes_unseen(tmp_path, mode):
    path = tmp_path / "p.png"
    values = picture("u2", (6, 7)) if mode == "I;16" else picture("u1", (6, 7))
    (Image.fromarray(values) if mode == "I;16" else Image.fromarray(values).convert(mode)).save(path)
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x15]) + content[place + 1 :])
        assert isinstance(outcome(path), str), place


def jpeg(tmp_path, **options):
    smooth = np.add.outer(np.arange(64), np.arange(80)) + RNG.integers(0, 30, (64, 80))
    image = Image.fromarray(smooth.astype(np.uint8)).convert(options.pop("mode", "L"))
    image.save(tmp_path / "whole.jpg", quality=90, **options)
    return (tmp_path / "whole.jpg").read_bytes()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 3}, {"mode": "RGB"}])
def test_jpeg_is_read_whole_or_refused(tmp_path, options, capfd):
    content, path = jpeg(tmp_path, **options), tmp_path / "p.jpg"
    for trailer in (b"", b"\0" * 100, b"phone\xff\xd8trailer", content):
        path.write_bytes(content + trailer)
        np.testing.assert_array_equal(read(path), np.array(Image.open(tmp_path / "whole.jpg").convert("L")))
    for keep in range(4, len(content), 61):
        path.write_bytes(content[:keep])
        assert "truncated" in outcome(path), keep
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "options", [{}, {"restart_marker_blocks": 3}, {"mode": "RGB"}, {"mode": "RGB", "optimize": True}]
)
def test_damage_within_a_jpeg_file_is_found(tmp_path, options):
    """Bytes lost, doubled or replaced; in one of twenty the codes still end as they should."""
    content, path = jpeg(tmp_path, **options), tmp_path / "p.jpg"
    path.write_bytes(content)
    picture = picture_files.look(path)
    picture.check()
    start = content.rindex(b"\xff\xda") + 14
    seen = []
    for place in range(start, len(content) - 100, 41):
        noise = RNG.bytes(40).replace(b"\xff", b"\x7f")
        for middle in (b"", content[place : place + 40] * 2, noise):
            path.write_bytes(content[:place] + middle + content[place + 40 :])
            try:
                picture.check()
                seen.append(np.array_equal(picture.pixels(), np.array(Image.open(tmp_path / "whole.jpg"))))
            except InputError:
                seen.append(True)
    assert np.mean(seen) > 0.9


@pytest.mark.parametrize("quality", [5, 60, 100])
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (17, 33), (100, 7)])
def test_whole_jpeg_files_of_any_kind_pass(size, quality):
    kinds = ({}, {"optimize": True}, {"restart_marker_blocks": 1}, {"restart_marker_rows": 1}, {"progressive": True})
    for options, mode, sampling in itertools.product(kinds, ("L", "RGB"), (0, 1, 2)):
        image = Image.fromarray(picture("u1", (*size, 3))).convert(mode)
        content = io.BytesIO()
        image.save(content, "JPEG", quality=quality, **options, **({"subsampling": sampling} if mode == "RGB" else {}))
        assert jpeg_stream.is_whole(content.getvalue())


def test_jpeg_of_four_colours(tmp_path):
    Image.fromarray(np.full((16, 16), 90, np.uint8)).convert("CMYK").save(tmp_path / "p.jpg")
    assert "4 colours" in outcome(tmp_path / "p.jpg")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize(
    "content",
    [".png", ".jpg", ".tif", ".bmp", ".gif", ".webp", b"<!DOCTYPE html>", b"version https://git-lfs.x\n", b""],
)
def test_another_content_than_the_name_says(tmp_path, suffix, content):
    path = tmp_path / f"p{suffix}"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        Image.fromarray(picture("u1", (8, 8))).save(tmp_path / f"other{content}")
        (tmp_path / f"other{content}").rename(path)
    found = outcome(path)
    if suffix == content:
        assert not isinstance(found, str)
    else:
        assert "as its name says, found" in found or content == ".webp"


@pytest.mark.parametrize("name", ["p.png", "p.tif", "p.jpg"])
def test_a_size_that_no_file_holds(tmp_path, name):
    path = tmp_path / name
    Image.fromarray(picture("u1", (8, 8))).save(path)
    data = bytearray(path.read_bytes())
    if name == "p.png":
        struct.pack_into(">II", data, 16, 60000, 60000)
        struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    elif name == "p.jpg":
        at = data.index(b"\xff\xc0")
        struct.pack_into(">HH", data, at + 5, 60000, 60000)
    else:
        with tifffile.TiffFile(path) as file:
            for tag in ("ImageWidth", "ImageLength", "RowsPerStrip"):
                struct.pack_into("<I", data, file.pages[0].tags[tag].offset + 8, 60000)
                struct.pack_into("<H", data, file.pages[0].tags[tag].offset + 2, 4)
    path.write_bytes(data)
    assert "60000 x 60000 px" in outcome(path)
    assert picture_files.LARGEST_RATIO * 1000 < 60000**2


def test_a_mask_of_one_bit_a_pixel_is_no_damage(tmp_path):
    """As MATLAB writes a logical array: a large empty mask is a small file."""
    drawn = Image.new("1", (4096, 4096))
    drawn.paste(1, (100, 200, 140, 260))
    drawn.save(tmp_path / "mask.png", optimize=True)
    picture = picture_files.look(tmp_path / "mask.png")
    picture.check()
    pixels = picture.pixels()[..., 0]
    assert np.argwhere(pixels > 0).min(axis=0).tolist() == [200, 100]
    assert (pixels > 0).sum() == 40 * 60


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_with_a_value_that_is_see_through(tmp_path, dtype):
    values = np.arange(64, dtype=dtype).reshape(8, 8) * 3
    Image.fromarray(values).save(tmp_path / "a.png", transparency=9)
    picture = picture_files.look(tmp_path / "a.png")
    picture.check()
    np.testing.assert_array_equal(picture.pixels()[..., 0], values)


def test_black_and_white_with_a_value_that_is_see_through(tmp_path):
    """It has the values of the same picture without."""
    values = np.random.default_rng(0).random((8, 13)) < 0.5
    for name, options in (("plain.png", {}), ("hole.png", {"transparency": 0})):
        Image.fromarray(values).convert("1").save(tmp_path / name, **options)
    plain, hole = (picture_files.look(tmp_path / name) for name in ("plain.png", "hole.png"))
    assert (plain.misread, hole.misread) == (False, True)
    hole.check()
    np.testing.assert_array_equal(plain.pixels()[..., 0], values * 255)
    np.testing.assert_array_equal(hole.pixels(), plain.pixels())


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 37])
@pytest.mark.parametrize("seed", range(6))
def test_zeros_before_the_end_of_a_jpeg_file_are_no_damage(tmp_path, seed, padding):
    """Pillow reads it as the same file without; a file that lacks bytes besides is refused."""
    random = np.random.default_rng(seed)
    values = random.integers(0, 255, random.integers(9, 60, 2)).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(values).save(content, "JPEG", quality=int(random.integers(30, 96)))
    whole = content.getvalue()
    path = tmp_path / "a.jpg"
    path.write_bytes(whole[:-2] + padding + whole[-2:])
    picture = picture_files.look(path)
    picture.check()
    np.testing.assert_array_equal(picture.pixels()[..., 0], np.array(Image.open(io.BytesIO(whole))))
    assert jpeg_stream.without_padding(path.read_bytes()) == whole
    path.write_bytes(whole[: len(whole) - 40] + padding + whole[-2:])
    with pytest.raises(InputError, match="damage"):
        picture_files.look(path).check()
