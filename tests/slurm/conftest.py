"""A real SLURM of one node for these tests, taken down whatever happens; where it cannot be had, they say so loudly."""

import os
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
CANNOT_BE_HAD = 3  # what up.sh exits with where there is no root, no package, no namespace


@pytest.fixture(scope="session")
def slurm():
    """Environment in which sbatch, squeue and scancel speak to a SLURM of two processors and a GPU that only counts."""
    environment = {**os.environ, "STATE": "/var/lib/synthaug-slurm-test", "CPUS": "2", "GPUS": "1", "MEM": "32000"}
    try:
        up = subprocess.run([FOLDER / "up.sh"], env=environment, capture_output=True, text=True)
        if up.returncode == CANNOT_BE_HAD:
            pytest.skip(up.stderr.strip().removeprefix("error: "))
        assert up.returncode == 0, up.stderr
        yield {**environment, "SLURM_CONF": up.stdout.strip().partition("=")[2]}
    finally:
        subprocess.run([FOLDER / "down.sh"], env=environment, check=True)


def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        terminalreporter.write_sep("!", f"NOT TESTED ON A CLUSTER: {reason}", red=True, bold=True)
