"""Tables and figures of this task, after the paper of Han et al., and how a run stands to the published numbers."""


def run_settings():
    """Return what all tables and figures of detections need of the config."""
    return {key: config["evaluation"][key] for key in ["iou", "score", "false_positives"]}


rule make_tables_detection:
    input:
        code=code("make_tables_detection"),
        metrics=rules.compute_metrics.output.metrics,
        operating_points=rules.compute_metrics.output.operating_points,
        comparisons=rules.compare_arms.output.comparisons,
    output:
        table1=shown("<results>/evaluation/tables/table1.csv", "table1", RESULTS, "Table 1, as the paper has it"),
        equal=shown("<results>/evaluation/tables/equal.csv", "equal", RESULTS, "At equal false positives"),
        froc=shown("<results>/evaluation/tables/froc.csv", "froc_points", RESULTS, "Points of the FROC curves"),
        record="<results>/evaluation/tables/record.json",
    log:
        "<results>/logs/make_tables_detection.log",
    benchmark:
        "<results>/benchmarks/make_tables_detection.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=30),
    params:
        settings=canonical_json(arms=task_arms(), **run_settings()),
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --operating-points {input.operating_points:q}"
        " --comparisons {input.comparisons:q} --params {params.settings:q} --table1 {output.table1:q}"
        " --equal {output.equal:q} --froc {output.froc:q} --record {output.record:q} --log {log:q}"


rule count_filtered_slices:
    input:
        code=code("count_filtered_slices"),
        train_sets=[f"{folder}/train_set.csv" for folder in filtered_detectors().values()],
    output:
        table=shown("<results>/evaluation/tables/filtered.csv", "filtered", RESULTS, "What filters kept"),
        caution="<results>/evaluation/tables/filtered.txt",
        record="<results>/evaluation/tables/count_filtered_slices.record.json",
    log:
        "<results>/logs/count_filtered_slices.log",
    benchmark:
        "<results>/benchmarks/count_filtered_slices.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=30),
    params:
        runs=model_lists.written(filtered_detectors()),
        results=lambda wildcards, output: parent(output.table, 3),
        stage=TASK_FOLDER,
    shell:
        "python {input.code[0]:q} --results {params.results:q} --stage {params.stage:q} --runs {params.runs:q}"
        " --out {output.table:q} --caution {output.caution:q} --record {output.record:q} --log {log:q}"


rule plot_froc:
    input:
        code=code("plot_froc"),
        predictions=rules.collect_predictions.output.predictions,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        **figure("<results>/evaluation/figures/froc", "froc", RESULTS, "FROC curves"),
        curves="<results>/evaluation/froc.csv",
        equal_sensitivity=shown(
            "<results>/evaluation/equal_sensitivity.csv", "equal_sensitivity", RESULTS, "At equal sensitivity"
        ),
        record="<results>/evaluation/figures/plot_froc.record.json",
    log:
        "<results>/logs/plot_froc.log",
    benchmark:
        "<results>/benchmarks/plot_froc.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(**statistics(), **drawing()),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --operating-points {input.operating_points:q}"
        " --params {params.settings:q} --out {output.curves:q} --equal-sensitivity {output.equal_sensitivity:q}"
        " --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"


rule plot_detections:
    input:
        **samples(),
        code=code("plot_detections"),
        detections=[f"{folder}/detections.csv" for folder in compared_detectors().values()],
        matches=[f"{folder}/matches.csv" for folder in compared_detectors().values()],
        predictions=[f"{folder}/predictions.csv" for folder in compared_detectors().values()],
    output:
        **figure("<results>/evaluation/figures/detections", "detections", RESULTS, "Fig 2: largest gains and losses"),
        record="<results>/evaluation/figures/plot_detections.record.json",
    log:
        "<results>/logs/plot_detections.log",
    benchmark:
        "<results>/benchmarks/plot_detections.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=30),
    params:
        settings=canonical_json(
            iou=config["evaluation"]["iou"][0], false_positives=config["evaluation"]["false_positives"]
        ),
        runs=model_lists.written(compared_detectors()),
        results=lambda wildcards, output: parent(output.record, 3),
        stage=TASK_FOLDER,
    shell:
        "python {input.code[0]:q} --results {params.results:q} --stage {params.stage:q} --runs {params.runs:q}"
        " --slices {input.units:q} --boxes {input.unit_boxes:q} --images {input.unit_images:q}"
        " --params {params.settings:q} --png {output.png:q} --svg {output.svg:q} --record {output.record:q}"
        " --log {log:q}"


rule write_conformance_detection:
    input:
        code=code("write_conformance_detection"),
        template=os.path.relpath(BASE / "workflow/report/detection/conformance.html.j2"),
        metrics=rules.compute_metrics.output.metrics,
        operating_points=rules.compute_metrics.output.operating_points,
        comparisons=rules.compare_arms.output.comparisons,
    output:
        html=shown("<results>/evaluation/conformance.html", "conformance", CONFORMANCE, "Published numbers beside ours"),
        table="<results>/evaluation/conformance.csv",
        record="<results>/evaluation/write_conformance_detection.record.json",
    log:
        "<results>/logs/write_conformance_detection.log",
    benchmark:
        "<results>/benchmarks/write_conformance_detection.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=30),
    params:
        config=canonical_json(**public_config()),
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --operating-points {input.operating_points:q}"
        " --comparisons {input.comparisons:q} --config {params.config:q} --template {input.template:q}"
        " --html {output.html:q} --csv {output.table:q} --record {output.record:q} --log {log:q}"
