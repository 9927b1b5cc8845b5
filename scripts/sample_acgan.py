"""Draw synthetic images of each class from the ACGAN of one preset, classic group, seed and choice of training folds.

Reads the generator's weights and model.json. Writes what sample_dcgan writes: a folder a class.
"""

import numpy as np

from steps import command, synthetic_pools
from synthaug import seeding
from synthaug.classification import training_sets
from synthaug.files import artifacts
from synthaug.generators import acgan, dcgan
from synthaug.training import device, weights


def main() -> None:
    arguments = synthetic_pools.parser(__doc__).parse_args()
    with command.logged("sample_acgan", arguments) as log:
        params = command.params(dcgan.SamplingParams, arguments.params)
        where = device.pick(params)
        command.note(device=device.name(where))
        folder = arguments.generators / training_sets.ALL_CLASSES
        trained = acgan.Params(**artifacts.read_json(folder / "model.json")["params"])
        command.note(precision=trained.precision)
        generator = acgan.build_generator(trained)
        weights.load(generator, folder / "generator.safetensors")
        generator = device.place(generator, where)
        for label, cls in enumerate(trained.classes):
            names = ("generator", arguments.seed, arguments.train_folds, cls, "samples")
            draws = seeding.stream(params.master_seed, *names)
            z = dcgan.latents(draws, params.samples, trained.latent, params.sampling_latent)
            z = acgan.conditioned(z, np.full(len(z), label), len(trained.classes))
            images = dcgan.sample(generator, z, where, trained.precision)
            synthetic_pools.write(images, arguments.generator, cls, arguments.out_dir / cls)
            log.info("%d images of class %s", len(images), cls)


if __name__ == "__main__":
    main()
