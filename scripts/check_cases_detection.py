"""Check the case table and everything that it names, and describe every row: a box, or a slice without lesion.

As check_cases.py. A row with neither class nor annotation says that nothing is there: on the slice that it names or,
without `slice`, in the whole image. First it is asked whether the boxes of the table are what they should be, corners
in pixels. Slices without lesion that have a single value are left out.
"""

from steps import case_checking
from synthaug.detection import case_boxes


def main() -> None:
    case_checking.run(__doc__, before=case_boxes.check)


if __name__ == "__main__":
    main()
