"""The network's classifiers: one job per arm, size and seed, with one network per choice of training folds.

Each network predicts the lesions of the fold that it never saw.
"""

os.environ.update(SYNTHAUG_WEIGHTS=config["classifier"]["weights"] or "")  # the user's file, as in cases.smk


rule plan_experiment:
    input:
        **samples("units", "pool_index"),
        code=code("plan_experiment"),
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
        "../../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=10),
    params:
        runs=model_lists.written(run for run in runs() if run[0] in sized_arms()),
        folds=lambda wildcards, input: labelled(config["seeds"], input.folds),
        settings=canonical_json(
            classes=config["cases"]["classes"],
            master_seed=config["master_seed"],
            validation_share=validation_share(),
        ),
    shell:
        "python {input.code[0]:q} --rois {input.units:q} --pool-index {input.pool_index:q} --folds {params.folds:q}"
        " --runs {params.runs:q} --params {params.settings:q} --out {output.plan:q} --record {output.record:q}"
        " --log {log:q}"


rule select_synthetic:
    input:
        **samples("unit_images", "pool_images"),
        code=code("select_synthetic"),
        synthetic=lambda wildcards: list(images_to_search(wildcards, train_folds()).values()),
        models=lambda wildcards: feature_files(wildcards, "model.json"),
        weights=lambda wildcards: feature_files(wildcards, "weights.safetensors"),
        train_sets=lambda wildcards: feature_files(wildcards, "train_set.csv"),
    output:
        **each_fold(each_class(selected_files())),
        table=shown(
            "<results>/seed-{seed}/selected/{generator}/on-{group}/selection.csv",
            "selection",
            GENERATORS,
            "Which images were selected, seed {seed}",
            generator="{generator}",
        ),
        record="<results>/seed-{seed}/selected/{generator}/on-{group}/record.json",
    log:
        "<results>/logs/select_synthetic/seed-{seed}/{generator}/on-{group}.log",
    benchmark:
        "<results>/benchmarks/select_synthetic/seed-{seed}/{generator}/on-{group}.tsv"
    priority: 40
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=60),
        gpu=gpu(),
    params:
        settings=canonical_json(**selection_settings()),
        synthetic=lambda wildcards, input: labelled(images_to_search(wildcards, train_folds()), input.synthetic),
        classifiers=lambda wildcards, input: labelled(train_folds(), [parent(path, 1) for path in input.models]),
        folder=lambda wildcards, output: parent(output.table, 1),
    shell:
        "python {input.code[0]:q} --roi-images {input.unit_images:q} --pool-images {input.pool_images:q}"
        " --synthetic {params.synthetic:q} --classifiers {params.classifiers:q} --seed {wildcards.seed:q}"
        " --generator {wildcards.generator:q} --params {params.settings:q} --out-dir {params.folder:q}"
        " --table {output.table:q} --record {output.record:q} --log {log:q}"


rule train_classifier:
    input:
        **samples(),
        **registered_plan(),
        code=lambda wildcards: code(training_script(wildcards.arm)),
        crops=rules.extract_rois.output.crops,
        folds=rules.make_folds.output.folds,
        synthetic=lambda wildcards: list(added_images(wildcards, train_folds()).values()),
        searched=lambda wildcards: search_of_added(wildcards),
    output:
        **each_fold(classifier_files()),
        record="<results>/seed-{seed}/classify/{arm}/{size}/record.json",
    log:
        "<results>/logs/train_classifier/seed-{seed}/{arm}/{size}.log",
    benchmark:
        "<results>/benchmarks/train_classifier/seed-{seed}/{arm}/{size}.tsv"
    wildcard_constraints:
        arm=any_of(sized_arms()),
    priority: 30  # all evaluation waits for the last of them; assessments and figures can fill the end
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=480),
        gpu=gpu(),
    params:
        settings=lambda wildcards: classifier_settings(wildcards.arm),
        synthetic=lambda wildcards, input: labelled(added_images(wildcards, train_folds()), input.synthetic),
        folds=train_folds(),
        folder=lambda wildcards, output: parent(output.model[0], 2),
    shell:
        "python {input.code[0]:q} --rois {input.units:q} --roi-images {input.unit_images:q} --crops {input.crops:q}"
        " --pool-index {input.pool_index:q} --pool-images {input.pool_images:q} --folds {input.folds:q}"
        " --seed {wildcards.seed:q} --train-folds {params.folds:q} --arm {wildcards.arm:q} --size {wildcards.size:q}"
        ' --synthetic {params.synthetic:q} --weights "$SYNTHAUG_WEIGHTS" --params {params.settings:q}'
        " --out-dir {params.folder:q}"
        " --record {output.record:q} --log {log:q}"


if inner_folds():

    # Trained on one fold fewer: they choose the operating point for the fold that they never saw.
    use rule train_classifier as train_inner_classifier with:
        input:
            **samples(),
            **registered_plan(),
            code=lambda wildcards: code(training_script(wildcards.arm)),
            crops=rules.extract_rois.output.crops,
            folds=rules.make_folds.output.folds,
            synthetic=lambda wildcards: list(added_images(wildcards, inner_folds()).values()),
            searched=lambda wildcards: search_of_added(wildcards, "inner_copies.csv"),
        output:
            **each_inner_fold(classifier_files()),
            record="<results>/seed-{seed}/classify/{arm}/{size}/inner.record.json",
        log:
            "<results>/logs/train_inner_classifier/seed-{seed}/{arm}/{size}.log",
        benchmark:
            "<results>/benchmarks/train_inner_classifier/seed-{seed}/{arm}/{size}.tsv"
        params:
            settings=lambda wildcards: classifier_settings(wildcards.arm),
            synthetic=lambda wildcards, input: labelled(added_images(wildcards, inner_folds()), input.synthetic),
            folds=inner_folds(),
            folder=lambda wildcards, output: parent(output.model[0], 2),

    # Selected by classifiers that were trained on one fold fewer themselves.
    use rule select_synthetic as select_inner_synthetic with:
        input:
            **samples("unit_images", "pool_images"),
            code=code("select_synthetic"),
            synthetic=lambda wildcards: list(images_to_search(wildcards, inner_folds()).values()),
            models=lambda wildcards: feature_files(wildcards, "model.json", inner_folds()),
            weights=lambda wildcards: feature_files(wildcards, "weights.safetensors", inner_folds()),
            train_sets=lambda wildcards: feature_files(wildcards, "train_set.csv", inner_folds()),
        output:
            **each_inner_fold(each_class(selected_files())),
            table="<results>/seed-{seed}/selected/{generator}/on-{group}/inner_selection.csv",
            record="<results>/seed-{seed}/selected/{generator}/on-{group}/inner.record.json",
        log:
            "<results>/logs/select_inner_synthetic/seed-{seed}/{generator}/on-{group}.log",
        benchmark:
            "<results>/benchmarks/select_inner_synthetic/seed-{seed}/{generator}/on-{group}.tsv"
        params:
            settings=canonical_json(**selection_settings()),
            synthetic=lambda wildcards, input: labelled(images_to_search(wildcards, inner_folds()), input.synthetic),
            classifiers=lambda wildcards, input: labelled(inner_folds(), [parent(path, 1) for path in input.models]),
            folder=lambda wildcards, output: parent(output.table, 1),


rule check_trainings:
    input:
        code=code("check_trainings"),
        models=[f"<results>/{folder}/model.json" for folder in trained_networks().values()],
    output:
        table=shown("<results>/evaluation/trainings.csv", "trainings", RESULTS, "Networks at the end of their training"),
        caution="<results>/evaluation/trainings.txt",
        record="<results>/evaluation/check_trainings.record.json",
    log:
        "<results>/logs/check_trainings.log",
    benchmark:
        "<results>/benchmarks/check_trainings.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=30),
    params:
        runs=model_lists.written(trained_networks()),
        results=lambda wildcards, output: parent(output.table, 2),
        stage=TASK_FOLDER,
    shell:
        "python {input.code[0]:q} --results {params.results:q} --stage {params.stage:q} --runs {params.runs:q}"
        " --out {output.table:q} --caution {output.caution:q} --record {output.record:q} --log {log:q}"
