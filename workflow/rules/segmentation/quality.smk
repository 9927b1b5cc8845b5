"""What the synthetic slices of each generator look like beside real ones, how good they are, and how one was chosen."""


def share_compared():
    """Return the share at which arms are compared."""
    return config["evaluation"]["share"]


def by_folds(paths):
    """Return paths that have a choice of training folds each, as "<folds>=path"."""
    return labelled(train_folds(), paths)


rule plot_pairs:
    input:
        **samples("units", "unit_images"),
        **within(
            f"<results>/seed-{config['seeds'][0]}/synthetic/{{generator}}/on-{share_compared()}"
            f"/train-{train_folds()[0]}/all",
            images="images.npy",
            labels="labels.npy",
            index="index.csv",
        ),
        code=code("plot_pairs"),
    output:
        **figure(
            "<results>/evaluation/figures/{generator}/fig6",
            "fig6",
            GENERATORS,
            "Fig 6: synthetic slices",
            generator="{generator}",
        ),
        record="<results>/evaluation/figures/{generator}/plot_pairs.record.json",
    log:
        "<results>/logs/plot_pairs/{generator}.log",
    benchmark:
        "<results>/benchmarks/plot_pairs/{generator}.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=30),
    params:
        settings=canonical_json(classes=config["cases"]["classes"], master_seed=config["master_seed"]),
    shell:
        "python {input.code[0]:q} --slices {input.units:q} --slice-images {input.unit_images:q}"
        " --images {input.images:q} --labels {input.labels:q} --index {input.index:q} --params {params.settings:q}"
        " --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"


rule assess_pairs:
    input:
        **samples(),
        code=code("assess_pairs"),
        folds=rules.make_folds.output.folds,
        synthetic=each_fold(
            f"<results>/seed-{{seed}}/synthetic/{{generator}}/on-{share_compared()}/train-{{folds}}/all/images.npy"
        ),
        train_sets=each_fold(
            f"<results>/seed-{{seed}}/generators/{{generator}}/on-{share_compared()}/train-{{folds}}/all/train_set.csv"
        ),
        models=each_fold(f"<results>/seed-{{seed}}/segment/original/{share_compared()}/train-{{folds}}/model.json"),
        weights=each_fold(
            f"<results>/seed-{{seed}}/segment/original/{share_compared()}/train-{{folds}}/weights.safetensors"
        ),
    output:
        **figure(
            "<results>/evaluation/figures/{generator}/seed-{seed}/neighbours",
            "neighbours",
            GENERATORS,
            "Nearest real slices, seed {seed}",
            generator="{generator}",
        ),
        quality="<results>/evaluation/quality/{generator}/seed-{seed}/quality.csv",
        copies="<results>/evaluation/quality/{generator}/seed-{seed}/copies.csv",
        card=shown(
            "<results>/evaluation/quality/{generator}/seed-{seed}/card.csv",
            "quality",
            GENERATORS,
            "Quality card, seed {seed}",
            generator="{generator}",
        ),
        diagnosis="<results>/evaluation/quality/{generator}/seed-{seed}/diagnosis.csv",
        record="<results>/evaluation/quality/{generator}/seed-{seed}/record.json",
    log:
        "<results>/logs/assess_pairs/{generator}/seed-{seed}.log",
    benchmark:
        "<results>/benchmarks/assess_pairs/{generator}/seed-{seed}.tsv"
    priority: 10  # minutes; figures are seconds
    conda:
        "../../../envs/assessment.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=60),
        gpu=gpu(),
    params:
        settings=canonical_json(confidence=config["evaluation"]["confidence"], **config["quality"], **compute()),
        share=share_compared(),
        synthetic=lambda wildcards, input: by_folds(input.synthetic),
        train_sets=lambda wildcards, input: by_folds(input.train_sets),
        segmenters=lambda wildcards, input: by_folds([parent(path, 1) for path in input.models]),
    shell:
        "python {input.code[0]:q} --units {input.units:q} --images {input.unit_images:q} --labels {input.unit_labels:q}"
        " --folds {input.folds:q} --seed {wildcards.seed:q} --generator {wildcards.generator:q}"
        " --share {params.share:q} --synthetic {params.synthetic:q} --train-sets {params.train_sets:q}"
        " --segmenters {params.segmenters:q} --params {params.settings:q} --quality {output.quality:q}"
        " --copies {output.copies:q} --card {output.card:q} --diagnosis {output.diagnosis:q}"
        " --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"
