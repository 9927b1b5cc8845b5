"""Forged results of a real run are found: by digests, and by computing again where these were forged too."""

import contextlib
import csv
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import forger, forked

from .conftest import Project

RESULTS = "results/tiny"
CLASSIFIER, GENERATOR = "seed-0/classify/dcgan/60+10x3/train-0", "seed-0/generators/dcgan/on-60/train-1/cyst"
POOL, PREDICTIONS = "pool/images.npy", "evaluation/predictions.csv"


@pytest.fixture(scope="module")
def copied(finished, tmp_path_factory) -> Project:
    """A copy of the finished run, which every test leaves as it was."""
    folder = tmp_path_factory.mktemp("forgery") / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    return Project(folder)


@contextlib.contextmanager
def forged(project: Project, *names: str) -> Iterator[list[tuple[str, str]]]:
    """Yield what `FORGERIES` of these names return, and undo them and every change of a record afterwards."""
    results = project.folder / RESULTS
    kept = {path: path.read_bytes() for path in results.rglob("*record.json")}
    kept |= {results / FORGERIES[name][0]: (results / FORGERIES[name][0]).read_bytes() for name in names}
    try:
        yield [FORGERIES[name][1](results, FORGERIES[name][0]) for name in names]
    finally:
        for path, content in kept.items():
            path.write_bytes(content)


def rows_of(path: Path) -> tuple[list[str], list[dict]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames), list(reader)


def write_rows(path: Path, columns: list[str], rows: list[dict]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def add_test_lesion(results: Path, file: str) -> tuple[str, str]:
    """Add the ROI of a lesion of the test fold at the end of a training list."""
    trained = next(part for part in file.split("/") if part.startswith("train-")).removeprefix("train-")
    path = results / file
    columns, rows = rows_of(path)
    (lesion, *_) = [
        row["lesion"]
        for row in rows_of(results / "seed-0/folds.csv")[1]
        if row["fold"] != trained and row["class"] == rows[0]["class"]
    ]
    new = {**rows[0], "lesion": lesion, "row": "0"}
    write_rows(path, columns, [*rows, new])
    return f"{file}, row {len(rows) + 2}:", f"found source roi, lesion {lesion}"


def swap_pool_images(results: Path, file: str) -> tuple[str, str]:
    images = np.load(results / file)
    images[[7, 11]] = images[[11, 7]]
    np.save(results / file, images)
    return f"{file}, row 7 (lesion ", "likewise row 11;"


def take_another_patients(results: Path, file: str) -> tuple[str, str]:
    images = np.load(results / file)
    index = rows_of(results / "pool/index.csv")[1]
    patient = {row["lesion"]: row["patient"] for row in rows_of(results / "rois/rois.csv")[1]}
    other = next(n for n, row in enumerate(index) if patient[row["lesion"]] != patient[index[5]["lesion"]])
    images[5] = images[other]
    np.save(results / file, images)
    return f"{file}, row 5 (lesion {index[5]['lesion']}, rank 5)", "its crop and map"


def call_it_right(results: Path, file: str) -> tuple[str, str]:
    """Make one wrong prediction right, with the probabilities that go with it."""
    path = results / file
    columns, rows = rows_of(path)
    number, row = next((n, row) for n, row in enumerate(rows) if row["predicted"] != row["truth"])
    was, p = row["predicted"], "p_" + row["truth"]
    row[p], row[f"p_{was}"] = row[f"p_{was}"], row[p]
    row["predicted"] = row["truth"]
    write_rows(path, columns, rows)
    return f"{file}, row {number + 2}:", f"predicted {was}"


def raise_a_number(column: str):
    def forge(results: Path, file: str) -> tuple[str, str]:
        path = results / file
        columns, rows = rows_of(path)
        value = float(rows[3][column]) + 0.01
        rows[3][column] = repr(value)
        write_rows(path, columns, rows)
        return f"{file}, row 5:", f"found {column} {value!r}"

    return forge


def take_other_weights(results: Path, file: str) -> tuple[str, str]:
    other = results / file.replace("train-1", "train-0")
    (results / file).write_bytes(other.read_bytes())
    return f"{file}: expected the mean of the images in train_set.csv", "another training"


def relabel(results: Path, file: str) -> tuple[str, str]:
    path = results / file
    columns, rows = rows_of(path)
    rows[4]["class"] = {"cyst": "metastasis"}.get(rows[4]["class"], "cyst")
    write_rows(path, columns, rows)
    return f"{file}, row 6:", f"found class {rows[4]['class']}"


FORGERIES = {
    "test lesion, classifier": (f"{CLASSIFIER}/train_set.csv", add_test_lesion),
    "test lesion, generator": (f"{GENERATOR}/train_set.csv", add_test_lesion),
    "pool swapped": (POOL, swap_pool_images),
    "pool replaced": (POOL, take_another_patients),
    "a model's prediction": ("seed-0/classify/classic/60/train-0/predictions.csv", call_it_right),
    "all predictions": (PREDICTIONS, call_it_right),
    "metrics": ("evaluation/metrics.csv", raise_a_number("value")),
    "comparisons": ("evaluation/comparisons.csv", raise_a_number("delta")),
    "weights": ("seed-0/classify/classic/90/train-1/weights.safetensors", take_other_weights),
    "class label": ("seed-0/classify/extra/60+10x3/train-1/train_set.csv", relabel),
}


def problems(done: subprocess.CompletedProcess) -> list[str]:
    """Return the lines of a run that found problems, without the first, which counts them."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    first, *lines = done.stderr.strip().splitlines()
    assert first == f"ERROR [recompute_results] {RESULTS}: {len(lines)} problem{'s' if len(lines) > 1 else ''}"
    return [line.strip() for line in lines]


def test_no_alarm_on_an_untouched_run(copied):
    done = copied.recompute()
    assert done.returncode == 0, done.stderr
    matches = [re.fullmatch(r"([\w ]+): (\d+) files? as computed again", line) for line in done.stdout.splitlines()]
    counts = {match[1]: int(match[2]) for match in matches}
    models = len(list((copied.folder / RESULTS).glob("seed-0/classify/*/*/train-*/model.json")))
    generators = len(list((copied.folder / RESULTS).glob("seed-0/generators/*/*/train-*/*/model.json")))
    assert counts["training lists"] == models + generators
    networks = len(list((copied.folder / RESULTS).glob("seed-0/classify/*/*/train-*/weights.safetensors")))
    assert counts["predictions of classifiers"] == 2 * networks  # and features
    assert counts["predictions of discriminators"] + counts["predictions of baselines"] == models - networks
    assert min(counts.values()) > 0


@pytest.mark.parametrize("name", FORGERIES)
def test_a_plain_forgery_breaks_a_digest(copied, name):
    with forged(copied, name):
        done = copied.verify()
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert f"{FORGERIES[name][0]}: expected" in line


@pytest.mark.parametrize(
    ("names", "also"),
    [
        (
            ["test lesion, classifier", "test lesion, generator", "pool swapped", "a model's prediction", "weights",
             "class label"],
            # What is made of these: the table of predictions, and the audit, which names lesions.
            [f"{PREDICTIONS}, row", f"lineage audit: {CLASSIFIER}: lesion", f"lineage audit: {GENERATOR}: lesion",
             "lineage audit: seed-0/classify/extra/60+10x3/train-1: lesion"],
        ),
        (["pool replaced", "all predictions"], []),
        (["metrics", "comparisons"], []),
    ],
    ids=["models", "pool and predictions", "statistics"],
)  # fmt: skip
def test_a_forgery_with_its_records_is_found_by_computing_again(copied, names, also):
    with forged(copied, *names) as expected:
        forger.rehash(copied.folder / RESULTS)
        assert copied.verify().returncode == 0  # no digest tells
        found = problems(copied.recompute())
    for start, word in expected:
        (line,) = [line for line in found if line.startswith(start) and word in line]
        assert line.endswith("; run again")
    for start in also:
        assert any(line.startswith(start) for line in found), start


def test_what_a_gpu_made_is_left_and_named(copied):
    """Elsewhere its images may differ by more than rounding, so they are no problem, changed or not."""
    with forged(copied, "metrics"):
        record = next((copied.folder / RESULTS).glob("seed-0/synthetic/dcgan/on-60/train-0/record.json"))
        record.write_text(json.dumps(json.loads(record.read_text()) | {"device": "NVIDIA H100"}))
        done = copied.recompute()
    left = [line for line in done.stdout.splitlines() if "not computed again" in line]
    assert [line.split(": ")[1] for line in left] == [
        f"seed-0/synthetic/dcgan/on-60/train-0/{cls}/images.npy" for cls in ("cyst", "hemangioma", "metastasis")
    ]
    assert all(line.endswith("it was made on NVIDIA H100, which this machine does not have") for line in left)
    (line,) = problems(done)
    assert line.startswith("evaluation/metrics.csv, row 5:")


def test_a_forger_without_the_key_is_found_by_the_signature(copied, tmp_path):
    results, key, public = copied.folder / RESULTS, tmp_path / "key.pem", tmp_path / "public.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    command = [sys.executable, "scripts/sign_results.py", "--results", RESULTS, "--key", str(key)]
    signed = forked.run(command, cwd=copied.folder)
    try:
        assert signed.returncode == 0, signed.stderr
        root = signed.stdout.split("root digest: ")[1].strip()
        assert root == hashlib.sha256((results / "records.sha256").read_bytes()).hexdigest()
        checked = subprocess.run(["sha256sum", "--check", "--quiet", "records.sha256"], cwd=results, check=False)
        assert checked.returncode == 0
        done = copied.verify("--public-key", str(public))
        assert done.returncode == 0, done.stderr
        assert f"Root digest: {root}" in done.stdout
        assert f"Signed by the owner of {public}" in done.stdout
        with forged(copied, "metrics"):
            forger.rehash(results)
            assert f"Root digest: {root}" not in copied.verify().stdout
            done = copied.verify("--public-key", str(public))
        assert done.returncode == 1
        (line,) = done.stderr.strip().splitlines()
        assert line.startswith(f"ERROR [verify_results] {RESULTS}/records.sha256.sig: expected a signature of the")
    finally:
        for name in ("records.sha256", "records.sha256.sig"):
            (results / name).unlink(missing_ok=True)
