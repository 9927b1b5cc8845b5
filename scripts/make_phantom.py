"""Write the built-in cohort of simulated patients: raw files as a hospital would hand them over.

Outputs: --patients, with one folder per patient that holds a DICOM CT series and a label mask; --table, the case table
that lists every lesion with its class, files and label.
"""

from steps import phantom_writing
from synthaug.phantom import cohort


def main() -> None:
    phantom_writing.run(__doc__, cohort.Params, cohort.write_cohort)


if __name__ == "__main__":
    main()
