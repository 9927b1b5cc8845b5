"""Names of patients and of the user's files stay out of results; paths are never run; nothing asks the network.

One run of every stage on a cohort whose folders, files and DICOM headers carry names that can be searched for, in a
folder whose name a shell would run, without a network where the machine allows it.
"""

import base64
import csv
import hashlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pydicom
import pytest
import yaml
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from rocrate.rocrate import ROCrate

from tests.helpers import forked, progress_said

from .conftest import Project, copy_workflow

# Of folders, files, DICOM names and numbers, UIDs, and a free column of the case table.
SECRETS = [
    "KlinikZebra",
    "MUELLERHANS",
    "IMZEBRA",
    "MASKZEBRA",
    "Rumpelstilz",
    "PID4711",
    "ACC0815",
    "1.2.999777.",
    "Huber",
]
FOLDER = 'it\'s a "project" $(touch pwned) `touch pwned` ;touch pwned; &'
DATA = "KlinikZebra $(touch pwned) 'data'"


def contents(data: bytes) -> Iterator[bytes]:
    """Yield ``data`` and all that is packed in it: archives, compressed streams, base64."""
    yield data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from contents(archive.read(name))
        return
    for start in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data):
        try:
            unpacked = zlib.decompressobj().decompress(memoryview(data)[start.start() :])  # no copy
        except zlib.error:
            continue
        if len(unpacked) > 8:
            yield unpacked
    for coded in re.finditer(rb"base64,([A-Za-z0-9+/]+=*)", data):
        yield from contents(base64.b64decode(coded[1]))


def leaks(folder: Path, secrets: list[str] = SECRETS) -> list[str]:
    """Return "file: secret" for each secret in a file below ``folder`` or in its name."""
    found = set()
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        parts = [name.encode(), *(contents(path.read_bytes()) if path.is_file() else [])]
        found |= {f"{name}: {secret}" for part in parts for secret in secrets if secret.encode() in part}
    return sorted(found)


@pytest.mark.parametrize("hide", ["plain", "npz", "pdf", "html"])
def test_search_finds_what_is_hidden(tmp_path, hide):
    path = tmp_path / f"file.{hide}"
    if hide == "npz":
        np.savez_compressed(path, names=np.frombuffer(b"of Rumpelstilz " * 9, np.uint8))
    elif hide == "pdf":
        with PdfPages(path) as pdf:
            pdf.attach_note("Rumpelstilz")
            pdf.savefig(Figure())
    elif hide == "html":
        inner = zlib.compress(b"of Rumpelstilz, " * 9)
        path.write_bytes(b'<a href="data:text/csv;base64,' + base64.b64encode(inner) + b'">')
    else:
        path.write_text("Rumpelstilz")
    assert leaks(tmp_path) == [f"file.{hide}: Rumpelstilz"]


def make_cohort(project: Project) -> Path:
    """Make a phantom cohort, give everything a name that can be searched for, and return its case table."""
    data = project.folder / DATA
    config = yaml.safe_load((project.folder / "config/every.yaml").read_text(encoding="utf-8"))
    params = {**config["phantom"], "master_seed": 1}
    command = [sys.executable, "scripts/make_phantom.py", "--params", json.dumps(params)]
    command += ["--patients", str(data / "patients"), "--table", str(data / "cases.csv")]
    forked.run(command, cwd=project.folder, check=True)
    for number, patient in enumerate(sorted((data / "patients").iterdir())):
        for slice_number, path in enumerate(sorted((patient / "ct").iterdir())):
            image = pydicom.dcmread(path)
            image.PatientName, image.PatientID = f"Rumpelstilz^{number}", f"PID4711{number}"
            image.AccessionNumber, image.InstitutionName = f"ACC0815{number}", "KlinikZebra"
            image.StudyInstanceUID = f"1.2.999777.{number}"
            image.SeriesInstanceUID = f"1.2.999777.{number}.1"
            image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.999777.{number}.1.{slice_number}"
            image.save_as(path.with_name(f"IMZEBRA{slice_number}.dcm"))
            path.unlink()
        (patient / "lesions.nii.gz").rename(patient / "MASKZEBRA.nii.gz")
        patient.rename(patient.with_name(f"MUELLERHANS {patient.name}"))
    table = pd.read_csv(data / "cases.csv", dtype=str, keep_default_na=False)
    for column in ["image", "mask"]:
        table[column] = table[column].str.replace("patients/", "patients/MUELLERHANS ")
    table["mask"] = table["mask"].str.replace("lesions.nii.gz", "MASKZEBRA.nii.gz")
    table["name"] = [f"Huber {row}" for row in range(len(table))]
    table.to_csv(data / "cases.csv", index=False)
    return data / "cases.csv"


def make_imports(project: Project) -> str:
    """Make folders of synthetic images, for all training folds the same; return their pattern."""
    for number, cls in enumerate(["cyst", "metastasis", "hemangioma"]):
        folder = project.folder / DATA / f"Huber imports/{cls}"
        folder.mkdir(parents=True)
        images = np.random.default_rng(number).integers(0, 256, (20, 64, 64)).astype(np.uint8)
        np.save(folder / "images.npy", images)
        (folder / "patients.csv").write_text("patient\n")
    return f"{DATA}/Huber imports/{{cls}}"


def make_answers(project: Project) -> str:
    """Answer the reader study, always alike; return the file."""
    study = json.loads((project.folder / "results/tiny/reader-study/pack/study.json").read_text())
    rows = [
        [reader, number, image, "cyst", "real", 3, 1.5]
        for reader, images in study["presentations"].items()
        for number, image in enumerate(images, 1)
    ]
    columns = ["reader", "presentation", "image", "class", "origin", "confidence", "seconds"]
    pd.DataFrame(rows, columns=columns).to_csv(project.folder / DATA / "Huber answers.csv", index=False)
    return f"{DATA}/Huber answers.csv"


def offline() -> list[str]:
    """Return the command that runs another one without a network, nothing where that is not allowed."""
    command = ["unshare", "--net"]
    allowed = shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True).returncode == 0
    return command if allowed else []


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a run; where that is allowed, forks in it have no network."""
    further = {"SYNTHAUG_TEST_OFFLINE": "yes"} if offline() else {}
    return {**os.environ, "XDG_CACHE_HOME": str(folder / ".cache"), **further}


def run(project: Project, *arguments: str, started: bool = False) -> subprocess.CompletedProcess:
    """Run Snakemake and its jobs in forks, or start each as a user does."""
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/every.yaml", "--cores", "2", *arguments]
    place = {"cwd": project.folder, "env": environment(project.folder)}
    if started:
        return subprocess.run([*offline(), *command], capture_output=True, text=True, **place)
    return forked.run(command, **place)


@pytest.mark.skipif(not offline(), reason="no network of its own is allowed here")
@pytest.mark.parametrize("jobs", [False, True], ids=["a program", "its job"])
def test_a_fork_without_a_network_reaches_nothing(tmp_path, jobs):
    """Not even this machine, which a test can ask without troubling others."""
    program = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
    (tmp_path / "program.py").write_text(program)
    command = [sys.executable, "program.py"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if jobs:
            (tmp_path / "Snakefile").write_text(f"rule all:\n    shell: 'python program.py {port}'\n")
            command = [sys.executable, "-m", "snakemake", "--cores", "1", "--nolock"]
        command = command if jobs else [*command, port]
        assert forked.run(command, cwd=tmp_path).returncode == 0
        done = forked.run(command, cwd=tmp_path, env=environment(tmp_path))
    assert done.returncode == 1
    assert "Network is unreachable" in done.stderr


@pytest.fixture(scope="module")
def private(tmp_path_factory) -> Project:
    """A finished run on the cohort with names; few arms, every stage, an imported generator and readers' answers."""
    project = copy_workflow(tmp_path_factory.mktemp("private") / FOLDER)
    make_cohort(project)
    imported = make_imports(project)

    def use(config):
        config["cases"]["table"] = f"{DATA}/cases.csv"
        config["generators"]["dcgan"]["epochs"] = 1
        config["imported"] = {"other": {"folder": imported}}
        config["experiment"].update(classic=[0, 60], online=[], mixup=[], extra=[], baselines=[])
        config["experiment"].update(generators=["dcgan", "other"])

    project.configure(use)
    done = run(project, "--", "build_reader_study", started=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (project.folder.parent / "said.txt").write_text(done.stderr, encoding="utf-8")
    answers = make_answers(project)
    project.configure(lambda config: config["reader_study"].update(answers=answers))
    done = run(project)
    assert done.returncode == 0, done.stdout + done.stderr
    # Snakemake's logs give the reasons of what is run again: the former and the new params.
    os.utime(project.folder / DATA / "Huber imports/cyst/images.npy", (1, 1))
    done = run(project, "--", "results/tiny/seed-0/synthetic/other/on-60/record.json")
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(project)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.mark.slow
def test_no_name_is_in_results_logs_and_report(private):
    results = private.folder / "results/tiny"
    assert (results / "report.html").exists()
    assert (results / "logs/check_cases.log").exists()
    assert leaks(results) == []
    assert leaks(private.folder / ".snakemake/log") == []
    # The cohort carries them all.
    data = private.folder / DATA
    assert {leak.rsplit(": ", 1)[1] for leak in leaks(data)} >= set(SECRETS) - {"KlinikZebra"}


@pytest.mark.slow
def test_no_path_is_run_as_a_command(private):
    assert list(private.folder.parent.rglob("pwned")) == []
    assert not Path("pwned").exists()


@pytest.mark.slow
def test_verified_and_exported_without_names(private, tmp_path):
    paths = ["--results", "results/tiny", "--table", f"{DATA}/cases.csv"]
    verify = [sys.executable, "scripts/verify_results.py", *paths]
    done = forked.run(verify, cwd=private.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all as recorded" in done.stdout
    for part in ["README.md", "LICENSE", "CITATION.cff", "requirements.txt"]:
        shutil.copy(Path(__file__).parents[2] / part, private.folder / part)
    export = [sys.executable, "scripts/export_crate.py", *paths, "--author", "A. Name", "--out"]
    done = forked.run([*export, tmp_path / "c"], cwd=private.folder, env=environment(private.folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert leaks(tmp_path / "c") == []
    crate = ROCrate(tmp_path / "c")
    assert crate.mainEntity.id == "Snakefile"
    assert crate.dereference("run/cases.csv")
    assert [author["name"] for author in crate.root_dataset["author"]] == ["A. Name"]
    assert crate.mainEntity["author"][0]["name"] != "A. Name"
    action = crate.dereference("#run")
    assert action["instrument"] == crate.mainEntity
    assert {"run/report.html", "run/evaluation/metrics.csv", "run/rois/record.json"} <= {
        made.id for made in action["result"]
    }
    described = [entity for entity in crate.data_entities if entity.get("sha256")]
    assert len(described) > 50
    for entity in described:
        content = (tmp_path / "c" / unquote(entity.id)).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entity["sha256"], entity.id
    known = {unquote(entity.id) for entity in crate.data_entities} | {"ro-crate-metadata.json"}
    assert {
        path.relative_to(tmp_path / "c").as_posix() for path in (tmp_path / "c").rglob("*") if path.is_file()
    } == known
    plan = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "--cores", "1"]
    planned = forked.run(plan, cwd=tmp_path / "c")  # the crate's workflow and config are whole
    assert planned.returncode == 0, planned.stderr


@pytest.mark.slow
def test_errors_name_the_file_on_the_terminal_only(private):
    broken = sorted((private.folder / DATA / "patients").rglob("IMZEBRA0.dcm"))[0]
    before = broken.read_bytes()
    broken.write_bytes(before[: len(before) // 2])
    answers = f"{DATA}/Huber answers.csv"
    private.configure(lambda config: config["reader_study"].update(answers=None))
    try:
        done = run(private, "--config", "cohort=broken", "--", "check_data")
    finally:
        broken.write_bytes(before)
        private.configure(lambda config: config["reader_study"].update(answers=answers))
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert "ERROR [check_cases]" in text
    assert broken.parent.parent.name in text
    log = (private.folder / "results/broken/logs/check_cases.log").read_text(encoding="utf-8")
    row = re.search(r"row (\d+), lesion", text)[1]
    assert f"InputError: row {row}" in log
    assert "Traceback" in log or "File " in log
    # The folder's own path stands in the traceback.
    assert leaks(private.folder / "results/broken") == []


@pytest.mark.slow
def test_an_image_replaced_after_the_run_is_found(private):
    table = private.folder / DATA / "cases.csv"
    with table.open(newline="", encoding="utf-8") as file:
        row = next(iter(csv.DictReader(file)))
    cases = pd.read_csv(private.folder / "results/tiny/cases.csv").set_index("lesion")
    chosen = sorted((table.parent / row["image"]).iterdir())
    saved = {path: path.read_bytes() for path in chosen}
    try:
        for path in chosen:
            image = pydicom.dcmread(path)
            pixels = image.pixel_array.copy()
            pixels[0, 0] += 1
            image.PixelData = pixels.tobytes()
            image.save_as(path)
        verify = [sys.executable, "scripts/verify_results.py", "--results", "results/tiny", "--table", str(table)]
        done = forked.run(verify, cwd=private.folder)
    finally:
        for path, content in saved.items():
            path.write_bytes(content)
    assert done.returncode == 1
    lesion = cases.index[cases.index.isin([row["lesion"]])][0]
    assert f"lesion {lesion}: expected slice and outline with the digest {cases.loc[lesion, 'digest']}" in done.stderr


def test_a_run_says_how_long_it_takes_before_its_jobs(private):
    """Here the jobs are started as a user's are. Other tests run beside it and slow it down, which nobody can know."""
    _, ends, took = progress_said.ends((private.folder.parent / "said.txt").read_text(encoding="utf-8"))
    assert took / 5 < ends[0] < 2 * took
