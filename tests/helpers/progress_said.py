"""What a run said of its time, in its lines on progress."""

import re

LINE = re.compile(r"^(\d+) of \d+ jobs done, (\d+) (s|min) so far, about (\d+) (s|min) left", re.MULTILINE)
SECONDS = {"s": 1, "min": 60}


def ends(said: str) -> tuple[list[int], list[int], float]:
    """Return, of each line, the jobs done and the seconds after which the run is to end; and how long it took."""
    lines = LINE.findall(said)
    expected = [int(so_far) * SECONDS[a] + int(left) * SECONDS[b] for _, so_far, a, left, b in lines]
    hours, minutes, rest = re.search(r"Elapsed time: (\d+):(\d+):([\d.]+)", said).groups()
    return [int(done) for done, *_ in lines], expected, 3600 * int(hours) + 60 * int(minutes) + float(rest)
