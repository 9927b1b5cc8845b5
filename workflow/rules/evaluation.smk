"""From the predictions of all classifiers to statistics, tables, figures and the lineage audit; written once."""


rule collect_predictions:
    input:
        code=code("collect_predictions"),
        predictions=classifier_files("predictions.csv"),
    output:
        predictions="<results>/evaluation/predictions.csv",
    log:
        "<results>/logs/collect_predictions.log",
    benchmark:
        "<results>/benchmarks/collect_predictions.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        runs=json.dumps(runs()),
    shell:
        "python {input.code[0]} --runs {params.runs:q} --predictions {input.predictions:q} --out {output.predictions:q}"
        " --log {log:q}"


rule compute_metrics:
    input:
        code=code("compute_metrics"),
        predictions=rules.collect_predictions.output.predictions,
    output:
        metrics=report(
            "<results>/evaluation/metrics.csv",
            caption="../report/metrics.rst",
            category="3 Results",
            labels={"content": "All metrics"},
        ),
    log:
        "<results>/logs/compute_metrics.log",
    benchmark:
        "<results>/benchmarks/compute_metrics.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        settings=pack(**evaluation()),
    shell:
        "python {input.code[0]} --predictions {input.predictions:q} --params {params.settings:q} --out {output.metrics:q}"
        " --log {log:q}"


rule make_tables:
    input:
        code=code("make_tables"),
        predictions=rules.collect_predictions.output.predictions,
        metrics=rules.compute_metrics.output.metrics,
    output:
        headline=report(
            "<results>/evaluation/tables/headline.csv",
            caption="../report/headline.rst",
            category="3 Results",
            labels={"content": "Headline"},
        ),
        table2=report(
            "<results>/evaluation/tables/table2.csv",
            caption="../report/table2.rst",
            category="3 Results",
            labels={"content": "Table 2: confusion, classic augmentation"},
        ),
        table3=report(
            "<results>/evaluation/tables/table3.csv",
            caption="../report/table3.rst",
            category="3 Results",
            labels={"content": "Table 3: confusion, with synthetic images"},
        ),
        table7=report(
            "<results>/evaluation/tables/table7.csv",
            caption="../report/table7.rst",
            category="3 Results",
            labels={"content": "Table 7: by class"},
        ),
    log:
        "<results>/logs/make_tables.log",
    benchmark:
        "<results>/benchmarks/make_tables.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        settings=pack(**evaluation(), **operating_point(), arms=further_arms()),
    shell:
        "python {input.code[0]} --predictions {input.predictions:q} --metrics {input.metrics:q} --params {params.settings:q}"
        " --table2 {output.table2:q} --table3 {output.table3:q} --table7 {output.table7:q} --headline {output.headline:q}"
        " --log {log:q}"


rule audit_lineage:
    input:
        code=code("audit_lineage"),
        rois=rules.extract_rois.output.index,
        folds=expand(rules.make_folds.output.folds, seed=config["seeds"]),
        predictions=classifier_files("predictions.csv"),
        train_sets=classifier_files("train_set.csv"),
        models=classifier_files("model.json"),
        generator_train_sets=generator_files("train_set.csv"),
        generator_models=generator_files("model.json"),
    output:
        lineage=report(
            "<results>/evaluation/lineage.json",
            caption="../report/lineage.rst",
            category="3 Results",
            labels={"content": "Lineage audit"},
        ),
    log:
        "<results>/logs/audit_lineage.log",
    benchmark:
        "<results>/benchmarks/audit_lineage.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        runs=json.dumps(runs()),
        generators=json.dumps(generators()),
        folds=lambda wildcards, input: [f"{seed}={path}" for seed, path in zip(config["seeds"], input.folds)],
        run_folders=lambda wildcards, input: folders(input.models),
        generator_folders=lambda wildcards, input: folders(input.generator_models),
    shell:
        "python {input.code[0]} --rois {input.rois:q} --folds {params.folds:q} --runs {params.runs:q}"
        " --run-folders {params.run_folders:q} --generators {params.generators:q}"
        " --generator-folders {params.generator_folders:q} --out {output.lineage:q} --log {log:q}"


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
        settings=pack(classes=config["cases"]["classes"], master_seed=config["master_seed"]),
    shell:
        "python {input.code[0]} --rois {input.rois:q} --roi-images {input.roi_images:q} --pool-index {input.pool_index:q}"
        " --pool-images {input.pool_images:q} --params {params.settings:q} --png {output.png:q} --svg {output.svg:q}"
        " --log {log:q}"


rule plot_synthetic:
    input:
        code=code("plot_synthetic"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        images=expand(
            rules.sample_generator.output.images,
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
        settings=pack(classes=config["cases"]["classes"], master_seed=config["master_seed"]),
    shell:
        "python {input.code[0]} --rois {input.rois:q} --roi-images {input.roi_images:q} --images {params.images:q}"
        " --params {params.settings:q} --png {output.png:q} --svg {output.svg:q} --log {log:q}"


rule plot_accuracy:
    input:
        code=code("plot_accuracy"),
        metrics=rules.compute_metrics.output.metrics,
        predictions=rules.collect_predictions.output.predictions,
    output:
        png=report(
            "<results>/evaluation/figures/fig8.png",
            caption="../report/fig8.rst",
            category="3 Results",
            labels={"content": "Fig 8: accuracy by size"},
        ),
        svg="<results>/evaluation/figures/fig8.svg",
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
        settings=pack(
            classes=config["cases"]["classes"], confidence=config["evaluation"]["confidence"], **operating_point()
        ),
    shell:
        "python {input.code[0]} --metrics {input.metrics:q} --predictions {input.predictions:q} --params {params.settings:q}"
        " --png {output.png:q} --svg {output.svg:q} --log {log:q}"


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
        folders=lambda wildcards, input: folders(input.models),
    shell:
        "python {input.code[0]} --models {params.models:q} --folders {params.folders:q}"
        " --losses-png {output.losses_png:q} --losses-svg {output.losses_svg:q}"
        " --samples-png {output.samples_png:q} --samples-svg {output.samples_svg:q} --log {log:q}"
