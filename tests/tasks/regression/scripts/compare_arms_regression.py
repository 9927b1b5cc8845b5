"""What the rule compare_arms does, for the task regression."""

from synthaug.regression.measures import Regression

from steps import comparisons


def main() -> None:
    comparisons.run(Regression, __doc__)


if __name__ == "__main__":
    main()
