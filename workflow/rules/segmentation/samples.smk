"""From checked cases to slices with their label maps; once per cohort."""


rule cut_slices:
    input:
        code=code("cut_slices"),
        cases=rules.check_cases.output.cases,
        table=phantom_table(),
    output:
        **task_samples(),
        record="<results>/slices/record.json",
    log:
        "<results>/logs/cut_slices.log",
    benchmark:
        "<results>/benchmarks/cut_slices.tsv"
    conda:
        "../../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(classes=config["cases"]["classes"], **config["slices"]),
        digest=table_digest(),
    shell:
        'python {input.code[0]:q} --cases {input.cases:q} --table "$SYNTHAUG_TABLE" --params {params.settings:q}'
        " --slices {output.units:q} --images {output.unit_images:q} --labels {output.unit_labels:q} --record {output.record:q}"
        " --log {log:q}"


rule plan_shares:
    input:
        **samples("units"),
        code=code("plan_shares"),
        folds=expand(rules.make_folds.output.folds, seed=config["seeds"]),
    output:
        plan=shown("<results>/shares.csv", "shares", DATA, "Patients and slices of each share"),
        record="<results>/plan_shares.record.json",
    log:
        "<results>/logs/plan_shares.log",
    benchmark:
        "<results>/benchmarks/plan_shares.tsv"
    priority: 100  # before any training, so that a share without a class stops the run at once
    conda:
        "../../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=10),
    params:
        settings=canonical_json(
            classes=config["cases"]["classes"],
            master_seed=config["master_seed"],
            shares=config["experiment"]["shares"],
        ),
        train_folds=train_folds(),
        folds=lambda wildcards, input: labelled(config["seeds"], input.folds),
    shell:
        "python {input.code[0]:q} --units {input.units:q} --folds {params.folds:q} --train-folds {params.train_folds:q}"
        " --params {params.settings:q} --out {output.plan:q} --record {output.record:q} --log {log:q}"
