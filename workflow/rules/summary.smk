"""The answer on one page, which is also the first screen of the report."""


rule write_summary:
    input:
        code=code("write_summary"),
        templates=[
            os.path.relpath(BASE / "workflow/report/shared" / name)
            for name in ["summary.html.j2", "summary_body.html.j2", "page.css"]
        ],
        method=os.path.relpath(BASE / f"workflow/report/{config['task']}/workflow.rst"),
        metrics=rules.compute_metrics.output.metrics,
        comparisons=rules.compare_arms.output.comparisons,
        operating_points=rules.compute_metrics.output.operating_points,
        best=task_best(),
        study_size=rules.estimate_study_size.output.table,
        power=rules.estimate_study_size.output.power,
        curve=rules.estimate_study_size.output.curve,
        deviations=rules.list_deviations.output.deviations,
        diagnoses=expand(
            "<results>/evaluation/quality/{generator}/seed-{seed}/diagnosis.csv",
            generator=config["experiment"]["generators"],
            seed=config["seeds"],
        ),
        cautions=task_cautions(),
        figure=rules.plot_size_curves.output.png,
    output:
        html="<results>/summary.html",
        pdf="<results>/summary.pdf",
        json="<results>/evaluation/summary.json",
        record="<results>/evaluation/write_summary.record.json",
    log:
        "<results>/logs/write_summary.log",
    benchmark:
        "<results>/benchmarks/write_summary.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=30),
    params:
        config=canonical_json(**public_config()),
        settings=canonical_json(**summary_settings()),
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --comparisons {input.comparisons:q}"
        " --operating-points {input.operating_points:q} --best {input.best:q} --study-size {input.study_size:q}"
        " --power {input.power:q} --curve {input.curve:q}"
        " --deviations {input.deviations:q} --diagnoses {input.diagnoses:q} --cautions {input.cautions:q}"
        " --figure {input.figure:q} --template {input.templates[0]:q}"
        " --method {input.method:q} --config {params.config:q} --params {params.settings:q} --html {output.html:q}"
        " --pdf {output.pdf:q} --json {output.json:q} --record {output.record:q} --log {log:q}"
