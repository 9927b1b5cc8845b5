"""Figures of the report that every task has: the trainings of each generator, and the results."""


rule plot_size_curves:
    input:
        code=task_code("plot_size_curves"),
        metrics=rules.compute_metrics.output.metrics,
        references=rules.compute_metrics.output.references,
        operating_points=rules.compute_metrics.output.operating_points,
    output:
        **figure("<results>/evaluation/figures/fig8", "fig8", RESULTS, TASK_CURVES),
        record="<results>/evaluation/figures/plot_size_curves.record.json",
    log:
        "<results>/logs/plot_size_curves.log",
    benchmark:
        "<results>/benchmarks/plot_size_curves.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        settings=canonical_json(
            primary=TASK_PRIMARY,
            confidence=config["evaluation"]["confidence"],
            size=TASK_SIZE[1],
            reference=TASK_REFERENCE,
            **drawing(),
        ),
    shell:
        "python {input.code[0]:q} --metrics {input.metrics:q} --references {input.references:q}"
        " --operating-points {input.operating_points:q} --params {params.settings:q} --png {output.png:q}"
        " --svg {output.svg:q} --record {output.record:q} --log {log:q}"


rule plot_training:
    input:
        code=task_code("plot_training"),
        histories=lambda wildcards: generator_files("history.csv", generators_of(wildcards)),
        samples=lambda wildcards: generator_files("samples.npy", generators_of(wildcards)),
        models=lambda wildcards: generator_files("model.json", generators_of(wildcards)),
    output:
        losses_png=shown(
            "<results>/evaluation/figures/{generator}/seed-{seed}/losses.png",
            "losses",
            GENERATORS,
            "Losses, seed {seed}",
            generator="{generator}",
        ),
        losses_svg="<results>/evaluation/figures/{generator}/seed-{seed}/losses.svg",
        samples_png=shown(
            "<results>/evaluation/figures/{generator}/seed-{seed}/samples.png",
            "samples",
            GENERATORS,
            "Samples over training, seed {seed}",
            generator="{generator}",
        ),
        samples_svg="<results>/evaluation/figures/{generator}/seed-{seed}/samples.svg",
        record="<results>/evaluation/figures/{generator}/seed-{seed}/plot_training.record.json",
    log:
        "<results>/logs/plot_training/{generator}/seed-{seed}.log",
    benchmark:
        "<results>/benchmarks/plot_training/{generator}/seed-{seed}.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=4000, runtime=60),
    params:
        models=lambda wildcards: json.dumps([(folds, cls) for *_, folds, cls in generators_of(wildcards)]),
        folders=lambda wildcards, input: [parent(path, 1) for path in input.models],
    shell:
        "python {input.code[0]:q} --models {params.models:q} --folders {params.folders:q}"
        " --losses-png {output.losses_png:q} --losses-svg {output.losses_svg:q} --samples-png {output.samples_png:q}"
        " --samples-svg {output.samples_svg:q} --record {output.record:q} --log {log:q}"
