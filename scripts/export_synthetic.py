"""Export the synthetic images of one generator and seed with a card, to give them to others.

Reads a finished run and, to verify it first (see verify_results.py), the case table with all images. Writes a new
folder: the images as PNG files below `train-<folds>/<class>`, label maps or boxes beside them, the card as `README.md`,
and the digests of all files; with --weights also the networks. No file holds an id of a patient, lesion or slice.
A generator that copies its training images is refused, and so are variations of these. Run by hand, in the folder in
which the workflow ran:

    python scripts/export_synthetic.py --results results/liver --table data/cases.csv --generator dcgan \
        --author "A. Name" --license "CC BY 4.0" --intended-use "augmentation of training sets" --out liver-dcgan
"""

import argparse
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from steps import command, pages
from synthaug.audit import crate, verification
from synthaug.errors import InputError
from synthaug.files import artifacts, records
from synthaug.report import synthetic_card

UNITS = {"lesion": "rois/rois.csv", "slice": "slices/slices.csv"}
TEMPLATE = "workflow/report/shared/synthetic_card.md.j2"
WEIGHTS = ("generator.safetensors", "model.json")
BESIDE = {"labels.npy": "label maps (`-labels.png`)", "boxes.csv": "boxes (`boxes.csv`, in px)"}


def group_of(folder: Path, group: str | None) -> str:
    """Return what a generator was trained on, as in the name of its folder: the one asked for, or the only one."""
    groups = sorted(path.name.removeprefix("on-") for path in folder.glob("on-*"))
    if not groups:
        raise InputError(f"{folder}: expected the synthetic images of a generator, found none; name one that was run")
    if group is None and len(groups) > 1:
        raise InputError(f"{folder}: expected one group of training images, found {', '.join(groups)}; give --group")
    if group not in (None, *groups):
        raise InputError(f"--group {group}: expected one of {', '.join(groups)}; name one of these")
    return group or groups[0]


def unit_of(results: Path) -> str:
    """Return what an image of the run shows."""
    return next(name for name, path in UNITS.items() if (results / path).is_file())


def pools(results: Path, generator: str, seed: int, group: str) -> Iterator[tuple[Path, synthetic_card.Pool]]:
    """Yield the folder of each pool of synthetic images, and what is known of it."""
    unit = unit_of(results)
    units = artifacts.read_csv(results / UNITS[unit])
    trained = results / f"seed-{seed}/generators/{generator}/on-{group}"
    for folder in sorted((results / f"seed-{seed}/synthetic/{generator}/on-{group}").glob("train-*/*")):
        if not folder.is_dir():
            continue
        source = trained / folder.parent.name
        source = source / (folder.name if (source / folder.name).is_dir() else "all")
        train_set = artifacts.read_csv(source / "train_set.csv")
        count, patients = synthetic_card.patients_of(train_set, units, unit)
        yield (
            folder,
            synthetic_card.Pool(
                train_folds=folder.parent.name.removeprefix("train-"),
                cls=folder.name,
                images=len(artifacts.read_array(folder / "images.npy", memory_map=True)),
                units=count,
                patients=patients,
                params=artifacts.read_json(source / "model.json").get("params", {}),
                varied="parent" in artifacts.read_csv(folder / "index.csv"),
            ),
        )


def write_pool(folder: Path, out: Path) -> set[str]:
    """Write the images of a pool, and what lies beside them; return which of `BESIDE` there was."""
    out.mkdir(parents=True)
    images = artifacts.read_array(folder / "images.npy", memory_map=True)
    digits = len(str(len(images) - 1))
    for name, ending in (("images.npy", ""), ("labels.npy", "-labels")):
        if (folder / name).is_file():
            for number, image in enumerate(artifacts.read_array(folder / name, memory_map=True)):
                Image.fromarray(np.ascontiguousarray(image)).save(out / f"{number:0{digits}d}{ending}.png")
    if (folder / "boxes.csv").is_file():
        boxes = artifacts.read_csv(folder / "boxes.csv")
        boxes.insert(0, "image", [f"{int(number):0{digits}d}.png" for number in boxes.pop("sample")])
        artifacts.write_csv(boxes, out / "boxes.csv")
    return {name for name in BESIDE if (folder / name).is_file()}


def write_weights(results: Path, arguments: argparse.Namespace, group: str, out: Path) -> None:
    """Copy the networks that made the images."""
    source = results / f"seed-{arguments.seed}/generators/{arguments.generator}/on-{group}"
    for path in sorted(source.rglob(WEIGHTS[0])):
        target = out / path.parent.relative_to(source)
        target.mkdir(parents=True)
        for name in WEIGHTS:
            shutil.copyfile(path.with_name(name), target / name)


def card(
    results: Path, arguments: argparse.Namespace, group: str, made: list[synthetic_card.Pool], further: set[str]
) -> synthetic_card.Card:
    """Return what the card says."""
    quality = results / f"evaluation/quality/{arguments.generator}/seed-{arguments.seed}"
    summary = artifacts.read_json(results / "evaluation/summary.json")
    diagnosis = artifacts.read_csv(quality / "diagnosis.csv").iloc[0]
    searched = artifacts.read_csv(
        results / f"seed-{arguments.seed}/synthetic/{arguments.generator}/on-{group}/copies.csv", numbers=("images",)
    )
    citation = yaml.safe_load(artifacts.read_text(records.PROJECT / "CITATION.cff"))
    return synthetic_card.Card(
        cohort=summary["cohort"],
        generator=arguments.generator,
        seed=arguments.seed,
        unit=unit_of(results),
        pools=made,
        quality=artifacts.read_csv(quality / "card.csv", ()).iloc[0],
        state=diagnosis["state"],
        why=diagnosis["why"],
        searched=int(searched["images"].sum()),
        license=arguments.license,
        authors=arguments.author,
        intended_use=arguments.intended_use,
        version=citation["version"],
        phantom=summary["phantom"],
        weights=arguments.weights,
        further=[BESIDE[name] for name in sorted(further)],
    )


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--table", type=Path, help="the case table; not for the phantom")
    parser.add_argument("--generator", required=True, help="name of the generator")
    parser.add_argument("--seed", type=int, default=0, help="the repetition of the experiment")
    parser.add_argument("--group", help="what it was trained on, where the run has several: a share, such as 250")
    parser.add_argument("--author", required=True, action="append", help="who answers for the images; may be repeated")
    parser.add_argument("--license", default=crate.NO_LICENSE, help="of the images: a name, an address, or words")
    parser.add_argument("--intended-use", required=True, help="what the images are meant for, in a few words")
    parser.add_argument("--weights", action="store_true", help="the networks, too, which may hold more than the images")
    parser.add_argument("--despite-copies", action="store_true", help="also of a generator that copies its images")
    parser.add_argument("--out", required=True, type=Path, help="new folder")
    arguments = parser.parse_args()
    with command.logged("export_synthetic", arguments):
        if arguments.out.exists():
            raise InputError(f"{arguments.out}: expected a new folder, found one; remove it or name another")
        if re.search(r"[/\\]", arguments.generator):
            raise InputError(
                f"--generator: expected a name, found {arguments.generator}; name a generator that was run"
            )
        group = group_of(arguments.results / f"seed-{arguments.seed}/synthetic/{arguments.generator}", arguments.group)
        verification.check(arguments.results, arguments.table)
        found = list(pools(arguments.results, arguments.generator, arguments.seed, group))
        with artifacts.replacing_folder(arguments.out) as out:
            beside = [write_pool(folder, out / folder.parent.name / folder.name) for folder, _ in found]
            if arguments.weights:
                write_weights(arguments.results, arguments, group, out / "weights")
            made = card(arguments.results, arguments, group, [pool for _, pool in found], set().union(*beside))
            if not arguments.despite_copies:
                synthetic_card.refuse_copies(made.state, made.why, arguments.generator, made.varied)
            total = sum(pool.images for pool in made.pools)
            artifacts.write_text(pages.page(records.PROJECT / TEMPLATE, card=made, total=total), out / "README.md")
            files = sorted(path for path in out.rglob("*") if path.is_file())
            digests = {path.relative_to(out).as_posix(): artifacts.sha256(path) for path in files}
            artifacts.write_json(digests, out / "digests.json")


if __name__ == "__main__":
    main()
