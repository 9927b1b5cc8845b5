"""Draw how the generators of one preset, group and seed trained: their losses, and samples over the epochs.

Inputs: for each generator its folder with `history.csv`, `samples.npy` and `model.json`, and what it was trained on.
Outputs: losses and discriminator scores of all of them; samples of the generators of the first training folds.
"""

import json
from pathlib import Path

from steps import command
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.report import figure_style, training_curves


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--models", required=True, help="JSON list of [folds, class], in the order of the folders")
    parser.add_argument("--folders", required=True, nargs="+", help="the generators' folders")
    parser.add_argument("--losses-png", required=True)
    parser.add_argument("--losses-svg", required=True)
    parser.add_argument("--samples-png", required=True)
    parser.add_argument("--samples-svg", required=True)
    arguments = parser.parse_args()
    with command.logged("plot_training", arguments):
        models = [tuple(model) for model in json.loads(arguments.models)]
        if len(models) != len(arguments.folders):
            raise InputError(f"--models names {len(models)} generators, --folders gives {len(arguments.folders)}")
        folders = {model: Path(folder) for model, folder in zip(models, arguments.folders, strict=True)}
        histories = {model: artifacts.read_csv(folder / "history.csv") for model, folder in folders.items()}
        figure_style.save(training_curves.losses(histories), arguments.losses_png, arguments.losses_svg)

        shown = {cls: folder for (folds, cls), folder in folders.items() if folds == models[0][0]}
        figure = training_curves.samples(
            {cls: artifacts.read_array(folder / "samples.npy") for cls, folder in shown.items()},
            {cls: artifacts.read_json(folder / "model.json")["snapshot_epochs"] for cls, folder in shown.items()},
            f"trained on folds {', '.join(models[0][0])}",
        )
        figure_style.save(figure, arguments.samples_png, arguments.samples_svg)


if __name__ == "__main__":
    main()
