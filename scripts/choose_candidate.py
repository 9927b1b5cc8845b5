"""Choose which candidate of a generator makes the synthetic slices of a share, by training slices of the share alone.

Reads the candidates' images and their masks, the share's own slices, and the trained segmenter that gives the FCN
score. Writes to --choice-dir the scores of all candidates (choice.csv), how they came about (choice.json), and the
slices that the judging networks learned from (train_set.csv); to --out-dir the images of the chosen candidate, their
label maps and index.csv.
"""

import argparse
import json
import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from steps import command, slice_generators
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.quality import real_or_fake
from synthaug.segmentation import candidate_choice, candidate_scores, segmenter, stored_segmenter
from synthaug.training import device


def main() -> None:
    arguments = slice_generators.parser_of_images(__doc__)
    arguments.add_argument("--candidates", required=True, type=Path, help="folder of their images")
    arguments.add_argument("--segmenter", required=True, type=Path, help="folder of the segmenter of the FCN score")
    arguments.add_argument("--generator", required=True, help="name of the preset")
    arguments.add_argument("--choice-dir", required=True, type=Path, help="gets the scores")
    arguments = arguments.parse_args()
    with command.logged("choose_candidate", arguments) as log:
        choose(arguments, log)


def choose(arguments: argparse.Namespace, log: logging.Logger) -> None:
    """Score the candidates, choose one and write its images.

    Raises
    ------
    InputError
        If a parameter is missing or unknown, no image passes the filter, or the segmenter's files are damaged.
    """
    params = command.params(candidate_choice.Params, arguments.params)
    judge = command.params(real_or_fake.Params, json.dumps(params.real_or_fake))
    where = device.pick(params)
    command.note(device=device.name(where), precision="float32")
    rows = slice_generators.slices(arguments, params.classes, params.master_seed)
    images, labels = (slice_generators.pixels(path, rows) for path in (arguments.images, arguments.labels))
    candidates = slice_generators.drawn(arguments.candidates, params.candidates)
    network = stored_segmenter.load(arguments.segmenter, where)

    def predict(pixels: np.ndarray) -> np.ndarray:
        return segmenter.predict(network, pixels, where)

    names = slice_generators.stream_names("real-or-fake", arguments)
    of = slice_generators.kept_apart(rows)
    real = real_or_fake.Images(images, of.to_numpy())
    owners = candidates.index["slice"].map(of).to_numpy()
    made = [real_or_fake.Images(pixels, owners) for pixels in candidates.images.values()]
    taken = real_or_fake.probabilities(real, made, judge, params.master_seed, names, where)
    scores = candidate_scores.table(candidates, taken, judge.threshold, len(params.classes), predict)
    leaking = int(params.fcn_score == candidate_choice.FULL)
    choice = candidate_choice.ranked(scores, params.choose_by).assign(fcn_score_of=params.fcn_score, leaking=leaking)
    log.info("%s", choice.to_string(index=False))

    chosen = int(choice["chosen"].argmax())
    kept = taken[chosen] >= judge.threshold if params.filter_images else np.ones(len(candidates.index), bool)
    write_images(arguments, candidates, params.candidates[chosen], kept)
    reference = candidate_scores.of_images(images, labels, len(params.classes), predict)
    artifacts.write_csv(choice, arguments.choice_dir / "choice.csv")
    artifacts.write_csv(learned_from(rows, arguments.segmenter), arguments.choice_dir / "train_set.csv")
    facts = {
        "params": asdict(params),
        "versions": artifacts.versions("numpy", "pandas", "safetensors", "torch"),
        "device": device.name(where),
        "epochs": params.candidates[chosen],
        "images": {"drawn": len(kept), "kept": int(kept.sum())},
        "leaking": bool(leaking),
        "real": reference,
    }
    artifacts.write_json(facts, arguments.choice_dir / "choice.json")


def learned_from(rows: pd.DataFrame, segmenter_folder: Path) -> pd.DataFrame:
    """Return a row for each slice that the networks learned from by which the candidates were judged.

    Returns
    -------
    DataFrame with ``source``, ``slice``, ``rank`` and ``generator`` as in each ``train_set.csv``, and ``network``.
    """
    own = pd.DataFrame({"source": "slice", "slice": rows["slice"], "rank": -1, "generator": ""})
    asked = artifacts.read_csv(segmenter_folder / "train_set.csv", numbers=("rank",))
    return pd.concat([own.assign(network="real-or-fake"), asked.assign(network="segmenter")], ignore_index=True)


def write_images(
    arguments: argparse.Namespace, candidates: candidate_scores.Candidates, epochs: int, kept: np.ndarray
) -> None:
    """Write the images of the chosen candidate that are ``kept``, bool (n,), their label maps and index."""
    if not kept.any():
        raise InputError(
            f"generators: {arguments.generator}: filter_images: expected images that are taken for real, found none "
            f"among the {len(kept)} of generator-{epochs}; lower real_or_fake: threshold, or set filter_images: false"
        )
    index = candidates.index[kept].drop(columns="sample").reset_index(drop=True)
    index.insert(0, "sample", range(len(index)))
    index = index.assign(generator=arguments.generator, epochs=epochs)
    artifacts.write_array(candidates.images[epochs][kept], arguments.out_dir / "images.npy")
    artifacts.write_array(candidates.labels[kept], arguments.out_dir / "labels.npy")
    artifacts.write_csv(index[["sample", "slice", "generator", "epochs", "copy"]], arguments.out_dir / "index.csv")


if __name__ == "__main__":
    main()
