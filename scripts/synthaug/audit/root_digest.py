"""One digest of a whole run: of the list of its records, which hold the digests of everything else.

The list has the form of ``sha256sum``, so that ``sha256sum --check`` follows it without this project.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from synthaug.files import artifacts

LISTING = "records.sha256"
SIGNATURE = "records.sha256.sig"


def listing(results: Path, records: Iterable[str]) -> str:
    """Return a line for each of the ``records``, paths below ``results``, sorted: its SHA-256 and its path."""
    return "".join(f"{artifacts.sha256(results / path)}  {path}\n" for path in sorted(records))


def of(listed: str) -> str:
    """Return the root digest, in hexadecimal: the SHA-256 of what `listing` returned."""
    return hashlib.sha256(listed.encode()).hexdigest()
