"""Write the RTSTRUCT files of this folder again, with rt-utils, which nothing else needs.

It wants the whole of OpenCV, 190 MB, so it has an environment of its own:

    python -m venv rt && rt/bin/pip install rt-utils==1.2.7 && rt/bin/python -m tests.helpers.annotated.write_rtstructs
"""

import tempfile
from pathlib import Path

import numpy as np
from rt_utils import RTStructBuilder

from tests.helpers import annotated


def main() -> None:
    for flips, (flip_x, flip_y) in annotated.FLIPS.items():
        with tempfile.TemporaryDirectory() as folder:
            annotated.write_series(Path(folder, "ct"), flips)
            structures = RTStructBuilder.create_new(dicom_series_path=str(Path(folder, "ct")))
        for number, lesion in enumerate(annotated.in_file(annotated.LESIONS, flips), 1):
            slices = np.flip(lesion, 0) if flip_x != flip_y else lesion  # rt-utils: along rows x columns
            structures.add_roi(mask=np.moveaxis(slices, 0, -1), name=f"lesion {number}")
        structures.save(str(annotated.FOLDER / f"{flips}.dcm"))


if __name__ == "__main__":
    main()
