"""Squares around the lesions."""


rule cut_squares:
    input:
        code=code("cut_squares"),
        cases=rules.check_cases.output.cases,
        table=phantom_table(),
    output:
        **task_samples(),
        record="<results>/squares/record.json",
    log:
        "<results>/logs/cut_squares.log",
    benchmark:
        "<results>/benchmarks/cut_squares.tsv"
    conda:
        "../../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=10),
    params:
        settings=canonical_json(side=config["regressor"]["side"]),
        digest=table_digest(),
    shell:
        'python {input.code[0]:q} --cases {input.cases:q} --table "$SYNTHAUG_TABLE" --params {params.settings:q}'
        " --units {output.units:q} --images {output.unit_images:q} --record {output.record:q} --log {log:q}"
