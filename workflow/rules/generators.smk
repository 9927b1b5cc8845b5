"""One generator per preset, classic group, training folds and class; then its pool of synthetic images."""


rule train_generator:
    input:
        code=code("train_generator"),
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
    log:
        "<results>/logs/train_generator/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.log",
    benchmark:
        "<results>/benchmarks/train_generator/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        gpu=gpu(),
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        settings=lambda wildcards: pack(**training(config["generators"][wildcards.generator]), **compute()),
        folder=lambda wildcards, output: os.path.dirname(output.model),
    shell:
        "python {input.code[0]} --rois {input.rois:q} --roi-images {input.roi_images:q} --pool-index {input.pool_index:q}"
        " --pool-images {input.pool_images:q} --folds {input.folds:q} --seed {wildcards.seed}"
        " --train-folds {wildcards.folds} --group {wildcards.group} --cls {wildcards.cls} --params {params.settings:q}"
        " --out-dir {params.folder:q} --log {log:q}"


rule sample_generator:
    input:
        code=code("sample_generator"),
        generator=rules.train_generator.output.generator,
        model=rules.train_generator.output.model,
    output:
        images="<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/{cls}/images.npy",
        index="<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/{cls}/index.csv",
    log:
        "<results>/logs/sample_generator/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.log",
    benchmark:
        "<results>/benchmarks/sample_generator/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        gpu=gpu(),
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        settings=lambda wildcards: pack(**config["generators"][wildcards.generator]["sampling"], **compute()),
    shell:
        "python {input.code[0]} --generator {input.generator:q} --model {input.model:q} --cls {wildcards.cls}"
        " --generator-name {wildcards.generator} --seed {wildcards.seed} --train-folds {wildcards.folds}"
        " --params {params.settings:q} --images {output.images:q} --index {output.index:q} --log {log:q}"
