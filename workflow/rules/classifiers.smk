"""One job of classifiers per arm, size and seed: a network a choice of training folds; each predicts what it never saw."""


rule plan_experiment:
    input:
        code=code("plan_experiment"),
        rois=rules.extract_rois.output.index,
        pool_index=rules.build_pool.output.index,
        folds=expand(rules.make_folds.output.folds, seed=config["seeds"]),
    output:
        plan="<results>/plan.csv",
        record="<results>/plan_experiment.record.json",
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
        runs=json.dumps([run for run in runs() if run[0] in network_arms()]),
        folds=lambda wildcards, input: labelled(config["seeds"], input.folds),
        settings=canonical_json(classes=config["cases"]["classes"], master_seed=config["master_seed"]),
    shell:
        "python {input.code[0]:q} --rois {input.rois:q} --pool-index {input.pool_index:q} --folds {params.folds:q}"
        " --runs {params.runs:q} --params {params.settings:q} --out {output.plan:q}"
        " --record {output.record:q} --log {log:q}"


rule train_classifier:
    input:
        code=code("train_classifier"),
        rois=rules.extract_rois.output.index,
        roi_images=rules.extract_rois.output.images,
        crops=rules.extract_rois.output.crops,
        pool_index=rules.build_pool.output.index,
        pool_images=rules.build_pool.output.images,
        folds=rules.make_folds.output.folds,
        synthetic=lambda wildcards: list(synthetic_images(wildcards, train_folds()).values()),
    output:
        predictions=each_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/predictions.csv"),
        features=each_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/features.npy"),
        weights=each_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/weights.safetensors"),
        model=each_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/model.json"),
        train_set=each_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/train_set.csv"),
        history=each_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/history.csv"),
        record="<results>/seed-{seed}/classify/{arm}/{size}/record.json",
    log:
        "<results>/logs/train_classifier/seed-{seed}/{arm}/{size}.log",
    benchmark:
        "<results>/benchmarks/train_classifier/seed-{seed}/{arm}/{size}.tsv"
    wildcard_constraints:
        arm=any_of(network_arms()),
    priority: 30  # all evaluation waits for the last of them; assessments and figures can fill the end
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        gpu=gpu(),
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 480 * attempt,
    params:
        settings=lambda wildcards: classifier_settings(wildcards.arm),
        synthetic=lambda wildcards, input: labelled(synthetic_images(wildcards, train_folds()), input.synthetic),
        folds=train_folds(),
        folder=lambda wildcards, output: parent(output.model[0], 2),
    shell:
        "python {input.code[0]:q} --rois {input.rois:q} --roi-images {input.roi_images:q} --crops {input.crops:q}"
        " --pool-index {input.pool_index:q} --pool-images {input.pool_images:q} --folds {input.folds:q}"
        " --seed {wildcards.seed:q} --train-folds {params.folds:q} --arm {wildcards.arm:q} --size {wildcards.size:q}"
        " --synthetic {params.synthetic:q} --params {params.settings:q} --out-dir {params.folder:q}"
        " --record {output.record:q} --log {log:q}"


if inner_folds():

    # Trained on one fold fewer: they choose the operating point for the fold that they never saw.
    use rule train_classifier as train_inner_classifier with:
        input:
            code=code("train_classifier"),
            rois=rules.extract_rois.output.index,
            roi_images=rules.extract_rois.output.images,
            crops=rules.extract_rois.output.crops,
            pool_index=rules.build_pool.output.index,
            pool_images=rules.build_pool.output.images,
            folds=rules.make_folds.output.folds,
            synthetic=lambda wildcards: list(synthetic_images(wildcards, inner_folds()).values()),
        output:
            predictions=each_inner_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/predictions.csv"),
            features=each_inner_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/features.npy"),
            weights=each_inner_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/weights.safetensors"),
            model=each_inner_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/model.json"),
            train_set=each_inner_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/train_set.csv"),
            history=each_inner_fold("<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/history.csv"),
            record="<results>/seed-{seed}/classify/{arm}/{size}/inner.record.json",
        log:
            "<results>/logs/train_inner_classifier/seed-{seed}/{arm}/{size}.log",
        benchmark:
            "<results>/benchmarks/train_inner_classifier/seed-{seed}/{arm}/{size}.tsv"
        params:
            settings=lambda wildcards: classifier_settings(wildcards.arm),
            synthetic=lambda wildcards, input: labelled(synthetic_images(wildcards, inner_folds()), input.synthetic),
            folds=inner_folds(),
            folder=lambda wildcards, output: parent(output.model[0], 2),
