"""Fit a support vector machine to a bag of visual words of the training folds, and predict the lesions outside them.

Reads the cohort's un-augmented ROIs and the seed's folds. Writes to --out-dir/train-<folds>: predictions.csv, the
training set (without pixels), and model.json with the C and gamma that were found.
"""

from steps import baseline_training, command
from synthaug.classification import bovw


def main() -> None:
    arguments = baseline_training.parser(__doc__, [bovw.SINGLE, bovw.MULTI]).parse_args()
    with command.logged("train_bovw", arguments) as log:
        baseline_training.run(bovw, arguments, log)


if __name__ == "__main__":
    main()
