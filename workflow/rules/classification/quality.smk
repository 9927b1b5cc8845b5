"""What the synthetic ROIs of each generator look like beside real ones, and how good they are."""


rule plot_synthetic:
    input:
        **samples("units", "unit_images"),
        code=code("plot_synthetic"),
        images=synthetic_images(
            "{generator}", config["seeds"][0], config["experiment"]["group"], train_folds()[:1]
        ).values(),
    output:
        **figure(
            "<results>/evaluation/figures/{generator}/fig6",
            "fig6",
            GENERATORS,
            "Fig 6: synthetic ROIs",
            generator="{generator}",
        ),
        record="<results>/evaluation/figures/{generator}/plot_synthetic.record.json",
    log:
        "<results>/logs/plot_synthetic/{generator}.log",
    benchmark:
        "<results>/benchmarks/plot_synthetic/{generator}.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        images=lambda wildcards, input: labelled(config["cases"]["classes"], input.images),
        settings=canonical_json(classes=config["cases"]["classes"], master_seed=config["master_seed"]),
    shell:
        "python {input.code[0]:q} --rois {input.units:q} --roi-images {input.unit_images:q}"
        " --images {params.images:q} --params {params.settings:q} --png {output.png:q} --svg {output.svg:q}"
        " --record {output.record:q} --log {log:q}"


rule assess_generator:
    input:
        **samples(),
        code=code("assess_generator"),
        folds=rules.make_folds.output.folds,
        synthetic=lambda wildcards: list(assessed_images(wildcards).values()),
        train_sets=lambda wildcards: list(assessed_train_sets(wildcards).values()),
        parents=lambda wildcards: list(assessed_parents(wildcards).values()),
        models=lambda wildcards: feature_files(wildcards, "model.json"),
        weights=lambda wildcards: feature_files(wildcards, "weights.safetensors"),
    output:
        **figure(
            "<results>/evaluation/figures/{generator}/seed-{seed}/neighbours",
            "neighbours",
            GENERATORS,
            "Nearest real images, seed {seed}",
            generator="{generator}",
        ),
        quality="<results>/evaluation/quality/{generator}/seed-{seed}/quality.csv",
        copies="<results>/evaluation/quality/{generator}/seed-{seed}/copies.csv",
        card=shown(
            "<results>/evaluation/quality/{generator}/seed-{seed}/card.csv",
            "quality",
            GENERATORS,
            "Quality card, seed {seed}",
            generator="{generator}",
        ),
        diagnosis="<results>/evaluation/quality/{generator}/seed-{seed}/diagnosis.csv",
        record="<results>/evaluation/quality/{generator}/seed-{seed}/record.json",
    log:
        "<results>/logs/assess_generator/{generator}/seed-{seed}.log",
    benchmark:
        "<results>/benchmarks/assess_generator/{generator}/seed-{seed}.tsv"
    priority: 10  # minutes; figures are seconds
    conda:
        "../../../envs/assessment.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=60),
        gpu=gpu(),
    params:
        settings=canonical_json(
            classes=config["cases"]["classes"],
            confidence=config["evaluation"]["confidence"],
            **config["quality"],
            **compute(),
        ),
        folds=train_folds(),
        group=config["experiment"]["group"],
        synthetic=lambda wildcards, input: labelled(assessed_images(wildcards), input.synthetic),
        train_sets=lambda wildcards, input: labelled(assessed_train_sets(wildcards), input.train_sets),
        parents=lambda wildcards, input: labelled(assessed_parents(wildcards), input.parents),
        classifiers=lambda wildcards, input: labelled(train_folds(), [parent(path, 1) for path in input.models]),
    shell:
        "python {input.code[0]:q} --rois {input.units:q} --roi-images {input.unit_images:q}"
        " --pool-index {input.pool_index:q} --pool-images {input.pool_images:q} --folds {input.folds:q}"
        " --seed {wildcards.seed:q} --generator {wildcards.generator:q} --group {params.group:q}"
        " --train-folds {params.folds:q} --synthetic {params.synthetic:q} --parents {params.parents:q} --train-sets {params.train_sets:q}"
        " --classifiers {params.classifiers:q} --params {params.settings:q} --quality {output.quality:q}"
        " --copies {output.copies:q} --card {output.card:q} --diagnosis {output.diagnosis:q}"
        " --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"
