"""What the reporting checklists say alike of every task whose samples are whole slices."""

from collections.abc import Sequence

from synthaug.report.checklists import Fact
from synthaug.report.described_run import Run
from synthaug.report.sentences import counted, listed


def empty_slices(run: Run) -> str:
    """Say how many slices without a lesion are used beside those with one; nothing if none are."""
    empty = run.settings.task["slices"]["empty_slices"]
    return f", and {counted(empty, 'slice')} without a lesion of each patient's volumes" if empty else ""


def gray_values(run: Run, of: str) -> str:
    """Say which values became black and white; ``of`` is what percentiles are of, such as "the slice"."""
    known = run.settings.task["slices"]["intensity"]
    low, high = known["low"], known["high"]
    if known["mode"] == "window":
        return f"the window from {low:g} to {high:g} (HU in CT)"
    return f"{of}'s percentiles {low:g} and {high:g}"


def predictors() -> Fact:
    """Say what the models see."""
    return Fact("The only predictor is the slice; no clinical variable and no neighbouring slice is used.")


def baselines(run: Run, possible: Sequence[str], reference: str, pasted: tuple[str, str]) -> Fact:
    """Say what stands beside the synthetic slices.

    Parameters
    ----------
    possible
        The task's arms without a generator, but for its reference.
    reference
        What the reference trains on, in words.
    pasted
        The arm of pasted lesions, and what is said of it.
    """
    cheap = [arm for arm in possible if arm in run.settings.arms]
    if not cheap:
        return Fact(f"No method without synthetic slices was run beside them but {reference} alone.")
    text = f"Beside {reference} alone stand arms without a generator: {listed(cheap)}."
    arm, about = pasted
    return Fact(text + (f" {about}." if arm in cheap else ""), ("All comparisons and verdicts",))
