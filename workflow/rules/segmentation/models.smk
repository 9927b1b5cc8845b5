"""The segmenters: one job per arm, share and seed, with one network per choice of training folds; and their scores.

Each network segments the slices of the fold that it never saw.
"""

os.environ.update(SYNTHAUG_WEIGHTS=config["segmenter"]["weights"] or "")  # the user's file, as in cases.smk


rule train_segmenter:
    input:
        **samples(),
        **registered_plan(),
        code=code("train_segmenter"),
        folds=rules.make_folds.output.folds,
        pairs=added_pairs,
        searched=search_of_pairs,
    output:
        **each_fold(segmenter_files("{arm}")),
        record="<results>/seed-{seed}/segment/{arm}/{size}/record.json",
    log:
        "<results>/logs/train_segmenter/seed-{seed}/{arm}/{size}.log",
    benchmark:
        "<results>/benchmarks/train_segmenter/seed-{seed}/{arm}/{size}.tsv"
    wildcard_constraints:
        arm=any_of([arm for arm in single_arms() if arm not in arms_by_epochs()]),
    priority: 30  # all evaluation waits for the last of them
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=480),
        gpu=gpu(),
    params:
        settings=segmenter_settings(),
        pairs=lambda wildcards, input: labelled(train_folds(), [parent(path, 1) for path in input.pairs]),
        folds=train_folds(),
        folder=lambda wildcards, output: parent(output.model[0], 2),
        by_epochs=[],
    shell:
        "python {input.code[0]:q} --units {input.units:q} --images {input.unit_images:q} --labels {input.unit_labels:q}"
        " --folds {input.folds:q} --seed {wildcards.seed:q} --train-folds {params.folds:q} --arm {wildcards.arm:q}"
        ' --share {wildcards.size:q} --synthetic {params.pairs:q} --weights "$SYNTHAUG_WEIGHTS"'
        " --params {params.settings:q} --out-dir {params.folder:q} --epochs-dir {params.by_epochs:q}"
        " --record {output.record:q} --log {log:q}"


# An arm with fewer images than `both` also has the network after as many epochs: the paper's protocol, at no further cost.
use rule train_segmenter as train_segmenter_by_epochs with:
    output:
        **each_fold(segmenter_files("{arm}")),
        **{f"{name}_by_epochs": paths for name, paths in each_fold(segmenter_files("{arm}-epochs")).items()},
        record="<results>/seed-{seed}/segment/{arm}/{size}/record.json",
    log:
        "<results>/logs/train_segmenter_by_epochs/seed-{seed}/{arm}/{size}.log",
    benchmark:
        "<results>/benchmarks/train_segmenter_by_epochs/seed-{seed}/{arm}/{size}.tsv"
    wildcard_constraints:
        arm=any_of(arms_by_epochs()),
    params:
        settings=segmenter_settings(),
        pairs=lambda wildcards, input: labelled(train_folds(), [parent(path, 1) for path in input.pairs]),
        folds=train_folds(),
        folder=lambda wildcards, output: parent(output.model[0], 2),
        by_epochs=lambda wildcards, output: parent(output.model_by_epochs[0], 2),


rule score_segmenter:
    input:
        **samples("units", "unit_labels"),
        code=code("score_segmenter"),
        folds=rules.make_folds.output.folds,
        masks=each_fold("<results>/seed-{seed}/segment/{arm}/{size}/train-{folds}/masks.npy"),
    output:
        predictions=each_fold("<results>/seed-{seed}/segment/{arm}/{size}/train-{folds}/predictions.csv"),
        record="<results>/seed-{seed}/segment/{arm}/{size}/score_segmenter.record.json",
    log:
        "<results>/logs/score_segmenter/seed-{seed}/{arm}/{size}.log",
    benchmark:
        "<results>/benchmarks/score_segmenter/seed-{seed}/{arm}/{size}.tsv"
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
            **{key: config["evaluation"][key] for key in ["tolerance_mm", "smallest_lesion_px"]},
        ),
        masks=lambda wildcards, input: labelled(train_folds(), input.masks),
        folder=lambda wildcards, output: parent(output.predictions[0], 2),
    shell:
        "python {input.code[0]:q} --slices {input.units:q} --labels {input.unit_labels:q} --folds {input.folds:q}"
        " --masks {params.masks:q} --params {params.settings:q} --out-dir {params.folder:q} --record {output.record:q}"
        " --log {log:q}"
