"""The curves of a training are those of its history, whatever its networks are."""

import pandas as pd

from synthaug.report import training_curves

MODELS = [(folds, cls) for folds in ("12", "02") for cls in ("cyst", "met")]


def labels(axes) -> list[str]:
    return [line.get_label() for line in axes.get_lines() if not line.get_label().startswith("_")]


def test_a_game_of_two_has_losses_and_scores():
    history = pd.DataFrame({"epoch": [1, 2], "loss_d": 1.0, "loss_g": [2.0, 3.0], "score_real": 0.6, "score_fake": 0.4})
    figure = training_curves.losses(dict.fromkeys(MODELS, history))
    assert len(figure.axes) == 8
    loss, score = figure.axes[0], figure.axes[2]
    assert labels(loss) == ["discriminator", "generator"]
    assert labels(score) == ["real: D(x)", "fake: D(G(z))"]
    assert loss.get_lines()[1].get_ydata().tolist() == [2, 3]
    assert (loss.get_ylim()[0], score.get_ylim()) == (0, (0, 1))
    assert loss.get_title() == "cyst"


def test_a_network_without_a_rival_has_losses_alone():
    history = pd.DataFrame({"epoch": [1, 2], "loss_painter": [0.5, 0.25], "loss_of_boxes": 0.1})
    figure = training_curves.losses(dict.fromkeys(MODELS, history))
    assert len(figure.axes) == 4
    assert labels(figure.axes[0]) == ["painter", "of boxes"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", "Epoch", "Epoch"]
    assert all(axes.get_ylim()[0] == 0 for axes in figure.axes)
