"""What the rule estimate_study_size does, for the task regression."""

from synthaug.regression.measures import Regression

from steps import study_size


def main() -> None:
    study_size.run(Regression, __doc__)


if __name__ == "__main__":
    main()
