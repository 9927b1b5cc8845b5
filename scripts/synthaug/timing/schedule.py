"""When a run ends whose jobs wait for one another and for cores."""

import heapq
from collections.abc import Mapping, Set


def duration(
    seconds: Mapping[str, float],
    waits_for: Mapping[str, Set[str]],
    cores: int,
    running: Set[str] = frozenset(),
) -> float:
    """Return in how many seconds the last of the jobs ends, each on a core of its own.

    Whenever a core is free, of the jobs that wait for nothing the one begins that the longest chain of others waits for
    (list scheduling, Graham 1969, by critical path). Snakemake chooses otherwise, so this is an estimate.

    Parameters
    ----------
    seconds
        What is left of each job.
    waits_for
        The jobs that each waits for; those that ``seconds`` does not know are done.
    running
        The jobs that have a core already.

    >>> duration({"a": 4.0, "b": 2.0, "c": 3.0}, {"c": {"b"}}, cores=2)
    5.0
    """
    missing = {job: {other for other in waits_for.get(job, ()) if other in seconds} for job in seconds}
    followers: dict[str, list[str]] = {job: [] for job in seconds}
    for job, others in missing.items():
        for other in others:
            followers[other].append(job)
    chain = _chains(seconds, followers)
    ready = [(job not in running, -chain[job], job) for job in seconds if not missing[job] or job in running]
    heapq.heapify(ready)
    busy, now = [], 0.0
    while ready or busy:
        while ready and len(busy) < cores:
            job = heapq.heappop(ready)[2]
            heapq.heappush(busy, (now + seconds[job], job))
        now, ended = heapq.heappop(busy)
        for job in followers[ended]:
            missing[job].discard(ended)
            if not missing[job] and job not in running:
                heapq.heappush(ready, (True, -chain[job], job))
    return now


def _chains(seconds: Mapping[str, float], followers: Mapping[str, list[str]]) -> dict[str, float]:
    """Return the seconds from the start of each job to the end of the longest chain of jobs that begins with it."""
    chain: dict[str, float] = {}
    pending = list(seconds)
    while pending:
        job = pending.pop()
        unknown = [other for other in followers[job] if other not in chain]
        if unknown:
            pending += [job, *unknown]
        else:
            chain[job] = seconds[job] + max((chain[other] for other in followers[job]), default=0.0)
    return chain
