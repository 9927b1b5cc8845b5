"""Write a case table from the names of images and masks. Run by hand, in the project's folder:

    python scripts/write_case_table.py --image 'data/set/{class}/{lesion}.png' \\
        --mask 'data/set/{class}/{lesion}_mask*.png' --out data/cases.csv

{class}, {patient} and {lesion} stand where a folder or a file has such a name; * is any text. For one class, --class
names it instead. For slices, --without-mask empty says that nothing is on images that have no mask.
"""

from pathlib import Path

from steps import command
from synthaug.cohort import table_from_files
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--image", required=True, help="pattern of the images' paths")
    parser.add_argument("--mask", required=True, help="pattern of their masks' paths")
    parser.add_argument("--class", dest="only_class", default="", metavar="NAME", help="class of all lesions")
    parser.add_argument("--without-mask", choices=["refuse", "empty"], default="refuse", help="images without a mask")
    parser.add_argument("--out", required=True, type=Path, help="case table, .csv")
    arguments = parser.parse_args()
    with command.logged("write_case_table", arguments) as log:
        table = table_from_files.table(
            arguments.image, arguments.mask, arguments.out.parent,
            only_class=arguments.only_class, without_mask=arguments.without_mask == "empty",
        )  # fmt: skip
        artifacts.write_csv(table, arguments.out)
        named = table["class"].replace("", "without lesion").value_counts(sort=False)
        counts = ", ".join(f"{count} {name}" for name, count in named.items())
        log.info("%s: %d rows (%s) of %d patients", arguments.out, len(table), counts, table["patient"].nunique())
        if "{patient}" not in arguments.image:
            log.warning(
                "no {patient} in the names: each image is a patient of its own; if some share one, correct the table"
            )


if __name__ == "__main__":
    main()
