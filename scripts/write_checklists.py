"""Fill the reporting checklists from config and results, for a task that does not describe its models.

Inputs and output are those of `write_checklists_classification.py`; what only the task knows is left to the authors.
"""

from steps import checklists


def main() -> None:
    checklists.run(__doc__, lambda run: {})


if __name__ == "__main__":
    main()
