"""Train one generator on the classic group of the training folds.

Reads the cohort's ROIs and classic pool and the seed's folds, and trains a generator of one class against a
discriminator. Writes to --out-dir: the weights of both networks, the training set (without pixels), the losses of each
epoch, images of the same 16 latent vectors at some epochs (samples.npy), and model.json.
"""

from dataclasses import asdict

import numpy as np

import command
from synthaug import adversarial, artifacts, dcgan, device, groups, images, seeding, weights

SNAPSHOTS, SNAPSHOT_IMAGES = 8, 16


def main() -> None:
    parser = command.training_parser(__doc__)
    parser.add_argument("--group", required=True, type=int, help="classic augmentations per fold")
    parser.add_argument("--cls", required=True, help="the class")
    parser.add_argument("--params", required=True, help="JSON object of the generator's preset")
    arguments = parser.parse_args()
    with command.logged("train_generator", arguments.log) as log:
        params = command.params(dcgan.Params, arguments.params)
        where = device.pick(params)
        train_set = groups.generator_set(
            artifacts.read_csv(arguments.rois),
            artifacts.read_csv(arguments.pool_index),
            artifacts.read_csv(arguments.folds),
            train_folds=arguments.train_folds,
            group=arguments.group,
            cls=arguments.cls,
            seed=arguments.seed,
            master_seed=params.master_seed,
        )
        real = images.gather(
            train_set,
            artifacts.read_array(arguments.roi_images),
            artifacts.read_array(arguments.pool_images, memory_map=True),
            synthetic={},
        )
        log.info("%d images of class %s", len(real), arguments.cls)

        names = ("generator", arguments.seed, arguments.train_folds, arguments.cls)
        generator, discriminator = dcgan.build(params, names)
        generator, discriminator = device.place(generator, where), device.place(discriminator, where)

        def latents(draws: np.random.Generator, count: int) -> np.ndarray:
            return dcgan.latents(draws, count, params.latent, "uniform")

        # The first epochs change most.
        snapshot_epochs = np.unique(np.geomspace(1, params.epochs, SNAPSHOTS).round().astype(int)).tolist()
        snapshot_z = latents(seeding.stream(params.master_seed, *names, "snapshots"), SNAPSHOT_IMAGES)
        snapshots = []

        def keep_snapshot(epoch: int) -> None:
            if epoch in snapshot_epochs:
                snapshots.append(dcgan.sample(generator, snapshot_z, where, params.precision))

        history = adversarial.train(
            generator, discriminator, real, latents, params, names, where=where, on_epoch=keep_snapshot
        )
        out = arguments.out_dir
        weights.save(generator, out / "generator.safetensors")
        weights.save(discriminator, out / "discriminator.safetensors")
        artifacts.write_csv(train_set.drop(columns="row"), out / "train_set.csv")
        artifacts.write_csv(history, out / "history.csv")
        artifacts.write_array(np.stack(snapshots), out / "samples.npy")
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


if __name__ == "__main__":
    main()
