"""Reporting checklists: what a run says on each item, and what is left for its authors to write."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synthaug.errors import InputError

FILLED, PARTLY, OPEN, NOT_APPLICABLE = STATUSES = ("filled", "in part", "for you", "does not apply")
KEYS = {"number", "title", "facts", "open", "does_not_apply"}  # of an item


@dataclass(frozen=True)
class Fact:
    """What a run says on one topic.

    Attributes
    ----------
    text
        One or more sentences.
    pages
        The entries of the report that show it.
    open
        What the authors must add because of it, as a request; nothing by default.
    """

    text: str
    pages: tuple[str, ...] = ()
    open: str = ""


@dataclass(frozen=True)
class Item:
    """An item of a checklist, answered.

    Attributes
    ----------
    number, title
        Its number in the checklist, such as 12c, and its topic in our words.
    texts, pages
        What the run says on it, and the entries of the report that show it.
    see
        The items before it that say more on it.
    open
        What is left for the authors, as requests.
    reason
        Why the item does not apply; empty if it does.
    """

    number: str
    title: str
    texts: list[str]
    see: list[str]
    pages: list[str]
    open: list[str]
    reason: str

    @property
    def status(self) -> str:
        """One of `STATUSES`."""
        if self.reason:
            return NOT_APPLICABLE
        if not self.open:
            return FILLED
        return PARTLY if self.texts or self.see else OPEN


def answered(sections: Sequence[Mapping[str, object]], facts: Mapping[str, Fact]) -> list[list[Item]]:
    """Answer the items of a checklist, by section. What an item before says is not said again.

    Parameters
    ----------
    sections
        With ``items`` each. An item has ``number`` and ``title``, and either ``does_not_apply``, the reason, or
        ``facts``, the topics that answer it, and ``open``, what no run can know; at least one of the two.
    facts
        By topic. A topic that is missing here is left to the authors.

    Raises
    ------
    InputError
        If an item has other keys, neither facts nor anything open, or does not apply and has either.
    """
    said: dict[str, str] = {}  # by topic, the number of the item
    return [[_answer(item, facts, said) for item in section["items"]] for section in sections]


def _answer(item: Mapping[str, object], facts: Mapping[str, Fact], said: dict[str, str]) -> Item:
    number, topics, reason = item["number"], item.get("facts", []), item.get("does_not_apply", "")
    if not set(item) <= KEYS or bool(reason) == bool(topics or item.get("open")):
        raise InputError(
            f"checklists, item {number}: expected number and title, and either does_not_apply or facts and open, found "
            f"{', '.join(item)}; correct the list"
        )
    known = {topic: facts[topic] for topic in topics if topic in facts}
    left = [item.get("open", ""), *(fact.open for fact in known.values())]
    if missing := [topic for topic in topics if topic not in facts]:
        left.append(f"what the scripts of this task do not describe by themselves: {', '.join(missing)}")
    new = [topic for topic in known if said.setdefault(topic, number) == number]
    return Item(
        number=number,
        title=item["title"],
        texts=[known[topic].text for topic in new],
        see=list(dict.fromkeys(said[topic] for topic in known if topic not in new)),
        pages=list(dict.fromkeys(page for fact in known.values() for page in fact.pages)),
        open=[text for text in left if text],
        reason=reason,
    )


def counts(sections: list[list[Item]]) -> dict[str, int]:
    """Return how many items have each of `STATUSES`."""
    found = Counter(item.status for items in sections for item in items)
    return {status: found[status] for status in STATUSES}
