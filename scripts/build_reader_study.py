"""Build the blinded pack of a reader study, real and synthetic ROIs that radiologists judge, and separately its key.

Inputs: `cases.csv`, `rois/images.npy` and the `images.npy` of one generator's synthetic ROIs, for every seed, choice of
training folds and class.
Outputs: `study.json` (classes, gray scale, the order of each reader, nominal widths, practice images); a folder with an
uncompressed 8-bit gray PNG of 64x64 pixels for each image, all of the same file size and date; and `key.csv`, which
readers must not see: `image,origin,class,lesion,patient,generator,seed,folds,sample`.
"""

import os
from pathlib import Path

import numpy as np
from PIL import Image

from steps import command
from synthaug.files import artifacts
from synthaug.readers import pack as reader_pack

DATE = 315532800  # 1980-01-01, seconds since 1970: the date of every image


def write_images(images: dict[str, np.ndarray], folder: Path) -> None:
    """Write each image, uint8 (64, 64), as ``<name>.png`` into a new ``folder``, in the order of the names."""
    with artifacts.replacing_folder(folder) as new:
        for name in sorted(images):
            path = new / f"{name}.png"
            Image.fromarray(images[name]).save(path, compress_level=0)  # compressed, the file size would show the noise
            os.utime(path, (DATE, DATE))
    for name in images:
        artifacts.written(folder / f"{name}.png")


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True, help="cases.csv")
    parser.add_argument("--roi-images", required=True, help="rois/images.npy")
    parser.add_argument("--synthetic", required=True, nargs="+", metavar="SEED/FOLDS/CLASS=PATH", help="images.npy")
    parser.add_argument("--params", required=True, help="JSON object, see synthaug.readers.pack.Params")
    parser.add_argument("--study", required=True, help="study.json of the pack")
    parser.add_argument("--images", required=True, type=Path, help="folder of the pack's images")
    parser.add_argument("--key", required=True, help="key.csv, apart from the pack")
    arguments = parser.parse_args()
    with command.logged("build_reader_study", arguments) as log:
        params = command.params(reader_pack.Params, arguments.params)
        pools = {}
        for text in arguments.synthetic:
            source, _, path = text.partition("=")
            seed, folds, cls = source.split("/")
            pools[int(seed), folds, cls] = artifacts.read_array(path, memory_map=True)
        cases, roi_images = artifacts.read_csv(arguments.cases), artifacts.read_array(arguments.roi_images)
        pack = reader_pack.build(cases, roi_images, pools, params)
        write_images(pack.images, arguments.images)
        artifacts.write_csv(pack.key, arguments.key)
        artifacts.write_json(pack.study, arguments.study)
        log.info("%d images shown, %d to practise on", len(pack.key), len(pack.study["training"]))
        for origin, number in pack.key["origin"].value_counts().items():
            log.info("%s: %d", origin, number)


if __name__ == "__main__":
    main()
