"""Cut every lesion's ROI from its key slice.

Reads the checked cases and, through the case table's folder, their images. Writes the native-resolution crops, their
index with the intensity limits, and the un-augmented 64x64 ROIs.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from steps import command
from synthaug.classification import augment, rois
from synthaug.cohort import case_table
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.imaging import intensity, volumes

COLUMNS = ["lesion", "patient", "class", "set", "center_x_px", "center_y_px", "diameter_px"]


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True)
    parser.add_argument("--table", required=True, help="the case table; image paths are relative to its folder")
    parser.add_argument("--params", required=True, help="JSON object, see synthaug.classification.rois.Params")
    parser.add_argument("--index", required=True)
    parser.add_argument("--crops", required=True)
    parser.add_argument("--images", required=True)
    arguments = parser.parse_args()
    with command.logged("extract_rois", arguments, private=True) as log:
        command.note_file(case_table=arguments.table)
        params = command.params(rois.Params, arguments.params)
        cases = artifacts.read_csv(arguments.cases)
        image_of = case_table.read_table(arguments.table).set_index("lesion")["image"]
        limits = np.empty((len(cases), 2))
        images = np.empty((len(cases), rois.SIZE, rois.SIZE), np.uint8)

        def crops() -> Iterator[tuple[str, np.ndarray]]:
            """Yield lesions and their crops, one at a time; note limits and images on the way."""
            for path, on_image in cases.groupby(cases["lesion"].map(image_of), sort=False):
                source = volumes.open_image(Path(arguments.table).parent / path)
                for key_slice, lesions in on_image.groupby("slice", sort=False):
                    image = source.slice(key_slice)
                    for row in lesions.itertuples():
                        try:
                            low, high = intensity.limits(image, params.intensity)
                        except InputError as error:
                            raise InputError(f"lesion {row.lesion}, {path}: {error}") from error
                        crop = rois.crop(image, row.center_x_px, row.center_y_px, row.diameter_px, params)
                        maps = augment.matrices(augment.identity(), row.diameter_px, params)
                        filtered = rois.lowpass(crop, row.diameter_px, params)
                        images[row.Index] = augment.apply(filtered, maps, low, high)[0]
                        limits[row.Index] = low, high
                        yield row.lesion, crop
                    log.info("slice %d: %s", key_slice, ", ".join(lesions["lesion"]))

        artifacts.write_arrays(crops(), arguments.crops)
        artifacts.write_array(images, arguments.images)
        artifacts.write_csv(cases[COLUMNS].assign(low=limits[:, 0], high=limits[:, 1]), arguments.index)


if __name__ == "__main__":
    main()
