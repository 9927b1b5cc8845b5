"""Figures of the report: the data, each generator, and the results."""


rule plot_augmentations:
    input:
        code=code("plot_augmentations"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        pool_index=rules.build_pool.output.index,
        pool_images=rules.build_pool.output.images,
    output:
        png=report(
            "<results>/evaluation/figures/fig3.png",
            caption="../report/fig3.rst",
            category="1 Data",
            labels={"content": "Fig 3: augmentation"},
        ),
        svg="<results>/evaluation/figures/fig3.svg",
        record="<results>/evaluation/figures/plot_augmentations.record.json",
    log:
        "<results>/logs/plot_augmentations.log",
    benchmark:
        "<results>/benchmarks/plot_augmentations.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        settings=canonical_json(classes=config["cases"]["classes"], master_seed=config["master_seed"]),
    shell:
        "python {input.code[0]:q} --rois {input.rois:q} --roi-images {input.roi_images:q}"
        " --pool-index {input.pool_index:q}"
        " --pool-images {input.pool_images:q} --params {params.settings:q} --png {output.png:q} --svg {output.svg:q}"
        " --record {output.record:q} --log {log:q}"


rule plot_synthetic:
    input:
        code=code("plot_synthetic"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        images=expand(
            "<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/{cls}/images.npy",
            seed=config["seeds"][0],
            group=config["experiment"]["group"],
            folds=train_folds()[0],
            cls=config["cases"]["classes"],
            allow_missing=True,
        ),
    output:
        png=report(
            "<results>/evaluation/figures/{generator}/fig6.png",
            caption="../report/fig6.rst",
            category="2 Generators",
            labels={"generator": "{generator}", "content": "Fig 6: synthetic ROIs"},
        ),
        svg="<results>/evaluation/figures/{generator}/fig6.svg",
        record="<results>/evaluation/figures/{generator}/plot_synthetic.record.json",
    log:
        "<results>/logs/plot_synthetic/{generator}.log",
    benchmark:
        "<results>/benchmarks/plot_synthetic/{generator}.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        images=lambda wildcards, input: [f"{cls}={path}" for cls, path in zip(config["cases"]["classes"], input.images)],
        settings=canonical_json(classes=config["cases"]["classes"], master_seed=config["master_seed"]),
    shell:
        "python {input.code[0]:q} --rois {input.rois:q} --roi-images {input.roi_images:q} --images {params.images:q}"
        " --params {params.settings:q} --png {output.png:q} --svg {output.svg:q}"
        " --record {output.record:q} --log {log:q}"


rule plot_accuracy:
    input:
        code=code("plot_accuracy"),
        metrics=rules.compute_metrics.output.metrics,
        predictions=rules.collect_predictions.output.predictions,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        png=report(
            "<results>/evaluation/figures/fig8.png",
            caption="../report/fig8.rst",
            category="3 Results",
            labels={"content": "Fig 8: accuracy by size"},
        ),
        svg="<results>/evaluation/figures/fig8.svg",
        record="<results>/evaluation/figures/plot_accuracy.record.json",
    log:
        "<results>/logs/plot_accuracy.log",
    benchmark:
        "<results>/benchmarks/plot_accuracy.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        settings=canonical_json(**{key: statistics()[key] for key in ["classes", "confidence"]}, **shown()),
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --predictions {input.predictions:q}"
        " --operating-points {input.operating_points:q} --params {params.settings:q} --png {output.png:q}"
        " --svg {output.svg:q}"
        " --record {output.record:q} --log {log:q}"


rule plot_tsne:
    input:
        code=code("plot_tsne"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        pool_index=rules.build_pool.output.index,
        pool_images=rules.build_pool.output.images,
        folds=expand(rules.make_folds.output.folds, seed=config["seeds"][0]),
        models=separated("model.json"),
        weights=separated("weights.safetensors"),
    output:
        png=report(
            "<results>/evaluation/figures/fig9.png",
            caption="../report/fig9.rst",
            category="3 Results",
            labels={"content": "Fig 9: t-SNE of features"},
        ),
        svg="<results>/evaluation/figures/fig9.svg",
        separation="<results>/evaluation/separation.csv",
        record="<results>/evaluation/plot_tsne.record.json",
    log:
        "<results>/logs/plot_tsne.log",
    benchmark:
        "<results>/benchmarks/plot_tsne.tsv"
    conda:
        "../../envs/assessment.yaml"
    threads: config["threads"]
    resources:
        gpu=gpu(),
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        settings=canonical_json(
            **{key: value for key, value in statistics().items() if key != "folds"}, **compute_without_seed()
        ),
        folds=train_folds()[0],
        classifiers=lambda wildcards, input: labelled(
            dict(separated_arms()), [parent(path, 1) for path in input.models]
        ),
        sizes=labelled(dict(separated_arms()), dict(separated_arms()).values()),
    shell:
        "python {input.code[0]:q} --rois {input.rois:q} --roi-images {input.roi_images:q}"
        " --pool-index {input.pool_index:q}"
        " --pool-images {input.pool_images:q} --folds {input.folds:q} --train-folds {params.folds:q}"
        " --classifiers {params.classifiers:q} --sizes {params.sizes:q} --params {params.settings:q}"
        " --png {output.png:q}"
        " --svg {output.svg:q} --separation {output.separation:q} --record {output.record:q} --log {log:q}"


rule plot_calibration:
    input:
        code=code("plot_calibration"),
        predictions=rules.collect_predictions.output.predictions,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        png=report(
            "<results>/evaluation/figures/calibration.png",
            caption="../report/calibration.rst",
            category="3 Results",
            labels={"content": "Calibration"},
        ),
        svg="<results>/evaluation/figures/calibration.svg",
        table="<results>/evaluation/calibration.csv",
        record="<results>/evaluation/plot_calibration.record.json",
    log:
        "<results>/logs/plot_calibration.log",
    benchmark:
        "<results>/benchmarks/plot_calibration.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        settings=canonical_json(**statistics(), **shown()),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --operating-points {input.operating_points:q}"
        " --params {params.settings:q} --png {output.png:q} --svg {output.svg:q} --out {output.table:q}"
        " --record {output.record:q} --log {log:q}"


rule assess_generator:
    input:
        code=code("assess_generator"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        pool_index=rules.build_pool.output.index,
        pool_images=rules.build_pool.output.images,
        folds=rules.make_folds.output.folds,
        synthetic=lambda wildcards: list(assessed_images(wildcards).values()),
        train_sets=lambda wildcards: list(assessed_train_sets(wildcards).values()),
        models=lambda wildcards: assessing_classifiers(wildcards, "model.json"),
        weights=lambda wildcards: assessing_classifiers(wildcards, "weights.safetensors"),
    output:
        quality="<results>/evaluation/quality/{generator}/seed-{seed}/quality.csv",
        copies="<results>/evaluation/quality/{generator}/seed-{seed}/copies.csv",
        card=report(
            "<results>/evaluation/quality/{generator}/seed-{seed}/card.csv",
            caption="../report/quality.rst",
            category="2 Generators",
            labels={"generator": "{generator}", "content": "Quality card, seed {seed}"},
        ),
        png=report(
            "<results>/evaluation/figures/{generator}/seed-{seed}/neighbours.png",
            caption="../report/neighbours.rst",
            category="2 Generators",
            labels={"generator": "{generator}", "content": "Nearest real images, seed {seed}"},
        ),
        svg="<results>/evaluation/figures/{generator}/seed-{seed}/neighbours.svg",
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
        gpu=gpu(),
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
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
        "python {input.code[0]:q} --rois {input.rois:q} --roi-images {input.roi_images:q}"
        " --pool-index {input.pool_index:q}"
        " --pool-images {input.pool_images:q} --folds {input.folds:q} --seed {wildcards.seed:q}"
        " --generator {wildcards.generator:q} --group {params.group:q} --train-folds {params.folds:q}"
        " --synthetic {params.synthetic:q} --train-sets {params.train_sets:q} --classifiers {params.classifiers:q}"
        " --params {params.settings:q} --quality {output.quality:q} --copies {output.copies:q} --card {output.card:q}"
        " --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"


rule plot_training:
    input:
        code=code("plot_training"),
        histories=lambda wildcards: generator_files("history.csv", generators_of(wildcards)),
        samples=lambda wildcards: generator_files("samples.npy", generators_of(wildcards)),
        models=lambda wildcards: generator_files("model.json", generators_of(wildcards)),
    output:
        losses_png=report(
            "<results>/evaluation/figures/{generator}/seed-{seed}/losses.png",
            caption="../report/losses.rst",
            category="2 Generators",
            labels={"generator": "{generator}", "content": "Losses, seed {seed}"},
        ),
        losses_svg="<results>/evaluation/figures/{generator}/seed-{seed}/losses.svg",
        samples_png=report(
            "<results>/evaluation/figures/{generator}/seed-{seed}/samples.png",
            caption="../report/samples.rst",
            category="2 Generators",
            labels={"generator": "{generator}", "content": "Samples over training, seed {seed}"},
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
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        models=lambda wildcards: json.dumps([(folds, cls) for *_, folds, cls in generators_of(wildcards)]),
        folders=lambda wildcards, input: [parent(path, 1) for path in input.models],
    shell:
        "python {input.code[0]:q} --models {params.models:q} --folders {params.folders:q}"
        " --losses-png {output.losses_png:q} --losses-svg {output.losses_svg:q}"
        " --samples-png {output.samples_png:q} --samples-svg {output.samples_svg:q}"
        " --record {output.record:q} --log {log:q}"
