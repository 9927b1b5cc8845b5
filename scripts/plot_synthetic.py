"""Draw Fig. 6: synthetic ROIs of each class beside real ones.

Inputs: `rois/rois.csv`, `rois/images.npy` and, for each class, the `images.npy` of one generator's synthetic ROIs.
Outputs: the figure as PNG and SVG. The synthetic ROIs are the first that were made, the real ones are chosen at random:
nobody selected them.
"""

from steps import command
from synthaug.classification import roi_figures
from synthaug.files import artifacts
from synthaug.report import figure_style


def main() -> None:
    parser = command.parser(__doc__)
    command.add_files(parser, "rois", "roi-images")
    parser.add_argument("--images", required=True, nargs="+", metavar="CLASS=PATH", help="synthetic images.npy")
    parser.add_argument("--params", required=True, help="JSON: classes, master_seed")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    arguments = parser.parse_args()
    with command.logged("plot_synthetic", arguments):
        params = command.params(roi_figures.Params, arguments.params)
        paths = command.named("--images", arguments.images, params.classes, "CLASS=PATH for each class")
        figure = roi_figures.synthetic(
            artifacts.read_csv(arguments.rois),
            artifacts.read_array(arguments.roi_images),
            {cls: artifacts.read_array(path, memory_map=True) for cls, path in paths.items()},
            params,
        )
        figure_style.save(figure, arguments.png, arguments.svg)


if __name__ == "__main__":
    main()
