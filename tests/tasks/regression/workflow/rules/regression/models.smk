"""One job per arm, size and seed, with one linear model per choice of training folds."""


rule train_regressor:
    input:
        **samples(),
        **registered_plan(),
        code=code("train_regressor"),
        folds=rules.make_folds.output.folds,
    output:
        **each_fold(
            within(
                "<results>/seed-{seed}/regress/{arm}/{size}/train-{folds}",
                predictions="predictions.csv",
                train_set="train_set.csv",
                model="model.json",
            )
        ),
        record="<results>/seed-{seed}/regress/{arm}/{size}/record.json",
    log:
        "<results>/logs/train_regressor/seed-{seed}/{arm}/{size}.log",
    benchmark:
        "<results>/benchmarks/train_regressor/seed-{seed}/{arm}/{size}.tsv"
    wildcard_constraints:
        arm=any_of(all_arms()),
    conda:
        "../../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=10),
    params:
        settings=canonical_json(ridge=config["regressor"]["ridge"], master_seed=config["master_seed"]),
        folds=train_folds(),
        folder=lambda wildcards, output: parent(output.model[0], 2),
    shell:
        "python {input.code[0]:q} --units {input.units:q} --images {input.unit_images:q} --folds {input.folds:q}"
        " --seed {wildcards.seed:q} --arm {wildcards.arm:q} --size {wildcards.size:q} --train-folds {params.folds:q}"
        " --params {params.settings:q} --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"
