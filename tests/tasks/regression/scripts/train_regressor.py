"""Fit a linear model to the lesions of each choice of training folds, and predict the diameters of the others."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from steps import command
from synthaug import seeding
from synthaug.files import artifacts
from synthaug.terms import sizes


@dataclass(frozen=True)
class Params:
    ridge: float
    master_seed: int


def features(images: np.ndarray) -> np.ndarray:
    """Return the mean brightness at each distance from the middle, which no mirror image changes, (n, side / 2)."""
    side = images.shape[1]
    y, x = np.indices((side, side)) - (side - 1) / 2
    ring = np.minimum(np.hypot(y, x).astype(int), side // 2 - 1).ravel()
    flat = images.reshape(len(images), -1) / 100
    return np.stack([flat[:, ring == k].mean(axis=1) for k in range(side // 2)], axis=1)


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--units", required=True)
    parser.add_argument("--images", required=True)
    parser.add_argument("--folds", required=True)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--size", required=True)
    parser.add_argument("--train-folds", required=True, nargs="+")
    parser.add_argument("--params", required=True)
    parser.add_argument("--out-dir", required=True, type=Path)
    arguments = parser.parse_args()
    with command.logged("train_regressor", arguments):
        params = command.params(Params, arguments.params)
        units, folds = artifacts.read_csv(arguments.units), artifacts.read_csv(arguments.folds)
        described = dict(zip(units["lesion"], features(artifacts.read_array(arguments.images)), strict=True))
        diameter = dict(zip(units["lesion"], units["diameter_px"], strict=True))
        for trained in arguments.train_folds:
            inside = folds["fold"].astype(str).isin(list(trained))
            own, test = folds[inside], folds[~inside].sort_values("lesion", ignore_index=True)
            draws = seeding.stream(params.master_seed, "regressor", arguments.seed, trained, arguments.arm)
            first = draws.permutation(np.resize(np.arange(len(own)), sizes.total(arguments.size) * len(trained)))
            second = draws.permutation(first) if arguments.arm == "mixup" else first
            x, y = (np.stack([of[lesion] for lesion in own["lesion"]]) for of in (described, diameter))
            x, y = (np.concatenate([part, (part[first] + part[second]) / 2]) for part in (x, y))
            flat = np.zeros_like(x) if arguments.arm == "mean" else x
            weights = np.linalg.solve(flat.T @ flat + params.ridge * np.eye(x.shape[1]), flat.T @ (y - y.mean()))
            seen = np.stack([described[lesion] for lesion in test["lesion"]])
            predicted = y.mean() + seen @ weights
            out = arguments.out_dir / f"train-{trained}"
            truth = test["lesion"].map(diameter)
            table = test[["lesion", "patient", "fold"]].assign(truth=truth, predicted=predicted)
            artifacts.write_csv(table, out / "predictions.csv")
            train_set = pd.DataFrame({"source": "roi", "lesion": own["lesion"], "rank": -1})
            artifacts.write_csv(train_set, out / "train_set.csv")
            model = {"params": asdict(params), "versions": artifacts.versions("numpy", "pandas"), "device": "cpu"}
            artifacts.write_json(model, out / "model.json")


if __name__ == "__main__":
    main()
