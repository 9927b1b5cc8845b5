"""Figures of the report: the data, each generator, and the results."""


rule plot_synthetic:
    input:
        **samples("units", "unit_images"),
        code=task_code("plot_synthetic"),
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
        "../../envs/reporting.yaml"
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


rule plot_size_curves:
    input:
        code=task_code("plot_size_curves"),
        metrics=rules.compute_metrics.output.metrics,
        references=rules.compute_metrics.output.references,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        **figure("<results>/evaluation/figures/fig8", "fig8", RESULTS, f"Fig 8: {TASK_PRIMARY} by size"),
        record="<results>/evaluation/figures/plot_size_curves.record.json",
    log:
        "<results>/logs/plot_size_curves.log",
    benchmark:
        "<results>/benchmarks/plot_size_curves.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(primary=TASK_PRIMARY, confidence=config["evaluation"]["confidence"], **drawing()),
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --references {input.references:q}"
        " --operating-points {input.operating_points:q} --params {params.settings:q} --png {output.png:q}"
        " --svg {output.svg:q} --record {output.record:q} --log {log:q}"


rule assess_generator:
    input:
        **samples(),
        code=task_code("assess_generator"),
        folds=rules.make_folds.output.folds,
        synthetic=lambda wildcards: list(assessed_images(wildcards).values()),
        train_sets=lambda wildcards: list(assessed_train_sets(wildcards).values()),
        models=lambda wildcards: task_features(wildcards, "model.json"),
        weights=lambda wildcards: task_features(wildcards, "weights.safetensors"),
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
        "../../envs/assessment.yaml"
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
        classifiers=lambda wildcards, input: labelled(train_folds(), [parent(path, 1) for path in input.models]),
    shell:
        "python {input.code[0]:q} --rois {input.units:q} --roi-images {input.unit_images:q}"
        " --pool-index {input.pool_index:q} --pool-images {input.pool_images:q} --folds {input.folds:q}"
        " --seed {wildcards.seed:q} --generator {wildcards.generator:q} --group {params.group:q}"
        " --train-folds {params.folds:q} --synthetic {params.synthetic:q} --train-sets {params.train_sets:q}"
        " --classifiers {params.classifiers:q} --params {params.settings:q} --quality {output.quality:q}"
        " --copies {output.copies:q} --card {output.card:q} --diagnosis {output.diagnosis:q}"
        " --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"


rule plot_training:
    input:
        code=task_code("plot_training"),
        histories=lambda wildcards: generator_files("history.csv", generators_of(wildcards)),
        samples=lambda wildcards: generator_files("samples.npy", generators_of(wildcards)),
        models=lambda wildcards: generator_files("model.json", generators_of(wildcards)),
    output:
        losses_png=shown(
            "<results>/evaluation/figures/{generator}/seed-{seed}/losses.png",
            "losses",
            GENERATORS,
            "Losses, seed {seed}",
            generator="{generator}",
        ),
        losses_svg="<results>/evaluation/figures/{generator}/seed-{seed}/losses.svg",
        samples_png=shown(
            "<results>/evaluation/figures/{generator}/seed-{seed}/samples.png",
            "samples",
            GENERATORS,
            "Samples over training, seed {seed}",
            generator="{generator}",
        ),
        samples_svg="<results>/evaluation/figures/{generator}/seed-{seed}/samples.svg",
        record="<results>/evaluation/figures/{generator}/seed-{seed}/plot_training.record.json",
    log:
        "<results>/logs/plot_training/{generator}/seed-{seed}.log",
    benchmark:
        "<results>/benchmarks/plot_training/{generator}/seed-{seed}.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        models=lambda wildcards: json.dumps([(folds, cls) for *_, folds, cls in generators_of(wildcards)]),
        folders=lambda wildcards, input: [parent(path, 1) for path in input.models],
    shell:
        "python {input.code[0]:q} --models {params.models:q} --folders {params.folders:q}"
        " --losses-png {output.losses_png:q} --losses-svg {output.losses_svg:q} --samples-png {output.samples_png:q}"
        " --samples-svg {output.samples_svg:q} --record {output.record:q} --log {log:q}"
