"""Tables and figures of this task, after Frid-Adar et al. (2018), and how a run stands to the published numbers."""


rule make_tables:
    input:
        code=code("make_tables"),
        predictions=rules.collect_predictions.output.predictions,
        metrics=rules.compute_metrics.output.metrics,
        operating_points=rules.compute_metrics.output.operating_points,
        comparisons=rules.compare_arms.output.comparisons,
        readers=answered("<results>/evaluation/readers/scores.csv"),
    output:
        table2=shown(
            "<results>/evaluation/tables/table2.csv", "table2", RESULTS, "Table 2: confusion, classic augmentation"
        ),
        table3=shown(
            "<results>/evaluation/tables/table3.csv", "table3", RESULTS, "Table 3: confusion, with synthetic images"
        ),
        table4=shown("<results>/evaluation/tables/table4.csv", "table4", RESULTS, "Table 4: radiologists"),
        table5=shown("<results>/evaluation/tables/table5.csv", "table5", RESULTS, "Table 5: generative models"),
        table6=shown("<results>/evaluation/tables/table6.csv", "table6", RESULTS, "Table 6: baselines"),
        table7=shown("<results>/evaluation/tables/table7.csv", "table7", RESULTS, "Table 7: by class"),
        record="<results>/evaluation/tables/record.json",
    log:
        "<results>/logs/make_tables.log",
    benchmark:
        "<results>/benchmarks/make_tables.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(
            **{key: config["cases"][key] for key in ["classes", "positive"]},
            **{key: statistics()[key] for key in ["folds", "confidence"]},
            **drawing(),
        ),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --metrics {input.metrics:q}"
        " --operating-points {input.operating_points:q} --comparisons {input.comparisons:q}"
        " --readers {input.readers:q} --params {params.settings:q} --table2 {output.table2:q} --table3 {output.table3:q}"
        " --table4 {output.table4:q} --table5 {output.table5:q} --table6 {output.table6:q} --table7 {output.table7:q}"
        " --record {output.record:q} --log {log:q}"


rule choose_strategy:
    input:
        code=code("choose_strategy"),
        predictions=rules.collect_predictions.output.predictions,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        **best_strategy(),
        table=shown(
            "<results>/evaluation/tables/best.csv", "best", RESULTS, "The best strategy, chosen without the test fold"
        ),
        record="<results>/evaluation/best/record.json",
    log:
        "<results>/logs/choose_strategy.log",
    benchmark:
        "<results>/benchmarks/choose_strategy.tsv"
    priority: 20
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(**statistics(), **verdicts(), candidates=strategy_arms()),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --operating-points {input.operating_points:q}"
        " --params {params.settings:q} --choices {output.choices:q} --strategies {output.strategies:q}"
        " --metrics {output.metrics:q} --comparison {output.comparison:q} --table {output.table:q}"
        " --record {output.record:q} --log {log:q}"


rule make_cost_table:
    input:
        code=code("make_cost_table"),
        metrics=rules.compute_metrics.output.metrics,
        operating_points=rules.compute_metrics.output.operating_points,
        comparisons=rules.compare_arms.output.comparisons,
    output:
        table=shown("<results>/evaluation/tables/costs.csv", "costs", RESULTS, "Costs of errors"),
        record="<results>/evaluation/tables/make_cost_table.record.json",
    log:
        "<results>/logs/make_cost_table.log",
    benchmark:
        "<results>/benchmarks/make_cost_table.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=30),
    params:
        settings=canonical_json(confidence=config["evaluation"]["confidence"], **selection()),
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --operating-points {input.operating_points:q}"
        " --comparisons {input.comparisons:q} --params {params.settings:q} --out {output.table:q}"
        " --record {output.record:q} --log {log:q}"


rule plot_augmentations:
    input:
        **samples(),
        code=code("plot_augmentations"),
    output:
        **figure("<results>/evaluation/figures/fig3", "fig3", DATA, "Fig 3: augmentation"),
        record="<results>/evaluation/figures/plot_augmentations.record.json",
    log:
        "<results>/logs/plot_augmentations.log",
    benchmark:
        "<results>/benchmarks/plot_augmentations.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(classes=config["cases"]["classes"], master_seed=config["master_seed"]),
    shell:
        "python {input.code[0]:q} --rois {input.units:q} --roi-images {input.unit_images:q}"
        " --pool-index {input.pool_index:q} --pool-images {input.pool_images:q} --params {params.settings:q}"
        " --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"


rule plot_tsne:
    input:
        **samples(),
        code=code("plot_tsne"),
        folds=expand(rules.make_folds.output.folds, seed=config["seeds"][0]),
        models=separated("model.json"),
        weights=separated("weights.safetensors"),
    output:
        **figure("<results>/evaluation/figures/fig9", "fig9", RESULTS, "Fig 9: t-SNE of features"),
        separation="<results>/evaluation/separation.csv",
        record="<results>/evaluation/plot_tsne.record.json",
    log:
        "<results>/logs/plot_tsne.log",
    benchmark:
        "<results>/benchmarks/plot_tsne.tsv"
    conda:
        "../../../envs/assessment.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=60),
        gpu=gpu(),
    params:
        settings=canonical_json(
            classes=config["cases"]["classes"],
            **{key: statistics()[key] for key in ["master_seed", "bootstrap", "confidence"]},
            **hardware(),
        ),
        folds=train_folds()[0],
        classifiers=lambda wildcards, input: labelled(separated_arms(), [parent(path, 1) for path in input.models]),
        sizes=labelled(separated_arms(), separated_arms().values()),
    shell:
        "python {input.code[0]:q} --rois {input.units:q} --roi-images {input.unit_images:q}"
        " --pool-index {input.pool_index:q} --pool-images {input.pool_images:q} --folds {input.folds:q}"
        " --train-folds {params.folds:q} --classifiers {params.classifiers:q} --sizes {params.sizes:q}"
        " --params {params.settings:q} --png {output.png:q} --svg {output.svg:q} --separation {output.separation:q}"
        " --record {output.record:q} --log {log:q}"


rule plot_calibration:
    input:
        code=code("plot_calibration"),
        predictions=rules.collect_predictions.output.predictions,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        **figure("<results>/evaluation/figures/calibration", "calibration", RESULTS, "Calibration"),
        table="<results>/evaluation/calibration.csv",
        record="<results>/evaluation/plot_calibration.record.json",
    log:
        "<results>/logs/plot_calibration.log",
    benchmark:
        "<results>/benchmarks/plot_calibration.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(**statistics(), **drawing()),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --operating-points {input.operating_points:q}"
        " --params {params.settings:q} --png {output.png:q} --svg {output.svg:q} --out {output.table:q}"
        " --record {output.record:q} --log {log:q}"


rule plot_decision_curves:
    input:
        code=code("plot_decision_curves"),
        predictions=rules.collect_predictions.output.predictions,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        **figure("<results>/evaluation/figures/decision_curves", "decision_curves", RESULTS, "Decision curves"),
        table="<results>/evaluation/decision_curves.csv",
        record="<results>/evaluation/plot_decision_curves.record.json",
    log:
        "<results>/logs/plot_decision_curves.log",
    benchmark:
        "<results>/benchmarks/plot_decision_curves.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(**statistics(), **drawing(), shown=shown_arm()),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --operating-points {input.operating_points:q}"
        " --params {params.settings:q} --png {output.png:q} --svg {output.svg:q} --out {output.table:q}"
        " --record {output.record:q} --log {log:q}"


rule write_conformance:
    input:
        code=code("write_conformance"),
        template=os.path.relpath(BASE / "workflow/report/classification/conformance.html.j2"),
        metrics=rules.compute_metrics.output.metrics,
        operating_points=rules.compute_metrics.output.operating_points,
        comparisons=rules.compare_arms.output.comparisons,
        readers=answered("<results>/evaluation/readers/scores.csv"),
        agreement=answered("<results>/evaluation/readers/agreement.csv"),
    output:
        html=shown("<results>/evaluation/conformance.html", "conformance", CONFORMANCE, "Published numbers beside ours"),
        table="<results>/evaluation/conformance.csv",
        record="<results>/evaluation/write_conformance.record.json",
    log:
        "<results>/logs/write_conformance.log",
    benchmark:
        "<results>/benchmarks/write_conformance.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        config=canonical_json(**public_config()),
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --operating-points {input.operating_points:q}"
        " --comparisons {input.comparisons:q} --readers {input.readers:q} --agreement {input.agreement:q}"
        " --config {params.config:q} --template {input.template:q} --html {output.html:q} --csv {output.table:q}"
        " --record {output.record:q} --log {log:q}"
