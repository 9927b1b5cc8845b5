"""What the rule compute_metrics does, for the task regression."""

from synthaug.regression.measures import Regression

from steps import metrics


def main() -> None:
    metrics.run(Regression, __doc__)


if __name__ == "__main__":
    main()
