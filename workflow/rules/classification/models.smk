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
        runs=json.dumps([run for run in runs() if run[0] in sized_arms()]),
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


rule train_classifier:
    input:
        **samples(),
        **registered_plan(),
        code=code("train_classifier"),
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
            code=code("train_classifier"),
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
        runs=json.dumps(list(trained_networks())),
        results=lambda wildcards, output: parent(output.table, 2),
        stage=TASK_FOLDER,
    shell:
        "python {input.code[0]:q} --results {params.results:q} --stage {params.stage:q} --runs {params.runs:q}"
        " --out {output.table:q} --caution {output.caution:q} --record {output.record:q} --log {log:q}"
