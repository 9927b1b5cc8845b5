"""What train_dcgan and train_acgan share: from the training set to the folder of a trained generator."""

import argparse
import logging
from dataclasses import asdict
from types import ModuleType

import numpy as np
import pandas as pd
from torch import nn

from steps import command, resumable
from synthaug import seeding
from synthaug.classification import training_images, training_sets
from synthaug.files import artifacts
from synthaug.generators import adversarial, dcgan
from synthaug.training import checkpoints, device, weights

SNAPSHOTS, SNAPSHOT_IMAGES = 8, 16


def parser(doc: str) -> argparse.ArgumentParser:
    arguments = command.training_parser(doc)
    arguments.add_argument("--train-folds", required=True, help="the folds trained on, a digit each")
    arguments.add_argument("--group", required=True, type=int, help="classic augmentations per fold")
    arguments.add_argument("--cls", required=True, help="the class, or all")
    arguments.add_argument("--params", required=True, help="JSON object of the generator's preset")
    return arguments


def run(family: ModuleType, params: dcgan.Params, arguments: argparse.Namespace, log: logging.Logger) -> None:
    """Train a generator of ``family`` (`dcgan` or `acgan`) and write its folder."""
    where = device.pick(params)
    params = device.settle(params, where, params.batch, min(params.generator_maps, params.discriminator_maps))
    command.note(device=device.name(where), precision=params.precision)
    train_set = training_sets.generator_set(
        artifacts.read_csv(arguments.rois),
        artifacts.read_csv(arguments.pool_index),
        artifacts.read_csv(arguments.folds),
        train_folds=arguments.train_folds,
        group=arguments.group,
        cls=arguments.cls,
        seed=arguments.seed,
        master_seed=params.master_seed,
    )
    real = training_images.gather(
        train_set,
        artifacts.read_array(arguments.roi_images),
        artifacts.read_array(arguments.pool_images, memory_map=True),
        synthetic={},
    )
    classes = params.classes if arguments.cls == training_sets.ALL_CLASSES else [arguments.cls]
    labels = train_set["class"].map(classes.index).to_numpy(np.int64)
    log.info("%d images: %s", len(real), train_set["class"].value_counts(sort=False).to_dict())

    names = ("generator", arguments.seed, arguments.train_folds, arguments.cls)
    generator, discriminator = (device.place(network, where) for network in family.build(params, names))

    def latents(draws: np.random.Generator, count: int) -> np.ndarray:
        return family.training_latents(draws, count, params)

    # The first epochs change most.
    snapshot_epochs = np.unique(np.geomspace(1, params.epochs, SNAPSHOTS).round().astype(int)).tolist()
    snapshot_z = latents(seeding.stream(params.master_seed, *names, "snapshots"), SNAPSHOT_IMAGES)

    def sample(network: nn.Module) -> np.ndarray:
        return dcgan.sample(network, snapshot_z, where, params.precision)

    out = arguments.out_dir
    identity = {"params": asdict(params), "names": names, "device": device.name(where)}
    with resumable.trainings() as checkpoint:
        history, samples = adversarial.train(
            generator, discriminator, real, labels, latents, family.LOSSES, params, names, where,
            sample=sample, sample_epochs=snapshot_epochs,
            checkpoint=checkpoint(out, {**identity, "images": checkpoints.images_digest(real, labels)}),
        )  # fmt: skip
        weights.save(generator, out / "generator.safetensors")
        weights.save(discriminator, out / "discriminator.safetensors")
        artifacts.write_csv(train_set.drop(columns="row"), out / "train_set.csv")
        artifacts.write_csv(pd.DataFrame(history), out / "history.csv")
        artifacts.write_array(np.stack(samples), out / "samples.npy")
        model = {
            "params": asdict(params),
            "versions": artifacts.versions("numpy", "pandas", "safetensors", "torch"),
            "device": device.name(where),
            "parameters": weights.count(generator),
            "discriminator_parameters": weights.count(discriminator),
            "images": len(real),
            "snapshot_epochs": snapshot_epochs,
        }
        artifacts.write_json(model, out / "model.json")
