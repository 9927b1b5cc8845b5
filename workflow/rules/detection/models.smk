"""The detectors: one job per arm, size and seed, with one network per choice of training folds; and their scores.

Each network finds boxes on the slices of the fold that it never saw, and on those of validation patients.
"""


rule train_detector:
    input:
        **samples(),
        **registered_plan(),
        code=code("train_detector"),
        folds=rules.make_folds.output.folds,
        synthetic=added_slices,
        filters=added_filters,
        searched=search_of_slices,
    output:
        **each_fold(detector_files("{arm}")),
        record="<results>/seed-{seed}/detect/{arm}/{size}/record.json",
    log:
        "<results>/logs/train_detector/seed-{seed}/{arm}/{size}.log",
    benchmark:
        "<results>/benchmarks/train_detector/seed-{seed}/{arm}/{size}.tsv"
    wildcard_constraints:
        arm=any_of([arm for arm in all_arms() if arm not in imported_detectors()]),
    priority: 30  # all evaluation waits for the last of them
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=480),
        gpu=gpu(),
    params:
        settings=detector_settings(),
        synthetic=lambda wildcards, input: labelled(train_folds(), [parent(path, 1) for path in input.synthetic]),
        filters=lambda wildcards, input: labelled(train_folds(), input.filters),
        folds=train_folds(),
        folder=lambda wildcards, output: parent(output.model[0], 2),
    shell:
        "python {input.code[0]:q} --units {input.units:q} --images {input.unit_images:q} --boxes {input.unit_boxes:q}"
        " --folds {input.folds:q} --seed {wildcards.seed:q} --train-folds {params.folds:q} --arm {wildcards.arm:q}"
        " --size {wildcards.size:q} --synthetic {params.synthetic:q} --filters {params.filters:q}"
        " --params {params.settings:q} --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"


# The user's files, as in cases.smk.
os.environ.update(
    SYNTHAUG_DETECTIONS=json.dumps({name: source["file"] for name, source in config["imported_detections"].items()})
)


def files_of_detections(wildcards):
    """Return the user's files of detections for an arm and seed."""
    pattern = config["imported_detections"][wildcards.arm]["file"]
    return [pattern.format(seed=wildcards.seed, folds=folds) for folds in train_folds()]


rule import_detections:
    input:
        **samples("units"),
        **registered_plan(),
        code=code("import_detections"),
        folds=rules.make_folds.output.folds,
    output:
        **each_fold(
            within(
                "<results>/seed-{seed}/detect/{arm}/{size}/train-{folds}",
                detections="detections.csv",
                model="model.json",
                train_set="train_set.csv",
            )
        ),
        record="<results>/seed-{seed}/detect/{arm}/{size}/record.json",
    log:
        "<results>/logs/import_detections/seed-{seed}/{arm}/{size}.log",
    benchmark:
        "<results>/benchmarks/import_detections/seed-{seed}/{arm}/{size}.tsv"
    wildcard_constraints:
        arm=any_of(imported_detectors()),
    conda:
        "../../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=30),
    params:
        settings=lambda wildcards: canonical_json(
            classes=config["cases"]["classes"],
            side=config["slices"]["side"],
            pixels=config["imported_detections"][wildcards.arm]["pixels"],
        ),
        files=lambda wildcards: fingerprint(files_of_detections(wildcards)),
        folds=train_folds(),
        folder=lambda wildcards, output: parent(output.model[0], 2),
    shell:
        "python {input.code[0]:q} --slices {input.units:q} --folds {input.folds:q} --seed {wildcards.seed:q}"
        ' --arm {wildcards.arm:q} --train-folds {params.folds:q} --files "$SYNTHAUG_DETECTIONS"'
        " --params {params.settings:q} --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"


rule score_detector:
    input:
        **samples("unit_boxes"),
        code=code("score_detector"),
        folds=rules.make_folds.output.folds,
        detections=each_fold("<results>/seed-{seed}/detect/{arm}/{size}/train-{folds}/detections.csv"),
        train_sets=each_fold("<results>/seed-{seed}/detect/{arm}/{size}/train-{folds}/train_set.csv"),
    output:
        predictions=each_fold("<results>/seed-{seed}/detect/{arm}/{size}/train-{folds}/predictions.csv"),
        matches=each_fold("<results>/seed-{seed}/detect/{arm}/{size}/train-{folds}/matches.csv"),
        record="<results>/seed-{seed}/detect/{arm}/{size}/score_detector.record.json",
    log:
        "<results>/logs/score_detector/seed-{seed}/{arm}/{size}.log",
    benchmark:
        "<results>/benchmarks/score_detector/seed-{seed}/{arm}/{size}.tsv"
    wildcard_constraints:
        arm=any_of(all_arms()),
    priority: 30
    conda:
        "../../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(
            classes=config["cases"]["classes"],
            **{key: config["evaluation"][key] for key in ["iou", "false_positives"]},
        ),
        detections=lambda wildcards, input: labelled(train_folds(), input.detections),
        train_sets=lambda wildcards, input: labelled(train_folds(), input.train_sets),
        folder=lambda wildcards, output: parent(output.predictions[0], 2),
    shell:
        "python {input.code[0]:q} --boxes {input.unit_boxes:q} --folds {input.folds:q} --detections {params.detections:q}"
        " --train-sets {params.train_sets:q} --params {params.settings:q} --out-dir {params.folder:q}"
        " --record {output.record:q} --log {log:q}"
