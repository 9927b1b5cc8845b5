"""`budget`: the networks, epochs and sizes that fit a time on this machine, wherever the user does not give them himself."""

import copy

CHOSEN = f"results/{config.get('cohort')}/budget.json"  # the values that a budget has set, kept for all later runs


def set_budget():
    """Set what the budget of the config stands for, as it was chosen before or, in the first run, as it is chosen now.

    The check of the data trains nothing; it gets the smallest step, also where nobody has given a budget yet.
    """
    name, checking = config["budget"], asked_for("check_data")
    if name is None and not (checking and left_to_the_demo()):
        return
    path = BASE / f"workflow/presets/budgets-{config['task']}.yaml"
    if not path.is_file():
        stop_at([f"budget: {name}: there is none for task {config['task']}; give null and your own values"])
    steps = budget_steps(read_yaml(path))
    set_values(steps["1"] if checking else (chosen_before(name) or choose_budget(name, steps))["values"])


def budget_steps(known):
    """Return the values of each step, complete, and of "gpu"."""
    steps, values = {}, known["all"]
    for number, step in enumerate(known["steps"], start=1):
        values = replaced(values, step)
        steps[str(number)] = values
    return {**steps, "gpu": replaced(known["all"], known["gpu"])}


def chosen_before(name):
    """Return what was chosen for the budget ``name`` in an earlier run; None if nothing was."""
    try:
        chosen = json.loads(Path(CHOSEN).read_text(encoding="utf-8"))
        return chosen if chosen["budget"] == name and isinstance(chosen["values"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def smallest_study_of():
    """Return the budget that allowed the smallest step only; None where it allowed more, or there is none."""
    chosen = chosen_before(config["budget"]) if config["budget"] else None
    return config["budget"] if chosen and chosen.get("step") == "1" else None


def choose_budget(name, steps):
    """Choose the last step that fits the time, or the first one if none does; write its values down and say so."""
    if name == "gpu":
        return keep_budget(name, "gpu", steps["gpu"], None)
    limit = int(name.rstrip("minh")) * (60 if name.endswith("min") else 3600)
    print(f"budget: {name}: timing training steps on this machine, once", file=sys.stderr, flush=True)
    chosen, refused = None, ""
    for step, values in steps.items():
        if step == "gpu":
            break
        estimate = with_values(values, timed_run)
        if estimate > limit and chosen:  # each step takes longer than the one before it
            refused = f"; step {step} would take about {progress.in_words(estimate)}"
            break
        chosen = step, values, estimate
    if chosen[-1] > limit:
        fits = f"{5 * -int(-chosen[-1] // 300)}min"
        refused = (
            f"; nothing fits {name}, so this is the smallest study; the smallest budget that fits here is about {fits},"
            " and a larger one gives better networks"
        )
    return keep_budget(name, *chosen, refused)


def timed_run():
    """Return about how many seconds a complete run takes; networks that nobody has timed on this machine are timed."""
    jobs = whole_run()
    speeds = timed({network for job in jobs for network in job.trained}, processes=cores_given())
    if speeds is None:
        stop_at(["budget: training steps could not be timed, see above; give null and your own values"])
    return duration_of(jobs, speeds)


def keep_budget(name, step, values, estimate, refused=""):
    """Write down what was chosen, in plain values, tell it, and return it."""
    chosen = {
        "budget": name,
        "step": step,
        "values": values,
        "estimate_s": estimate and round(estimate),
        "cores": cores_given(),
    }
    os.makedirs(os.path.dirname(CHOSEN), exist_ok=True)
    Path(f"{CHOSEN}.new").write_text(json.dumps(chosen, indent=1), encoding="utf-8")
    os.replace(f"{CHOSEN}.new", CHOSEN)
    time_given = f", about {progress.in_words(estimate)} (cores: {cores_given()}){refused}" if estimate else ""
    seeds = seeds_in_words(with_values(values, lambda: config["seeds"]))
    print(f"budget: {name}: step {step}, {seeds}{time_given}; {CHOSEN} has its values", file=sys.stderr, flush=True)
    return chosen


def set_values(values):
    """Set the values of a step in the config, below what the user's own files and --config give."""
    default = read_yaml(default_config()) | {"generators": {}}
    for key, value in task_budget(values).items():
        config[key] = replaced(default[key], value)
        if key in given_by_user():
            config[key] = replaced(config[key], given_by_user()[key])
    stop_at(complete_presets())
    config.update(with_presets(config))


def with_values(values, function):
    """Return what ``function`` returns while the config has the values of a step."""
    before = dict(config)
    set_values(values)
    try:
        return function()
    finally:
        config.update(before)


def whole_run():
    """Return every job of a complete run that takes long or that all runs have, as `job_times` knows them."""
    jobs = [
        (f"train_{architecture(name)}", dict(generator=name, folds=folds, cls=cls))
        for name, _, _, folds, cls in trained()
        if name not in twins()
    ]
    folds_of = {(name, seed, folds) for name, _, seed, folds, _ in trained()}
    jobs += [(f"sample_{sampled_as(name)}", dict(generator=name)) for name, _, _ in folds_of]
    jobs += [(stage, {}) for stage in ["assess_generator", "check_copies", "plot_training", "plot_synthetic"]
             for _ in {(name, seed) for name, seed, _ in folds_of}]  # fmt: skip
    others = [name for name in job_times.SECONDS if not name.startswith("train_")]
    jobs += task_jobs() + [
        (stage, {}) for stage in others if stage != "make_phantom" or config["cases"]["table"] is None
    ]
    return [work(stage, values) for stage, values in jobs]


def trained():
    """Return the generators that are trained here, as `generators` does."""
    return [generator for generator in generators() if generator[0] in config["generators"]]


def architecture(name):
    """Return the family of a preset."""
    return config["generators"][name]["architecture"]


def sampled_as(name):
    """Return the end of the name of the rule that draws the images of a preset."""
    return "variations" if name in varied() else architecture(name)


def duration_of(jobs, speeds):
    """Return about how many seconds jobs take on the cores that are given; the last ones leave cores idle."""
    lesions = sum(counted_cases())
    seconds = [job_times.expected(job, lesions, speeds) for job in jobs]
    return max(sum(seconds) / cores_given(), max(seconds)) + IDLE


IDLE = 30  # seconds at the end of a run in which one job waits for another
