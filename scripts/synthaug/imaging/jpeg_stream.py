"""Whether the compressed data of a JPEG file are whole: its readers fill in what damage leaves out, without a word.

The codes are followed from block to block without computing a pixel (ITU-T T.81, annex F). Lost or foreign bytes make a
code that there is not, or leave bytes over or none at the end; a change that does neither cannot be seen. Progressive
files, and those above `LARGEST`, pass.
"""

import itertools
import math
import re
import struct
from dataclasses import dataclass, field

RESTART = re.compile(rb"\xff[\xd0-\xd7]")
END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
LARGEST = 1 << 21  # bytes of a file that is followed; it takes some seconds
BLOCK = 64  # coefficients
ALL_ZERO, SIXTEEN_ZEROS = 0x00, 0xF0  # symbols of AC coefficients
BASELINE = (0xC0, 0xC1)


@dataclass
class _Frame:
    """What the headers say: size, sampling by component, code tables by class and number, MCUs between restarts."""

    size: tuple[int, int] = (0, 0)
    sampling: dict[int, tuple[int, int]] = field(default_factory=dict)
    tables: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    interval: int = 0


def is_whole(data: bytes) -> bool:
    """Return whether each scan of a JPEG file ends where its blocks do; True for a large or progressive file.

    ``data`` is the file, whose headers and end marker were found.
    """
    frame, at = _Frame(), 2
    if len(data) > LARGEST:
        return True
    try:
        while data[at + 1] != 0xD9:
            marker = data[at + 1]
            if marker == 0xFF:
                at += 1
                continue
            (length,) = struct.unpack_from(">H", data, at + 2)
            content = data[at + 4 : at + 2 + length]
            at += 2 + length
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC, *BASELINE):
                return True
            _take_header(frame, marker, content)
            if marker == 0xDA:
                end = END_OF_SCAN.search(data, at).start()
                if not _scan_is_whole(frame, content, data[at:end]):
                    return False
                at = end
    except (IndexError, KeyError, struct.error, AttributeError):
        return False
    return True


def without_padding(data: bytes) -> bytes:
    """Return a JPEG file without the zeros that some writers leave before its end marker."""
    end = data.rfind(b"\xff\xd9")
    kept = data[:end].rstrip(b"\0")
    return kept + b"\0" * kept.endswith(b"\xff") + data[end:]  # a 0 that belongs to a 255 stays


def _take_header(frame: _Frame, marker: int, content: bytes) -> None:
    """Add what one segment says to ``frame``."""
    if marker in BASELINE:
        frame.size = struct.unpack_from(">HH", content, 1)
        frame.sampling = {content[at]: (content[at + 1] >> 4, content[at + 1] & 15) for at in range(6, len(content), 3)}
    elif marker == 0xDD:
        (frame.interval,) = struct.unpack(">H", content)
    elif marker == 0xC4:
        at = 0
        while at < len(content):
            counts = content[at + 1 : at + 17]
            symbols = content[at + 17 : at + 17 + sum(counts)]
            kind, number = content[at] >> 4, content[at] & 15
            frame.tables[kind, number] = _steps(counts, symbols, is_dc=kind == 0)
            at += 17 + sum(counts)


def _steps(counts: bytes, symbols: bytes, *, is_dc: bool) -> list[int]:
    """Return what each 16 bits do that may follow: bits taken + 256 x coefficients passed; -1 for no code."""
    steps, code, place = [-1] * (1 << 16), 0, 0
    for length, count in enumerate(counts, 1):
        for symbol in symbols[place : place + count]:
            zeros, bits = symbol >> 4, symbol & 15
            if is_dc:
                zeros, bits = 0, symbol
            passed = BLOCK if symbol == ALL_ZERO and not is_dc else zeros + 1
            if bits == 0 and symbol not in (ALL_ZERO, SIXTEEN_ZEROS) and not is_dc:
                passed = BLOCK  # the end of a run of blocks, which baseline does not have
            first = code << (16 - length)
            steps[first : first + (1 << (16 - length))] = [length + bits + 256 * passed] * (1 << (16 - length))
            code += 1
        code <<= 1
        place += count
    return steps[: 1 << 16]


def _scan_is_whole(frame: _Frame, header: bytes, data: bytes) -> bool:
    """Return whether the parts of a scan between restarts hold as many blocks as they should, and nothing else."""
    named = [(header[at], header[at + 1]) for at in range(1, 1 + 2 * header[0], 2)]
    units, blocks = _blocks(frame, [name for name, _ in named])
    tables = [
        (frame.tables[0, used >> 4], frame.tables[1, used & 15])
        for (_, used), count in zip(named, blocks, strict=True)
        for _ in range(count)
    ]
    restarts = [match.start() for match in RESTART.finditer(data)]
    if [data[at + 1] & 7 for at in restarts] != [number % 8 for number in range(len(restarts))]:
        return False
    interval = frame.interval or units
    if len(restarts) != math.ceil(units / interval) - 1:
        return False
    ends = [*restarts, len(data)]
    for number, (start, end) in enumerate(zip([0, *(at + 2 for at in restarts)], ends, strict=True)):
        part = data[start:end].rstrip(b"\xff").replace(b"\xff\x00", b"\xff")
        if not _part_is_whole(part, min(interval, units - number * interval), tables):
            return False
    return True


def _blocks(frame: _Frame, names: list[int]) -> tuple[int, list[int]]:
    """Return how many units a scan of these components has, and the blocks of each component in a unit."""
    rows, columns = frame.size
    across, down = (max(values) for values in zip(*frame.sampling.values(), strict=True))
    if len(names) > 1:
        units = math.ceil(columns / (8 * across)) * math.ceil(rows / (8 * down))
        return units, [math.prod(frame.sampling[name]) for name in names]
    own_across, own_down = frame.sampling[names[0]]
    width, height = math.ceil(columns * own_across / across), math.ceil(rows * own_down / down)
    return math.ceil(width / 8) * math.ceil(height / 8), [1]


def _part_is_whole(part: bytes, units: int, tables: list[tuple[list[int], list[int]]]) -> bool:
    """Return whether ``units`` units of blocks, of these code tables, end in the last byte of ``part``."""
    data, at, end = part + b"\xff\xff\xff", 0, 8 * len(part)
    for dc, ac in itertools.chain.from_iterable(itertools.repeat(tables, units)):
        if at >= end:
            return False
        step, passed = dc, 0
        while passed < BLOCK:
            place = at >> 3
            bits = (data[place] << 16 | data[place + 1] << 8 | data[place + 2]) >> (8 - (at & 7)) & 0xFFFF
            found = step[bits]
            at += found & 255
            if found < 0 or at > end:
                return False
            passed += found >> 8
            step = ac
        if passed > BLOCK and found >> 8 != BLOCK:
            return False
    return end - at < 8
