"""What `make audit` makes of pip-audit's answers."""

import re

import h5py
import SimpleITK
from tests.audit import audit, bundled


def package(name, *vulnerabilities, **more):
    found = [{"id": identifier, "fix_versions": fixed} for identifier, fixed in vulnerabilities]
    return {"name": name, "version": "1.0", "vulns": found, **more}


def skipped(name):
    return {"name": name, "skip_reason": "not found"}


def test_nothing_known():
    lines, code = audit.verdict({"pypi": [package("a"), package("b")], "osv": [package("a"), package("b")]}, 2)
    assert (lines, code) == (["2 of 2 pinned packages audited, 0 known vulnerabilities"], 0)


def test_vulnerable_version_fails_and_names_the_fix():
    pypi = [package("a", ("CVE-1", ["1.1"])), skipped("b")]
    lines, code = audit.verdict({"pypi": pypi, "osv": [package("a"), package("b", ("CVE-2", []))]}, 2)
    assert code == 1
    assert lines[0] == "VULNERABLE: a 1.0, fixed in 1.1 (pypi): CVE-1"
    assert lines[1] == "VULNERABLE: b 1.0, fixed in no version (osv): CVE-2"


def test_services_out_of_reach_are_said_loudly():
    for answers in [{}, {"pypi": [skipped("a"), skipped("b")]}]:
        lines, code = audit.verdict(answers, 2)
        assert code == 0
        assert lines[-1].startswith("NOT AUDITED: 2 packages")
    lines, _ = audit.verdict({"osv": [package("a"), skipped("b")]}, 2)
    assert lines[-1].startswith("NOT AUDITED: 1 packages")


def test_libraries_within_packages_are_listed():
    """Those that read users' files, above all."""
    lines = bundled.lines()
    assert f"h5py {h5py.__version__}: HDF5 {h5py.version.hdf5_version}" in lines
    for name in ["GDCM", "ITK", "zlib", "libpng"]:
        (line,) = [line for line in lines if line.startswith("simpleitk ") and f": {name} " in line]
        assert re.fullmatch(rf"simpleitk \S+: {name} [\d.]+", line)
    assert SimpleITK.Version().VersionString() in next(line for line in lines if line.startswith("simpleitk "))
    assert any(re.match(r"pillow \S+: libtiff \d", line) for line in lines)
