"""Draw synthetic images of each class from the DCGANs of one preset, classic group, seed and choice of training folds.

Reads the generators' weights and model.json. Writes, in a folder a class, the images (uint8, n x 64 x 64) and their
index. The first n images are the same however many are drawn.
"""

from steps import command, synthetic_pools
from synthaug import seeding
from synthaug.files import artifacts
from synthaug.generators import dcgan
from synthaug.training import device, weights


def main() -> None:
    arguments = synthetic_pools.parser(__doc__).parse_args()
    with command.logged("sample_dcgan", arguments) as log:
        params = command.params(dcgan.SamplingParams, arguments.params)
        where = device.pick(params)
        command.note(device=device.name(where))
        for cls in params.classes:
            trained = dcgan.Params(**artifacts.read_json(arguments.generators / cls / "model.json")["params"])
            command.note(precision=trained.precision)
            generator = dcgan.build_generator(trained)
            weights.load(generator, arguments.generators / cls / "generator.safetensors")
            names = ("generator", arguments.seed, arguments.train_folds, cls, "samples")
            draws = seeding.stream(params.master_seed, *names)
            z = dcgan.latents(draws, params.samples, trained.latent, params.sampling_latent)
            images = dcgan.sample(device.place(generator, where), z, where, trained.precision)
            synthetic_pools.write(images, arguments.generator, cls, arguments.out_dir / cls)
            log.info("%d images of class %s", len(images), cls)


if __name__ == "__main__":
    main()
