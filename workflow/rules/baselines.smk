"""Classifiers that are no network, or no classifier by trade: texture and visual words with an SVM, ACGAN discriminators."""


rule train_bovw:
    input:
        code=code("train_bovw"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        folds=rules.make_folds.output.folds,
    output:
        predictions=each_fold("<results>/seed-{seed}/classify/{arm}/0/train-{folds}/predictions.csv"),
        train_set=each_fold("<results>/seed-{seed}/classify/{arm}/0/train-{folds}/train_set.csv"),
        model=each_fold("<results>/seed-{seed}/classify/{arm}/0/train-{folds}/model.json"),
        record="<results>/seed-{seed}/classify/{arm}/0/record.json",
    log:
        "<results>/logs/train_bovw/seed-{seed}/{arm}.log",
    benchmark:
        "<results>/benchmarks/train_bovw/seed-{seed}/{arm}.tsv"
    wildcard_constraints:
        arm="bovw-single|bovw-multi",
    priority: 50  # before any training, so that too few patients or patches stop the run early
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 120 * attempt,
    params:
        settings=canonical_json(**config["baselines"]["bovw"], **baseline()),
        folds=train_folds(),
        folder=lambda wildcards, output: parent(output.model[0], 2),
    shell:
        "python {input.code[0]:q} --rois {input.rois:q} --roi-images {input.roi_images:q} --folds {input.folds:q}"
        " --seed {wildcards.seed:q} --train-folds {params.folds:q} --arm {wildcards.arm:q} --params {params.settings:q}"
        " --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"


use rule train_bovw as train_texture with:
    input:
        code=code("train_texture"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        folds=rules.make_folds.output.folds,
    log:
        "<results>/logs/train_texture/seed-{seed}/{arm}.log",
    benchmark:
        "<results>/benchmarks/train_texture/seed-{seed}/{arm}.tsv"
    wildcard_constraints:
        arm="gabor|glcm",
    params:
        settings=canonical_json(**config["baselines"]["texture"], **baseline()),
        folds=train_folds(),
        folder=lambda wildcards, output: parent(output.model[0], 2),


rule classify_discriminator:
    input:
        code=code("classify_discriminator"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        folds=rules.make_folds.output.folds,
        discriminators=lambda wildcards: discriminator_files(wildcards, "discriminator.safetensors"),
        models=lambda wildcards: discriminator_files(wildcards, "model.json"),
        train_sets=lambda wildcards: discriminator_files(wildcards, "train_set.csv"),
    output:
        predictions=each_fold(
            "<results>/seed-{seed}/classify/{generator}-discriminator/0/train-{folds}/predictions.csv"
        ),
        train_set=each_fold("<results>/seed-{seed}/classify/{generator}-discriminator/0/train-{folds}/train_set.csv"),
        model=each_fold("<results>/seed-{seed}/classify/{generator}-discriminator/0/train-{folds}/model.json"),
        record="<results>/seed-{seed}/classify/{generator}-discriminator/0/record.json",
    log:
        "<results>/logs/classify_discriminator/seed-{seed}/{generator}.log",
    benchmark:
        "<results>/benchmarks/classify_discriminator/seed-{seed}/{generator}.tsv"
    wildcard_constraints:
        generator=presets("acgan"),
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        gpu=gpu(),
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        settings=canonical_json(**compute_without_seed()),
        folds=train_folds(),
        generators=lambda wildcards, input: parent(input.models[0], 3),
        folder=lambda wildcards, output: parent(output.model[0], 2),
    shell:
        "python {input.code[0]:q} --rois {input.rois:q} --roi-images {input.roi_images:q} --folds {input.folds:q}"
        " --generators {params.generators:q} --train-folds {params.folds:q} --params {params.settings:q}"
        " --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"
