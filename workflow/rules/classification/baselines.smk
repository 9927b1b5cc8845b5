"""Classifiers that are no network, or none by trade: texture and visual words with an SVM, discriminators of ACGANs."""


rule train_bovw:
    input:
        **samples("units", "unit_images"),
        **registered_plan(),
        code=code("train_bovw"),
        folds=rules.make_folds.output.folds,
    output:
        **each_fold(single_files("{arm}")),
        record="<results>/seed-{seed}/classify/{arm}/0/record.json",
    log:
        "<results>/logs/train_bovw/seed-{seed}/{arm}.log",
    benchmark:
        "<results>/benchmarks/train_bovw/seed-{seed}/{arm}.tsv"
    wildcard_constraints:
        arm="bovw-single|bovw-multi",
    priority: 50  # before any training, so that too few patients or patches stop the run early
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=120),
    params:
        settings=canonical_json(**config["baselines"]["bovw"], **baseline()),
        folds=train_folds(),
        folder=lambda wildcards, output: parent(output.model[0], 2),
    shell:
        "python {input.code[0]:q} --rois {input.units:q} --roi-images {input.unit_images:q} --folds {input.folds:q}"
        " --seed {wildcards.seed:q} --train-folds {params.folds:q} --arm {wildcards.arm:q}"
        " --params {params.settings:q} --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"


use rule train_bovw as train_texture with:
    input:
        **samples("units", "unit_images"),
        **registered_plan(),
        code=code("train_texture"),
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
        **samples("units", "unit_images"),
        **registered_plan(),
        code=code("classify_discriminator"),
        folds=rules.make_folds.output.folds,
        discriminators=lambda wildcards: generator_files("discriminator.safetensors", generators_of(wildcards)),
        models=lambda wildcards: generator_files("model.json", generators_of(wildcards)),
        train_sets=lambda wildcards: generator_files("train_set.csv", generators_of(wildcards)),
    output:
        **each_fold(single_files("{generator}-discriminator")),
        record="<results>/seed-{seed}/classify/{generator}-discriminator/0/record.json",
    log:
        "<results>/logs/classify_discriminator/seed-{seed}/{generator}.log",
    benchmark:
        "<results>/benchmarks/classify_discriminator/seed-{seed}/{generator}.tsv"
    wildcard_constraints:
        generator=presets("acgan"),
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=30),
        gpu=gpu(),
    params:
        settings=canonical_json(**hardware()),
        folds=train_folds(),
        generators=lambda wildcards, input: parent(input.models[0], 3),
        folder=lambda wildcards, output: parent(output.model[0], 2),
    shell:
        "python {input.code[0]:q} --rois {input.units:q} --roi-images {input.unit_images:q} --folds {input.folds:q}"
        " --generators {params.generators:q} --train-folds {params.folds:q} --params {params.settings:q}"
        " --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"
