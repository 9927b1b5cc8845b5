"""Memory that a process keeps to its end instead of giving it back to the system, as jobs of the workflow do.

The system clears each page that it gives out, again and again for the arrays of a loop, which is up to a tenth of the
time of a test. The Snakefile sets the same for jobs, in the environment, which is read when Python starts.
"""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # parameters of glibc's mallopt


def keep() -> None:
    """Let glibc keep blocks of up to 32 MiB (its largest for this), and up to 512 MiB that are free."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", lambda *_: None)  # other libraries of C have none
        mallopt(MMAP_THRESHOLD, 32 * 2**20)
        mallopt(TRIM_THRESHOLD, 512 * 2**20)
