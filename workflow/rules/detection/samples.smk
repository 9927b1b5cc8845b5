"""From checked cases to slices with their boxes; once per cohort."""


rule cut_slices_detection:
    input:
        code=code("cut_slices_detection"),
        cases=rules.check_cases.output.cases,
        table=phantom_table(),
    output:
        **task_samples(),
        record="<results>/slices/record.json",
    log:
        "<results>/logs/cut_slices_detection.log",
    benchmark:
        "<results>/benchmarks/cut_slices_detection.tsv"
    conda:
        "../../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=120),
    params:
        settings=canonical_json(classes=config["cases"]["classes"], **config["slices"]),
        digest=table_digest(),
    shell:
        'python {input.code[0]:q} --cases {input.cases:q} --table "$SYNTHAUG_TABLE" --params {params.settings:q}'
        " --slices {output.units:q} --images {output.unit_images:q} --boxes {output.unit_boxes:q} --record {output.record:q}"
        " --log {log:q}"


rule plot_boxes:
    input:
        **samples(),
        code=code("plot_boxes"),
    output:
        sheets=shown("<results>/check/boxes.pdf", "boxes", DATA, "Slices as the networks see them"),
        record="<results>/check/plot_boxes.record.json",
    log:
        "<results>/logs/plot_boxes.log",
    benchmark:
        "<results>/benchmarks/plot_boxes.tsv"
    priority: 100  # before any training, so that a look at them comes first
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    shell:
        "python {input.code[0]:q} --slices {input.units:q} --images {input.unit_images:q} --boxes {input.unit_boxes:q}"
        " --out {output.sheets:q} --record {output.record:q} --log {log:q}"
