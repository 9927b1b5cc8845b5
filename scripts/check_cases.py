"""Check the case table and everything that it names, and describe every lesion.

Reads the user's case table and, relative to its folder, each image, mask and outline. Writes one checked row per
lesion: key slice, geometry, position, largest diameter and a digest of its pixels. All problems are reported together,
with their rows; nothing is written if there are any.
"""

from steps import case_checking


def main() -> None:
    case_checking.run(__doc__)


if __name__ == "__main__":
    main()
