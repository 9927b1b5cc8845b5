"""PNG, JPEG and TIFF files as arrays, with a second opinion by Pillow beside SimpleITK."""

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthaug.errors import InputError
from synthaug.imaging import contents, gray_pixels, image_files, jpeg_stream, pixel_shapes, quiet, tiff_tags

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
READERS = {"a PNG file": "PNGImageIO", "a JPEG file": "JPEGImageIO", "a TIFF file": "TIFFImageIO"}
JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # within compressed data, where 0 and restarts do not count
LARGEST_RATIO = (
    1 << 16
)  # of any of the formats: pixels that one byte of the file becomes at most; 1-bit masks have many
ALIKE = ("L", "LA", "RGB", "RGBA", "I;16")  # modes in which Pillow keeps the values of PNG and JPEG files
EIGHT_BITS = ("L", "RGB", "RGBA")
GRAY = ("L", "I;16")  # where a value that is see-through is one like all others
GRAY_WITH_ALPHA = 4  # the colour type of a PNG file
ORIENTATION = 0x0112  # an EXIF tag
OBLONG = "says that its pixels are not square, with which few programs agree: taken for square"


@dataclass(frozen=True)
class Picture:
    """A picture whose file was looked at, and whose pixels are read on demand.

    Attributes
    ----------
    shape
        Rows and columns.
    misread
        Whether SimpleITK misreads such a file, so that Pillow reads it.
    """

    path: Path
    shape: tuple[int, int]
    misread: bool

    def pixels(self) -> np.ndarray:
        """Return the pixels as stored, (rows, columns, channels) in the file's number type.

        Raises
        ------
        InputError
            If the file is truncated or damaged.
        """
        if self.misread:
            pixels = _by_pillow(self.path)
            if pixels is None:
                raise InputError(
                    f"{self.path}: expected a readable picture, found a truncated, damaged or unsupported one; copy it "
                    "again, or save it as 8- or 16-bit gray without tiles"
                )
            return pixels
        file = image_files.reader(self.path, READERS[contents.kind(self.path)])
        return image_files.pixels(file).reshape(*self.shape, -1)

    def remarks(self) -> list[str]:
        """Return what is taken otherwise than the file says, as the end of a sentence."""
        return [OBLONG] if _is_oblong(self.path) else []

    def _is_same(self, one: np.ndarray, other: np.ndarray) -> bool:
        """Return whether two readers agree; of a JPEG file's colours, within what its standard leaves to them."""
        if one.shape != other.shape:
            return False
        rounded = contents.kind(self.path) == "a JPEG file" and one.shape[-1] > 1
        return (
            int(np.abs(one.astype(int) - other).max()) <= gray_pixels.NOISE if rounded else np.array_equal(one, other)
        )

    def check(self) -> None:
        """Compare the pixels with those that Pillow reads, where it reads this kind; follow the codes of a JPEG file.

        Raises
        ------
        InputError
            If the two differ, or the codes end elsewhere than the data.
        """
        if contents.kind(self.path) == "a JPEG file" and not _is_whole_jpeg(self.path.read_bytes(), self.misread):
            raise InputError(
                f"{self.path}: expected a whole JPEG file, found damage within its data: a part of the picture is made "
                "up; copy or export it again"
            )
        if self.misread:
            return
        one, other = self.pixels(), _by_pillow(self.path)
        if other is not None and not self._is_same(one, other):
            raise InputError(
                f"{self.path}: expected one picture, found two: SimpleITK and Pillow read other values; save it again "
                "as 8- or 16-bit gray"
            )


def look(path: Path) -> Picture:
    """Look at a PNG, JPEG or TIFF file.

    Raises
    ------
    InputError
        If it is another file than its name says, damaged, or stored in a way that readers take differently: turned,
        several pages, or samples of another kind.
    """
    contents.check_name(path)
    kind = contents.kind(path)
    if kind not in READERS:
        raise InputError(
            f"{path}: expected {contents.SUFFIXES[path.suffix.lower()]}, found unknown bytes: truncated or damaged; "
            "copy it again"
        )
    misread = False
    if kind == "a PNG file":
        misread = _check_png(path)
    elif kind == "a JPEG file":
        misread = _check_jpeg(path)
    else:
        misread = tiff_tags.check(path)
    shape, turned = _header(path)
    if np.prod(shape, dtype=float) > LARGEST_RATIO * path.stat().st_size:
        raise InputError(
            f"{path}: expected a whole picture, found {shape[0]} x {shape[1]} px in a file of {path.stat().st_size} "
            "bytes: truncated or damaged; copy it again"
        )
    if turned != 1:
        raise InputError(
            f"{path}: expected an upright picture, found the EXIF orientation {turned}: viewers show it turned, as "
            "outlines were drawn; save it as it is shown, without EXIF, and its mask likewise"
        )
    return Picture(path, shape, misread)


def _header(path: Path) -> tuple[tuple[int, int], int]:
    """Return rows and columns, and the EXIF orientation (1 for upright)."""
    from PIL import Image

    try:
        with quiet.silenced(), Image.open(path) as picture:
            turned = picture.getexif().get(ORIENTATION, 1) if not path.suffix.lower().startswith(".tif") else 1
            return (picture.height, picture.width), turned
    except Exception:  # Pillow raises a dozen kinds of errors, also for what it does not know but SimpleITK reads
        columns, rows = image_files.reader(path, READERS[contents.kind(path)]).GetSize()[:2]
        return (rows, columns), 1


def _is_oblong(path: Path) -> bool:
    """Return whether a file says that its pixels are not square, by a density along x and y."""
    from PIL import Image

    try:
        with quiet.silenced(), Image.open(path) as picture:
            found = [picture.info.get(name) for name in ("dpi", "jfif_density", "aspect")]
        across, down = next(map(tuple, filter(None, found)), (1, 1))
        return across > 0 and down > 0 and pixel_shapes.aspect(float(across), float(down)) != 1
    except Exception:  # Pillow raises a dozen kinds of errors
        return False


def _by_pillow(path: Path) -> np.ndarray | None:
    """Return the pixels as Pillow reads them, (rows, columns, channels); None where it fails or changes values."""
    from PIL import Image

    try:
        with quiet.silenced(), Image.open(path) as picture:
            if picture.format == "TIFF":
                return _of_tiff(picture)
            if picture.mode == "1" and picture.info.get("transparency") is not None:
                picture = picture.convert("L")  # as SimpleITK has those without
            coloured_hole = picture.info.get("transparency") is not None and picture.mode not in GRAY
            if picture.mode not in ALIKE or coloured_hole or _is_deep(path):
                return None
            return np.array(picture).reshape(picture.height, picture.width, -1)
    except Exception:  # Pillow raises a dozen kinds of errors
        return None


def _of_tiff(picture) -> np.ndarray | None:
    """Return the pixels of a TIFF file, None where Pillow changes values; 32 bits without a sign come with one."""
    if picture.mode == "P":
        return np.array(picture.convert("RGB"))
    if picture.mode not in ("L", "RGB", "RGBA", "I", "F", "I;16", "I;16B"):
        return None
    if picture.tag_v2.prefix == b"MM" and picture.info.get("compression") != "raw" and picture.mode not in EIGHT_BITS:
        return None  # Pillow swaps the bytes that libtiff has swapped
    bits, formats = picture.tag_v2.get(tiff_tags.BITS, (1,)), picture.tag_v2.get(tiff_tags.FORMAT, (1,))
    values = np.array(picture)
    if (bits[0], formats[0]) == (8, 2):
        values = values.view(np.int8)
    elif (bits[0], formats[0]) == (32, 1):
        values = values.view(np.uint32)
    elif (bits[0], formats[0]) == (16, 2):
        values = values.astype(np.int16)
    values = values.astype(values.dtype.newbyteorder("="))
    return values.reshape(picture.height, picture.width, -1)


def _check_png(path: Path) -> bool:
    """Check the sums of all chunks, that the end is there, and that it is one picture, not an animation.

    Returns
    -------
    Whether it is gray with an alpha channel or a see-through value, which SimpleITK does not read.
    """
    data = path.read_bytes()
    at, kind, hole = 8, b"", False
    while kind != b"IEND":
        if at + 12 > len(data):
            raise InputError(f"{path}: expected a whole PNG file, found a truncated one; copy it again")
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if end + 4 > len(data) or struct.unpack_from(">I", data, end)[0] != zlib.crc32(data[at + 4 : end]):
            raise InputError(f"{path}: expected a whole PNG file, found a truncated or damaged one; copy it again")
        if kind == b"acTL" and struct.unpack_from(">I", data, at + 8)[0] > 1:
            raise InputError(f"{path}: expected one 2-D picture, found an animation; save one picture a file")
        hole |= kind == b"tRNS"
        at = end + 4
    depth, colours = data[24:26]
    if (depth, colours) == (16, GRAY_WITH_ALPHA):
        raise InputError(f"{path}: expected gray, found 16 bits with an alpha channel; save it without the channel")
    return colours == GRAY_WITH_ALPHA or (hole and colours == 0)


def _is_deep(path: Path) -> bool:
    """Return whether a PNG file has colours of 16 bits, which Pillow rounds to 8."""
    with path.open("rb") as file:
        header = file.read(26)
    return header.startswith(b"\x89PNG") and header[24] == 16 and header[25] != 0


def _is_whole_jpeg(data: bytes, padded: bool) -> bool:
    return jpeg_stream.is_whole(data) or (padded and jpeg_stream.is_whole(jpeg_stream.without_padding(data)))


def _check_jpeg(path: Path) -> bool:
    """Check that a JPEG file reaches its end marker, whatever follows, and has one or three colours.

    The reader fills in what is missing, and takes a fourth colour for an alpha channel.

    Returns
    -------
    Whether zeros lie before the end marker, which SimpleITK takes for damage, of a file whose codes are followed.
    """
    data, followed = path.read_bytes(), True
    truncated = InputError(f"{path}: expected a whole JPEG file, found a truncated one; copy it again")
    at = 2
    while True:
        if at + 2 > len(data) or data[at] != 0xFF:
            raise truncated
        marker = data[at + 1]
        if marker == 0xD9:
            zero = data[at - 1] == 0 and data[at - 2] != 0xFF
            return zero and followed and len(data) <= jpeg_stream.LARGEST
        if marker == 0xFF or marker in range(0xD0, 0xD8):  # fill bytes, restarts
            at += 1 if marker == 0xFF else 2
            continue
        if at + 4 > len(data):
            raise truncated
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker in range(0xC0, 0xD0) and marker not in (0xC4, 0xC8, 0xCC):
            _check_frame(path, data[at + 4 : at + 2 + length])
            followed &= marker in jpeg_stream.BASELINE
        at += 2 + length
        if marker == 0xDA:
            following = JPEG_MARKER.search(data, at)
            if following is None:
                raise truncated
            at = following.start()


def _check_frame(path: Path, frame: bytes) -> None:
    """Check the number of colours and of bits of a JPEG frame."""
    if len(frame) < 6 or frame[0] != 8 or frame[5] not in (1, 3):
        found = f"{frame[0]} bits and {frame[5]} colours" if len(frame) > 5 else "a damaged header"
        raise InputError(f"{path}: expected 8 bits and 1 or 3 colours, found {found}; save it as gray PNG")
