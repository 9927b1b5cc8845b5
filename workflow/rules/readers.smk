"""The reader study: a blinded pack of real and synthetic images, on request; and its scores, once there are answers."""

# Once readers have begun the study is closed: another pack would have another key, so the pack's files are sources then.
if judged_generator() and not closed_by():

    rule build_reader_study:
        input:
            **samples("unit_images", "unit_labels"),
            code=task_code("build_reader_study"),
            units=task_units(),
            synthetic=list(reader_images().values()),
        output:
            study="<results>/reader-study/pack/study.json",
            images=directory("<results>/reader-study/pack/images"),
            key="<results>/reader-study/key.csv",
            record="<results>/reader-study/record.json",
        log:
            "<results>/logs/build_reader_study.log",
        benchmark:
            "<results>/benchmarks/build_reader_study.tsv"
        conda:
            "../../envs/reporting.yaml"
        threads: 1
        resources:
            **grown(mem_mb=4000, runtime=30),
        params:
            settings=pack_settings(),
            synthetic=lambda wildcards, input: labelled(reader_images(), input.synthetic),
        shell:
            "python {input.code[0]:q} --units {input.units:q} --unit-images {input.unit_images:q}"
            " --synthetic {params.synthetic:q} --params {params.settings:q} --study {output.study:q}"
            " --images {output.images:q} --key {output.key:q} --record {output.record:q} --log {log:q}"

else:

    rule build_reader_study:
        input:
            refuse_a_pack,


if config["reader_study"]["answers"] is not None:
    os.environ.update(SYNTHAUG_ANSWERS=config["reader_study"]["answers"])  # the user's file, as in cases.smk

    rule score_reader_study:
        input:
            code=task_code("score_reader_study"),
            study="<results>/reader-study/pack/study.json",
            key="<results>/reader-study/key.csv",
        output:
            **figure("<results>/evaluation/figures/fooled", "fooled", RESULTS, "Readers: images that fooled everyone"),
            scores=shown("<results>/evaluation/readers/scores.csv", "reader_scores", RESULTS, "Readers: all measures"),
            told=shown(
                "<results>/evaluation/readers/told_apart.csv", "told_apart", RESULTS, "Readers: real or synthetic"
            ),
            agreement=shown(
                "<results>/evaluation/readers/agreement.csv", "reader_agreement", RESULTS, "Readers: agreement"
            ),
            times=shown("<results>/evaluation/readers/times.csv", "reader_times", RESULTS, "Readers: response times"),
            fooled="<results>/evaluation/readers/fooled.csv",
            record="<results>/evaluation/readers/record.json",
        log:
            "<results>/logs/score_reader_study.log",
        benchmark:
            "<results>/benchmarks/score_reader_study.tsv"
        conda:
            "../../envs/reporting.yaml"
        threads: 1
        resources:
            **grown(mem_mb=4000, runtime=60),
        params:
            settings=canonical_json(
                **{key: statistics()[key] for key in ["master_seed", "bootstrap", "confidence"]},
            ),
            digest=digest(config["reader_study"]["answers"]),
            images=lambda wildcards, input: f"{parent(input.study, 1)}/images",
        shell:
            'python {input.code[0]:q} --answers "$SYNTHAUG_ANSWERS" --study {input.study:q} --key {input.key:q}'
            " --images {params.images:q} --params {params.settings:q} --scores {output.scores:q}"
            " --told {output.told:q} --agreement {output.agreement:q} --times {output.times:q}"
            " --fooled {output.fooled:q} --png {output.png:q} --svg {output.svg:q} --record {output.record:q}"
            " --log {log:q}"
