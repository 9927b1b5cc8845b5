"""Compute accuracy, sensitivity, specificity and AUC of each arm and size, with patient-bootstrap intervals.

Input: `evaluation/predictions.csv`. Only runs trained on all folds but one count; their predictions are pooled, one a
lesion.
Output: `evaluation/metrics.csv`: `arm,size,seed,metric,class,value,low,high,n`, in fractions; n is the number of
lesions that the measure counts. Seed `all` is the mean over seeds, class `all` the average weighted by prevalence.
"""

import command
from synthaug import artifacts, metrics, stats


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--predictions", required=True, help="evaluation/predictions.csv")
    parser.add_argument("--params", required=True, help="JSON: master_seed, classes, folds, bootstrap, confidence")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("compute_metrics", arguments.log) as log:
        params = command.params(stats.Params, arguments.params)
        pools = metrics.pools(artifacts.read_csv(arguments.predictions), params.classes, params.folds)
        table = stats.metrics_table(pools, params)
        artifacts.write_csv(table, arguments.out)
        log.info("%d rows for %d pools of predictions", len(table), len(pools))


if __name__ == "__main__":
    main()
