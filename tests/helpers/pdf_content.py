"""What stands in a PDF that fpdf2 has written: its images and its texts."""

import re
import zlib

import numpy as np

OBJECT = re.compile(rb"<<((?:[^<>]|<<[^<>]*>>)*)>>\s*stream\r?\n")
TEXT = re.compile(rb"BT (\S+) (\S+) Td \((.*?)\) Tj ET")
PLACED = re.compile(rb"q (\S+) 0 0 (\S+) (\S+) (\S+) cm /I(\d+) Do")


def streams(pdf: bytes) -> list[tuple[bytes, bytes]]:
    """Return the dictionary and the content of each stream, as it is stored."""
    found = []
    for entry in OBJECT.finditer(pdf):
        length = int(re.search(rb"/Length (\d+)", entry[1])[1])
        found.append((entry[1], pdf[entry.end() : entry.end() + length]))
    return found


def images(pdf: bytes) -> list[np.ndarray]:
    """Return the images that are stored without loss, uint8 (rows, columns)."""
    found = []
    for entry, content in streams(pdf):
        if b"/Subtype /Image" in entry and b"/FlateDecode" in entry:
            height, width = (int(re.search(rb"/%s (\d+)" % name, entry)[1]) for name in (b"Height", b"Width"))
            rows = np.frombuffer(zlib.decompress(content), np.uint8).reshape(height, width + 1)
            assert not rows[:, 0].any()  # no row is predicted from another one
            found.append(rows[:, 1:])
    return found


def pages(pdf: bytes) -> list[bytes]:
    """Return the content of each page."""
    return [zlib.decompress(content) for entry, content in streams(pdf) if b"/Subtype" not in entry]


def texts(page: bytes) -> list[tuple[float, float, str]]:
    """Return the texts of a page with their place in points, from the left and from the bottom."""
    found = [(float(x), float(y), text.decode("latin-1")) for x, y, text in TEXT.findall(page)]
    return [(x, y, text.replace("\\(", "(").replace("\\)", ")")) for x, y, text in found]


def placed(page: bytes) -> list[tuple[float, float, float, float]]:
    """Return where the images of a page lie, in points: left, bottom, width and height."""
    return [(float(x), float(y), float(width), float(height)) for width, height, x, y, _ in PLACED.findall(page)]
