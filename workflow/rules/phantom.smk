"""The built-in phantom cohort, as a hospital would hand it over; used when the config names no case table."""


rule make_phantom:
    input:
        code=task_code("make_phantom"),
    output:
        table="<results>/phantom/case_table.csv",
        patients=directory("<results>/phantom/patients"),
        record="<results>/phantom/record.json",
    log:
        "<results>/logs/make_phantom.log",
    benchmark:
        "<results>/benchmarks/make_phantom.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 2  # nothing else can run before it ends; its result does not depend on them
    resources:
        **grown(mem_mb=2000, runtime=30),
    params:
        settings=canonical_json(**config["phantom"], master_seed=config["master_seed"]),
    shell:
        "python {input.code[0]:q} --params {params.settings:q} --table {output.table:q} --patients {output.patients:q}"
        " --threads {threads:q} --record {output.record:q} --log {log:q}"
