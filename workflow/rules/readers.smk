"""The reader study: a blinded pack of real and synthetic ROIs, on request; and its scores, once there are answers."""

# Once readers have begun the study is closed: another pack would have another key, so the pack's files are sources then.
if not closed_by():

    rule build_reader_study:
        input:
            code=code("build_reader_study"),
            cases=rules.check_cases.output.cases,
            roi_images=rules.extract_rois.output.images,
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
            mem_mb=lambda wildcards, attempt: 4000 * attempt,
            runtime=lambda wildcards, attempt: 30 * attempt,
        params:
            settings=canonical_json(
                **{key: value for key, value in config["reader_study"].items() if key not in ["generator", "answers"]},
                **{key: config["rois"][key] for key in ["margin", "intensity"]},
                generator=judged_generator(),
                cohort=config["cohort"],
                classes=config["cases"]["classes"],
                master_seed=config["master_seed"],
            ),
            synthetic=lambda wildcards, input: labelled(reader_images(), input.synthetic),
        shell:
            "python {input.code[0]:q} --cases {input.cases:q} --roi-images {input.roi_images:q}"
            " --synthetic {params.synthetic:q} --params {params.settings:q} --study {output.study:q}"
            " --images {output.images:q} --key {output.key:q} --record {output.record:q} --log {log:q}"

else:

    rule build_reader_study:
        input:
            refuse_another_pack,


if config["reader_study"]["answers"] is not None:
    os.environ.update(SYNTHAUG_ANSWERS=config["reader_study"]["answers"])  # the user's file, as in cases.smk

    rule score_reader_study:
        input:
            code=code("score_reader_study"),
            study="<results>/reader-study/pack/study.json",
            key="<results>/reader-study/key.csv",
        output:
            scores=report(
                "<results>/evaluation/readers/scores.csv",
                caption="../report/reader_scores.rst",
                category="3 Results",
                labels={"content": "Readers: all measures"},
            ),
            told=report(
                "<results>/evaluation/readers/told_apart.csv",
                caption="../report/told_apart.rst",
                category="3 Results",
                labels={"content": "Readers: real or synthetic"},
            ),
            agreement=report(
                "<results>/evaluation/readers/agreement.csv",
                caption="../report/reader_agreement.rst",
                category="3 Results",
                labels={"content": "Readers: agreement"},
            ),
            times=report(
                "<results>/evaluation/readers/times.csv",
                caption="../report/reader_times.rst",
                category="3 Results",
                labels={"content": "Readers: response times"},
            ),
            fooled="<results>/evaluation/readers/fooled.csv",
            png=report(
                "<results>/evaluation/figures/fooled.png",
                caption="../report/fooled.rst",
                category="3 Results",
                labels={"content": "Readers: images that fooled everyone"},
            ),
            svg="<results>/evaluation/figures/fooled.svg",
            record="<results>/evaluation/readers/record.json",
        log:
            "<results>/logs/score_reader_study.log",
        benchmark:
            "<results>/benchmarks/score_reader_study.tsv"
        conda:
            "../../envs/reporting.yaml"
        threads: 1
        resources:
            mem_mb=lambda wildcards, attempt: 4000 * attempt,
            runtime=lambda wildcards, attempt: 60 * attempt,
        params:
            settings=canonical_json(
                **{key: value for key, value in statistics().items() if key not in ["classes", "folds"]}
            ),
            digest=digest(config["reader_study"]["answers"]),
            images=lambda wildcards, input: f"{parent(input.study, 1)}/images",
        shell:
            'python {input.code[0]:q} --answers "$SYNTHAUG_ANSWERS" --study {input.study:q} --key {input.key:q}'
            " --images {params.images:q} --params {params.settings:q} --scores {output.scores:q} --told {output.told:q}"
            " --agreement {output.agreement:q} --times {output.times:q} --fooled {output.fooled:q} --png {output.png:q}"
            " --svg {output.svg:q} --record {output.record:q} --log {log:q}"
