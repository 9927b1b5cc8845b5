"""A finished run as an RO-Crate: a folder that says what its files are, by the profile Workflow Run Crate.

Sources: RO-Crate 1.1, https://w3id.org/ro/crate/1.1; profiles Process Run Crate and Workflow Run Crate 0.5 and Workflow
RO-Crate 1.0, whose identifiers stand in `PROFILES`.
"""

import copy
import io
from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import yaml
from rocrate.model.computationalworkflow import ComputationalWorkflow
from rocrate.model.contextentity import ContextEntity
from rocrate.model.file import File
from rocrate.rocrate import ROCrate

from synthaug.audit import verification
from synthaug.errors import InputError
from synthaug.files import artifacts, records

PROFILES = (
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
)
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
WORKFLOW = (
    "workflow",
    "profiles",
    "scripts",
    "envs",
    "config/README.md",
    "requirements.txt",
    "LICENSE",
    "CITATION.cff",
    "README.md",
    "docs",
)
TYPES = {
    ".csv": "text/csv", ".json": "application/json", ".html": "text/html", ".png": "image/png", ".svg": "image/svg+xml",
    ".yaml": "application/yaml", ".py": "text/x-python", ".md": "text/markdown",
}  # fmt: skip
CASES = "cases.csv"
WITHHELD = "withheld/{cls}"
LICENSE = "https://spdx.org/licenses/MIT"  # of the workflow
NO_LICENSE = "No licence is granted; ask the authors"
CONFORMANCE = "evaluation/write_conformance.record.json"  # records the whole config


@dataclass(frozen=True)
class Run:
    """What becomes a crate.

    Attributes
    ----------
    project
        The folder of the workflow.
    results
        The folder of a cohort's results.
    verified
        The files below ``results`` that belong to the run, see `verification.Checked`.
    authors, license
        Who answers for the results, and under what licence they are published.
    """

    project: Path
    results: Path
    verified: Set[str]
    authors: list[str]
    license: str


def build(run: Run) -> ROCrate:
    """Return the crate of a verified, finished run; its ``write`` copies the files.

    It holds the workflow, the config, the checked cases, and the run's records, evaluation and report. It holds nothing
    left over from an earlier run, no source image or path of one, no pool, no synthetic image and no weights.

    Raises
    ------
    InputError
        If the run has no report yet.
    """
    if not (run.results / verification.REPORT).is_file():
        raise InputError(f"{run.results / verification.REPORT}: expected a finished run, found no report; finish it")
    settings = runnable(artifacts.read_json(run.results / CONFORMANCE)["config"])
    crate = ROCrate(version="1.1")  # on which the profiles build
    ended = datetime.fromtimestamp((run.results / verification.REPORT).stat().st_mtime, UTC)
    crate.metadata.extra_contexts.append(TERMS)
    crate.name = f"Synthaug run of cohort {settings['cohort']}"
    crate.description = (
        "A run of the Synthaug workflow: whether synthetic augmentation improves a lesion classifier. Source images "
        "are not part of it; lesions and patients have the ids of the case table."
    )
    crate.datePublished = ended
    crate.license = run.license
    authors = [_person(crate, f"#author-{number}", name) for number, name in enumerate(run.authors, start=1)]
    crate.root_dataset["author"] = authors
    crate.root_dataset["conformsTo"] = [_profile(crate, address) for address in PROFILES]

    workflow = _add_workflow(crate, run.project)
    text = io.StringIO(yaml.safe_dump(settings, sort_keys=False))
    config = crate.add_file(text, "config/config.yaml", properties={"name": "config of the run", **_type(".yaml")})
    cases = _add_file(crate, run.results / CASES, f"run/{CASES}")
    made = [_add_file(crate, path, f"run/{path.relative_to(run.results).as_posix()}") for path in publishable(run)[0]]
    properties = {
        "name": f"run of cohort {settings['cohort']}",
        "agent": authors,
        "endTime": ended.isoformat(timespec="seconds"),
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "description": "What each job read, ran and wrote stands in the records (*record.json), with SHA-256 digests.",
    }
    action = crate.add_action(workflow, "#run", object=[config, cases], result=made, properties=properties)
    crate.root_dataset["mentions"] = action
    return crate


def runnable(config: dict) -> dict:
    """Return a recorded ``config`` that can be planned: the user's paths, left out, become placeholders."""
    shown = copy.deepcopy(config)
    shown.setdefault("budget", None)  # its values stand in the config
    if shown["cases"]["table"] is not None:
        shown["cases"]["table"] = CASES
    for source in shown["imported"].values():
        source["folder"] = WITHHELD
    shown["reader_study"]["answers"] = None
    if shown.get("classifier", {}).get("weights"):  # the record has their digest, which is no path
        shown["classifier"]["weights"] = None
    return shown


def _add_workflow(crate: ROCrate, project: Path) -> ComputationalWorkflow:
    """Add the files of the workflow, and what CITATION.cff says of it."""
    citation = yaml.safe_load((project / "CITATION.cff").read_text(encoding="utf-8"))
    workflow = crate.add_workflow(
        project / "Snakefile", "Snakefile", main=True, lang="snakemake", lang_version=metadata.version("snakemake")
    )
    licence = crate.add(
        ContextEntity(crate, LICENSE, properties={"@type": "CreativeWork", "name": citation["license"]})
    )
    makers = [_maker(crate, number, author) for number, author in enumerate(citation["authors"], start=1)]
    about = {"name": citation["title"], "version": citation["version"], "license": licence, "author": makers}
    for name, value in about.items():
        workflow[name] = value
    for path in _workflow_files(project):
        _add_file(crate, path, path.relative_to(project).as_posix())
    crate.get("README.md")["about"] = crate.root_dataset
    return workflow


def _maker(crate: ROCrate, number: int, author: dict) -> ContextEntity:
    """Return an author of CITATION.cff: a person, or an organisation, which has a ``name``."""
    kind = "Organization" if "name" in author else "Person"
    name = author.get("name") or f"{author['given-names']} {author['family-names']}"
    return _person(crate, author.get("orcid") or f"#workflow-author-{number}", name, kind)


def _person(crate: ROCrate, identifier: str, name: str, kind: str = "Person") -> ContextEntity:
    return crate.add(ContextEntity(crate, identifier, properties={"@type": kind, "name": name}))


def _profile(crate: ROCrate, address: str) -> ContextEntity:
    name, version = address.split("/")[-2:]
    properties = {"@type": "CreativeWork", "name": f"{name} profile", "version": version}
    return crate.add(ContextEntity(crate, address, properties=properties))


def _workflow_files(project: Path) -> list[Path]:
    found = [path for name in WORKFLOW for path in [project / name, *(project / name).rglob("*")] if path.is_file()]
    return sorted(path for path in found if "__pycache__" not in path.parts)


def publishable(run: Run) -> tuple[list[Path], list[Path]]:
    """Return the report, evaluation, folds, plan and records: those of the run, and those of earlier runs."""
    names = [verification.REPORT, "plan.csv", "seed-*/folds.csv", "evaluation/**/*", f"**/*{records.SUFFIX}"]
    found = {path for name in names for path in run.results.glob(name) if path.is_file()}
    shown = sorted(path for path in found if not path.name.startswith("."))
    current = [path for path in shown if path.relative_to(run.results).as_posix() in run.verified]
    return current, [path for path in shown if path not in current]


def _add_file(crate: ROCrate, source: Path, place: str) -> File:
    properties = {"name": place, "contentSize": str(source.stat().st_size), "sha256": artifacts.sha256(source)}
    return crate.add_file(source, place, properties=properties | _type(source.suffix))


def _type(suffix: str) -> dict[str, str]:
    return {"encodingFormat": TYPES.get(suffix, "text/plain")}
