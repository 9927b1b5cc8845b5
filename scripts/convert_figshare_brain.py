"""Convert the figshare brain-tumour set (doi:10.6084/m9.figshare.1512427) into images and a case table.

Reads a folder of its .mat files (MATLAB v7.3, that is HDF5: cjdata/label, PID, image, tumorMask) and writes, into a new
folder, for each lesion a 16-bit PNG and a mask PNG, and the case table all.csv with the true patient ids. Run by hand:

    python scripts/convert_figshare_brain.py --mat downloaded/ --out resources/figshare-brain
"""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from skimage import io

from steps import command
from synthaug.errors import InputError
from synthaug.files import artifacts

CLASSES = {1: "meningioma", 2: "glioma", 3: "pituitary"}


def read_lesion(path: Path) -> tuple[str, str, np.ndarray, np.ndarray]:
    """Return the class, patient, image and mask of one .mat file.

    MATLAB stores columns first, so arrays come transposed out of HDF5.

    Returns
    -------
    Class, patient, image uint16 (rows, columns) in source units, mask bool (rows, columns).

    Raises
    ------
    InputError
        If it is no such file, or the label or the intensities are none of this set.
    """
    try:
        with h5py.File(path) as file:
            data = file["cjdata"]
            label = int(data["label"][()].item())
            patient = "".join(chr(code) for code in data["PID"][()].ravel())
            image, mask = data["image"][()].T, data["tumorMask"][()].T
    except (OSError, KeyError) as error:
        raise InputError(
            f"{path}: expected a MATLAB v7.3 file with cjdata/label, PID, image, tumorMask: {error}"
        ) from error
    if label not in CLASSES:
        raise InputError(f"{path}: cjdata/label: expected 1, 2 or 3, found {label}")
    if image.min() < 0 or image.max() > np.iinfo(np.uint16).max:
        raise InputError(f"{path}: cjdata/image: expected 0 to 65535, found {image.min()} to {image.max()}")
    return CLASSES[label], patient, image.astype(np.uint16), mask.astype(bool)


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--mat", required=True, help="folder of .mat files, subfolders included")
    parser.add_argument("--out", required=True, help="new folder")
    arguments = parser.parse_args()
    with command.logged("convert_figshare_brain", arguments) as log:
        out = Path(arguments.out)
        files = sorted(Path(arguments.mat).rglob("*.mat"), key=lambda path: (len(path.stem), path.stem))
        if not files:
            raise InputError(f"{arguments.mat}: expected .mat files, found none")
        if out.exists():
            raise InputError(f"{out}: expected a new folder, found one; remove it or name another")
        rows = []
        with artifacts.replacing_folder(out) as folder:
            (folder / "images").mkdir()
            for path in files:
                cls, patient, image, mask = read_lesion(path)
                names = {"image": f"images/{path.stem}.png", "mask": f"images/{path.stem}-mask.png"}
                io.imsave(folder / names["image"], image, check_contrast=False)
                io.imsave(folder / names["mask"], mask.astype(np.uint8) * 255, check_contrast=False)
                rows.append({"lesion": path.stem, "patient": patient, "class": cls, **names})
            artifacts.write_csv(pd.DataFrame(rows), folder / "all.csv")
        log.info("%s: %d lesions of %d patients", out, len(rows), len({row["patient"] for row in rows}))


if __name__ == "__main__":
    main()
