"""Polygons and boxes that programs write as lists, in brackets, as the plain text that the case table has.

What can mean one thing is read: points, the numbers of a polygon in a row, several of these as in COCO, one ring of
GeoJSON. Several rings are not, for the later ones are holes in one program and further parts in another.
"""

import json
import re

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
OPENING = ("[", "(")
DEEPEST = 3  # brackets within each other: rings, points, numbers
LEAST = 6  # numbers of a polygon

Nested = float | list["Nested"]


def plain(kind: str, cell: str) -> str:
    """Return a cell as ``x,y x,y ...; x,y ...`` or, of a box, ``x0,y0,x1,y1``; as it is if it cannot be read.

    Parameters
    ----------
    kind
        ``polygon`` or ``box``.
    """
    if not cell.startswith(OPENING):
        return cell
    read = _polygons if kind == "polygon" else _boxes
    parts = [read(_parsed(part)) for part in cell.strip("; ").split(";")]
    if not all(parts):
        return cell
    found = [each for part in parts for each in part]
    if kind == "box":
        return ",".join(map(repr, found[0])) if len(found) == 1 else cell
    return "; ".join(" ".join(f"{x!r},{y!r}" for x, y in zip(each[::2], each[1::2], strict=True)) for each in found)


def _parsed(text: str) -> list[Nested] | None:
    """Return the lists in a text, None if it holds anything but numbers and brackets or these are not in order."""
    text = text.strip().replace("(", "[").replace(")", "]")
    depth = 0
    for sign in text:
        depth += (sign == "[") - (sign == "]")
        if depth > DEEPEST:
            return None
    try:
        found = json.loads(NUMBER.sub(lambda number: repr(float(number[0])), text))
    except (ValueError, OverflowError):
        return None
    return found if isinstance(found, list) else None


def _polygons(found: list[Nested] | None) -> list[list[float]]:
    """Return the numbers of each polygon; none if the lists are not those of polygons."""
    if not found:
        return []
    if _are_numbers(found):
        return [found] if _is_polygon(found) else []
    if _are_points(found):
        return [_joined(found)] if len(found) * 2 >= LEAST else []
    if len(found) == 1:
        return _polygons(found[0]) if isinstance(found[0], list) else []
    return found if all(_are_numbers(each) and _is_polygon(each) for each in found) else []


def _boxes(found: list[Nested] | None) -> list[list[float]]:
    """Return the four numbers of a box, in a list; none if the lists are not those of one."""
    if found and len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    if found and len(found) == 2 and _are_points(found):
        found = _joined(found)
    return [found] if found and len(found) == 4 and _are_numbers(found) else []


def _joined(points: list[list[float]]) -> list[float]:
    return [number for point in points for number in point]


def _are_numbers(found: Nested) -> bool:
    return isinstance(found, list) and all(isinstance(each, float) for each in found)


def _are_points(found: list[Nested]) -> bool:
    return all(_are_numbers(each) and len(each) == 2 for each in found)


def _is_polygon(numbers: list[float]) -> bool:
    return len(numbers) >= LEAST and len(numbers) % 2 == 0
