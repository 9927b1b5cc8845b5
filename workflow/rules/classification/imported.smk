"""Images of any other generator, checked and brought into the form of our own."""


rule import_synthetic:
    input:
        **samples("units", "unit_images"),
        code=code("import_synthetic"),
        folds=rules.make_folds.output.folds,
    output:
        **each_fold(
            each_class(
                within(
                    "<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/{cls}",
                    images="images.npy",
                    index="index.csv",
                )
            )
        ),
        **each_fold(
            each_class(
                within(
                    "<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}",
                    train_set="train_set.csv",
                    model="model.json",
                )
            )
        ),
        record="<results>/seed-{seed}/synthetic/{generator}/on-{group}/record.json",
    log:
        "<results>/logs/import_synthetic/seed-{seed}/{generator}/on-{group}.log",
    benchmark:
        "<results>/benchmarks/import_synthetic/seed-{seed}/{generator}/on-{group}.tsv"
    wildcard_constraints:
        generator=any_of(config["imported"]),
    conda:
        "../../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=30),
    params:
        settings=canonical_json(classes=config["cases"]["classes"], samples=largest_synthetic()),
        train_folds=train_folds(),
        files=lambda wildcards: fingerprint(imported_files(wildcards)),
        synthetic=lambda wildcards, output: parent(output.images[0], 3),
        generators=lambda wildcards, output: parent(output.model[0], 3),
    shell:
        "python {input.code[0]:q} --rois {input.units:q} --roi-images {input.unit_images:q} --folds {input.folds:q}"
        " --seed {wildcards.seed:q} --generator {wildcards.generator:q} --group {wildcards.group:q}"
        ' --train-folds {params.train_folds:q} --params {params.settings:q} --folders "$SYNTHAUG_IMPORTED"'
        " --synthetic-dir {params.synthetic:q} --generator-dir {params.generators:q} --record {output.record:q}"
        " --log {log:q}"
