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
