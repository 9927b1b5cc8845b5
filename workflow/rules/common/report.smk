"""The report: its captions, whether it is due, and how it is written when everything else is done."""

import json
import subprocess
import tempfile

import yaml

# What the directive `phantom` of a caption stands for, if the cohort is a phantom.
WARNING = "The cohort is a phantom: these figures are no evidence."

DATA, GENERATORS, RESULTS, CONFORMANCE = "1 Data", "2 Generators", "3 Results", "4 Conformance"


def shown(path, about, category, content, **labels):
    """Return an output that the report shows, with the caption ``about`` of the task, or the one that all tasks share."""
    captions = [BASE / f"workflow/report/{folder}/{about}.rst" for folder in [config["task"], "shared"]]
    caption = next((caption for caption in captions if caption.is_file()), None)
    if caption is None:
        sys.exit(f"error: report: neither {captions[0]} nor {captions[1]} is there; write the caption of {path}")
    return report(path, caption=str(caption), category=category, labels={**labels, "content": content})


def figure(path, about, category, content, **labels):
    """Return the outputs of a figure: its PNG, which the report shows, and its SVG."""
    return {"png": shown(f"{path}.png", about, category, content, **labels), "svg": f"{path}.svg"}


def what_is_described():
    """Return what the reporting checklists say of the config, and nothing else of it."""
    sizes = task_arms() + [(arm, "0") for arm in task_single_arms()]
    return {
        **{key: config[key] for key in ["cohort", "folds", "seeds", "master_seed", "evaluation"]},
        **{key: config["cases"][key] for key in ["classes", "duplicate_correlation"]},
        "phantom": config["cases"]["table"] is None,
        "unit": TASK_UNIT,
        "primary": TASK_PRIMARY,
        "arms": all_arms(),
        "sizes": {name: [size for arm, size in sizes if arm == name] for name in all_arms()},
        "generators": config["experiment"]["generators"],
        "presets": planned_config()["generators"],
        "task": task_settings(),
    }


def teach_captions():
    """Teach reStructuredText the directive `phantom`, because Snakemake's captions cannot include one another."""
    from docutils import nodes
    from docutils.parsers import rst

    class Phantom(rst.Directive):
        def run(self):
            of_phantom = config["cases"]["table"] is None
            return [nodes.paragraph("", "", nodes.strong(text=WARNING))] if of_phantom else []

    rst.directives.register_directive("phantom", Phantom)


if any(word.startswith("--report") for word in sys.argv):  # only then, because docutils takes a while to import
    teach_captions()


def report_is_due():
    """Return whether the report is missing or not of the present results, as after a run that ended before it stood."""
    folder = Path(f"results/{config['cohort']}")
    try:
        record = json.loads((folder / "report.record.json").read_text(encoding="utf-8"))
        return any(digest(folder / name) != known for name, known in (record["inputs"] | record["outputs"]).items())
    except (OSError, ValueError, KeyError, TypeError):  # none, or damaged
        return True


def write_report():
    """Write the Snakemake report of a complete run, and its record; part of a run, such as check_data, has none."""
    jobs = list(workflow.dag.jobs)
    if "all" not in {job.rule.name for job in jobs}:
        return
    results = Path(f"results/{config['cohort']}")
    page, written = results / "report.html", results / ".report.html"
    records = [job.output.record for job in jobs if "record" in job.output.keys()]
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "config.yaml")
        whole.write_text(yaml.safe_dump(config))
        command = ["-m", "snakemake", "--snakefile", BASE / "Snakefile", "--configfile", whole]
        run_python(*command, "--cores", "1", "--nolock", "--report", written)
    paths = ["--written", written, "--report", page, "--record", results / "report.record.json"]
    run_python(BASE / "scripts/record_report.py", *paths, input="\n".join(sorted(records)))
    print(f"Report: {page}", file=sys.stderr)


def run_python(*arguments, **options):
    """Run Python and stop with one line if it fails."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"error: report: {done.stderr.strip()}")
