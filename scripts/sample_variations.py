"""Draw variations of the ROIs that the diffusion model of one preset was trained on, of each class.

Reads the generator's weights, model.json and train_set.csv, and the cohort's ROIs. Writes what sample_dcgan writes, a
folder a class; index.csv also has ``parent``, the lesion that each image is a variation of.
"""

import json

from steps import command, roi_variations, synthetic_pools
from synthaug.files import artifacts
from synthaug.generators import variations
from synthaug.training import device


def main() -> None:
    parser = synthetic_pools.parser(__doc__)
    command.add_files(parser, "roi-images")
    arguments = parser.parse_args()
    with command.logged("sample_variations", arguments) as log:
        settings = json.loads(arguments.params)
        classes = settings.pop("classes")
        sampling = command.params(variations.SamplingParams, json.dumps(settings))
        where = device.pick(sampling)
        command.note(device=device.name(where))
        rois = artifacts.read_array(arguments.roi_images)
        names = ("generator", arguments.seed, arguments.train_folds)
        for cls, images, parents in roi_variations.drawn(arguments.generators, names, classes, rois, sampling, where):
            facts = {"generator": arguments.generator, "class": cls, "parent": parents}
            synthetic_pools.write(images, facts, arguments.out_dir / cls)
            log.info("%d variations of %d lesions of class %s", len(images), parents.nunique(), cls)


if __name__ == "__main__":
    main()
