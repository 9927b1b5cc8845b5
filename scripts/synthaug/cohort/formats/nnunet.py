"""Folders of nnU-Net (versions 1 and 2) and of the Medical Segmentation Decathlon."""

import re
from collections.abc import Mapping
from pathlib import Path

from synthaug.cohort import annotations
from synthaug.cohort.formats.found import Found, Row
from synthaug.cohort.formats.source import Source, read_json, stem
from synthaug.errors import InputError
from synthaug.imaging import volumes

PARTS = ("dataset.json", "imagesTr", "labelsTr")
CHANNEL = re.compile(r"(?P<case>.+)_(?P<number>\d{4})")


def recognised(source: Source) -> bool:
    """Return whether a dataset.json lies beside imagesTr and labelsTr."""
    return source.file is None and all((source.root / name).exists() for name in PARTS)


def read(source: Source) -> Found:
    """Return a row for each label of each training case, and one of no class for cases without any.

    Of several channels, the first is taken. Labels that join others (regions) are left out.

    Raises
    ------
    InputError
        If a case has no image, or an image or its labels cannot be read.
    """
    content = read_json(source.root / "dataset.json")
    names, joined = _names(source, content)
    images = _images(source)
    found, unnamed = Found(), set()
    for path in source.images:
        if path.parent.name != "labelsTr":
            continue
        image = images.get(stem(path))
        with found.each():
            if image is None:
                raise InputError(f"{source.root}/imagesTr: expected an image of {stem(path)}, found none; put it there")
            labels = annotations.read_labels(path, volumes.open_image(image).geometry)
            values = [value for value in labels.names if int(value) in names]
            unnamed |= {int(value) for value in labels.names} - set(names)
            found.rows += [Row(image, names[int(value)], path, f"{value:g}") for value in values] or [Row(image)]
    channels = content.get("channel_names") or content.get("modality") or {}
    found.modality = str(channels.get("0", ""))
    if len(channels) > 1:
        found.notes.append(f"of {len(channels)} channels the first is taken: {found.modality}")
    found.note(sorted(joined), "labels that join others were left out")
    found.note(sorted(unnamed), "label values are not in dataset.json and were left out")
    found.notes.append(
        "in classification, lesions of one label in an image are one row, on the slice of its largest area"
    )
    return found


def _names(source: Source, content: Mapping) -> tuple[dict[int, str], list[str]]:
    """Return the name of each label but the background, and the names of those that join others."""
    names, joined = {}, []
    labels = content.get("labels") if isinstance(content, dict) else None
    if not isinstance(labels, dict):
        raise InputError(f"{source.root}/dataset.json: expected labels, found none; copy the file again")
    for key, value in labels.items():
        name, number = (value, key) if str(key).isdigit() else (key, value)
        if isinstance(number, list):
            joined.append(str(name))
        elif int(number) and str(name).lower() != "ignore":
            names[int(number)] = str(name)
    return names, joined


def _images(source: Source) -> dict[str, Path]:
    """Return the first channel of each case."""
    found = {}
    for path in source.images:
        if path.parent.name == "imagesTr":
            channel = CHANNEL.fullmatch(stem(path))
            if channel is None or channel["number"] == "0000":
                found[channel["case"] if channel else stem(path)] = path
    return found
