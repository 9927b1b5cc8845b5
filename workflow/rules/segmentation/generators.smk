"""LcGANs, one per preset, seed, share and training folds; their candidates' images; and the images of the one chosen."""

LCGAN = "{generator}/on-{share}/train-{folds}"  # below the folders of generators, candidates and synthetic images
CHOICE = ["choose_by", "fcn_score", "real_or_fake", "filter_images"]


def choice_of_candidates(name):
    """Return the part of a preset by which one of its candidates is chosen."""
    return {key: config["generators"][name]["sampling"][key] for key in CHOICE}


def segmenter_of_the_fcn_score():
    """Return the segmenter of real slices, of the same share or of all training patients, that the FCN score asks."""

    def of(name):
        def path(wildcards):
            full = config["generators"][wildcards.generator]["sampling"]["fcn_score"] == "full"
            share = "1000" if full else wildcards.share
            return f"<results>/seed-{wildcards.seed}/{TASK_FOLDER}/original/{share}/train-{wildcards.folds}/{name}"

        return path

    return {"segmenter": of("model.json"), "weights": of("weights.safetensors"), "learned_from": of("train_set.csv")}


rule train_lcgan:
    input:
        **samples("units", "unit_images", "unit_labels"),
        code=task_code("train_lcgan"),
        folds=rules.make_folds.output.folds,
    output:
        **within(
            f"<results>/seed-{{seed}}/generators/{LCGAN}/all",
            generator="generator.safetensors",
            discriminator="discriminator.safetensors",
            model="model.json",
            train_set="train_set.csv",
            history="history.csv",
            samples="samples.npy",
            record="record.json",
        ),
    log:
        f"<results>/logs/train_lcgan/seed-{{seed}}/{LCGAN}.log",
    benchmark:
        f"<results>/benchmarks/train_lcgan/seed-{{seed}}/{LCGAN}.tsv"
    wildcard_constraints:
        generator=presets("pix2pix"),
    priority: 40  # the longest chain: a generator, its images, their segmenters
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=6000, runtime=240),
        gpu=gpu(),
    params:
        settings=lambda wildcards: canonical_json(
            classes=config["cases"]["classes"],
            side=config["slices"]["side"],
            **training(wildcards.generator),
            **compute(),
        ),
        folder=lambda wildcards, output: os.path.dirname(output.model),
    shell:
        "python {input.code[0]:q} --units {input.units:q} --images {input.unit_images:q} --labels {input.unit_labels:q}"
        " --folds {input.folds:q} --seed {wildcards.seed:q} --train-folds {wildcards.folds:q}"
        " --share {wildcards.share:q} --params {params.settings:q} --out-dir {params.folder:q}"
        " --record {output.record:q} --log {log:q}"


rule sample_lcgan:
    input:
        **samples("units", "unit_labels"),
        code=task_code("sample_lcgan"),
        folds=rules.make_folds.output.folds,
        generator=rules.train_lcgan.output.generator,
        model=rules.train_lcgan.output.model,
    output:
        **within(
            f"<results>/seed-{{seed}}/candidates/{LCGAN}",
            images="images.npy",
            labels="labels.npy",
            index="index.csv",
            record="sample_lcgan.record.json",
        ),
    log:
        f"<results>/logs/sample_lcgan/seed-{{seed}}/{LCGAN}.log",
    benchmark:
        f"<results>/benchmarks/sample_lcgan/seed-{{seed}}/{LCGAN}.tsv"
    wildcard_constraints:
        generator=presets("pix2pix"),
    priority: 40
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=60),
        gpu=gpu(),
    params:
        settings=lambda wildcards: canonical_json(
            classes=config["cases"]["classes"],
            moved_masks=config["generators"][wildcards.generator]["sampling"]["moved_masks"],
            **compute(),
        ),
        trained=lambda wildcards, input: os.path.dirname(input.model),
        folder=lambda wildcards, output: os.path.dirname(output.index),
    shell:
        "python {input.code[0]:q} --units {input.units:q} --labels {input.unit_labels:q} --folds {input.folds:q}"
        " --generator {params.trained:q} --seed {wildcards.seed:q} --train-folds {wildcards.folds:q}"
        " --share {wildcards.share:q} --params {params.settings:q} --out-dir {params.folder:q}"
        " --record {output.record:q} --log {log:q}"


rule choose_candidate:
    input:
        **samples("units", "unit_images", "unit_labels"),
        **segmenter_of_the_fcn_score(),
        code=task_code("choose_candidate"),
        folds=rules.make_folds.output.folds,
        images=rules.sample_lcgan.output.images,
        labels=rules.sample_lcgan.output.labels,
        index=rules.sample_lcgan.output.index,
    output:
        **within(
            f"<results>/seed-{{seed}}/synthetic/{LCGAN}/all",
            images="images.npy",
            labels="labels.npy",
            index="index.csv",
            record="record.json",
        ),
        **within(
            f"<results>/seed-{{seed}}/candidates/{LCGAN}",
            scores="choice.csv",
            choice="choice.json",
            train_set="train_set.csv",
        ),
    log:
        f"<results>/logs/choose_candidate/seed-{{seed}}/{LCGAN}.log",
    benchmark:
        f"<results>/benchmarks/choose_candidate/seed-{{seed}}/{LCGAN}.tsv"
    wildcard_constraints:
        generator=presets("pix2pix"),
    priority: 40
    conda:
        "../../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=6000, runtime=60),
        gpu=gpu(),
    params:
        settings=lambda wildcards: canonical_json(
            classes=config["cases"]["classes"],
            candidates=config["generators"][wildcards.generator]["candidates"],
            **choice_of_candidates(wildcards.generator),
            **compute(),
        ),
        candidates=lambda wildcards, input: os.path.dirname(input.index),
        segmenter=lambda wildcards, input: os.path.dirname(input.segmenter),
        choice=lambda wildcards, output: os.path.dirname(output.choice),
        folder=lambda wildcards, output: os.path.dirname(output.index),
    shell:
        "python {input.code[0]:q} --units {input.units:q} --images {input.unit_images:q} --labels {input.unit_labels:q}"
        " --folds {input.folds:q} --candidates {params.candidates:q} --segmenter {params.segmenter:q}"
        " --generator {wildcards.generator:q} --seed {wildcards.seed:q} --train-folds {wildcards.folds:q}"
        " --share {wildcards.share:q} --params {params.settings:q} --choice-dir {params.choice:q}"
        " --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"
