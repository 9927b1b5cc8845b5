"""Say how many patients and slices another study like this one would need, from how far its own differences vary.

Inputs: `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Outputs: `study_size.csv`: `arm,gain,corrected_for,power,patients_needed,slices_needed`, then what was observed of the
arm: `delta,error,training_error,patients,slices,seeds,discordance,design_effect`, in fractions; a figure as PNG
and SVG; power: how many patients show a planted gain; curve: the reference arm by the number of training patients. See
`synthaug.evaluation.observed_variation`, `simulated_power` and `learning_curve`.
"""

from steps import study_size
from synthaug.segmentation.measures import Segmentation


def main() -> None:
    study_size.run(Segmentation, __doc__)


if __name__ == "__main__":
    main()
