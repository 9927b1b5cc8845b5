"""Cut every lesion's ROI from its key slice.

Reads the checked cases and, through the case table's folder, their images. Writes the native-resolution crops, their
index with the intensity limits, and the un-augmented 64x64 ROIs.
"""

from pathlib import Path

import numpy as np

import command
from synthaug import artifacts, augment, rois, volumes
from synthaug.errors import InputError

COLUMNS = ["lesion", "patient", "class", "set", "center_x_px", "center_y_px", "diameter_px"]


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True)
    parser.add_argument("--table", required=True, help="the case table; image paths are relative to its folder")
    parser.add_argument("--params", required=True, help="JSON object, see synthaug.rois.Params")
    parser.add_argument("--index", required=True)
    parser.add_argument("--crops", required=True)
    parser.add_argument("--images", required=True)
    arguments = parser.parse_args()
    with command.logged("extract_rois", arguments.log) as log:
        params = command.params(rois.Params, arguments.params)
        cases = artifacts.read_csv(arguments.cases)
        crops, limits, images = {}, [], []
        for (path, key_slice), lesions in cases.groupby(["image", "slice"], sort=False):
            image = volumes.open_image(Path(arguments.table).parent / path).slice(key_slice)
            for row in lesions.itertuples():
                try:
                    low, high = rois.intensity_limits(image, params.intensity)
                except InputError as error:
                    raise InputError(f"lesion {row.lesion}, {path}: {error}") from error
                crop = rois.crop(image, row.center_x_px, row.center_y_px, row.diameter_px, params)
                maps = augment.matrices(augment.identity(), row.diameter_px, params)
                roi = augment.apply(rois.lowpass(crop, row.diameter_px, params), maps, low, high)[0]
                crops[row.lesion] = crop
                limits.append((row.Index, low, high))
                images.append((row.Index, roi))
            log.info("%s, slice %d: %d lesions", path, key_slice, len(lesions))
        index = cases[COLUMNS].copy()
        for row, low, high in limits:
            index.loc[row, ["low", "high"]] = low, high
        artifacts.write_csv(index, arguments.index)
        artifacts.write_array(np.stack([roi for _, roi in sorted(images, key=lambda item: item[0])]), arguments.images)
        artifacts.write_arrays({lesion: crops[lesion] for lesion in cases["lesion"]}, arguments.crops)


if __name__ == "__main__":
    main()
