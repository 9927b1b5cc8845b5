"""From the predictions of all models to statistics, tables and the lineage audit; written once for every method."""


rule collect_predictions:
    input:
        code=code("collect_predictions"),
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
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        runs=json.dumps(runs()),
        results=lambda wildcards, output: parent(output.predictions, 2),
    shell:
        "python {input.code[0]:q} --results {params.results:q} --runs {params.runs:q} --out {output.predictions:q}"
        " --record {output.record:q} --log {log:q}"


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
        operating_points="<results>/evaluation/operating_points.csv",
        seeds=report(
            "<results>/evaluation/seeds.csv",
            caption="../report/seeds.rst",
            category="3 Results",
            labels={"content": "Variation between seeds"},
        ),
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
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        settings=canonical_json(**statistics(), **operating_points()),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --params {params.settings:q}"
        " --out {output.metrics:q}"
        " --operating-points {output.operating_points:q} --seeds {output.seeds:q}"
        " --record {output.record:q} --log {log:q}"


rule compare_arms:
    input:
        code=code("compare_arms"),
        predictions=rules.collect_predictions.output.predictions,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        comparisons=report(
            "<results>/evaluation/comparisons.csv",
            caption="../report/comparisons.rst",
            category="3 Results",
            labels={"content": "All comparisons and verdicts"},
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
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        settings=canonical_json(**statistics(), smallest_gain=config["evaluation"]["smallest_gain"]),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --operating-points {input.operating_points:q}"
        " --params {params.settings:q} --out {output.comparisons:q} --record {output.record:q} --log {log:q}"


rule make_tables:
    input:
        code=code("make_tables"),
        predictions=rules.collect_predictions.output.predictions,
        metrics=rules.compute_metrics.output.metrics,
        operating_points=rules.compute_metrics.output.operating_points,
        comparisons=rules.compare_arms.output.comparisons,
        readers=answered("<results>/evaluation/readers/scores.csv"),
    output:
        headline=report(
            "<results>/evaluation/tables/headline.csv",
            caption="../report/headline.rst",
            category="3 Results",
            labels={"content": "Headline"},
        ),
        operating_points=report(
            "<results>/evaluation/tables/operating_points.csv",
            caption="../report/operating_points.rst",
            category="3 Results",
            labels={"content": "Operating points"},
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
        table4=report(
            "<results>/evaluation/tables/table4.csv",
            caption="../report/table4.rst",
            category="3 Results",
            labels={"content": "Table 4: radiologists"},
        ),
        table5=report(
            "<results>/evaluation/tables/table5.csv",
            caption="../report/table5.rst",
            category="3 Results",
            labels={"content": "Table 5: generative models"},
        ),
        table6=report(
            "<results>/evaluation/tables/table6.csv",
            caption="../report/table6.rst",
            category="3 Results",
            labels={"content": "Table 6: baselines"},
        ),
        table7=report(
            "<results>/evaluation/tables/table7.csv",
            caption="../report/table7.rst",
            category="3 Results",
            labels={"content": "Table 7: by class"},
        ),
        record="<results>/evaluation/tables/record.json",
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
        settings=canonical_json(
            **{key: statistics()[key] for key in ["classes", "folds", "confidence"]},
            **shown(),
            generators=config["experiment"]["generators"],
        ),
    shell:
        "python {input.code[0]:q} --predictions {input.predictions:q} --metrics {input.metrics:q}"
        " --operating-points {input.operating_points:q} --comparisons {input.comparisons:q} --readers {input.readers:q}"
        " --params {params.settings:q}"
        " --headline {output.headline:q} --operating-table {output.operating_points:q} --table2 {output.table2:q}"
        " --table3 {output.table3:q} --table4 {output.table4:q} --table5 {output.table5:q} --table6 {output.table6:q}"
        " --table7 {output.table7:q} --record {output.record:q} --log {log:q}"


rule audit_lineage:
    input:
        code=code("audit_lineage"),
        rois=rules.extract_rois.output.index,
        folds=expand(rules.make_folds.output.folds, seed=config["seeds"]),
        predictions=run_files("predictions.csv"),
        train_sets=run_files("train_set.csv"),
        models=run_files("model.json"),
        generator_train_sets=generator_files("train_set.csv"),
        generator_models=generator_files("model.json"),
    output:
        lineage=report(
            "<results>/evaluation/lineage.json",
            caption="../report/lineage.rst",
            category="3 Results",
            labels={"content": "Lineage audit"},
        ),
        record="<results>/evaluation/audit_lineage.record.json",
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
        folds=lambda wildcards, input: labelled(config["seeds"], input.folds),
        results=lambda wildcards, output: parent(output.lineage, 2),
    shell:
        "python {input.code[0]:q} --results {params.results:q} --rois {input.rois:q} --folds {params.folds:q}"
        " --runs {params.runs:q} --generators {params.generators:q} --out {output.lineage:q}"
        " --record {output.record:q} --log {log:q}"


rule compute_subgroups:
    input:
        code=code("compute_subgroups"),
        cases=rules.check_cases.output.cases,
        predictions=rules.collect_predictions.output.predictions,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        table=report(
            "<results>/evaluation/subgroups.csv",
            caption="../report/subgroups.rst",
            category="3 Results",
            labels={"content": "Subgroups"},
        ),
        png=report(
            "<results>/evaluation/figures/subgroups.png",
            caption="../report/subgroups.rst",
            category="3 Results",
            labels={"content": "Subgroups, figure"},
        ),
        svg="<results>/evaluation/figures/subgroups.svg",
        record="<results>/evaluation/compute_subgroups.record.json",
    log:
        "<results>/logs/compute_subgroups.log",
    benchmark:
        "<results>/benchmarks/compute_subgroups.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        settings=canonical_json(**statistics(), **shown(), shown=first_generator()),
    shell:
        "python {input.code[0]:q} --cases {input.cases:q} --predictions {input.predictions:q}"
        " --operating-points {input.operating_points:q} --params {params.settings:q} --out {output.table:q}"
        " --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"


rule write_conformance:
    input:
        code=code("write_conformance"),
        template=os.path.relpath(BASE / "workflow/report/conformance.html.j2"),
        metrics=rules.compute_metrics.output.metrics,
        operating_points=rules.compute_metrics.output.operating_points,
        comparisons=rules.compare_arms.output.comparisons,
        readers=answered("<results>/evaluation/readers/scores.csv"),
        agreement=answered("<results>/evaluation/readers/agreement.csv"),
    output:
        html=report(
            "<results>/evaluation/conformance.html",
            caption="../report/conformance.rst",
            category="4 Conformance",
            labels={"content": "Published numbers beside ours"},
        ),
        table="<results>/evaluation/conformance.csv",
        record="<results>/evaluation/write_conformance.record.json",
    log:
        "<results>/logs/write_conformance.log",
    benchmark:
        "<results>/benchmarks/write_conformance.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        config=canonical_json(**public_config()),
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --operating-points {input.operating_points:q}"
        " --comparisons {input.comparisons:q} --readers {input.readers:q} --agreement {input.agreement:q}"
        " --config {params.config:q} --template {input.template:q}"
        " --html {output.html:q} --csv {output.table:q} --record {output.record:q} --log {log:q}"
