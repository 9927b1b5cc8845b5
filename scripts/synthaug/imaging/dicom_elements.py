"""The elements of a DICOM file, read without any library, so that no library meets a length beyond the file's end.

Libraries allocate what a length says before they look for it: a file of 270 bytes takes GDCM 4 GB. Here every length,
also of the items of sequences, is compared with the file's size, in time linear in that size (DICOM PS3.5, section 7).
A deflated data set is inflated first, up to a limit, and its lengths are compared with the size that it then has.
"""

import mmap
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from synthaug.errors import InputError
from synthaug.imaging import contents

LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")  # 4 bytes of length
ITEM, END_OF_ITEM, END_OF_SEQUENCE = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA, TRANSFER_SYNTAX = 0x7FE00010, 0x00020010
UNDEFINED = 0xFFFFFFFF
IMPLICIT, BIG_ENDIAN, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
DEEPEST = 32  # sequences within each other
INFLATED = 1 << 27  # bytes of a deflated data set at most; of one file of 1 MB deflate can make 1 GB


class _DamageError(Exception):
    """What is wrong with a file, as "expected ..., found ..."."""


class _SizeError(Exception):
    """A deflated data set is larger than `INFLATED`."""


@dataclass(frozen=True)
class Elements:
    """Elements of a file's data set and meta header, outside of sequences.

    Attributes
    ----------
    values
        The bytes of each that was asked for, by tag. Sequences, and pixels, have none but are there.
    order
        ``<`` or ``>``: the order of bytes of the data set's numbers.
    pixel_bytes
        Length of the pixel data; None if they are compressed or missing.
    """

    values: dict[int, bytes]
    order: str
    pixel_bytes: int | None

    def text(self, tag: int) -> str:
        """Return a value as text, "" if it is missing."""
        return self.values.get(tag, b"").decode("latin-1").strip(" \0")

    def number(self, tag: int) -> int | None:
        """Return a value of 16 bits; None if it is missing or of another length."""
        value = self.values.get(tag, b"")
        return struct.unpack(self.order + "H", value)[0] if len(value) == 2 else None


def read(path: Path, wanted: frozenset[int]) -> Elements:
    """Look at every element of a DICOM file, with a preamble or without, and return those ``wanted``.

    Raises
    ------
    InputError
        If the file is truncated, a length in it is false, or it is deflated and larger than `INFLATED`.
    """
    contents.check_regular(path)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(data, wanted)
    except ValueError as error:  # an empty file cannot be mapped
        raise InputError(f"{path}: expected a DICOM file, found an empty one; copy it again") from error
    except _SizeError as error:
        raise InputError(
            f"{path}: expected a deflated data set of at most {INFLATED >> 20} MiB, found a larger one; export it "
            "uncompressed"
        ) from error
    except _DamageError as error:
        raise InputError(f"{path}: {error}: truncated or damaged; copy or export it again") from error


def _read(data: mmap.mmap | bytes, wanted: frozenset[int]) -> Elements:
    """Read the meta header, then the data set in the transfer syntax that it names."""
    start = 132 if data[128:132] == b"DICM" else 0
    values: dict[int, bytes] = {}
    reader = _Reader(data, "<", explicit=True)
    at = start
    while data[at : at + 2] == b"\2\0":
        tag, _, begin, length = reader.head(at, len(data))
        if length == UNDEFINED:
            raise _DamageError(f"expected a length of element {_name(tag)}, found none")
        at = reader.end_of(tag, begin, length, len(data))
        values[tag] = data[begin:at]
    syntax = values.get(TRANSFER_SYNTAX, b"").decode("latin-1").strip(" \0")
    if syntax == DEFLATED:
        data, at = _inflated(data[at:]), 0
    if syntax:
        reader = _Reader(data, ">" if syntax == BIG_ENDIAN else "<", explicit=syntax != IMPLICIT)
    else:  # without a meta header
        reader = _Reader(data, "<", explicit=data[at + 4 : at + 6].isalpha() and data[at + 4 : at + 6].isupper())
    values = {tag: value for tag, value in values.items() if tag in wanted}
    pixel_bytes = None
    for tag, begin, length in reader.elements(at, len(data), 0):
        if tag == PIXEL_DATA and length != UNDEFINED:
            pixel_bytes = length
        if tag in wanted and tag in values:
            raise _DamageError(f"expected element {_name(tag)} once, found it again")
        if tag in wanted:
            values[tag] = b"" if tag == PIXEL_DATA or length == UNDEFINED else data[begin : begin + length]
    return Elements(values, reader.order, pixel_bytes)


def _inflated(packed: bytes) -> bytes:
    """Return a data set that is deflated as a whole (DICOM PS3.5, section A.5: RFC 1951, without a header of zlib)."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = unpacker.decompress(packed, INFLATED + 1)
    except zlib.error as error:
        raise _DamageError(f"expected a deflated data set, found {error}") from error
    if len(data) > INFLATED:
        raise _SizeError
    if not unpacker.eof:
        raise _DamageError(f"expected a whole deflated data set, found the first {len(data)} bytes of one")
    if any(unpacker.unused_data):
        raise _DamageError(f"expected nothing behind the deflated data set, found {len(unpacker.unused_data)} bytes")
    return data


def _name(tag: int) -> str:
    return f"({tag >> 16:04x},{tag & 0xFFFF:04x})"


class _Reader:
    """Walks through elements of one transfer syntax."""

    def __init__(self, data: mmap.mmap | bytes, order: str, *, explicit: bool):
        self.order = order
        self._data, self._explicit = data, explicit
        self._tag = struct.Struct(f"{order}2H")
        self._short, self._long = struct.Struct(f"{order}H"), struct.Struct(f"{order}I")

    def head(self, at: int, end: int) -> tuple[int, bytes, int, int]:
        """Return tag, value representation (empty if it is implicit), begin and length of the element's value."""
        if end - at < 8:
            raise _DamageError(f"expected whole elements, found {end - at} bytes at the end")
        group, element = self._tag.unpack_from(self._data, at)
        tag = group << 16 | element
        if not self._explicit or group == 0xFFFE:
            return tag, b"", at + 8, self._long.unpack_from(self._data, at + 4)[0]
        kind = self._data[at + 4 : at + 6]
        if kind not in LONG:
            if not (kind.isalpha() and kind.isupper()):
                raise _DamageError(f"expected a value representation of element {_name(tag)}, found {kind!r}")
            return tag, kind, at + 8, self._short.unpack_from(self._data, at + 6)[0]
        if end - at < 12:
            raise _DamageError(f"expected whole elements, found {end - at} bytes at the end")
        return tag, kind, at + 12, self._long.unpack_from(self._data, at + 8)[0]

    def end_of(self, tag: int, begin: int, length: int, end: int) -> int:
        """Return where a value of known length ends."""
        if length > end - begin:
            raise _DamageError(f"expected {length} bytes of element {_name(tag)}, found {end - begin}")
        return begin + length

    def elements(self, at: int, end: int, depth: int) -> Iterator[tuple[int, int, int]]:
        """Yield tag, begin and length of each element up to ``end``, and check those within it."""
        while at < end:
            if end - at < 8 and not any(self._data[at:end]):
                return  # padding
            tag, kind, begin, length = self.head(at, end)
            yield tag, begin, length
            if length == UNDEFINED:
                at = self._end_of_items(tag, kind, begin, end, depth)
                continue
            at = self.end_of(tag, begin, length, end)
            if self._is_sequence(tag, kind, begin, length):
                self._items(begin, at, depth)

    def _is_sequence(self, tag: int, kind: bytes, begin: int, length: int) -> bool:
        """Return whether an element of known length holds items; without a representation, its content says so."""
        if kind or not length:
            return kind == b"SQ" and length > 0
        public = (tag >> 16) % 2 == 0
        return public and self._data[begin : begin + 4] == self._tag.pack(0xFFFE, 0xE000)

    def _items(self, at: int, end: int, depth: int) -> None:
        """Check the items of a sequence whose length is known."""
        while at < end:
            at = self._end_of_item(at, end, depth)

    def _end_of_items(self, tag: int, kind: bytes, at: int, end: int, depth: int) -> int:
        """Return where a sequence, or compressed pixel data, of unknown length ends."""
        inner = _Reader(self._data, "<", explicit=False) if kind == b"UN" else self
        while True:
            found, _, begin, length = self.head(at, end)
            if found == END_OF_SEQUENCE:
                return begin
            if tag == PIXEL_DATA:
                if found != ITEM or length == UNDEFINED:
                    raise _DamageError(f"expected fragments of the pixel data, found element {_name(found)}")
                at = self.end_of(found, begin, length, end)
            else:
                at = inner._end_of_item(at, end, depth)

    def _end_of_item(self, at: int, end: int, depth: int) -> int:
        """Return where an item ends, and check its elements."""
        found, _, begin, length = self.head(at, end)
        if found != ITEM:
            raise _DamageError(f"expected an item of a sequence, found element {_name(found)}")
        if depth == DEEPEST:
            raise _DamageError(f"expected at most {DEEPEST} sequences within each other, found more")
        if length != UNDEFINED:
            at = self.end_of(found, begin, length, end)
            for _ in self.elements(begin, at, depth + 1):
                pass
            return at
        at = begin
        while True:
            tag, kind, begin, length = self.head(at, end)
            if tag == END_OF_ITEM:
                return begin
            if length == UNDEFINED:
                at = self._end_of_items(tag, kind, begin, end, depth + 1)
                continue
            at = self.end_of(tag, begin, length, end)
            if self._is_sequence(tag, kind, begin, length):
                self._items(begin, at, depth + 1)
