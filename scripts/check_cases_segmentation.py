"""Check the case table and everything that it names, and describe every row: a lesion, or a slice.

As check_cases.py. A row with neither class nor annotation says that nothing is there: on the slice that it names or,
without `slice`, in the whole image. A mask with several parts is no reason to ask whether they are several lesions.
"""

from steps import case_checking


def main() -> None:
    case_checking.run(__doc__, of_slices=True)


if __name__ == "__main__":
    main()
