"""Write every synthetic slice of a generator as a picture, and the list in which a reader says which are kept.

Reads `images.npy` and `boxes.csv` of each seed and choice of training folds. Writes a folder with a PNG of each slice,
beside itself with its boxes, `seed-<seed>-train-<folds>-<sample>.png`; and the list, `seed,folds,sample,image,kept`,
with 1 in every row. What `image` holds: see `synthaug.detection.kept_slices`.
"""

from pathlib import Path

from steps import command, synthetic_slices
from synthaug.detection import kept_slices, marked_pictures
from synthaug.detection.boxes import BOX
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    synthetic_slices.add_argument(parser)
    parser.add_argument("--pictures", required=True, type=Path, help="folder of the pictures")
    parser.add_argument("--list", required=True, help="the list, .csv")
    arguments = parser.parse_args()
    with command.logged("list_slices", arguments) as log:
        folders = synthetic_slices.folders(arguments.synthetic)
        images = synthetic_slices.images(folders)
        names = []
        with artifacts.replacing_folder(arguments.pictures) as new:
            for (seed, folds), pool in images.items():
                boxes = artifacts.read_csv(folders[seed, folds] / "boxes.csv")
                for sample, image in enumerate(pool):
                    names.append(f"seed-{seed}-train-{folds}-{sample}.png")
                    picture = marked_pictures.marked(image, boxes.loc[boxes["sample"] == sample, BOX].to_numpy())
                    picture.save(new / names[-1])
        for name in names:
            artifacts.written(arguments.pictures / name)
        artifacts.write_csv(kept_slices.table(images), arguments.list)
        log.info("%d slices", len(names))


if __name__ == "__main__":
    main()
