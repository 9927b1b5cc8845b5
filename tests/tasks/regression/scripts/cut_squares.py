"""Cut a square around every lesion from its key slice, with the lesion's diameter."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from steps import command
from synthaug.cohort import case_table
from synthaug.files import artifacts
from synthaug.imaging import volumes


@dataclass(frozen=True)
class Params:
    side: int  # px


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True)
    parser.add_argument("--table", required=True)
    parser.add_argument("--params", required=True)
    parser.add_argument("--units", required=True)
    parser.add_argument("--images", required=True)
    arguments = parser.parse_args()
    with command.logged("cut_squares", arguments, private=True):
        side = command.params(Params, arguments.params).side
        cases = artifacts.read_csv(arguments.cases)
        paths = case_table.read_table(arguments.table).set_index("lesion")["image"]
        images = np.empty((len(cases), side, side), np.float32)
        for row in cases.itertuples():
            image = volumes.open_image(Path(arguments.table).parent / paths[row.lesion]).slice(row.slice)
            top, left = round(row.center_y_px) - side // 2, round(row.center_x_px) - side // 2
            rows, columns = (np.arange(start, start + side) for start in (top, left))
            images[row.Index] = image[np.clip(rows, 0, len(image) - 1)][:, np.clip(columns, 0, image.shape[1] - 1)]
        artifacts.write_array(images, arguments.images)
        artifacts.write_csv(cases[["lesion", "patient", "class", "set", "diameter_px"]], arguments.units)


if __name__ == "__main__":
    main()
