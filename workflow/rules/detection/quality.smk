"""What the synthetic slices of each generator look like beside real ones, and how good they are."""

OF_GENERATOR = "<results>/seed-{seed}/synthetic/{generator}/on-all/train-{folds}/all"


rule plot_slices_detection:
    input:
        **samples(),
        **within(
            f"<results>/seed-{config['seeds'][0]}/synthetic/{{generator}}/on-all/train-{train_folds()[0]}/all",
            images="images.npy",
            boxes="boxes.csv",
            index="index.csv",
        ),
        code=code("plot_slices_detection"),
    output:
        **figure(
            "<results>/evaluation/figures/{generator}/fig1",
            "fig1",
            GENERATORS,
            "Fig 1: real and synthetic slices",
            generator="{generator}",
        ),
        record="<results>/evaluation/figures/{generator}/plot_slices_detection.record.json",
    log:
        "<results>/logs/plot_slices_detection/{generator}.log",
    benchmark:
        "<results>/benchmarks/plot_slices_detection/{generator}.tsv"
    conda:
        "../../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=30),
    params:
        settings=canonical_json(classes=config["cases"]["classes"], master_seed=config["master_seed"]),
    shell:
        "python {input.code[0]:q} --slices {input.units:q} --slice-boxes {input.unit_boxes:q}"
        " --slice-images {input.unit_images:q} --images {input.images:q} --boxes {input.boxes:q} --index {input.index:q}"
        " --params {params.settings:q} --png {output.png:q} --svg {output.svg:q} --record {output.record:q} --log {log:q}"


rule assess_slices:
    input:
        **samples(),
        code=code("assess_slices"),
        folds=rules.make_folds.output.folds,
        synthetic=each_fold(f"{OF_GENERATOR}/images.npy"),
        boxes=each_fold(f"{OF_GENERATOR}/boxes.csv"),
        train_sets=each_fold("<results>/seed-{seed}/generators/{generator}/on-all/train-{folds}/all/train_set.csv"),
        models=each_fold("<results>/seed-{seed}/detect/real/0/train-{folds}/model.json"),
        weights=each_fold("<results>/seed-{seed}/detect/real/0/train-{folds}/weights.safetensors"),
    output:
        **figure(
            "<results>/evaluation/figures/{generator}/seed-{seed}/neighbours",
            "neighbours",
            GENERATORS,
            "Nearest real slices, seed {seed}",
            generator="{generator}",
        ),
        tsne_png=shown(
            "<results>/evaluation/figures/{generator}/seed-{seed}/tsne.png",
            "tsne",
            GENERATORS,
            "t-SNE of real and synthetic slices, seed {seed}",
            generator="{generator}",
        ),
        tsne_svg="<results>/evaluation/figures/{generator}/seed-{seed}/tsne.svg",
        conditioning=shown(
            "<results>/evaluation/quality/{generator}/seed-{seed}/conditioning.csv",
            "conditioning",
            GENERATORS,
            "Contrast inside the boxes, seed {seed}",
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
        "<results>/logs/assess_slices/{generator}/seed-{seed}.log",
    benchmark:
        "<results>/benchmarks/assess_slices/{generator}/seed-{seed}.tsv"
    priority: 10  # minutes; figures are seconds
    conda:
        "../../../envs/assessment.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=60),
        gpu=gpu(),
    params:
        settings=canonical_json(
            confidence=config["evaluation"]["confidence"],
            validation=config["experiment"]["validation"],
            **config["quality"],
            **compute(),
        ),
        synthetic=lambda wildcards, input: labelled(train_folds(), input.synthetic),
        boxes=lambda wildcards, input: labelled(train_folds(), input.boxes),
        train_sets=lambda wildcards, input: labelled(train_folds(), input.train_sets),
        detectors=lambda wildcards, input: labelled(train_folds(), [parent(path, 1) for path in input.models]),
    shell:
        "python {input.code[0]:q} --units {input.units:q} --images {input.unit_images:q} --boxes {input.unit_boxes:q}"
        " --folds {input.folds:q} --seed {wildcards.seed:q} --generator {wildcards.generator:q} --group all"
        " --synthetic {params.synthetic:q} --synthetic-boxes {params.boxes:q} --train-sets {params.train_sets:q}"
        " --detectors {params.detectors:q} --params {params.settings:q} --quality {output.quality:q}"
        " --copies {output.copies:q} --card {output.card:q} --diagnosis {output.diagnosis:q}"
        " --conditioning {output.conditioning:q} --png {output.png:q} --svg {output.svg:q}"
        " --tsne-png {output.tsne_png:q} --tsne-svg {output.tsne_svg:q} --record {output.record:q} --log {log:q}"
