"""How a TIFF file stores its picture, from its first directory: what its readers decide in silence (TIFF 6.0)."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from synthaug.errors import InputError

ENTRIES = 4096  # of a directory, at most; a damaged file may name any number
DIRECTORIES = 1024
KINDS = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
BITS, PHOTOMETRIC, ORIENTATION, SAMPLES, PLANES, TILE_WIDTH, FORMAT = 258, 262, 274, 277, 284, 322, 339
USED = (BITS, PHOTOMETRIC, ORIENTATION, SAMPLES, PLANES, TILE_WIDTH, FORMAT)
FORMATS = {1: "unsigned", 2: "signed", 3: "float"}
KNOWN = {("unsigned", 1), ("unsigned", 8), ("signed", 8), ("unsigned", 16), ("signed", 16), ("unsigned", 32),
         ("signed", 32), ("float", 32)}  # fmt: skip
KNOWN_TILED = KNOWN - {("unsigned", 1), ("signed", 8)}
BLACK_IS_ZERO, RGB, PALETTE = 1, 2, 3


def check(path: Path) -> bool:
    """Check that a TIFF file is one upright picture of samples that its readers take as they are meant.

    Returns
    -------
    Whether SimpleITK misreads it: in tiles it takes a part of the pixels, and a palette's colours 256 times.

    Raises
    ------
    InputError
        If it has several pages, is turned, has planes apart, white as 0, other colours than gray, RGB or a palette, a
        number of samples, or a kind of them, that readers mistake; or if its directory is damaged.
    """
    try:
        with path.open("rb") as file:
            tags, pages = _directory(file)
    except (struct.error, ValueError, OverflowError, OSError) as error:
        raise InputError(
            f"{path}: expected a whole TIFF file, found a truncated one or a damaged directory; copy or export it again"
        ) from error
    if pages > 1:
        raise InputError(f"{path}: expected one 2-D picture, found {pages} pages; save one page a file")
    for expected, found, cure in _problems(tags):
        raise InputError(f"{path}: expected {expected}, found {found}; {cure}")
    return TILE_WIDTH in tags or tags.get(PHOTOMETRIC) == (PALETTE,)


def _problems(tags: dict[int, tuple[int, ...]]) -> Iterator[tuple[str, str, str]]:
    """Yield what was expected and found, and what to do, of each property that a reader would mistake."""
    again = "save it again as 8- or 16-bit gray"
    colours, (samples, *_) = tags.get(PHOTOMETRIC, (BLACK_IS_ZERO,))[0], tags.get(SAMPLES, (1,))
    if colours == 0:
        yield "a TIFF file with black as 0", "white as 0", "save it with black as 0"
    elif colours not in (BLACK_IS_ZERO, RGB, PALETTE):
        yield "gray, RGB or a palette", f"the photometric interpretation {colours}", again
    if (turned := tags.get(ORIENTATION, (1,))[0]) != 1:
        yield "an upright picture", f"the orientation {turned}: readers turn it or do not", "turn it and save it again"
    if samples not in {BLACK_IS_ZERO: (1,), RGB: (3, 4), PALETTE: (1,)}.get(colours, (samples,)):
        yield "one sample a pixel", f"{samples} samples a pixel (an alpha channel?)", "save it without further channels"
    if samples > 1 and tags.get(PLANES, (1,))[0] != 1:
        yield "the samples of a pixel side by side", "a plane for each", again
    bits, formats = set(tags.get(BITS, (1,))), set(tags.get(FORMAT, (1,)))
    kind = (FORMATS.get(min(formats), f"format {min(formats)}"), min(bits))
    known = KNOWN_TILED if TILE_WIDTH in tags else KNOWN
    if len(bits) > 1 or len(formats) > 1 or kind not in known or (samples > 1 and kind != ("unsigned", 8)):
        yield "8- or 16-bit integers or 32-bit floats", f"{kind[0]} samples of {kind[1]} bits", again


def _directory(file: BinaryIO) -> tuple[dict[int, tuple[int, ...]], int]:
    """Return the numbers of the first directory's tags, and how many pages there are; thumbnails count too.

    Raises
    ------
    ValueError
        If directories point back to each other, or there are too many.
    """
    start = file.read(16)
    order = {b"II": "<", b"MM": ">"}[start[:2]] if start[:2] in (b"II", b"MM") else ""
    if not order:
        raise ValueError
    big = struct.unpack_from(f"{order}H", start, 2)[0] == 43
    offset = struct.unpack_from(f"{order}{'Q' if big else 'I'}", start, 8 if big else 4)[0]
    first, seen = {}, set()
    while offset:
        if offset in seen or len(seen) == DIRECTORIES:
            raise ValueError
        seen.add(offset)
        file.seek(offset)
        tags, offset = _entries(file, order, big)
        first = first or tags
    if not first:
        raise ValueError
    return first, len(seen)


def _entries(file: BinaryIO, order: str, big: bool) -> tuple[dict[int, tuple[int, ...]], int]:
    """Return the tags of the directory that ``file`` stands at, and where the next one is (0: nowhere)."""
    count, size, place = ("Q", 20, "Q") if big else ("H", 12, "I")
    (number,) = struct.unpack(f"{order}{count}", file.read(struct.calcsize(count)))
    if not 0 < number <= ENTRIES:
        raise ValueError
    content = file.read(number * size)
    (following,) = struct.unpack(f"{order}{place}", file.read(struct.calcsize(place)))
    tags = {}
    for at in range(0, number * size, size):
        tag, kind = struct.unpack_from(f"{order}2H", content, at)
        (length,) = struct.unpack_from(f"{order}{place}", content, at + 4)
        if kind not in KINDS or tag not in USED:
            continue
        if not 0 < length <= 16:
            raise ValueError
        form = f"{order}{length}{KINDS[kind]}"
        value, room = at + 4 + struct.calcsize(place), struct.calcsize(place)
        if struct.calcsize(form) <= room:
            tags[tag] = struct.unpack_from(form, content, value)
        else:
            file.seek(struct.unpack_from(f"{order}{place}", content, value)[0])
            tags[tag] = struct.unpack(form, file.read(struct.calcsize(form)))
    return tags, following
