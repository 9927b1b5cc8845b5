"""Draw synthetic images of one class from a trained generator.

Reads the generator's weights and its model.json. Writes the images (uint8, n x 64 x 64) and their index. The first n
images are the same however many are drawn.
"""

import pandas as pd

import command
from synthaug import artifacts, dcgan, device, seeding, weights


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--generator", required=True, help="weights, .safetensors")
    parser.add_argument("--model", required=True, help="model.json of the generator")
    parser.add_argument("--cls", required=True, help="the class")
    parser.add_argument("--generator-name", required=True, help="name of the preset, for the index")
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--train-folds", required=True, help="the folds the generator was trained on")
    parser.add_argument("--params", required=True, help="JSON object")
    parser.add_argument("--images", required=True, help="output .npy")
    parser.add_argument("--index", required=True, help="output .csv")
    arguments = parser.parse_args()
    with command.logged("sample_generator", arguments.log) as log:
        params = command.params(dcgan.SamplingParams, arguments.params)
        where = device.pick(params)
        trained = dcgan.Params(**artifacts.read_json(arguments.model)["params"])
        generator = dcgan.Generator(trained.latent, trained.generator_maps, trained.batchnorm_momentum)
        weights.load(generator, arguments.generator)
        draws = seeding.stream(
            params.master_seed, "generator", arguments.seed, arguments.train_folds, arguments.cls, "samples"
        )
        z = dcgan.latents(draws, params.samples, trained.latent, params.sampling_latent)
        images = dcgan.sample(device.place(generator, where), z, where, params.precision)
        index = {"sample": range(len(images)), "generator": arguments.generator_name, "class": arguments.cls}
        artifacts.write_array(images, arguments.images)
        artifacts.write_csv(pd.DataFrame(index), arguments.index)
        log.info("%d images of class %s", len(images), arguments.cls)


if __name__ == "__main__":
    main()
