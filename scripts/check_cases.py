"""Check the case table and everything that it names, and describe every row: a lesion or, if a task says so, a slice.

Reads the user's case table and, relative to its folder, each image, mask and outline. Writes one checked row per
lesion: key slice, geometry, position, largest diameter and a digest of its pixels. All problems are reported together,
with their rows; nothing is written if there are any.

A row of a slice with neither class nor annotation says that nothing is there: on the slice that it names or, without
`slice`, in the whole image. A mask of a slice with several parts is no reason to ask whether they are several lesions.
"""

from steps import case_checking


def main() -> None:
    case_checking.run(__doc__)


if __name__ == "__main__":
    main()
