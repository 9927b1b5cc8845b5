"""Draw Fig. 9: t-SNE of the classifiers' last hidden layer for test lesions and their classic augmentations.

Inputs: `rois/rois.csv`, `rois/images.npy`, `pool/index.csv`, `pool/images.npy`, a seed's `folds.csv` and, for each arm,
the folder of a classifier trained on `--train-folds` (`model.json` and `weights.safetensors`).
Outputs: the figure as PNG and SVG, and `separation.csv` (`arm,size,measure,value,low,high`) with the silhouette and
neighbour purity of each arm, measured between features, and their differences from the first arm.
"""

from pathlib import Path

from steps import command
from synthaug.classification import (
    classifier,
    feature_separation,
    separation_figure,
    stored_classifier,
    training_images,
)
from synthaug.files import artifacts
from synthaug.quality import tsne
from synthaug.report import figure_style
from synthaug.training import device


def main() -> None:
    parser = command.parser(__doc__)
    command.add_files(parser, *command.FILES)
    parser.add_argument("--train-folds", required=True, help="the folds trained on, one digit each")
    parser.add_argument(
        "--classifiers", required=True, nargs="+", metavar="ARM=FOLDER", help="the arm to compare with first"
    )
    parser.add_argument("--sizes", required=True, nargs="+", metavar="ARM=SIZE")
    parser.add_argument(
        "--params", required=True, help="JSON: master_seed, classes, bootstrap, confidence, device, threads, precision"
    )
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--separation", required=True, help="separation.csv")
    arguments = parser.parse_args()
    with command.logged("plot_tsne", arguments) as log:
        params = command.params(feature_separation.Params, arguments.params)
        where = device.pick(params)
        command.note(device=device.name(where))
        folders = command.named("--classifiers", arguments.classifiers, [], "ARM=FOLDER")
        sizes = command.named("--sizes", arguments.sizes, folders, "ARM=SIZE for each arm of --classifiers")
        shown = feature_separation.test_images(
            artifacts.read_csv(arguments.rois),
            artifacts.read_csv(arguments.pool_index),
            artifacts.read_csv(arguments.folds),
            arguments.train_folds,
        )
        pixels = training_images.gather(
            shown,
            artifacts.read_array(arguments.roi_images),
            artifacts.read_array(arguments.pool_images, memory_map=True),
            {},
        )
        log.info("%d images of %d lesions", len(shown), shown["lesion"].nunique())
        features, places = {}, {}
        for arm, folder in folders.items():
            network = device.place(stored_classifier.classifier(Path(folder)), where)
            features[arm] = classifier.predict(network, pixels, where)[1]
            places[arm] = tsne.embed(features[arm], params.master_seed)
            log.info("%s: embedded", arm)
        values = feature_separation.table(features, shown, sizes, params)
        artifacts.write_csv(values, arguments.separation)
        figure = separation_figure.embeddings(places, shown, values, sizes, params)
        figure_style.save(figure, arguments.png, arguments.svg)


if __name__ == "__main__":
    main()
