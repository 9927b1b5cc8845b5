"""The analysis plan: registered before the first prediction of a test fold; later differences are listed, not let through."""


rule register_analysis_plan:
    input:
        code=code("register_analysis_plan"),
        template=os.path.relpath(BASE / "workflow/report/shared/analysis_plan.html.j2"),
        cases=rules.check_cases.output.cases,
    output:
        plan=update(ANALYSIS_PLAN),  # a run that is killed must not leave all models without the plan that they follow
        deviations=shown("<results>/analysis-plan/deviations.csv", "deviations", RESULTS, "Analysis plan: deviations"),
        html=shown("<results>/analysis-plan/plan.html", "analysis_plan", RESULTS, "Analysis plan"),
        record="<results>/analysis-plan/record.json",
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
        settings=lambda wildcards: canonical_json(**what_is_planned()),
        kept=f"analysis-plans/{config['cohort']}.json",
        results=lambda wildcards, output: parent(output.plan, 2),
    shell:
        "python {input.code[0]:q} --cases {input.cases:q} --kept {params.kept:q} --results {params.results:q}"
        " --template {input.template:q} --params {params.settings:q} --plan {output.plan:q}"
        " --deviations {output.deviations:q} --html {output.html:q} --record {output.record:q} --log {log:q}"
