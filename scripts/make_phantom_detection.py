"""Write the built-in cohort of simulated heads with metastases: raw files as a hospital would hand them over.

Outputs: --patients, with one folder of pictures per patient; --table, the case table that lists every box and every
slice without.
"""

from steps import phantom_writing
from synthaug.phantom import head_cohort


def main() -> None:
    phantom_writing.run(__doc__, head_cohort.Params, head_cohort.write_cohort)


if __name__ == "__main__":
    main()
