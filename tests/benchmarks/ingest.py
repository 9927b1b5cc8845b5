"""From files on disk to one lesion's 64x64 ROI, beside libraries that read the whole image first.

Everyone cuts and samples the ROI with our code; what differs is how the key slice comes off the disk. Each reader
lives in a process of its own, whose memory is its own, and reads when it is told to, in turns with the others.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from scipy import ndimage

from synthaug.classification import augment, rois
from synthaug.imaging import intensity, volumes
from synthaug.phantom import scanner, series
from tests.benchmarks import timing
from tests.helpers.augmentations import REACH

PARAMS = rois.Params(0.25, "replace", True, "edge", {"mode": "window", "low": -60, "high": 200})
CENTER_X, CENTER_Y, DIAMETER = 300.5, 221.0, 42.0  # px
SLICES = 300
PROTOCOL = scanner.Protocol(scanner.MODELS[0], 0.75, 1.25, 250)
KINDS = {"dicom": "DICOM folder", "nii.gz": "NIfTI .nii.gz", "nii": "NIfTI .nii"}
TOLERANCE = 1  # gray levels, between our ROI and a peer's


def rows(rounds: int) -> list[timing.Row]:
    """Time our reader, SimpleITK and MONAI in turns; notes hold how much memory the first read took."""
    result = []
    for kind, name in KINDS.items():
        # A folder for each kind: beside an image.nii, ITK takes it for the content of image.nii.gz.
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            path = write(Path(folder), kind, SLICES)
            workers = {who: stack.enter_context(worker(who, path, key_slice(SLICES))) for who in READERS}
            first = {who: read() for who, read in workers.items()}
            _check_same(name, first)
            rates = {who: [] for who in workers}
            for _ in range(rounds):
                for who, read in workers.items():
                    rates[who].append(1 / read()["seconds"])
        for who, package in (("simpleitk", "SimpleITK"), ("monai", "MONAI")):
            work = f"{name}, {SLICES} slices of 512x512, to one 64x64 ROI"
            notes = {
                "slices": SLICES,
                "ours_peak_mb": first["ours"]["peak_mb"],
                "their_peak_mb": first[who]["peak_mb"],
            }
            peer = f"{package} {version(who)}"
            result.append(timing.row("ROI extraction", work, peer, "series/s", rates["ours"], rates[who], notes))
    return result


def memory_by_slices(kinds: tuple[str, ...] = ("dicom", "nii.gz")) -> list[dict]:
    """Return our peak memory and seconds at growing numbers of slices: memory should not grow with them."""
    result = []
    for kind in kinds:
        for slices in (75, 150, 300, 600):
            with tempfile.TemporaryDirectory() as folder:
                path = write(Path(folder), kind, slices)
                with worker("ours", path, key_slice(slices)) as read:
                    peak = read()["peak_mb"]
                    seconds = min(read()["seconds"] for _ in range(2))
            result.append({"kind": KINDS[kind], "slices": slices, "peak_mb": peak, "seconds": seconds})
    return result


def key_slice(slices: int) -> int:
    return slices // 2


# The images


def write(folder: Path, kind: str, slices: int) -> Path:
    """Write one simulated CT into ``folder``, return its path; slices differ, so that compression finds no repeats."""
    stored = scan(slices)
    if kind == "dicom":
        path = folder / "series"
        series.write_series(stored, path, (-190.0, -190.0, -400.0), PROTOCOL, "P1", 1)
        return path
    stored += PROTOCOL.model.intercept
    image = sitk.GetImageFromArray(stored)
    image.SetSpacing((PROTOCOL.pixel, PROTOCOL.pixel, PROTOCOL.distance))
    path = folder / f"image.{kind}"
    sitk.WriteImage(image, str(path), useCompression=kind.endswith("gz"))
    return path


def scan(slices: int) -> np.ndarray:
    """Return the stored values of a body in air with a dark lesion and noise, int16 (slices, 512, 512)."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:512, :512]
    body = np.hypot((x - 256) / 210, (y - 256) / 150) < 1
    lesion = np.hypot(x - CENTER_X, y - CENTER_Y) < DIAMETER / 2
    clean = np.where(body, 110 - 60 * lesion, -1000) - PROTOCOL.model.intercept
    noise = 12 * np.where(body, 3, 1) * ndimage.gaussian_filter(random.normal(size=(512, 512)), 0.8, mode="wrap")
    stored = np.empty((slices, 512, 512), np.int16)
    for index in range(slices):
        down, right = random.integers(512, size=2)
        stored[index] = np.rint(clean + np.roll(noise, (down, right), (0, 1)))
    return stored


# The readers: path and slice to float32 (512, 512) in HU


def ours(path: Path, index: int) -> np.ndarray:
    return volumes.open_image(path).slice(index)


def simpleitk(path: Path, index: int) -> np.ndarray:
    if path.is_dir():
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(path)))
        image = reader.Execute()
    else:
        image = sitk.ReadImage(str(path))
    return sitk.GetArrayViewFromImage(image)[index].astype(np.float32)


def monai(path: Path, index: int) -> np.ndarray:
    from monai.transforms import LoadImage  # slow to import, and only this reader's memory should hold it

    image = LoadImage(reader="PydicomReader" if path.is_dir() else "NibabelReader", image_only=True)(path)
    if path.is_dir():
        index = image.shape[2] - 1 - index  # it sorts by InstanceNumber, which counts from the head down
    return np.ascontiguousarray(image[:, :, index].numpy().T, dtype=np.float32)


READERS = {"ours": ours, "simpleitk": simpleitk, "monai": monai}


def extract(reader: Callable, path: Path, index: int) -> np.ndarray:
    """Return the lesion's ROI, uint8 (64, 64), as the workflow cuts it."""
    image = reader(path, index)
    crop = rois.crop(image, CENTER_X, CENTER_Y, DIAMETER, PARAMS, REACH, 0)
    maps = augment.matrices(augment.identity(), DIAMETER, PARAMS)
    low, high = intensity.limits(image, PARAMS.intensity)
    return augment.apply(rois.lowpass(crop, DIAMETER, PARAMS), maps, low, high)[0]


def _check_same(kind: str, first: dict[str, dict]) -> None:
    for who, found in first.items():
        difference = np.abs(np.subtract(found["roi"], first["ours"]["roi"])).max()
        if difference > TOLERANCE:
            raise AssertionError(f"{kind}: expected {who} to find our ROI, found {difference} gray levels apart")


# Processes


@contextlib.contextmanager
def worker(who: str, path: Path, index: int) -> Iterator[Callable[[], dict]]:
    """Start a process of reader ``who``; each call makes it read once and returns seconds, peak_mb and the ROI."""
    command = [sys.executable, "-m", "tests.benchmarks.ingest", who, str(path), str(index)]
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+") as said,  # libraries warn of what they do without; it matters if they fail
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=said, text=True) as process,
    ):

        def read() -> dict:
            process.stdin.write("\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                said.seek(0)
                raise RuntimeError(f"{who} could not read {path.name}:\n{said.read()}")
            return json.loads(line)

        yield read
        process.stdin.close()


def _serve(who: str, path: Path, index: int) -> None:
    """Read once for each line on standard input; one thread, as the workflow's rules have."""
    torch.set_num_threads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    if who == "monai":
        import monai.transforms  # noqa: F401  # before memory is noted
    extract(lambda *_: np.zeros((512, 512), np.float32), path, index)  # what the first use of a library takes
    for _ in sys.stdin:
        before = _resident_mb()
        began = time.perf_counter()
        roi = extract(READERS[who], path, index)
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "peak_mb": _peak_mb() - before, "roi": roi.tolist()}), flush=True)


def _resident_mb() -> float:
    """Return the memory that this process holds now, and let its peak start from there.

    The peak of `resource.getrusage` cannot: it starts with what the process held before it became this program.
    """
    Path("/proc/self/clear_refs").write_text("5")
    return _status_mb("VmRSS")


def _peak_mb() -> float:
    return _status_mb("VmHWM")


def _status_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
    else:
        print(timing.text(rows(rounds=5)))
        print(*memory_by_slices(), sep="\n")
