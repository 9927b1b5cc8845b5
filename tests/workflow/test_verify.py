"""The records of a real run: they hold what Snakemake knows, verify_results follows them and names what was broken."""

import base64
import hashlib
import json
import os
from pathlib import Path

import pydicom
import pytest

from .conftest import Project

RESULTS = "results/tiny"
# Declared for the order alone, read through the digests of cases.csv or not by every job of the rule.
PLAN = "analysis-plans/tiny.json"  # kept outside the results, as a source
NOT_READ = {"phantom/case_table.csv", "phantom/patients"}
GATES = ("copies.csv", "acknowledged.csv")  # what stops a run before training, and is read by none


def records(project: Project) -> dict[str, dict]:
    """Return each job's record, without the report's, by its path in the project."""
    paths = sorted((project.folder / RESULTS).rglob("*record.json"))
    found = {
        path.relative_to(project.folder).as_posix(): json.loads(path.read_text(encoding="utf-8")) for path in paths
    }
    found.pop(f"{RESULTS}/report.record.json")
    return found


def known_to_snakemake(project: Project) -> dict[str, set[str]]:
    """Return the inputs of each output, as Snakemake has noted them."""
    folder = project.folder / ".snakemake/metadata"
    noted = {}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        name = "".join(part.removeprefix("@") for part in path.relative_to(folder).parts)
        noted[base64.b64decode(name).decode()] = set(json.loads(path.read_text(encoding="utf-8"))["input"]) - {PLAN}
    return noted


def test_every_job_records_all_that_it_reads_runs_and_writes(finished):
    noted = known_to_snakemake(finished)
    found = records(finished)
    outputs = {
        os.path.normpath(Path(path).parent / file) for path, record in found.items() for file in record["outputs"]
    }
    for path, record in found.items():
        code = {file for file in noted[path] if not file.startswith("results/")}
        assert code == set(record["code"]), path
        declared = noted[path] - code
        folder = finished.folder / Path(path).parent
        read = {
            (folder / file).resolve().relative_to(finished.folder.resolve()).as_posix() for file in record["inputs"]
        }
        unread = {
            file.removeprefix(f"{RESULTS}/") for file in declared - read if Path(file).name not in GATES
        } - NOT_READ
        assert read <= declared, path
        assert not unread or record["rule"] == "plot_training", path  # draws one choice of folds only
        for file, digest in record["outputs"].items():
            assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == digest, file
    unrecorded = set(noted) - outputs - set(found) - {f"{RESULTS}/phantom/patients", PLAN}
    assert unrecorded == set()


def test_records_name_no_machine_and_no_time(finished):
    for path, record in records(finished).items():
        text = json.dumps(record)
        assert str(finished.folder) not in text, path
        assert "/home/" not in text, path
        network = record["rule"] in ("train_dcgan", "train_acgan", "train_classifier", "sample_dcgan", "sample_acgan")
        assert {"device", "precision"} <= set(record) or not network, path


def test_whole_run_is_as_recorded(finished):
    done = finished.verify()
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{len(records(finished)) + 1} records, ")
    assert "27 lesions: all as recorded" in done.stdout
    assert len(done.stdout.splitlines()) == 2  # nothing left over, and a report; the second line is the root digest


def edit(name: str):
    def damage(project: Project) -> None:
        path = project.folder / RESULTS / name
        path.write_bytes(path.read_bytes()[:-1] + b"?")

    return damage


def replace_weights(project: Project) -> None:
    folder = project.folder / RESULTS / "seed-0/generators/dcgan/on-60"
    other = (folder / "train-0/cyst/generator.safetensors").read_bytes()
    (folder / "train-1/cyst/generator.safetensors").write_bytes(other)


def change_code(project: Project) -> None:
    project.edit("scripts/synthaug/classification/rois.py", lambda text: text + "# changed\n")


def change_image(project: Project) -> None:
    for path in sorted((project.folder / RESULTS / "phantom/patients/P001/ct").iterdir()):
        image = pydicom.dcmread(path)
        pixels = image.pixel_array.copy()
        pixels[0, 0] += 1
        image.PixelData = pixels.tobytes()
        image.save_as(path)


def mix_versions(project: Project) -> None:
    def other(text: str) -> str:
        record = json.loads(text)
        record["versions"]["numpy"] = "1.0"
        return json.dumps(record)

    project.edit(f"{RESULTS}/pool/record.json", other)


def remove_record(project: Project) -> None:
    (project.folder / RESULTS / "pool/record.json").unlink()


def make_again(project: Project) -> None:
    """Make the ROIs again, from another config, and nothing that follows."""
    project.configure(lambda config: config["rois"].update(margin=0.5))
    done = project.snakemake(f"{RESULTS}/rois/rois.csv")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            edit("seed-0/classify/classic/60/train-0/predictions.csv"),
            ["classic/60/train-0/predictions.csv: expected", "as train_classifier wrote it", "read by audit_lineage"],
        ),
        (replace_weights, ["dcgan/on-60/train-1/cyst/generator.safetensors: expected", "train_dcgan", "sample_dcgan"]),
        (edit("cases.csv"), ["cases.csv: expected", "check_cases wrote", "extract_rois"]),
        (edit("phantom/case_table.csv"), ["phantom/case_table.csv: expected", "as make_phantom wrote it"]),
        (change_image, ["lesion P001-1: expected slice and outline with the digest"]),
        (change_code, ["scripts/synthaug/classification/rois.py: expected"]),
        (mix_versions, ["numpy", "found 1.0", "do not mix"]),
        (remove_record, ["pool/i", "expected a record", "found none", "read by"]),
        (edit("evaluation/tables/headline.csv"), ["evaluation/tables/headline.csv: expected", "write_headline"]),
        (edit("report.html"), ["report.html: expected", "write_report"]),
        (make_again, ["rois/", "as ", " read it", "made by extract_rois (rois/record.json) later"]),
    ],
    ids=[
        "prediction", "weights", "cases", "table", "image", "code", "versions", "record", "evaluation", "report",
        "newer",
    ],
)  # fmt: skip
def test_break_is_named(rerun, damage, words):
    damage(rerun)
    done = rerun.verify()
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    for word in words:
        assert word in line
    assert "Traceback" not in done.stderr
