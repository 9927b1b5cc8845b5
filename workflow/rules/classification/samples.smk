"""From checked cases to ROIs and their classic augmentations; once per cohort."""


rule extract_rois:
    input:
        code=code("extract_rois"),
        cases=rules.check_cases.output.cases,
        table=phantom_table(),
    output:
        **within(
            "<results>/rois",
            index="rois.csv",
            crops="crops.npz",
            images="images.npy",
            record="record.json",
        ),
    log:
        "<results>/logs/extract_rois.log",
    benchmark:
        "<results>/benchmarks/extract_rois.tsv"
    conda:
        "../../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=30),
    params:
        settings=canonical_json(**chosen_rois(), reach=augmentation_reach()),
        digest=table_digest(),
    shell:
        'python {input.code[0]:q} --cases {input.cases:q} --table "$SYNTHAUG_TABLE" --params {params.settings:q}'
        " --index {output.index:q} --crops {output.crops:q} --images {output.images:q} --record {output.record:q}"
        " --log {log:q}"


rule build_pool:
    input:
        code=code("build_pool"),
        rois=rules.extract_rois.output.index,
        crops=rules.extract_rois.output.crops,
    output:
        **within("<results>/pool", images="images.npy", index="index.csv", record="record.json"),
    log:
        "<results>/logs/build_pool.log",
    benchmark:
        "<results>/benchmarks/build_pool.tsv"
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=30),
    params:
        settings=canonical_json(
            **chosen_rois(),
            augmentation=chosen_augmentation(),
            master_seed=config["master_seed"],
            threads=config["threads"],
        ),
    shell:
        "python {input.code[0]:q} --rois {input.rois:q} --crops {input.crops:q} --params {params.settings:q}"
        " --images {output.images:q} --index {output.index:q} --record {output.record:q} --log {log:q}"
