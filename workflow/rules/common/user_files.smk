"""The user's files: neither inputs nor params of a rule, because the report shows these; rules follow their digests."""

import csv
import hashlib
import json


def phantom_table():
    """Return the phantom's case table where it is used: an input like any other, unlike the user's files."""
    return "<results>/phantom/case_table.csv" if config["cases"]["table"] is None else []


def table_digest():
    """Return the digest of the user's case table; a missing one is check_cases' to report."""
    table = config["cases"]["table"]
    return digest(table) if table else None


def digest(path):
    """Return the SHA-256 of a file; None of one that cannot be read, which is a script's to report."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def fingerprint(paths):
    """Return a digest of names, sizes and times of files, so that a replaced one is noticed without reading all."""
    found = [(str(path), os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in paths]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def public_config():
    """Return the config without the paths of the user's files, for a page that everybody may see.

    A file of weights is known by its digest, as other weights are another training. The values that a budget has set stand there, so that it adds nothing.
    """
    cases = {**config["cases"], "table": config["cases"]["table"] and "given"}
    imported = {name: {} for name in config["imported"]}
    shown = {key: value for key, value in config.items() if key != "budget"}
    for network in ["classifier", "segmenter"]:
        if config.get(network, {}).get("weights"):
            shown[network] = {**config[network], "weights": digest(config[network]["weights"])}
    if "imported_detections" in config:
        shown["imported_detections"] = {name: {} for name in config["imported_detections"]}
    if "kept_slices" in config:
        shown["kept_slices"] = {name: digest(path) for name, path in config["kept_slices"].items()}
    if "reader_study" in config:
        shown["reader_study"] = {**config["reader_study"], "answers": config["reader_study"]["answers"] and "given"}
    return {**shown, "cases": cases, "imported": imported}


def case_files():
    """Return the images and masks that exist, those of a folder one by one.

    Missing files, and those that cannot be read, are check_cases' to report.
    """
    table = config["cases"]["table"]
    if table is None or digest(table) is None:
        return []
    with open(table, newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = csv.DictReader(file)
        try:
            rows.fieldnames = [name.strip() for name in rows.fieldnames or []]
            names = {(row.get(column) or "").strip() for row in rows for column in ["image", "mask"]}
        except csv.Error:
            return []
    paths = [Path(table).parent / name for name in sorted(names) if name]
    found = [file for path in paths for file in [path, *members(path), *voxels(path)]]
    return [file for file in found if os.path.isfile(file)]


def members(folder):
    """Return what lies in a folder; nothing if it is none, or cannot be read."""
    try:
        return [folder / name for name in sorted(os.listdir(folder))]
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return []


def voxels(path):
    """Return the files that the header of a MetaImage or NRRD names, where it stands apart from the voxels."""
    if path.suffix.lower() not in [".mhd", ".nhdr"]:
        return []
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(65536).splitlines()
    except (OSError, ValueError):
        return []
    names = [part.strip() for line in lines for part in [line, line.partition("=")[2], line.partition(":")[2]]]
    return [path.parent / name for name in names if name]


def imported_files(wildcards):
    """Return the files of imported images, and of folders that lie among them; missing ones are reported by the import."""
    pattern = config["imported"][wildcards.generator]["folder"]
    folders = [
        pattern.format(seed=wildcards.seed, folds=folds, cls=cls, share=wildcards.group)
        for folds in train_folds()
        for cls in config["cases"]["classes"]
    ]
    inside = [path for folder in dict.fromkeys(folders) for path in members(Path(folder))]
    found = [file for path in inside for file in [path, *members(path)]]
    return list(dict.fromkeys(str(file) for file in found if os.path.isfile(file)))
