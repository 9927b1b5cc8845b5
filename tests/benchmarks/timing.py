"""How ours and a peer are timed: in turns, in one process, so that what else the machine does falls on both."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Row:
    """One line of the table: ours beside one peer on the same work.

    Attributes
    ----------
    section
        Of the table: augmentation, DCGAN, ...
    work
        What was done.
    peer
        Name and version.
    unit
        Of ``ours`` and ``theirs``; more is better.
    ours, theirs
        Medians over the rounds.
    ratio, low, high
        Median and quartiles over the rounds of ours / theirs in one round: above 1, ours is faster.
    notes
        Further figures of this row, such as pixel errors.
    """

    section: str
    work: str
    peer: str
    unit: str
    ours: float
    theirs: float
    ratio: float
    low: float
    high: float
    notes: dict = field(default_factory=dict)

    def record(self) -> dict:
        return asdict(self)


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compare(
    section: str,
    work: str,
    unit: str,
    ours: tuple[Callable[[], object], float],
    peers: Mapping[str, tuple[Callable[[], object], float]],
    rounds: int,
    notes: Mapping[str, dict] | None = None,
) -> list[Row]:
    """Time ``ours`` and each of ``peers`` once a round, after one call of each that is not counted.

    Each is a function and the amount of work that one call does, in the unit of the rate (images for images/s): a slow
    peer may do less of the same.
    """
    everyone = {"": ours, **peers}
    for function, _ in everyone.values():
        function()
    rates = {name: [] for name in everyone}
    for _ in range(rounds):
        for name, (function, amount) in everyone.items():
            rates[name].append(amount / seconds(function))
    return [row(section, work, name, unit, rates[""], rates[name], (notes or {}).get(name)) for name in peers]


def row(
    section: str, work: str, peer: str, unit: str, ours: list[float], theirs: list[float], notes: dict | None = None
) -> Row:
    """Return the row of the rates measured in the same rounds (two or more)."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Row(
        section, work, peer, unit, statistics.median(ours), statistics.median(theirs), middle, low, high, notes or {}
    )


def text(rows: Sequence[Row]) -> str:
    """Return ``rows`` as lines to read: the rates, ours / theirs with its quartiles, the notes."""
    lines = []
    for r in rows:
        rates = f"{r.ours:.4g} / {r.theirs:.4g} {r.unit} = {r.ratio:.2f} ({r.low:.2f}-{r.high:.2f})"
        notes = [
            f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}" for key, value in r.notes.items()
        ]
        lines += [f"{r.section}: {r.work}", f"    {r.peer}: {rates}", f"    {'; '.join(notes)}"]
    return "\n".join(lines)
