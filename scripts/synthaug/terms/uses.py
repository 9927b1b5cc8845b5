"""How an arm takes its synthetic images, and the arm's name: mixed in, the generator's; otherwise <generator>-<use>."""

PRETRAIN, GENMIX, WEIGHT, SELECT = "pretrain", "genmix", "weight", "select"
USES = (PRETRAIN, GENMIX, WEIGHT, SELECT)  # beside mixing in, in the order of tables and figures


def arm(generator: str, use: str) -> str:
    """Return the arm that takes the images of a generator by a use.

    >>> arm("dcgan", PRETRAIN)
    'dcgan-pretrain'
    """
    return f"{generator}-{use}"


def use_of(name: str) -> str:
    """Return the use by which an arm takes synthetic images; nothing where they are mixed in, or where there are none.

    >>> use_of("dcgan-lowdata-select"), use_of("dcgan-lowdata")
    ('select', '')
    """
    return next((use for use in USES if name.endswith(f"-{use}")), "")


def generator_of(name: str) -> str:
    """Return the generator whose images an arm takes; of an arm without any its own name.

    >>> generator_of("dcgan-lowdata-select"), generator_of("dcgan-lowdata")
    ('dcgan-lowdata', 'dcgan-lowdata')
    """
    return name.removesuffix(f"-{use_of(name)}") if use_of(name) else name
