"""One classifier per arm, size and training folds; each ends in its predictions for every lesion it never saw."""


rule train_classifier:
    input:
        code=code("train_classifier"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        pool_index=rules.build_pool.output.index,
        pool_images=rules.build_pool.output.images,
        folds=rules.make_folds.output.folds,
        synthetic=synthetic_images,
    output:
        predictions="<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/predictions.csv",
        features="<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/features.npy",
        weights="<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/weights.safetensors",
        model="<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/model.json",
        train_set="<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/train_set.csv",
        history="<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/history.csv",
    log:
        "<results>/logs/train_classifier/seed-{seed}/{arm}/{size}/train-{folds}.log",
    benchmark:
        "<results>/benchmarks/train_classifier/seed-{seed}/{arm}/{size}/train-{folds}.tsv"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        gpu=gpu(),
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        settings=pack(**config["classifier"], classes=config["cases"]["classes"], **compute()),
        folder=lambda wildcards, output: os.path.dirname(output.model),
    shell:
        "python {input.code[0]} --rois {input.rois:q} --roi-images {input.roi_images:q} --pool-index {input.pool_index:q}"
        " --pool-images {input.pool_images:q} --folds {input.folds:q} --seed {wildcards.seed}"
        " --train-folds {wildcards.folds} --arm {wildcards.arm} --size {wildcards.size} --synthetic {input.synthetic:q}"
        " --params {params.settings:q} --out-dir {params.folder:q} --log {log:q}"
