"""The one exception that users are meant to read."""


class InputError(Exception):
    """Something the user gave is missing or wrong.

    The message is written for the user: it names the file or row, what was expected, what was found and what to do.
    Several problems found together are one message, a line each.
    """
