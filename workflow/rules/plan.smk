"""The analysis plan: registered before the first prediction of a test fold; what differs from it later is listed."""


# It never runs again while the plan is there, so neither its script is an input nor what is planned a param: Snakemake does
# not look whether what follows a job that is to run is stale for a reason of its own, even where it takes the output as ancient.
rule register_analysis_plan:
    input:
        cases=ancient("<results>/cases.csv"),  # by its path: marked as ancient, the output of check_cases would be so for all
    output:
        plan=update(ANALYSIS_PLAN),  # not deleted first when it is made by force
    log:
        "<results>/logs/register_analysis_plan.log",
    benchmark:
        "<results>/benchmarks/register_analysis_plan.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=10),
    params:
        script=os.path.relpath(BASE / "scripts/register_analysis_plan.py"),
        results=lambda wildcards, input: parent(input.cases, 1),
    shell:
        "python {params.script:q} --cases {input.cases:q} --results {params.results:q} --plan {output.plan:q}"
        ' --params "$SYNTHAUG_PLANNED" --log {log:q}'


rule list_deviations:
    input:
        code=code("list_deviations"),
        template=os.path.relpath(BASE / "workflow/report/shared/analysis_plan.html.j2"),
        cases=rules.check_cases.output.cases,
        plan=ancient(ANALYSIS_PLAN),
    output:
        deviations=shown("<results>/analysis-plan/deviations.csv", "deviations", RESULTS, "Analysis plan: deviations"),
        html=shown("<results>/analysis-plan/plan.html", "analysis_plan", RESULTS, "Analysis plan"),
        entries="<results>/analysis-plan/entries.json",
        record="<results>/analysis-plan/record.json",
    log:
        "<results>/logs/list_deviations.log",
    benchmark:
        "<results>/benchmarks/list_deviations.tsv"
    conda:
        "../../envs/reporting.yaml"
    threads: 1
    resources:
        **grown(mem_mb=2000, runtime=10),
    params:
        settings=lambda wildcards: canonical_json(**what_is_planned()),
        results=lambda wildcards, input: parent(input.cases, 1),
    shell:
        "python {input.code[0]:q} --plan {input.plan:q} --cases {input.cases:q} --results {params.results:q}"
        " --template {input.template:q} --params {params.settings:q} --entries {output.entries:q}"
        " --deviations {output.deviations:q} --html {output.html:q} --record {output.record:q} --log {log:q}"
