"""The networks that segment slices, by the name of their architecture in the config."""

from collections.abc import Mapping

from synthaug.segmentation import fcn8s, unet

Network = unet.Unet | fcn8s.Fcn8s


def network(shape: Mapping[str, object]) -> Network:
    """Return a network without meaningful weights.

    Parameters
    ----------
    shape
        ``architecture``, ``classes`` and ``widths``; of an ``fcn8s`` also ``dropout``.

    Raises
    ------
    KeyError
        If ``shape`` lacks one of these.
    """
    classes, widths = len(shape["classes"]), shape["widths"]
    if shape["architecture"] == "fcn8s":
        return fcn8s.Fcn8s(classes, widths, shape["dropout"])
    return unet.Unet(classes, widths)


def initialise(untrained: Network, seed: int) -> None:
    """Draw the weights of a network as its architecture does."""
    of = fcn8s if isinstance(untrained, fcn8s.Fcn8s) else unet
    of.initialise(untrained, seed)
