"""From the case table to checked cases, and sheets of every lesion for the user to look at before any training."""

# The user's files are no inputs and no params: plans, Snakemake's logs and the report name these, and names of folders
# and files often carry those of patients. They are followed by digests among the params.
os.environ.update(SYNTHAUG_TABLE=config["cases"]["table"] or f"results/{config['cohort']}/phantom/case_table.csv")


rule check_cases:
    input:
        code=task_code("check_cases"),
        table=phantom_table(),
        patients="<results>/phantom/patients" if config["cases"]["table"] is None else [],
    output:
        cases="<results>/cases.csv",
        record="<results>/check_cases.record.json",
    log:
        "<results>/logs/check_cases.log",
    benchmark:
        "<results>/benchmarks/check_cases.tsv"
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(
            classes=config["cases"]["classes"], **given_split_params(), **mask_params(), **task_rows()
        ),
        digest=table_digest(),
        files=lambda wildcards: fingerprint(case_files()),
    shell:
        'python {input.code[0]:q} --table "$SYNTHAUG_TABLE" --params {params.settings:q} --out {output.cases:q}'
        " --record {output.record:q} --log {log:q}"


rule plot_contours:
    input:
        **samples("units", "unit_images"),
        code=code("plot_contours"),
        cases=rules.check_cases.output.cases,
        table=phantom_table(),
    output:
        contours=shown("<results>/check/contours.pdf", "contours", DATA, "Lesion outlines"),
        duplicates="<results>/check/duplicates.csv",
        record="<results>/check/record.json",
    log:
        "<results>/logs/plot_contours.log",
    benchmark:
        "<results>/benchmarks/plot_contours.tsv"
    priority: 100  # before any training, so that suspected duplicates stop the run at once
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(**task_display(), duplicate_correlation=config["cases"]["duplicate_correlation"]),
        digest=table_digest(),
    shell:
        'python {input.code[0]:q} --cases {input.cases:q} --table "$SYNTHAUG_TABLE" --units {input.units:q}'
        " --unit-images {input.unit_images:q} --params {params.settings:q}"
        " --contours {output.contours:q} --duplicates {output.duplicates:q} --record {output.record:q} --log {log:q}"


rule check_duplicates:
    input:
        code=code("check_duplicates"),
        duplicates=rules.plot_contours.output.duplicates,
    output:
        duplicates=shown("<results>/check/acknowledged.csv", "duplicates", DATA, "Near-duplicate images"),
        record="<results>/check/check_duplicates.record.json",
    log:
        "<results>/logs/check_duplicates.log",
    benchmark:
        "<results>/benchmarks/check_duplicates.tsv"
    priority: 100
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=1000, runtime=10),
    params:
        settings=canonical_json(acknowledged=config["cases"]["acknowledged_duplicates"]),
    shell:
        "python {input.code[0]:q} --duplicates {input.duplicates:q} --params {params.settings:q}"
        " --out {output.duplicates:q} --record {output.record:q} --log {log:q}"


rule suggest_cases:
    input:
        code=code("suggest_cases"),
        duplicates=rules.plot_contours.output.duplicates,
        table=phantom_table(),
    output:
        cases="<results>/check/suggested_cases.csv",
        record="<results>/check/suggest_cases.record.json",
    log:
        "<results>/logs/suggest_cases.log",
    benchmark:
        "<results>/benchmarks/suggest_cases.tsv"
    priority: 101  # before check_duplicates, which stops the run
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=1000, runtime=10),
    params:
        settings=canonical_json(acknowledged=config["cases"]["acknowledged_duplicates"]),
        digest=table_digest(),
    shell:
        'python {input.code[0]:q} --table "$SYNTHAUG_TABLE" --duplicates {input.duplicates:q} --params {params.settings:q}'
        " --out {output.cases:q} --record {output.record:q} --log {log:q}"


rule write_notes:
    input:
        **samples("units"),
        code=task_code("write_notes"),
        cases=rules.check_cases.output.cases,
        duplicates=rules.plot_contours.output.duplicates,
        table=phantom_table(),
    output:
        notes="<results>/check/notes.txt",
        record="<results>/check/write_notes.record.json",
    log:
        "<results>/logs/write_notes.log",
    benchmark:
        "<results>/benchmarks/write_notes.tsv"
    priority: 101
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=1000, runtime=10),
    params:
        settings=canonical_json(
            **{key: config[key] for key in ["folds", "seeds", "master_seed"]},
            classes=config["cases"]["classes"],
            acknowledged=config["cases"]["acknowledged_duplicates"],
            **division_params(),
            **words_of_notes(),
        ),
        digest=table_digest(),
    shell:
        'python {input.code[0]:q} --cases {input.cases:q} --table "$SYNTHAUG_TABLE" --units {input.units:q}'
        " --duplicates {input.duplicates:q} --params {params.settings:q} --out {output.notes:q} --record {output.record:q} --log {log:q}"


rule check_data:
    input:
        rules.write_notes.output,
        rules.suggest_cases.output,
        rules.plot_contours.output,
        rules.check_duplicates.output,
        task_sheets(),
