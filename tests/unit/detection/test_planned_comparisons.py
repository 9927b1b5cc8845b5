"""Each arm is compared with the real slices, each with synthetic ones also with what costs nothing."""

from synthaug.detection.planned_comparisons import planned


def test_comparisons_of_all_arms():
    points = [("real", "0"), ("fresh", "0"), ("paste", "0"), ("cpggan", "100"), ("cpggan", "200"),
              ("cpggan-filtered", "100"), ("cpggan-kept", "100"), ("retinanet", "0")]  # fmt: skip
    assert planned(points) == [
        ("over real", ("fresh", "0"), ("real", "0")),
        ("over real", ("paste", "0"), ("real", "0")),
        ("over real", ("cpggan", "100"), ("real", "0")),
        ("over fresh", ("cpggan", "100"), ("fresh", "0")),
        ("over paste", ("cpggan", "100"), ("paste", "0")),
        ("over real", ("cpggan", "200"), ("real", "0")),
        ("over fresh", ("cpggan", "200"), ("fresh", "0")),
        ("over paste", ("cpggan", "200"), ("paste", "0")),
        ("over real", ("cpggan-filtered", "100"), ("real", "0")),
        ("over fresh", ("cpggan-filtered", "100"), ("fresh", "0")),
        ("over paste", ("cpggan-filtered", "100"), ("paste", "0")),
        ("over cpggan", ("cpggan-filtered", "100"), ("cpggan", "100")),
        ("over real", ("cpggan-kept", "100"), ("real", "0")),
        ("over fresh", ("cpggan-kept", "100"), ("fresh", "0")),
        ("over paste", ("cpggan-kept", "100"), ("paste", "0")),
        ("over cpggan", ("cpggan-kept", "100"), ("cpggan", "100")),
        ("over real", ("retinanet", "0"), ("real", "0")),
    ]


def test_what_was_not_run_is_not_compared():
    points = [("real", "0"), ("cpggan", "200"), ("cpggan-filtered", "100")]
    assert planned(points) == [
        ("over real", ("cpggan", "200"), ("real", "0")),
        ("over real", ("cpggan-filtered", "100"), ("real", "0")),
    ]
