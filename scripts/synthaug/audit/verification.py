"""Whether results are still what their records say: the chain of digests from the case table to the report."""

import graphlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from synthaug.audit import root_digest
from synthaug.cohort import cases
from synthaug.errors import InputError
from synthaug.files import artifacts, records

REPORT = "report.html"
REPORT_RECORD = f"report.{records.SUFFIX}"
PHANTOM_TABLE = "phantom/case_table.csv"
# Not written by the jobs themselves, different in every run, or covered by the digests of the lesions in cases.csv.
UNRECORDED = ("logs", "benchmarks", "phantom/patients")
# Made of the records, when the run is done.
SEALS = (root_digest.LISTING, root_digest.SIGNATURE)
PACK = "build_reader_study"  # the rule of the pack that readers see
SHOWN = 12  # digits of a digest in a message
RUN_AGAIN = "run again"


@dataclass(frozen=True)
class Record:
    """A record; all paths are relative to the cohort's results, in POSIX form."""

    path: str
    rule: str
    content: Mapping[str, object]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclass
class Checked:
    """How much was checked and found to be right."""

    records: int = 0
    files: set[str] = field(default_factory=set)
    results: set[str] = field(default_factory=set)
    """The records and the files that they say were made, relative to the folder of results."""
    links: int = 0
    lesions: int = 0
    left_over: int = 0
    report: bool = False
    closed: bool = False
    """Whether readers have judged the pack of the reader study: then it is a source of this run, not a result."""
    listing: str = ""
    """The list of the records, see `root_digest`."""


def check(results: Path, table: Path | None) -> Checked:
    """Follow all digests in the order in which files were made: case table, images, code, versions, files, report.

    Parameters
    ----------
    results
        Folder of a cohort.
    table
        The user's case table; None for the phantom's, which lies in ``results``.

    Raises
    ------
    InputError
        At the first break. It names the file, what was recorded and found, and the rules that made and read it.
    """
    found = load(results)
    current, left_over = of_the_run(found)
    table = table or results / PHANTOM_TABLE
    chain = Chain(results, table, {path: record for record in current for path in record.outputs}, current)
    for record in in_flow_order(current, chain.makers):
        chain.check(record)
    for path in sorted(_files(results)):
        if path not in chain.makers and not any(path in record.outputs for record in found):
            raise InputError(f"{path}: expected a record that says what made it, found none; delete it or run again")
    chain.done.left_over = len(left_over)
    chain.done.listing = root_digest.listing(results, (record.path for record in current))
    return chain.done


def load(results: Path) -> list[Record]:
    """Return the records below ``results``, sorted by path.

    Raises
    ------
    InputError
        If there are none, or one of them is no record.
    """
    paths = sorted(path for path in results.rglob(f"*{records.SUFFIX}") if not path.name.startswith("."))
    if not paths:
        raise InputError(f"{results}: expected the results of a cohort, found no record; name results/<cohort>")
    return [_load(path, results) for path in paths]


def _load(path: Path, results: Path) -> Record:
    name = path.relative_to(results).as_posix()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        files = (
            {_joined(name, file): digest for file, digest in content[key].items()} for key in ("inputs", "outputs")
        )
        return Record(name, content["rule"], content, *files)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{name}: expected a record, found other content ({error}); run again") from error


def _joined(record: str, file: str) -> str:
    """Return the path below the results of a ``file`` relative to the folder of ``record``."""
    parts: list[str] = []
    for part in (PurePosixPath(record).parent / file).parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def of_the_run(found: list[Record]) -> tuple[list[Record], list[Record]]:
    """Return which of all records are of the run that the report shows, and which an earlier run left over.

    The pack whose scores are shown was made by an earlier run and is a source of this one, so its record counts too.
    """
    report = next((record for record in found if record.path == REPORT_RECORD), None)
    if report is None:
        return found, []
    shown = [record for record in found if record is report or record.path in report.inputs]
    pack = _pack_that_is_read(shown, found)
    current = [record for record in found if record is pack or record in shown]
    return current, [record for record in found if record not in current]


def _pack_that_is_read(by: list[Record], among: list[Record] | None = None) -> Record | None:
    """Return the record of the reader study's pack if a job has read the pack: the study is closed then."""
    read = {path for record in by for path in record.inputs}
    packs = (record for record in among or by if record.rule == PACK and not read.isdisjoint(record.outputs))
    return next(packs, None)


def in_flow_order(found: list[Record], makers: Mapping[str, Record]) -> Iterator[Record]:
    """Yield each record after those whose files its job read.

    Parameters
    ----------
    makers
        The record of the job that made a file, by the file's path.
    """
    by_path = {record.path: record for record in found}
    sorter = graphlib.TopologicalSorter({record.path: [] for record in found})
    for record in found:
        for path in [*record.inputs, *([PHANTOM_TABLE] if "case_table" in record.content else [])]:
            maker = makers.get(path) or by_path.get(path)
            if maker:
                sorter.add(record.path, maker.path)
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from (by_path[path] for path in ready)
        sorter.done(*ready)


class Chain:
    """Checks records one by one and counts what was right.

    Parameters
    ----------
    makers
        As for `in_flow_order`.
    current
        The records of the run; an earlier run may have left others.
    """

    def __init__(self, results: Path, table: Path, makers: Mapping[str, Record], current: list[Record]):
        self.makers = makers
        self.done = Checked()
        self._results, self._table, self._current = results, table, current
        self._pack = _pack_that_is_read(current)
        self.done.closed = self._pack is not None
        self._digests: dict[Path, str] = {}
        self._versions: dict[str, tuple[str, Record]] = {}

    def check(self, record: Record) -> None:
        """Check that a job's table, images, code, versions, inputs and outputs are as recorded.

        Of a closed pack only the outputs are checked: it is never made again, whatever has become of its inputs.

        Raises
        ------
        InputError
            If one of them is not.
        """
        if record is not self._pack:
            self._check_table(record)
            self._check_code(record)
            self._check_versions(record)
            for path, digest in record.inputs.items():
                self._check_input(record, path, digest)
        for path, digest in record.outputs.items():
            self._check_output(record, path, digest)
            self.done.files.add(path)
        self.done.results |= {record.path, *record.outputs}
        if record.path == REPORT_RECORD:
            self.done.report = True
        self.done.records += 1

    def _check_table(self, record: Record) -> None:
        if "case_table" not in record.content:
            return
        if not self._table.is_file():
            raise InputError(f"{self._table}: expected the case table, found no file; name it with --table")
        known = record.content["case_table"]
        self._same(str(self._table), self._table, known, f"as {record.rule} read it ({record.path})", "")
        self.done.links += 1
        if record.rule == "check_cases":
            self._check_images(record)

    def _check_images(self, record: Record) -> None:
        """Read every lesion's slice and outline from the user's files again."""
        (path,) = record.outputs
        self._check_output(record, path, record.outputs[path])
        then = artifacts.read_csv(self._results / path).set_index("lesion")["digest"]
        now = cases.check(self._table, cases.Params(**record.content["params"])).set_index("lesion")["digest"]
        for lesion in sorted({*then.index, *now.index}):
            pair = [str(digests.get(lesion, "none")) for digests in (then, now)]
            if pair[0] != pair[1]:
                raise InputError(
                    f"lesion {lesion}: expected slice and outline with the digest {pair[0]} of {path}, found {pair[1]} "
                    f"in the files that {self._table} names; run again"
                )
        self.done.lesions = len(now)

    def _check_code(self, record: Record) -> None:
        for path, digest in record.content["code"].items():
            self._same(path, records.PROJECT / path, digest, f"as {record.rule} ran it ({record.path})", "")
            self.done.files.add(path)
            self.done.links += 1

    def _check_versions(self, record: Record) -> None:
        for package, version in record.content["versions"].items():
            first, by = self._versions.setdefault(package, (version, record))
            if first != version:
                raise InputError(
                    f"{record.path}: expected {package} {first}, as in {by.path}, found {version}; results of "
                    f"different versions do not mix: run {by.rule} and {record.rule} again, with one environment"
                )

    def _check_input(self, record: Record, path: str, digest: str) -> None:
        maker = self.makers.get(path)
        if not maker and not path.endswith(records.SUFFIX):
            raise InputError(
                f"{path}: expected a record that says what made it, found none; read by {record.rule} ({record.path}); "
                "run again"
            )
        made = f"; made by {maker.rule} ({maker.path}) later" if maker else ""
        self._same(path, self._results / path, digest, f"as {record.rule} read it ({record.path})", made)
        self.done.links += 1

    def _check_output(self, record: Record, path: str, digest: str) -> None:
        when = f"as {record.rule} wrote it ({record.path})"
        cure = "put back the pack that readers saw" if record is self._pack else RUN_AGAIN
        self._same(path, self._results / path, digest, when, self._read_by(path), cure)

    def _same(self, name: str, path: Path, expected: str, when: str, also: str, cure: str = RUN_AGAIN) -> None:
        if path not in self._digests:
            self._digests[path] = artifacts.sha256(path) if path.is_file() else "no file"
        found = self._digests[path]
        if found != expected:
            raise InputError(f"{name}: expected {expected[:SHOWN]}, {when}, found {found[:SHOWN]}{also}; {cure}")

    def _read_by(self, path: str) -> str:
        readers = sorted({record.rule for record in self._current if path in record.inputs})
        return f"; read by {', '.join(readers)}" if readers else ""


def _files(results: Path) -> Iterator[str]:
    """Yield the files below ``results`` that a record must name."""
    for path in results.rglob("*"):
        name = path.relative_to(results)
        hidden = any(part.startswith(".") for part in name.parts)
        exempt = name.as_posix() in SEALS or any(name.is_relative_to(folder) for folder in UNRECORDED)
        if path.is_file() and not hidden and not exempt and not name.name.endswith(records.SUFFIX):
            yield name.as_posix()
