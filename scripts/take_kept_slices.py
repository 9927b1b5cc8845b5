"""Take over a reader's list of the synthetic slices that clearly show their lesions, and check it.

Reads the user's list and `images.npy` of each seed and choice of training folds. Writes `kept.csv`, `sample,kept`, to
seed-<seed>/train-<folds> in --out-dir: what a filter writes, for the arm of the generator's name that ends in `-kept`.
"""

import json
from pathlib import Path

from steps import command, synthetic_slices
from synthaug.detection import kept_slices
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    synthetic_slices.add_argument(parser)
    parser.add_argument("--generator", required=True, help="its name in kept_slices of the config")
    parser.add_argument("--lists", required=True, help="JSON: the list of each generator")
    parser.add_argument("--out-dir", required=True, type=Path)
    arguments = parser.parse_args()
    with command.logged("take_kept_slices", arguments, private=True) as log:
        path = Path(json.loads(arguments.lists)[arguments.generator])
        command.note_file(kept_slices=path)
        images = synthetic_slices.images(synthetic_slices.folders(arguments.synthetic))
        for (seed, folds), table in kept_slices.read(path, images, arguments.generator).items():
            artifacts.write_csv(table, arguments.out_dir / f"seed-{seed}/train-{folds}/kept.csv")
            log.info("seed %s, train-%s: %d of %d slices are kept", seed, folds, table["kept"].sum(), len(table))


if __name__ == "__main__":
    main()
