"""Patient-level folds, class-balanced unless the case table gives them; once per seed."""


rule make_folds:
    input:
        code=task_code("make_folds"),
        cases=task_units(),
        duplicates=rules.check_duplicates.output.duplicates,  # so that nothing trains before it has ended
    output:
        folds="<results>/seed-{seed}/folds.csv",
        record="<results>/seed-{seed}/make_folds.record.json",
    log:
        "<results>/logs/make_folds/seed-{seed}.log",
    benchmark:
        "<results>/benchmarks/make_folds/seed-{seed}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=1000, runtime=10),
    params:
        settings=canonical_json(
            classes=config["cases"]["classes"],
            master_seed=config["master_seed"],
            folds=config["folds"],
            **division_params(),
        ),
    shell:
        "python {input.code[0]:q} --cases {input.cases:q} --seed {wildcards.seed:q} --params {params.settings:q}"
        " --out {output.folds:q} --record {output.record:q} --log {log:q}"
