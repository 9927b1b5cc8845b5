"""Which arms of segmentation are compared with which."""

from synthaug.segmentation import planned_comparisons


def test_every_arm_is_compared_as_the_paper_does_and_as_it_lacked():
    run = ["original", "lcgan", "traditional", "both", "fresh"]
    points = [(arm, "25") for arm in [*run, "original-epochs", "lcgan-epochs", "traditional-epochs"]]
    points += [("original", "1000")]
    assert planned_comparisons.planned(points) == [
        ("equal steps", ("lcgan", "25"), ("original", "25")),
        ("over traditional", ("lcgan", "25"), ("traditional", "25")),
        ("over fresh", ("lcgan", "25"), ("fresh", "25")),
        ("equal steps", ("traditional", "25"), ("original", "25")),
        ("equal steps", ("both", "25"), ("original", "25")),
        ("equal epochs", ("both", "25"), ("original-epochs", "25")),
        ("over traditional", ("both", "25"), ("traditional", "25")),
        ("over fresh", ("both", "25"), ("fresh", "25")),
        ("equal steps", ("fresh", "25"), ("original", "25")),
        ("equal epochs", ("lcgan-epochs", "25"), ("original-epochs", "25")),
        ("equal epochs", ("traditional-epochs", "25"), ("original-epochs", "25")),
    ]
