"""Check the case table and everything that it names, and describe every lesion; slices may be without lesion.

As check_cases.py, and a row with neither class nor annotation says that nothing is there: on the slice that it names,
or, without `slice`, in the whole image.
"""

from steps import case_checking


def main() -> None:
    case_checking.run(__doc__, empty_rows=True)


if __name__ == "__main__":
    main()
