"""Outlines of known area and holes: listed twice, within each other, touching, crossing, without an area."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path

from synthaug.cohort import annotations, outlines
from synthaug.errors import InputError

SHAPE = (60, 70)
PROPERTY = settings(deadline=None, max_examples=60, derandomize=True)
ROW = {"mask": "", "label": "", "slice": "", "polygon": "", "box": ""}


def circle(x, y, radius, count=48, start=0.0):
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False) + start
    return np.column_stack([x + radius * np.cos(angles), y + radius * np.sin(angles)])


def disc(x, y, radius):
    rows, columns = np.indices(SHAPE)
    return np.hypot(rows - y, columns - x) <= radius


def fill(*contours):
    return outlines.fill("rs.dcm, ROI 1", contours, SHAPE)


@PROPERTY
@given(
    times=st.integers(2, 4),
    start=st.floats(0, 6),
    backwards=st.booleans(),
    count=st.integers(24, 90),
    shift=st.floats(-0.25, 0.25),
    radius=st.floats(3, 20),
)
def test_a_contour_that_is_listed_again_counts_once(times, start, backwards, count, shift, radius):
    first = circle(33, 30, radius)
    again = circle(33 + shift, 30, radius, count, start)[:: -1 if backwards else 1]
    np.testing.assert_array_equal(fill(first, *[again] * times), fill(first))


@PROPERTY
@given(
    radius=st.floats(8, 20),
    share=st.floats(0.2, 0.7),
    off=st.floats(0, 1),
    repeated=st.sampled_from([(0, 1), (0, 1, 1), (0, 0, 1), (1, 0, 0, 1)]),
)
def test_a_contour_within_another_is_a_hole(radius, share, off, repeated):
    inner = share * radius
    contours = [circle(33, 30, radius), circle(33 + off * (radius - inner - 2), 30, inner)]
    found = fill(*[contours[number] for number in repeated])
    area = np.pi * (radius**2 - inner**2)
    assert found.sum() == pytest.approx(area, abs=0.2 * area + 12)
    assert not found[30, round(33 + off * (radius - inner - 2))]


def test_an_island_in_a_hole():
    found = fill(circle(33, 30, 6), circle(33, 30, 25), circle(33, 30, 15))
    assert found[30, 33]
    assert not found[30, 33 + 10]
    assert found[30, 33 + 20]


@PROPERTY
@given(gap=st.floats(0, 5), radius=st.floats(4, 12))
def test_contours_apart_or_touching_are_joined(gap, radius):
    found = fill(circle(18, 30, radius), circle(18 + 2 * radius + gap, 30, radius))
    both = fill(circle(18, 30, radius)) | fill(circle(18 + 2 * radius + gap, 30, radius))
    np.testing.assert_array_equal(found, both)


@PROPERTY
@given(radius=st.floats(6, 12), share=st.floats(0.3, 1.4))
def test_contours_that_cross_are_refused(radius, share):
    with pytest.raises(InputError, match="found two that cross"):
        fill(circle(20, 30, radius), circle(20 + share * radius, 30, radius))


@PROPERTY
@given(
    count=st.integers(1, 6), angle=st.floats(0, 3.2), length=st.floats(0, 30), x=st.floats(20, 40), y=st.floats(20, 40)
)
def test_an_outline_without_area_is_refused(count, angle, length, x, y):
    along = np.linspace(0, length, count)[:, None] if count > 1 else np.zeros((1, 1))
    points = np.array([x, y]) + along * [np.cos(angle), np.sin(angle)] * 0.5
    with pytest.raises(InputError, match="points on a line; delete it"):
        fill(points)
    if count >= 3:
        cell = " ".join(f"{a:.6f},{b:.6f}" for a, b in points)
        with pytest.raises(InputError, match="polygon: expected an outline with an area, found a line"):
            annotations.outline_parts({**ROW, "polygon": cell})


@PROPERTY
@given(points=st.lists(st.tuples(st.floats(2, 58), st.floats(2, 58)), min_size=3, max_size=9))
def test_a_convex_outline_is_never_taken_for_a_zigzag(points):
    angles = sorted({round(float(np.arctan2(y - 30, x - 30)), 2) for x, y in points})
    polygon = np.array([(30 + 20 * np.cos(angle), 30 + 14 * np.sin(angle)) for angle in angles])
    if len(polygon) < 3 or outlines.is_line(polygon):
        return
    filled = fill(polygon)
    assert not outlines.crosses_itself(polygon)
    rows, columns = np.indices(SHAPE)
    inside = Path(polygon).contains_points(np.column_stack([columns.ravel(), rows.ravel()])).reshape(SHAPE)
    assert not (inside & ~filled).any()


def test_a_small_loop_of_the_hand_passes():
    points = np.vstack([circle(33, 30, 15), [[48, 30], [49, 27], [47, 27]]])
    assert not outlines.crosses_itself(points)


@pytest.mark.parametrize(
    "cell",
    [
        "35,14 35,26 23,26 23,14; 40,40 41,41",  # the second is a line
        "10,2,20,7 40,1,20,4 40,8,45,3",  # decimal commas in x,y
        "10,2;20,7 40,1;20,4",
        "10,2 20,7 40,1 20,4 40,8 45,3",  # decimal commas in x y
        "30,10 30,50 50,10 10,50",  # the corners of a square in the wrong order
        "10,10 20,10",
        "1,2,3,4,5,6",
        "10 10 20",
    ],
)
def test_cells_that_are_no_outline(cell):
    with pytest.raises(InputError, match="polygon: expected"):
        annotations.drawn({**ROW, "polygon": cell}, annotations.volumes.Geometry((1, *SHAPE)))


@pytest.mark.parametrize(
    "cell",
    [
        "35,14 35,26 23,26 23,14",
        "35, 14 35, 26 23 ,26 23 , 14",
        "35 14 35 26 23 26 23 14",
        "35,14,35,26,23,26,23,14",  # as COCO has it
        "35,14 35,26 29,26 29,14; 29,14 29,26 23,26 23,14;",  # of two parts
        "35,14,35,26,29,26,29,14;28,14,28,26,23,26,23,14",
    ],
)
def test_cells_that_are_one_outline(cell):
    found = annotations.drawn({**ROW, "polygon": cell}, annotations.volumes.Geometry((1, *SHAPE)))
    assert found.sum() == 13 * 13
    assert found[14:27, 23:36].all()
