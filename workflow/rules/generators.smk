"""Generators, one per preset, classic group, training folds and class (ACGAN: all classes); then their synthetic pools."""


rule train_dcgan:
    input:
        code=code("train_dcgan"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        pool_index=rules.build_pool.output.index,
        pool_images=rules.build_pool.output.images,
        folds=rules.make_folds.output.folds,
    output:
        generator="<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/generator.safetensors",
        discriminator="<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/discriminator.safetensors",
        model="<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/model.json",
        train_set="<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/train_set.csv",
        history="<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/history.csv",
        samples="<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/samples.npy",
        record="<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/record.json",
    log:
        "<results>/logs/train_dcgan/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.log",
    benchmark:
        "<results>/benchmarks/train_dcgan/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.tsv"
    wildcard_constraints:
        generator=presets("dcgan"),
        cls=any_of(config["cases"]["classes"]),
    priority: 40  # the longest chain: a generator, its images, their classifiers
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        gpu=gpu(),
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        settings=lambda wildcards: canonical_json(**training(wildcards.generator), **compute()),
        folder=lambda wildcards, output: os.path.dirname(output.model),
    shell:
        "python {input.code[0]:q} --rois {input.rois:q} --roi-images {input.roi_images:q}"
        " --pool-index {input.pool_index:q}"
        " --pool-images {input.pool_images:q} --folds {input.folds:q} --seed {wildcards.seed:q}"
        " --train-folds {wildcards.folds:q} --group {wildcards.group:q} --cls {wildcards.cls:q}"
        " --params {params.settings:q}"
        " --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"


use rule train_dcgan as train_acgan with:
    input:
        code=code("train_acgan"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        pool_index=rules.build_pool.output.index,
        pool_images=rules.build_pool.output.images,
        folds=rules.make_folds.output.folds,
    log:
        "<results>/logs/train_acgan/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.log",
    benchmark:
        "<results>/benchmarks/train_acgan/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.tsv"
    wildcard_constraints:
        generator=presets("acgan"),
        cls="all",
    params:
        settings=lambda wildcards: canonical_json(
            classes=config["cases"]["classes"], **training(wildcards.generator), **compute()
        ),
        folder=lambda wildcards, output: os.path.dirname(output.model),


rule sample_dcgan:
    input:
        code=code("sample_dcgan"),
        generators=expand(rules.train_dcgan.output.generator, cls=config["cases"]["classes"], allow_missing=True),
        models=expand(rules.train_dcgan.output.model, cls=config["cases"]["classes"], allow_missing=True),
    output:
        images=each_class("<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/{cls}/images.npy"),
        index=each_class("<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/{cls}/index.csv"),
        record="<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/record.json",
    log:
        "<results>/logs/sample_dcgan/seed-{seed}/{generator}/on-{group}/train-{folds}.log",
    benchmark:
        "<results>/benchmarks/sample_dcgan/seed-{seed}/{generator}/on-{group}/train-{folds}.tsv"
    wildcard_constraints:
        generator=presets("dcgan"),
    priority: 40
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        gpu=gpu(),
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        settings=lambda wildcards: canonical_json(
            classes=config["cases"]["classes"], **config["generators"][wildcards.generator]["sampling"], **compute()
        ),
        trained=lambda wildcards, input: parent(input.models[0], 2),
        folder=lambda wildcards, output: parent(output.images[0], 2),
    shell:
        "python {input.code[0]:q} --generators {params.trained:q} --generator {wildcards.generator:q}"
        " --seed {wildcards.seed:q}"
        " --train-folds {wildcards.folds:q} --params {params.settings:q} --out-dir {params.folder:q}"
        " --record {output.record:q} --log {log:q}"


use rule sample_dcgan as sample_acgan with:
    input:
        code=code("sample_acgan"),
        generators=expand(rules.train_acgan.output.generator, cls="all", allow_missing=True),
        models=expand(rules.train_acgan.output.model, cls="all", allow_missing=True),
    log:
        "<results>/logs/sample_acgan/seed-{seed}/{generator}/on-{group}/train-{folds}.log",
    benchmark:
        "<results>/benchmarks/sample_acgan/seed-{seed}/{generator}/on-{group}/train-{folds}.tsv"
    wildcard_constraints:
        generator=presets("acgan"),


# The user's folders, as in cases.smk.
os.environ.update(SYNTHAUG_IMPORTED=json.dumps({name: source["folder"] for name, source in config["imported"].items()}))


rule import_synthetic:
    input:
        code=code("import_synthetic"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        folds=rules.make_folds.output.folds,
    output:
        images=each_fold(
            each_class("<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/{cls}/images.npy")
        ),
        index=each_fold(
            each_class("<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/{cls}/index.csv")
        ),
        train_set=each_fold(
            each_class("<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/train_set.csv")
        ),
        model=each_fold(
            each_class("<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/model.json")
        ),
        record="<results>/seed-{seed}/synthetic/{generator}/on-{group}/record.json",
    log:
        "<results>/logs/import_synthetic/seed-{seed}/{generator}/on-{group}.log",
    benchmark:
        "<results>/benchmarks/import_synthetic/seed-{seed}/{generator}/on-{group}.tsv"
    wildcard_constraints:
        generator=any_of(config["imported"]),
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        settings=canonical_json(classes=config["cases"]["classes"], samples=largest_synthetic()),
        train_folds=train_folds(),
        files=lambda wildcards: fingerprint(imported_files(wildcards)),
        synthetic=lambda wildcards, output: parent(output.images[0], 3),
        generators=lambda wildcards, output: parent(output.model[0], 3),
    shell:
        "python {input.code[0]:q} --rois {input.rois:q} --roi-images {input.roi_images:q} --folds {input.folds:q}"
        " --seed {wildcards.seed:q} --generator {wildcards.generator:q} --group {wildcards.group:q}"
        ' --train-folds {params.train_folds:q} --params {params.settings:q} --folders "$SYNTHAUG_IMPORTED"'
        " --synthetic-dir {params.synthetic:q} --generator-dir {params.generators:q}"
        " --record {output.record:q} --log {log:q}"
