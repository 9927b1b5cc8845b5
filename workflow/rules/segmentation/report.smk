"""Tables and figures of this task, after the paper on LcGAN, and how a run stands to the published numbers."""


rule make_tables_segmentation:
    input:
        code=code("make_tables_segmentation"),
        metrics=rules.compute_metrics.output.metrics,
        operating_points=rules.compute_metrics.output.operating_points,
        comparisons=rules.compare_arms.output.comparisons,
    output:
        table1=shown("<results>/evaluation/tables/table1.csv", "table1", RESULTS, "Table 1: DSC"),
        table2=shown("<results>/evaluation/tables/table2.csv", "table2", RESULTS, "Table 2: precision and recall"),
        table3=shown("<results>/evaluation/tables/table3.csv", "table3", RESULTS, "Table 3: DSC by class"),
        record="<results>/evaluation/tables/record.json",
    log:
        "<results>/logs/make_tables_segmentation.log",
    benchmark:
        "<results>/benchmarks/make_tables_segmentation.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=30),
    params:
        settings=canonical_json(
            classes=config["cases"]["classes"],
            shares=config["experiment"]["shares"],
            arms=all_arms(),
            confidence=config["evaluation"]["confidence"],
        ),
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --operating-points {input.operating_points:q}"
        " --comparisons {input.comparisons:q} --params {params.settings:q} --table1 {output.table1:q}"
        " --table2 {output.table2:q} --table3 {output.table3:q} --record {output.record:q} --log {log:q}"


rule write_conformance_segmentation:
    input:
        code=code("write_conformance_segmentation"),
        template=os.path.relpath(BASE / "workflow/report/segmentation/conformance.html.j2"),
        metrics=rules.compute_metrics.output.metrics,
        operating_points=rules.compute_metrics.output.operating_points,
        comparisons=rules.compare_arms.output.comparisons,
    output:
        html=shown("<results>/evaluation/conformance.html", "conformance", CONFORMANCE, "Published numbers beside ours"),
        table="<results>/evaluation/conformance.csv",
        record="<results>/evaluation/write_conformance_segmentation.record.json",
    log:
        "<results>/logs/write_conformance_segmentation.log",
    benchmark:
        "<results>/benchmarks/write_conformance_segmentation.tsv"
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


rule compare_areas:
    input:
        **samples("units"),
        code=code("compare_areas"),
        predictions=rules.collect_predictions.output.predictions,
    output:
        table=shown("<results>/evaluation/tables/agreement.csv", "agreement", RESULTS, "Agreement of areas"),
        record="<results>/evaluation/tables/compare_areas.record.json",
    log:
        "<results>/logs/compare_areas.log",
    benchmark:
        "<results>/benchmarks/compare_areas.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=30),
    params:
        settings=canonical_json(classes=config["cases"]["classes"], folds=config["folds"]),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --slices {input.units:q}"
        " --params {params.settings:q} --out {output.table:q} --record {output.record:q} --log {log:q}"


rule plot_predictions:
    input:
        **samples(),
        code=code("plot_predictions"),
        masks=[f"{folder}/masks.npy" for folder in compared_segmenters().values()],
        predictions=[f"{folder}/predictions.csv" for folder in compared_segmenters().values()],
    output:
        **figure(
            "<results>/evaluation/figures/predictions", "predictions", RESULTS, "Worst, median and best test slices"
        ),
        record="<results>/evaluation/figures/plot_predictions.record.json",
    log:
        "<results>/logs/plot_predictions.log",
    benchmark:
        "<results>/benchmarks/plot_predictions.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=30),
    params:
        settings=canonical_json(classes=config["cases"]["classes"]),
        runs=model_lists.written(compared_segmenters()),
        results=lambda wildcards, output: parent(output.record, 3),
        stage=TASK_FOLDER,
    shell:
        "python {input.code[0]:q} --results {params.results:q} --stage {params.stage:q} --runs {params.runs:q}"
        " --slices {input.units:q} --images {input.unit_images:q} --labels {input.unit_labels:q}"
        " --params {params.settings:q} --png {output.png:q} --svg {output.svg:q} --record {output.record:q}"
        " --log {log:q}"
