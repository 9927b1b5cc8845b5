"""The report: its captions, whether it is due, and how it is written when everything else is done."""

import json
import subprocess

# The sections of the report, in the order of reading.
SECTIONS = RESULTS, GENERATORS, DATA, CONFORMANCE = "Results", "Generators", "Data", "Against the paper and guidelines"

# The captions in the order of reading; others follow.
READING_ORDER = (
    "headline best operating_points comparisons fig8 predictions variances seeds study_size simulated_power learning_curve subgroups calibration"
    " decision_curves costs"
    " equal froc froc_points equal_sensitivity filtered detections"
    " table1 table2 table3 table4 table5 table6 table7 fig9"
    " reader_scores told_apart reader_agreement reader_times fooled"
    " agreement metrics lineage analysis_plan deviations"
    " quality conditioning samples fig1 fig6 tsne losses neighbours test_copies"
    " contours boxes duplicates fig3"
    " conformance checklists"
).split()


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
        **{key: config[key] for key in ["cohort", "folds", "seeds", "master_seed"]},
        "tested_folds": len(tested_folds()),
        "given_split": is_split_given(),
        "evaluation": {"operating_point": rule_of_sizes(), **config["evaluation"]},
        **{key: config["cases"][key] for key in ["classes", "duplicate_correlation"]},
        "phantom": config["cases"]["table"] is None,
        "unit": TASK_UNIT,
        "primary": TASK_PRIMARY,
        "arms": all_arms(),
        "reference": TASK_REFERENCE,
        "size": TASK_SIZE[1],
        "sizes": {name: [size for arm, size in sizes if arm == name] for name in all_arms()},
        "generators": config["experiment"]["generators"],
        "presets": planned_config()["generators"],
        "task": task_settings(),
    }


def report_is_due():
    """Return whether the report is missing or not of the present results, as after a run that ended before it stood."""
    folder = Path(f"results/{config['cohort']}")
    try:
        record = json.loads((folder / "report.record.json").read_text(encoding="utf-8"))
        files = {folder / name: known for name, known in (record["inputs"] | record["outputs"]).items()}
        files |= {BASE / name: known for name, known in record["code"].items()}
        return any(digest(path) != known for path, known in files.items())
    except (OSError, ValueError, KeyError, TypeError):  # none, or damaged
        return True


def write_report():
    """Write the report of a complete run, and its record; part of a run, such as check_data, has none."""
    jobs, stages = own_jobs()
    if "all" not in stages:
        return
    results = Path(f"results/{config['cohort']}")
    records = sorted(job.output.record for job in jobs if "record" in job.output.keys())
    if not all(os.path.exists(path) for path in records):  # after --touch, which runs nothing
        return
    content = {"config": public_config(), "records": records, "sections": sections(jobs), "figure": TASK_FIGURE}
    command = [sys.executable, BASE / "scripts/write_report.py"]
    for option, path in {
        "summary": results / "evaluation/summary.json",
        "figure": results / "evaluation/figures/fig8.png",
        "method": BASE / f"workflow/report/{config['task']}/workflow.rst",
        "template": BASE / "workflow/report/shared/report.html.j2",
        "report": results / "report.html",
        "record": results / "report.record.json",
    }.items():
        command += [f"--{option}", path]
    done = subprocess.run(command, input=json.dumps(content), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"error: report: {done.stderr.strip()}")
    print(done.stdout, file=sys.stderr)
    print(f"Summary: {results / 'summary.html'}\nReport: {results / 'report.html'}", file=sys.stderr)


def show_check():
    """Print what a check of the data has found, and what to look at."""
    _, stages = own_jobs()
    if {"check_data", "all"} & stages != {"check_data"}:
        return
    results = Path(f"results/{config['cohort']}")
    print("", (results / "check/notes.txt").read_text(encoding="utf-8"), "Look at:", sep="\n", file=sys.stderr)
    for path in [results / "check/contours.pdf", *task_sheets()]:
        print(f"  {str(path).replace('<results>', str(results))}", file=sys.stderr)


def sections(jobs):
    """Return what the report shows of these jobs, by section, in the order of reading."""
    found = []
    for job in jobs:
        for path in job.output:
            flag = path.flags.get("report") if isinstance(path.flags, dict) else None
            if flag:
                found.append((flag.category, entry(path, flag, job.wildcards)))
    return [
        {"title": title, "entries": sorted((one for section, one in found if section == title), key=place_of)}
        for title in SECTIONS
    ]


def entry(path, flag, wildcards):
    """Return how the report shows one result."""
    values = dict(wildcards.items())
    labels = {name: text.format(**values) for name, text in flag.labels.items()}
    of = [f"seed {text}" if name == "seed" else text for name, text in labels.items() if name != "content"]
    title = f"{labels['content']} ({', '.join(of)})" if of else labels["content"]
    return {"path": str(path), "caption": str(flag.caption), "title": title, "wildcards": values}


def place_of(shown):
    """Return where a result stands in its section."""
    about = Path(shown["caption"]).stem
    order = READING_ORDER.index(about) if about in READING_ORDER else len(READING_ORDER)
    names = ["", *config["experiment"]["generators"]]
    return names.index(shown["wildcards"].get("generator", "")), order, shown["title"], shown["path"]
