"""Cut every lesion's ROI from its key slice.

Reads the checked cases and, through the case table's folder, their images. Writes the native-resolution crops, their
index with the intensity limits, and the un-augmented 64x64 ROIs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from steps import command, roi_cutting
from synthaug.classification import rois
from synthaug.files import artifacts


@dataclass(frozen=True)
class Params(rois.Params):
    """How ROIs are cut, and the largest augmentations, see `rois.Reach`."""

    reach: dict


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True)
    parser.add_argument("--table", required=True, type=Path, help="the case table; image paths start at its folder")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--index", required=True)
    parser.add_argument("--crops", required=True)
    parser.add_argument("--images", required=True)
    arguments = parser.parse_args()
    with command.logged("extract_rois", arguments, private=True) as log:
        command.note_file(case_table=arguments.table)
        params = command.params(Params, arguments.params)
        reach = rois.Reach(**params.reach)
        cases = artifacts.read_csv(arguments.cases)
        limits = np.empty((len(cases), 2))
        images = np.empty((len(cases), rois.SIZE, rois.SIZE), np.uint8)

        def crops() -> Iterator[tuple[str, np.ndarray]]:
            """Yield lesions and their crops, one at a time; note limits and images on the way."""
            for path, number, image, lesions in roi_cutting.key_slices(cases, arguments.table):
                for row in lesions.itertuples():
                    crop, images[row.Index], limits[row.Index] = roi_cutting.cut(row, image, path, params, reach)
                    yield row.lesion, crop
                log.info("slice %d: %s", number, ", ".join(lesions["lesion"]))

        artifacts.write_arrays(crops(), arguments.crops)
        artifacts.write_array(images, arguments.images)
        artifacts.write_csv(roi_cutting.index(cases, limits, params.margin), arguments.index)


if __name__ == "__main__":
    main()
