"""For classification: the synthetic images from the weights of their generators."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from steps import command, roi_generators, roi_variations
from steps.recomputing.job import Context
from steps.recomputing.roi_samples import ROI_IMAGES
from synthaug.audit import recomputed
from synthaug.audit.recomputed import Finding
from synthaug.audit.verification import Record
from synthaug.errors import InputError
from synthaug.generators import acgan, dcgan, diffusion, family, variations
from synthaug.training import device

FAMILIES: dict[str, family.Family] = {
    "sample_dcgan": dcgan.FAMILY,
    "sample_acgan": acgan.FAMILY,
    "sample_diffusion": diffusion.FAMILY,
}
Drawn = Iterator[tuple[str, np.ndarray]]  # each class and its images
# Gray levels that machines may round apart.
ROUNDED = {"float32": 1, "bfloat16": 8}


def pools(context: Context) -> Iterator[Finding]:
    """Draw all synthetic images again, where they were drawn on such a device."""
    for record in context.run.of("import_synthetic"):
        for file in record.outputs:
            if file.endswith("images.npy"):
                yield Finding(file, not_done="another program made these images")
    for rule, kind in FAMILIES.items():

        def drawn(*what: object, of: family.Family = kind) -> Drawn:
            return roi_generators.drawn(of, *what)

        for record in context.run.of(rule):
            yield from _pools_of(kind.SamplingParams, drawn, record, context)

    def varied(folder: Path, names: tuple[str | int, ...], classes: list[str], *how: object) -> Drawn:
        rois = context.run.array(ROI_IMAGES)
        return ((cls, made) for cls, made, _ in roi_variations.drawn(folder, names, classes, rois, *how))

    for record in context.run.of("sample_variations"):
        yield from _pools_of(variations.SamplingParams, varied, record, context)


def _pools_of(
    kind: type[family.SamplingParams], drawn: Callable[..., Drawn], record: Record, context: Context
) -> Iterator[Finding]:
    """Yield a finding for each class's images of one job, which ``drawn`` draws again, as `roi_generators.drawn`."""
    run, settings = context.run, dict(record.content["params"])
    classes, made_on = settings.pop("classes"), record.content["device"]
    sampling = command.params(kind, json.dumps(settings | ({"device": "cpu"} if made_on == "cpu" else {})))
    files = {file.split("/")[-2]: file for file in record.outputs if file.endswith("images.npy")}
    try:
        where = device.pick(sampling)
    except InputError:
        where = None
    if where is None or device.name(where) != made_on:
        for file in files.values():
            yield Finding(file, not_done=f"it was made on {made_on}, which this machine does not have")
        return
    seed, _, preset, group, folds = next(iter(files.values())).split("/")[:5]
    folder = run.results / seed / "generators" / preset / group / folds
    names = ("generator", int(seed.removeprefix("seed-")), folds.removeprefix("train-"))
    levels = ROUNDED[record.content["precision"]]
    for cls, images in drawn(folder, names, classes, sampling, where):
        found = run.array(files[cls])
        yield recomputed.images(files[cls], [images], found, lambda row: f"sample {row}", "its generator", levels)
