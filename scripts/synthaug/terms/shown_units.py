"""What one case is called where people read: a lesion, or an image where nothing is drawn on images."""

WHOLE = "none"  # of the config's key annotation: images are classified as a whole


def shown(unit: str, annotation: str | None) -> str:
    """Return the word for a ``unit``; columns and files keep the task's.

    Parameters
    ----------
    annotation
        The key of the config; None in tasks that do not have it.

    >>> shown("lesion", "none"), shown("lesion", "drawn"), shown("slice", None)
    ('image', 'lesion', 'slice')
    """
    return "image" if annotation == WHOLE else unit
