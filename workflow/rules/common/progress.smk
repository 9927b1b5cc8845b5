"""How long a run takes: what is left of it, in a line now and then, and what a dry-run says of it in a few lines."""

import atexit
import platform
from collections import Counter

sys.path.insert(0, str(BASE / "scripts"))

from synthaug.terms import sizes
from synthaug.timing import job_times, progress, schedule

SOON, LATER = 30, 0.04  # a line after so many seconds, later after such a part of the time so far
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
NOTED = f"results/{config.get('cohort')}/benchmarks/speeds.json"  # images a second of networks that were timed here


def counted_cases():
    """Return how many lesions the cohort has, main and extra; rows that are wrong count too, as no file was checked yet."""
    if config["cases"]["table"] is None:
        return sum(config["phantom"]["lesions"].values()), sum(config["phantom"]["extra"].values())
    sets = [row.get("set") or "main" for row in case_rows()]
    return sets.count("main"), sets.count("extra")


@functools.cache
def case_rows():
    """Return the rows of the case table; none of one that cannot be read, which check_cases reports."""
    try:
        with open(config["cases"]["table"], encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error):
        return []


def counted_slices(of_phantom):
    """Return how many slices a cohort of slices has, and how many of them show a lesion; None as long as nobody knows.

    They are counted when they are cut. Before that, a picture is one slice, those of volumes are not known, and
    ``of_phantom`` is how many of each the phantom has for a lesion.
    """
    cut = Path(f"results/{config['cohort']}/slices/slices.csv")
    if cut.is_file():
        return slices_in(cut, cut.stat().st_mtime)
    if config["cases"]["table"] is None:
        lesions, _ = counted_cases()
        return tuple(round(each * lesions) for each in of_phantom)
    pictures = {}
    for row in case_rows():
        image = row.get("image") or ""
        if row.get("set") != "extra" and not image.lower().endswith(PICTURES):
            return None
        pictures[image] = pictures.get(image) or bool(row.get("class"))
    return len(pictures), sum(pictures.values())


@functools.cache
def slices_in(path, changed):
    """Return how many slices of the main set a table has that was last ``changed`` then, and how many show a lesion."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["set"] != "extra"]
    shown = [f"{cls}_{what}" for cls in config["cases"]["classes"] for what in ["px", "boxes"]]
    return len(rows), sum(any(row.get(column) not in [None, "0"] for column in shown) for row in rows)


def part_trained_on(folds):
    """Return which part of the cohort the ``folds`` are, such as "02": of drawn ones about as large as each other."""
    if is_split_given():
        parts = [row.get("split") for row in case_rows()]
        return parts.count("train") / max(1, len(parts))
    return len(folds) / config["folds"]


def work(stage, wildcards):
    """Return what a job of the rule ``stage`` does, as far as its time depends on it."""
    return task_work(stage, dict(wildcards)) or job_times.Job(stage)


TIMED_WITH = {"epochs": 1, "steps": 1, "evaluate_every": 1, "master_seed": 0}


def network(kind, params):
    """Return the name of a network: what scripts/time_trainings.py takes, without what its speed does not depend on."""
    kept = {key: TIMED_WITH.get(key, value) for key, value in params.items() if key not in ["rois", "augmentation"]}
    return canonical_json(kind=kind, params=kept)


def known_speeds():
    """Return the images a second of the networks that were timed on this machine, by name."""
    try:
        noted = json.loads(Path(NOTED).read_text(encoding="utf-8"))
        return noted["speeds"] if noted["machine"] == machine() else {}
    except (OSError, ValueError, KeyError, TypeError):  # none, or damaged
        return {}


def timed(networks, processes=1):
    """Return the images a second of networks, by name; those that were not timed on this machine are timed now."""
    speeds = known_speeds()
    missing = {name: json.loads(name) for name in networks - {job_times.UNCOUNTED} if name not in speeds}
    if missing:
        command = [sys.executable, BASE / "scripts/time_trainings.py", "--processes", str(processes)]
        done = subprocess.run(command, input=json.dumps(missing), stdout=subprocess.PIPE, text=True)
        if done.returncode:
            return None
        speeds |= json.loads(done.stdout)
        os.makedirs(os.path.dirname(NOTED), exist_ok=True)
        Path(NOTED).write_text(json.dumps({"machine": machine(), "speeds": speeds}, indent=1), encoding="utf-8")
    return speeds


def seen_seconds():
    """Return the mean seconds of a job of each rule in earlier runs of this cohort, from their benchmark files."""
    found = {}
    folder = Path(f"results/{config['cohort']}/benchmarks")
    for path in folder.rglob("*.tsv"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # just being replaced
            seconds = float(path.read_text(encoding="utf-8").splitlines()[1].split("\t")[0])
            found.setdefault(path.relative_to(folder).parts[0].removesuffix(".tsv"), []).append(seconds)
    return {name: sum(each) / len(each) for name, each in found.items()}


def machine():
    """Return the model of this machine's processor."""
    try:
        text = Path(os.sep, "proc", "cpuinfo").read_text(encoding="utf-8")
        return next(line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        return f"{platform.node()} {platform.machine()}"


def cores_given():
    """Return how many jobs may run at once; in a dry-run, which needs no --cores, all of this machine's cores."""
    cores = workflow.resource_settings.cores
    return cores if cores and not (cores == 1 and workflow.dryrun) else len(os.sched_getaffinity(0))


def due_jobs():
    """Return the jobs of this run, by their names here."""
    return {str(job.jobid): job for job in workflow.dag.needrun_jobs(exclude_finished=False)}


def planned(jobs):
    """Return what is known of ``jobs`` before they run, as `progress.Progress` takes it."""
    names, rules_here = {job: name for name, job in jobs.items()}, own_names()
    found = {}
    for name, job in jobs.items():
        values, rule = dict(job.wildcards.items()), job.rule.name
        before = frozenset(names[other] for other in workflow.dag.dependencies[job] if other in names)
        does = work(rules_here[rule], values) if rule in rules_here else job_times.Job(rule)
        found[name] = progress.Planned(does, label(rule, values), before)
    return found


def label(name, values):
    """Return what a job is called in front of the user, such as "train_dcgan dcgan cyst, trained on folds 1 and 2"."""
    about = [str(values[key]) for key in ["generator", "arm", "size", "cls"] if key in values]
    which = [f"trained on folds {' and '.join(values['folds'])}"] if "folds" in values else []
    which += [f"seed {values['seed']}"] if "seed" in values and len(config["seeds"]) > 1 else []
    return ", ".join([" ".join([name, *about]), *which])


def tell_progress():
    """Print every now and then, as long as the run goes on, how far it is."""
    jobs = due_jobs()
    if len(jobs) > 1:
        threading.Thread(target=keep_telling, args=(jobs, planned(jobs)), daemon=True).start()


def keep_telling(jobs, plans):
    """Print first how long the run takes, as soon as its networks are timed, and then how far it is."""
    began, told = time.time(), 0
    cores = cores_given() if workflow.local_exec else None
    run = progress.Progress(plans, cores, sum(counted_cases()), known_speeds(), read_log(jobs), began, seen_seconds())
    if cores is not None:
        run.speeds.update(timed(progress.networks(plans)) or {})
    while len(run.took) < len(jobs):
        now = time.time()
        states = {name: (workflow.dag.is_running(job), workflow.dag.finished(job)) for name, job in jobs.items()}
        running, done = ({name for name in jobs if states[name][which]} for which in [0, 1])
        run.update(now, running, done)
        if now - told > max(SOON, LATER * (now - began)) and len(done) < len(jobs):
            count_again(run, jobs)
            print(run.line(now), file=sys.stderr, flush=True)
            told = now
        time.sleep(1)


def count_again(run, jobs):
    """Let ``run`` know what its trainings go through, as soon as it can be counted."""
    if run.cores is not None and job_times.UNCOUNTED in progress.networks(run.planned):
        run.planned = planned(jobs)
        run.speeds.update(timed(progress.networks(run.planned)) or {})


def read_log(jobs):
    """Return a function that reads what a job has logged so far."""

    def read(name):
        try:
            return Path(jobs[name].log[0]).read_text(encoding="utf-8", errors="replace")
        except (OSError, IndexError):
            return ""

    return read


SHOWN_RULES = 5  # so that a summary has ten lines
STEPS = re.compile(r"Select jobs to execute\.\.\.|Execute \d+ jobs\.\.\.")  # what Snakemake says at each of its steps
REASONS = {
    "missing_output": "missing results",
    "params_changed": "changed parameters",
    "code_changed": "changed code",
    "input_changed": "other inputs",
    "updated_input": "newer inputs",
}


def be_brief():
    """Have a dry-run end with a summary of its jobs, unless the user says with --quiet what is to be left out of the list."""
    quiet = workflow.output_settings.quiet
    if workflow.is_main_process and {each.name for each in quiet or []} == {"HOST", "PROGRESS", "REASON", "RULES"}:
        # With these two alone, Snakemake ends a dry-run before it lists what it left out.
        workflow.output_settings.quiet = {each for each in quiet if each.name in ["PROGRESS", "RULES"]}
        atexit.register(summarise)
        logger.addFilter(lambda record: not STEPS.fullmatch(str(record.msg)))


def summarise():
    """Print which jobs a run would have, why, and how long they take as far as this is known."""
    jobs = due_jobs() if workflow.dryrun and workflow._dag else {}
    if not jobs:
        return
    plans, lesions, seen = planned(jobs), sum(counted_cases()), seen_seconds()
    speeds = timed(progress.networks(plans), processes=cores_given()) or {}
    known = progress.networks(plans) <= set(speeds)
    seconds = {
        name: job_times.expected(plan.job, lesions, speeds, seen) if known else 1.0 for name, plan in plans.items()
    }
    of_rule = Counter()
    for name, job in jobs.items():
        of_rule[job.rule.name] += seconds[name]
    count = Counter(job.rule.name for job in jobs.values())
    trains = any("seed" in dict(job.wildcards.items()) for job in jobs.values())
    draws = f", with {seeds_in_words(config['seeds'])}{tested_in_words()}" if trains else ""
    lines = [f"A run would have {len(jobs)} jobs{draws}:"]
    for name, total in of_rule.most_common(SHOWN_RULES):
        lines.append(f"{count[name]:6} {name:24}" + (f" {progress.in_words(total):>8} of one core" if known else ""))
    if len(count) > SHOWN_RULES:
        others = len(jobs) - sum(count[name] for name, _ in of_rule.most_common(SHOWN_RULES))
        lines.append(f"{others:6} others, of {len(count) - SHOWN_RULES} rules")
    lines.append(f"Why: {reasons(jobs)}.")
    if known:
        left = schedule.duration(seconds, {name: plan.waits_for for name, plan in plans.items()}, cores_given())
        lines.append(f"It would take about {progress.in_words(left)} (cores: {cores_given()}).")
    elif job_times.UNCOUNTED in progress.networks(plans):
        lines.append("How long it would take is known once the slices of the volumes are cut: run check_data first.")
    lines.append("snakemake -n --quiet host lists each job. Nothing was run.")
    print("\n".join(lines))


def seeds_in_words(seeds):
    """Say how many seeds there are, and what that means."""
    if len(seeds) == 1:
        return "1 seed (one draw of all trainings)"
    return f"{len(seeds)} seeds (as many draws of all trainings)"


def tested_in_words():
    """Say how many folds are tested, if not all of those that were drawn."""
    tested, folds = len(tested_folds()), config["folds"]
    return "" if tested == folds or is_split_given() else f", testing {tested} of {folds} folds"


def reasons(jobs):
    """Return why the jobs are due that do not only follow others."""
    found = {}
    for job in jobs.values():
        reason = workflow.dag.reason(job)
        for name, text in REASONS.items():
            if getattr(reason, name):
                found.setdefault(text, set()).add(job.rule.name)
    return "; ".join(f"{text} of {few(sorted(rules))}" for text, rules in found.items()) or "asked for"


def few(names, most=4):
    """Return the first of ``names`` and how many others there are."""
    rest = f" and {len(names) - most} others" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
