"""From the predictions of all models to statistics, tables and the lineage audit; written once for every method."""


rule collect_predictions:
    input:
        code=task_code("collect_predictions"),
        predictions=run_files("predictions.csv"),
    output:
        predictions="<results>/evaluation/predictions.csv",
        record="<results>/evaluation/collect_predictions.record.json",
    log:
        "<results>/logs/collect_predictions.log",
    benchmark:
        "<results>/benchmarks/collect_predictions.tsv"
    priority: 20  # most of the evaluation waits for it
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        runs=model_lists.written(runs()),
        stage=TASK_FOLDER,
        results=lambda wildcards, output: parent(output.predictions, 2),
    shell:
        "python {input.code[0]:q} --results {params.results:q} --stage {params.stage:q} --runs {params.runs:q}"
        " --out {output.predictions:q} --record {output.record:q} --log {log:q}"


rule compute_metrics:
    input:
        code=task_code("compute_metrics"),
        predictions=rules.collect_predictions.output.predictions,
    output:
        metrics=shown("<results>/evaluation/metrics.csv", "metrics", RESULTS, "All metrics"),
        operating_points="<results>/evaluation/operating_points.csv",
        references="<results>/evaluation/references.csv",
        seeds=shown("<results>/evaluation/seeds.csv", "seeds", RESULTS, "Variation between seeds"),
        variances=shown("<results>/evaluation/variances.csv", "variances", RESULTS, "What results vary with"),
        record="<results>/evaluation/compute_metrics.record.json",
    log:
        "<results>/logs/compute_metrics.log",
    benchmark:
        "<results>/benchmarks/compute_metrics.tsv"
    priority: 20
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(**statistics(), **operating_points()),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --params {params.settings:q}"
        " --out {output.metrics:q} --operating-points {output.operating_points:q} --seeds {output.seeds:q}"
        " --variances {output.variances:q} --references {output.references:q} --record {output.record:q} --log {log:q}"


rule compare_arms:
    input:
        code=task_code("compare_arms"),
        predictions=rules.collect_predictions.output.predictions,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        comparisons=shown(
            "<results>/evaluation/comparisons.csv", "comparisons", RESULTS, "All comparisons and verdicts"
        ),
        record="<results>/evaluation/compare_arms.record.json",
    log:
        "<results>/logs/compare_arms.log",
    benchmark:
        "<results>/benchmarks/compare_arms.tsv"
    priority: 20
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(**statistics(), **verdicts()),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --operating-points {input.operating_points:q}"
        " --params {params.settings:q} --out {output.comparisons:q} --record {output.record:q} --log {log:q}"


rule write_headline:
    input:
        code=task_code("write_headline"),
        metrics=rules.compute_metrics.output.metrics,
        operating_points=rules.compute_metrics.output.operating_points,
        comparisons=rules.compare_arms.output.comparisons,
        best=task_best(),
    output:
        headline=shown("<results>/evaluation/tables/headline.csv", "headline", RESULTS, "Headline"),
        operating_points=shown(
            "<results>/evaluation/tables/operating_points.csv", "operating_points", RESULTS, "Operating points"
        ),
        record="<results>/evaluation/tables/write_headline.record.json",
    log:
        "<results>/logs/write_headline.log",
    benchmark:
        "<results>/benchmarks/write_headline.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=30),
    params:
        settings=canonical_json(**headline_settings()),
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --operating-points {input.operating_points:q}"
        " --comparisons {input.comparisons:q} --best {input.best:q} --params {params.settings:q}"
        " --headline {output.headline:q}"
        " --operating-table {output.operating_points:q} --record {output.record:q} --log {log:q}"


rule audit_lineage:
    input:
        **samples("units"),
        code=task_code("audit_lineage"),
        folds=expand(rules.make_folds.output.folds, seed=config["seeds"]),
        predictions=run_files("predictions.csv"),
        train_sets=run_files("train_set.csv"),
        models=run_files("model.json"),
        generator_train_sets=generator_files("train_set.csv"),
        generator_models=generator_files("model.json"),
        parents=parent_files(generators()),
    output:
        lineage=shown("<results>/evaluation/lineage.json", "lineage", RESULTS, "Lineage audit"),
        record="<results>/evaluation/audit_lineage.record.json",
    log:
        "<results>/logs/audit_lineage.log",
    benchmark:
        "<results>/benchmarks/audit_lineage.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        runs=model_lists.written(runs()),
        generators=model_lists.written(generators()),
        varied=[name for name in config["experiment"]["generators"] if name in varied()],
        folds=lambda wildcards, input: labelled(config["seeds"], input.folds),
        results=lambda wildcards, output: parent(output.lineage, 2),
        stage=TASK_FOLDER,
        unit=TASK_UNIT,
        truth=TASK_TRUTH,
    shell:
        "python {input.code[0]:q} --results {params.results:q} --units {input.units:q} --unit {params.unit:q}"
        " --truth {params.truth:q}"
        " --folds {params.folds:q} --stage {params.stage:q} --runs {params.runs:q} --generators {params.generators:q}"
        " --varied {params.varied:q} --out {output.lineage:q} --record {output.record:q} --log {log:q}"


rule compute_subgroups:
    input:
        code=task_code("compute_subgroups"),
        cases=task_units(),
        predictions=rules.collect_predictions.output.predictions,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        **figure("<results>/evaluation/figures/subgroups", "subgroups", RESULTS, "Subgroups, figure"),
        table=shown("<results>/evaluation/subgroups.csv", "subgroups", RESULTS, "Subgroups"),
        record="<results>/evaluation/compute_subgroups.record.json",
    log:
        "<results>/logs/compute_subgroups.log",
    benchmark:
        "<results>/benchmarks/compute_subgroups.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(**statistics(), **drawing(), shown=shown_arm()),
    shell:
        "python {input.code[0]:q} --cases {input.cases:q} --predictions {input.predictions:q}"
        " --operating-points {input.operating_points:q} --params {params.settings:q} --out {output.table:q}"
        " --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"


rule estimate_study_size:
    input:
        code=task_code("estimate_study_size"),
        predictions=rules.collect_predictions.output.predictions,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        **figure("<results>/evaluation/figures/study_size", "study_size", RESULTS, "Study size, figure"),
        table=shown("<results>/evaluation/study_size.csv", "study_size", RESULTS, "Study size"),
        power=shown("<results>/evaluation/simulated_power.csv", "simulated_power", RESULTS, "Study size, simulated"),
        curve=shown("<results>/evaluation/learning_curve.csv", "learning_curve", RESULTS, "Learning curve"),
        record="<results>/evaluation/estimate_study_size.record.json",
    log:
        "<results>/logs/estimate_study_size.log",
    benchmark:
        "<results>/benchmarks/estimate_study_size.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(
            **statistics(),
            **selection(),
            shown=shown_arm(),
            smallest_gain=config["evaluation"]["smallest_gain"],
        ),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --operating-points {input.operating_points:q}"
        " --params {params.settings:q} --out {output.table:q} --power {output.power:q} --curve {output.curve:q}"
        " --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"
