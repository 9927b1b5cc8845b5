"""Draw Fig. 3: one lesion of each class with examples of its classic augmentations.

Inputs: `rois/rois.csv`, `rois/images.npy`, `pool/index.csv`, `pool/images.npy`.
Outputs: the figure as PNG and SVG. The lesions are chosen at random; the first augmentations of each kind are shown.
"""

from steps import command
from synthaug.classification import roi_figures
from synthaug.files import artifacts
from synthaug.report import figure_style


def main() -> None:
    parser = command.parser(__doc__)
    command.add_files(parser, "rois", "roi-images", "pool-index", "pool-images")
    parser.add_argument("--params", required=True, help="JSON: classes, master_seed")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("plot_augmentations", arguments):
        figure = roi_figures.augmentations(
            artifacts.read_csv(arguments.rois),
            artifacts.read_array(arguments.roi_images),
            artifacts.read_csv(arguments.pool_index),
            artifacts.read_array(arguments.pool_images, memory_map=True),
            command.params(roi_figures.Params, arguments.params),
        )
        figure_style.save(figure, arguments.png, arguments.svg)


if __name__ == "__main__":
    main()
