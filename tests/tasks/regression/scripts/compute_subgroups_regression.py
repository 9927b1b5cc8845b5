"""What the rule compute_subgroups does, for the task regression."""

from synthaug.regression.measures import Regression

from steps import subgroups


def main() -> None:
    subgroups.run(Regression, __doc__)


if __name__ == "__main__":
    main()
