"""Ids that are too long for where they stand."""

ELLIPSIS = "..."


def shortened(text: str, letters: int) -> str:
    """Return ``text`` with at most ``letters`` letters; what is too much is left out of its middle."""
    if len(text) <= letters:
        return text
    end = (letters - len(ELLIPSIS)) // 2
    return text[: letters - len(ELLIPSIS) - end] + ELLIPSIS + text[len(text) - end :]
