"""Whether names of images look as if they held a patient's id: a hint for the user, who alone can know it.

A name such as ``scan_P0012_03`` falls into the parts scan, P0012 and 03. A part looks like a patient's id if it has a
digit and several images of one folder share it, but not all. So does a folder that is no class.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

PART = re.compile(r"[A-Za-z0-9]+")
DIGITS = re.compile(r"[0-9]+")
ANY = "[A-Za-z0-9]*[0-9][A-Za-z0-9]*"
FEWEST = 2  # different ids


@dataclass(frozen=True)
class Hint:
    """What names look like.

    Attributes
    ----------
    rule
        A regular expression for PATIENTS, which finds an id in each path.
    patients
        How many different ids it finds.
    example
        An id, and two paths that share it.
    """

    rule: str
    patients: int
    example: tuple[str, str, str]

    def said(self) -> str:
        """Return it in words."""
        one, first, second = self.example
        return (
            f"{first} and {second} share {one!r}: if that is a patient, give PATIENTS='{self.rule}', which finds "
            f"{self.patients} patients"
        )


def hint(paths: Sequence[str], classes: Collection[str] = ()) -> Hint | None:
    """Return the first part of all names, from the left, that looks like a patient's id, or else a folder; or None.

    Parameters
    ----------
    paths
        Of all images, each once, as seen from the folder that the user gave, with slashes.
    classes
        Names that are no ids.
    """
    names = [PurePosixPath(path) for path in paths]
    parts = [PART.findall(name.name.partition(".")[0]) for name in names]
    folders = [name.parts[:-1] for name in names]
    deep = min(map(len, folders), default=0)
    places = [(parts, place) for place in range(min(map(len, parts), default=0))]
    for lists, place in [*places, *((folders, place) for place in reversed(range(deep)))]:
        found = [of_name[place] for of_name in lists]
        rule = _rule(found, paths) if _is_shared(found, names, classes) else ""
        if rule:
            first = next(place for place, one in enumerate(found) if found.count(one) > 1)
            second = found.index(found[first], first + 1)
            return Hint(rule, len(set(found)), (found[first], paths[first], paths[second]))
    return None


def _is_shared(found: Sequence[str], names: Sequence[PurePosixPath], classes: Collection[str]) -> bool:
    """Return whether each part has a digit and is no class, there are several, and images of one folder share one."""
    different = set(found)
    if len(different) < FEWEST or different <= set(classes) or not all(DIGITS.search(one) for one in different):
        return False
    return len({(name.parent, one) for name, one in zip(names, found, strict=True)}) < len(names)


def _rule(found: Sequence[str], paths: Sequence[str]) -> str:
    """Return an expression of the form of all ids that finds each of them in its path; "" if there is none."""
    forms = {"[0-9]+".join(map(re.escape, DIGITS.split(one))) for one in found}
    form = forms.pop() if len(forms) == 1 else ANY
    for rule in (f"({form})_", f"({form})/", f"({form})-", f"_({form})", f"({form})", r"([^/_]+)_[^/]*\."):
        matches = [re.search(rule, path) for path in paths]
        if all(match and match[1] == one for match, one in zip(matches, found, strict=True)):
            return rule
    return ""
