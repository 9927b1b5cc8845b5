"""Generators, one per preset, classic group, training folds and class (ACGAN, diffusion: all classes), and their synthetic images."""


rule train_dcgan:
    input:
        **samples(),
        code=task_code("train_dcgan"),
        folds=rules.make_folds.output.folds,
    output:
        **within(
            "<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}",
            generator="generator.safetensors",
            discriminator="discriminator.safetensors",
            model="model.json",
            train_set="train_set.csv",
            history="history.csv",
            samples="samples.npy",
            record="record.json",
        ),
    log:
        "<results>/logs/train_dcgan/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.log",
    benchmark:
        "<results>/benchmarks/train_dcgan/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.tsv"
    wildcard_constraints:
        generator=presets("dcgan"),
        cls=any_of(config["cases"]["classes"]),
    priority: 40  # the longest chain: a generator, its images, their classifiers
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=240),
        gpu=gpu(),
    params:
        settings=lambda wildcards: canonical_json(**training(wildcards.generator), **compute()),
        folder=lambda wildcards, output: os.path.dirname(output.model),
    shell:
        "python {input.code[0]:q} --rois {input.units:q} --roi-images {input.unit_images:q}"
        " --pool-index {input.pool_index:q} --pool-images {input.pool_images:q} --folds {input.folds:q}"
        " --seed {wildcards.seed:q} --train-folds {wildcards.folds:q} --group {wildcards.group:q}"
        " --cls {wildcards.cls:q} --params {params.settings:q} --out-dir {params.folder:q} --record {output.record:q}"
        " --log {log:q}"


use rule train_dcgan as train_acgan with:
    input:
        **samples(),
        code=task_code("train_acgan"),
        folds=rules.make_folds.output.folds,
    log:
        "<results>/logs/train_acgan/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.log",
    benchmark:
        "<results>/benchmarks/train_acgan/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.tsv"
    wildcard_constraints:
        generator=presets("acgan"),
        cls="all",
    params:
        settings=lambda wildcards: canonical_json(
            classes=config["cases"]["classes"], **training(wildcards.generator), **compute()
        ),
        folder=lambda wildcards, output: os.path.dirname(output.model),


use rule train_acgan as train_diffusion with:
    input:
        **samples(),
        code=task_code("train_diffusion"),
        folds=rules.make_folds.output.folds,
    output:
        **generator_folder(),
        record="<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/record.json",
    log:
        "<results>/logs/train_diffusion/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.log",
    benchmark:
        "<results>/benchmarks/train_diffusion/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.tsv"
    wildcard_constraints:
        generator=presets("diffusion", but=twins()),
        cls="all",


rule take_generator:
    input:
        code=task_code("take_generator"),
        files=lambda wildcards: list(
            generator_folder(**{**wildcards, "generator": twins()[wildcards.generator]}).values()
        ),
    output:
        **generator_folder(),
        record="<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/record.json",
    log:
        "<results>/logs/take_generator/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.log",
    benchmark:
        "<results>/benchmarks/take_generator/seed-{seed}/{generator}/on-{group}/train-{folds}/{cls}.tsv"
    wildcard_constraints:
        generator=any_of(twins()),
        cls="all",
    priority: 40
    conda:
        "../../envs/training.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=10),
    params:
        of=lambda wildcards, input: parent(input.files[0], 1),
        names=[os.path.basename(path) for path in generator_folder().values()],
        folder=lambda wildcards, output: parent(output.model, 1),
    shell:
        "python {input.code[0]:q} --of {params.of:q} --files {params.names:q} --out-dir {params.folder:q}"
        " --record {output.record:q} --log {log:q}"


rule sample_dcgan:
    input:
        code=task_code("sample_dcgan"),
        generators=each_class(rules.train_dcgan.output.generator),
        models=each_class(rules.train_dcgan.output.model),
    output:
        **each_class(
            within(
                "<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/{cls}",
                images="images.npy",
                index="index.csv",
            )
        ),
        record="<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/record.json",
    log:
        "<results>/logs/sample_dcgan/seed-{seed}/{generator}/on-{group}/train-{folds}.log",
    benchmark:
        "<results>/benchmarks/sample_dcgan/seed-{seed}/{generator}/on-{group}/train-{folds}.tsv"
    wildcard_constraints:
        generator=presets("dcgan"),
    priority: 40
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=60),
        gpu=gpu(),
    params:
        settings=lambda wildcards: canonical_json(
            classes=config["cases"]["classes"], **config["generators"][wildcards.generator]["sampling"], **compute()
        ),
        trained=lambda wildcards, input: parent(input.models[0], 2),
        folder=lambda wildcards, output: parent(output.images[0], 2),
    shell:
        "python {input.code[0]:q} --generators {params.trained:q} --generator {wildcards.generator:q}"
        " --seed {wildcards.seed:q} --train-folds {wildcards.folds:q} --params {params.settings:q}"
        " --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"


use rule sample_dcgan as sample_acgan with:
    input:
        code=task_code("sample_acgan"),
        generators=over(rules.train_acgan.output.generator, cls="all"),
        models=over(rules.train_acgan.output.model, cls="all"),
    log:
        "<results>/logs/sample_acgan/seed-{seed}/{generator}/on-{group}/train-{folds}.log",
    benchmark:
        "<results>/benchmarks/sample_acgan/seed-{seed}/{generator}/on-{group}/train-{folds}.tsv"
    wildcard_constraints:
        generator=presets("acgan"),


use rule sample_acgan as sample_diffusion with:
    input:
        code=task_code("sample_diffusion"),
        generators=over(rules.train_diffusion.output.generator, cls="all"),
        models=over(rules.train_diffusion.output.model, cls="all"),
    log:
        "<results>/logs/sample_diffusion/seed-{seed}/{generator}/on-{group}/train-{folds}.log",
    benchmark:
        "<results>/benchmarks/sample_diffusion/seed-{seed}/{generator}/on-{group}/train-{folds}.tsv"
    wildcard_constraints:
        generator=presets("diffusion", but=varied()),


rule sample_variations:
    input:
        **samples("unit_images"),
        code=task_code("sample_variations"),
        generators=over(rules.train_diffusion.output.generator, cls="all"),
        models=over(rules.train_diffusion.output.model, cls="all"),
        train_sets=over(rules.train_diffusion.output.train_set, cls="all"),
    output:
        **each_class(
            within(
                "<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/{cls}",
                images="images.npy",
                index="index.csv",
            )
        ),
        record="<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/record.json",
    log:
        "<results>/logs/sample_variations/seed-{seed}/{generator}/on-{group}/train-{folds}.log",
    benchmark:
        "<results>/benchmarks/sample_variations/seed-{seed}/{generator}/on-{group}/train-{folds}.tsv"
    wildcard_constraints:
        generator=any_of(varied()),
    priority: 40
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        **grown(mem_mb=4000, runtime=60),
        gpu=gpu(),
    params:
        settings=lambda wildcards: canonical_json(
            classes=config["cases"]["classes"], **config["generators"][wildcards.generator]["sampling"], **compute()
        ),
        trained=lambda wildcards, input: parent(input.models[0], 2),
        folder=lambda wildcards, output: parent(output.images[0], 2),
    shell:
        "python {input.code[0]:q} --roi-images {input.unit_images:q} --generators {params.trained:q}"
        " --generator {wildcards.generator:q} --seed {wildcards.seed:q} --train-folds {wildcards.folds:q}"
        " --params {params.settings:q} --out-dir {params.folder:q} --record {output.record:q} --log {log:q}"
