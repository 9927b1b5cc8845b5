"""The exceptions that users are meant to read."""


class InputError(Exception):
    """Something the user gave is missing or wrong.

    The message is written for the user: it names the file or row, what was expected, what was found and what to do.
    Several problems found together are one message, one per line.
    """


class Interrupted(Exception):
    """A training was asked to stop, and did; the message says where it stands and how it goes on."""
