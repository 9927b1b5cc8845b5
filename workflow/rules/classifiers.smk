"""One classifier per arm, size and training folds; each ends in its predictions for every lesion it never saw."""


rule plan_experiment:
    input:
        code=code("plan_experiment"),
        rois=rules.extract_rois.output.index,
        pool_index=rules.build_pool.output.index,
        folds=expand(rules.make_folds.output.folds, seed=config["seeds"]),
    output:
        plan="<results>/plan.csv",
    log:
        "<results>/logs/plan_experiment.log",
    benchmark:
        "<results>/benchmarks/plan_experiment.tsv"
    priority: 100  # before any training, so that an impossible size stops the run at once
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 10 * attempt,
    params:
        runs=json.dumps(runs()),
        folds=lambda wildcards, input: [f"{seed}={path}" for seed, path in zip(config["seeds"], input.folds)],
        settings=pack(classes=config["cases"]["classes"], master_seed=config["master_seed"]),
    shell:
        "python {input.code[0]} --rois {input.rois:q} --pool-index {input.pool_index:q} --folds {params.folds:q}"
        " --runs {params.runs:q} --params {params.settings:q} --out {output.plan:q} --log {log:q}"


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
