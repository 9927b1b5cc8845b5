"""CPGGANs, one per preset, seed and training folds; their slices with boxes; and which of these show their lesions."""

CPGGAN = "{generator}/on-all/train-{folds}"  # below the folders of generators, synthetic slices and filters


def cpggan_settings(name):
    """Return the parameters of a preset's networks and of their training."""
    own = {key: value for key, value in training(name).items() if key != "empty_slices"}
    return {"classes": config["cases"]["classes"], "side": config["slices"]["side"], **own, **compute()}


rule train_cpggan:
    input:
        **samples(),
        code=task_code("train_cpggan"),
        folds=rules.make_folds.output.folds,
    output:
        **within(
            f"<results>/seed-{{seed}}/generators/{CPGGAN}/all",
            generator="generator.safetensors",
            discriminator="discriminator.safetensors",
            model="model.json",
            train_set="train_set.csv",
            history="history.csv",
            samples="samples.npy",
            record="record.json",
        ),
    log:
        f"<results>/logs/train_cpggan/seed-{{seed}}/{CPGGAN}.log",
    benchmark:
        f"<results>/benchmarks/train_cpggan/seed-{{seed}}/{CPGGAN}.tsv"
    wildcard_constraints:
        generator=presets("cpggan"),
    priority: 40  # the longest chain: a generator, its slices, their detectors
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=6000, runtime=480),
        gpu=gpu(),
    params:
        settings=lambda wildcards: canonical_json(
            master_seed=config["master_seed"],
            validation=config["experiment"]["validation"],
            empty_slices=config["generators"][wildcards.generator]["empty_slices"],
            preset=cpggan_settings(wildcards.generator),
        ),
        folder=lambda wildcards, output: os.path.dirname(output.model),
    shell:
        "python {input.code[0]:q} --units {input.units:q} --images {input.unit_images:q} --boxes {input.unit_boxes:q}"
        " --folds {input.folds:q} --seed {wildcards.seed:q} --train-folds {wildcards.folds:q}"
        " --params {params.settings:q} --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"


rule sample_cpggan:
    input:
        **samples(),
        code=task_code("sample_cpggan"),
        folds=rules.make_folds.output.folds,
        generator=rules.train_cpggan.output.generator,
        model=rules.train_cpggan.output.model,
    output:
        **within(
            f"<results>/seed-{{seed}}/synthetic/{CPGGAN}/all",
            images="images.npy",
            boxes="boxes.csv",
            index="index.csv",
            record="record.json",
        ),
    log:
        f"<results>/logs/sample_cpggan/seed-{{seed}}/{CPGGAN}.log",
    benchmark:
        f"<results>/benchmarks/sample_cpggan/seed-{{seed}}/{CPGGAN}.tsv"
    wildcard_constraints:
        generator=presets("cpggan"),
    priority: 40
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=60),
        gpu=gpu(),
    params:
        settings=lambda wildcards: canonical_json(
            classes=config["cases"]["classes"],
            validation=config["experiment"]["validation"],
            **{key: config["generators"][wildcards.generator]["sampling"][key] for key in ["samples", "moves"]},
            **compute(),
        ),
        trained=lambda wildcards, input: os.path.dirname(input.model),
        folder=lambda wildcards, output: os.path.dirname(output.index),
    shell:
        "python {input.code[0]:q} --units {input.units:q} --images {input.unit_images:q} --boxes {input.unit_boxes:q}"
        " --folds {input.folds:q} --generator {wildcards.generator:q} --trained {params.trained:q}"
        " --seed {wildcards.seed:q} --train-folds {wildcards.folds:q} --params {params.settings:q}"
        " --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"


rule filter_synthetic:
    input:
        **samples("unit_boxes"),
        **within(
            f"<results>/seed-{{seed}}/{TASK_FOLDER}/real/0/train-{{folds}}",
            model="model.json",
            weights="weights.safetensors",
            detections="detections.csv",
            learned_from="train_set.csv",
        ),
        code=code("filter_synthetic"),
        images=rules.sample_cpggan.output.images,
        boxes=rules.sample_cpggan.output.boxes,
    output:
        **within(
            f"<results>/seed-{{seed}}/filters/{CPGGAN}",
            table="filter.csv",
            threshold="filter.json",
            record="record.json",
        ),
    log:
        f"<results>/logs/filter_synthetic/seed-{{seed}}/{CPGGAN}.log",
    benchmark:
        f"<results>/benchmarks/filter_synthetic/seed-{{seed}}/{CPGGAN}.tsv"
    priority: 40
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=60),
        gpu=gpu(),
    params:
        settings=lambda wildcards: canonical_json(
            **config["generators"][wildcards.generator]["sampling"]["filter"], **hardware()
        ),
        detector=lambda wildcards, input: os.path.dirname(input.model),
        synthetic=lambda wildcards, input: os.path.dirname(input.images),
        folder=lambda wildcards, output: os.path.dirname(output.table),
    shell:
        "python {input.code[0]:q} --boxes {input.unit_boxes:q} --detector {params.detector:q}"
        " --synthetic {params.synthetic:q} --params {params.settings:q} --out-dir {params.folder:q}"
        " --record {output.record:q} --log {log:q}"


# The user's files, as in cases.smk.
os.environ.update(SYNTHAUG_KEPT_SLICES=json.dumps(config["kept_slices"]))


rule list_synthetic_slices:
    input:
        code=code("list_slices"),
        images=lambda wildcards: list(all_slices(wildcards.generator).values()),
    output:
        pictures=directory("<results>/by-hand/{generator}/pictures"),
        list="<results>/by-hand/{generator}/list.csv",
        record="<results>/by-hand/{generator}/record.json",
    log:
        "<results>/logs/list_slices/{generator}.log",
    benchmark:
        "<results>/benchmarks/list_slices/{generator}.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        synthetic=named_slices,
    shell:
        "python {input.code[0]:q} --synthetic {params.synthetic:q} --pictures {output.pictures:q} --list {output.list:q}"
        " --record {output.record:q} --log {log:q}"


rule list_slices:
    input:
        expand(rules.list_synthetic_slices.output.list, generator=config["experiment"]["generators"]),


rule take_kept_slices:
    input:
        code=code("take_kept_slices"),
        images=lambda wildcards: list(all_slices(wildcards.generator).values()),
    output:
        tables=expand(
            "<results>/kept/{{generator}}/seed-{seed}/train-{folds}/kept.csv",
            seed=config["seeds"],
            folds=train_folds(),
        ),
        record="<results>/kept/{generator}/record.json",
    log:
        "<results>/logs/take_kept_slices/{generator}.log",
    benchmark:
        "<results>/benchmarks/take_kept_slices/{generator}.tsv"
    priority: 40
    conda:
        "../../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=30),
    params:
        digest=lambda wildcards: digest(config["kept_slices"][wildcards.generator]),
        synthetic=named_slices,
        folder=lambda wildcards, output: os.path.dirname(output.record),
    shell:
        "python {input.code[0]:q} --synthetic {params.synthetic:q} --generator {wildcards.generator:q}"
        ' --lists "$SYNTHAUG_KEPT_SLICES" --out-dir {params.folder:q} --record {output.record:q} --log {log:q}'
