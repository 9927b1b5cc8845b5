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
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        runs=json.dumps(runs()),
        results=lambda wildcards, output: parent(output.predictions, 2),
    shell:
        "python {input.code[0]:q} --results {params.results:q} --runs {params.runs:q} --out {output.predictions:q}"
        " --record {output.record:q} --log {log:q}"


rule compute_metrics:
    input:
        code=task_code("compute_metrics"),
        predictions=rules.collect_predictions.output.predictions,
    output:
        metrics=shown("<results>/evaluation/metrics.csv", "metrics", RESULTS, "All metrics"),
        operating_points="<results>/evaluation/operating_points.csv",
        seeds=shown("<results>/evaluation/seeds.csv", "seeds", RESULTS, "Variation between seeds"),
        record="<results>/evaluation/compute_metrics.record.json",
    log:
        "<results>/logs/compute_metrics.log",
    benchmark:
        "<results>/benchmarks/compute_metrics.tsv"
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
        " --record {output.record:q} --log {log:q}"


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
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(**statistics(), smallest_gain=config["evaluation"]["smallest_gain"]),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --operating-points {input.operating_points:q}"
        " --params {params.settings:q} --out {output.comparisons:q} --record {output.record:q} --log {log:q}"


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
        runs=json.dumps(runs()),
        generators=json.dumps(generators()),
        folds=lambda wildcards, input: labelled(config["seeds"], input.folds),
        results=lambda wildcards, output: parent(output.lineage, 2),
    shell:
        "python {input.code[0]:q} --results {params.results:q} --rois {input.units:q} --folds {params.folds:q}"
        " --runs {params.runs:q} --generators {params.generators:q} --out {output.lineage:q}"
        " --record {output.record:q} --log {log:q}"


rule compute_subgroups:
    input:
        code=task_code("compute_subgroups"),
        cases=rules.check_cases.output.cases,
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
        settings=canonical_json(**statistics(), **selection(), shown=first_generator()),
    shell:
        "python {input.code[0]:q} --cases {input.cases:q} --predictions {input.predictions:q}"
        " --operating-points {input.operating_points:q} --params {params.settings:q} --out {output.table:q}"
        " --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"
