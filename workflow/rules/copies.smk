"""No model trains on a copy of an image that it is tested on: the search that goes before, for made and imported images."""


rule check_copies:
    input:
        **samples("units", "unit_images"),
        code=task_code("check_copies"),
        folds=rules.make_folds.output.folds,
        synthetic=lambda wildcards: list(images_to_search(wildcards, train_folds()).values()),
    output:
        copies=shown(
            "<results>/seed-{seed}/synthetic/{generator}/on-{group}/copies.csv",
            "test_copies",
            GENERATORS,
            (
                "Search for test images, seed {seed}"
                if len(task_groups()) < 2
                else "Search for test images on {group}, seed {seed}"
            ),
            generator="{generator}",
        ),
        record="<results>/seed-{seed}/synthetic/{generator}/on-{group}/check_copies.record.json",
    log:
        "<results>/logs/check_copies/seed-{seed}/{generator}/on-{group}.log",
    benchmark:
        "<results>/benchmarks/check_copies/seed-{seed}/{generator}/on-{group}.tsv"
    priority: 40
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        unit=TASK_UNIT,
        synthetic=lambda wildcards, input: labelled(images_to_search(wildcards, train_folds()), input.synthetic),
    shell:
        "python {input.code[0]:q} --units {input.units:q} --unit-images {input.unit_images:q} --unit {params.unit:q}"
        " --folds {input.folds:q} --seed {wildcards.seed:q} --generator {wildcards.generator:q}"
        " --synthetic {params.synthetic:q} --out {output.copies:q} --record {output.record:q} --log {log:q}"


if inner_folds():

    # Of nested selection: models trained on one fold fewer have two test folds.
    use rule check_copies as check_inner_copies with:
        input:
            **samples("units", "unit_images"),
            code=task_code("check_copies"),
            folds=rules.make_folds.output.folds,
            synthetic=lambda wildcards: list(images_to_search(wildcards, inner_folds()).values()),
        output:
            copies="<results>/seed-{seed}/synthetic/{generator}/on-{group}/inner_copies.csv",
            record="<results>/seed-{seed}/synthetic/{generator}/on-{group}/check_inner_copies.record.json",
        log:
            "<results>/logs/check_inner_copies/seed-{seed}/{generator}/on-{group}.log",
        benchmark:
            "<results>/benchmarks/check_inner_copies/seed-{seed}/{generator}/on-{group}.tsv"
        params:
            unit=TASK_UNIT,
            synthetic=lambda wildcards, input: labelled(images_to_search(wildcards, inner_folds()), input.synthetic),
