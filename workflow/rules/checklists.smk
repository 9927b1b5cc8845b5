"""What reporting guidelines ask for, filled from the config and the results of any task."""


rule write_checklists:
    input:
        code=task_code("write_checklists"),
        lists=os.path.relpath(BASE / "workflow/report/shared/checklists.yaml"),
        template=os.path.relpath(BASE / "workflow/report/shared/checklists.html.j2"),
        cases=rules.check_cases.output.cases,
        acknowledged=rules.check_duplicates.output.duplicates,
        folds=expand(rules.make_folds.output.folds, seed=config["seeds"]),
        lineage=rules.audit_lineage.output.lineage,
        metrics=rules.compute_metrics.output.metrics,
        operating_points=rules.compute_metrics.output.operating_points,
        seeds=rules.compute_metrics.output.seeds,
        comparisons=rules.compare_arms.output.comparisons,
        subgroups=rules.compute_subgroups.output.table,
        study_size=rules.estimate_study_size.output.table,
    output:
        html=shown(
            "<results>/evaluation/checklists.html", "checklists", CONFORMANCE, "Reporting checklists: TRIPOD+AI, CLAIM"
        ),
        record="<results>/evaluation/write_checklists.record.json",
    log:
        "<results>/logs/write_checklists.log",
    benchmark:
        "<results>/benchmarks/write_checklists.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=10),
    params:
        settings=canonical_json(**what_is_described()),
        folds=lambda wildcards, input: labelled(config["seeds"], input.folds),
    shell:
        "python {input.code[0]:q} --cases {input.cases:q} --acknowledged {input.acknowledged:q} --folds {params.folds:q}"
        " --lineage {input.lineage:q} --metrics {input.metrics:q} --operating-points {input.operating_points:q}"
        " --seeds {input.seeds:q} --comparisons {input.comparisons:q} --subgroups {input.subgroups:q}"
        " --study-size {input.study_size:q} --params {params.settings:q} --lists {input.lists:q}"
        " --template {input.template:q} --html {output.html:q} --record {output.record:q} --log {log:q}"
