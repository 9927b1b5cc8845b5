"""What is wrong between keys of the config that are each valid; what only a task knows, its `task_problems` says."""

import re


def check_consistency():
    """Stop with one line for each contradiction in the config."""
    stop_at(inconsistencies() + task_problems())


def inconsistencies():
    """Return what is wrong between the keys that every task has."""
    found = generator_problems() + imported_problems() + nested_problems() + reader_problems()
    evaluation, classes = config["evaluation"], config["cases"]["classes"]
    others = [arm for arm in all_arms() if arm != TASK_REFERENCE]
    if evaluation["primary"] is not None and evaluation["primary"] not in others:
        found.append(
            f"evaluation: primary: {evaluation['primary']} is not run; choose one of {', '.join(others) or '(no arm)'}, or null"
        )
    found += budget_problems() + folds_problems()
    if "all" in classes:
        found.append("cases: classes: 'all' is reserved; rename the class")
    if config["cases"]["table"] is None and set(classes) != set(config["phantom"]["lesions"]):
        known = ", ".join(config["phantom"]["lesions"])
        found.append(f"cases: classes: expected those of the phantom, {known}; name these or give a table")
    return found


def folds_problems():
    """Return what is wrong with how many folds there are, and how many of them are tested."""
    found, folds, tested = [], config["folds"], config["tested_folds"]
    if is_split_given():
        if (folds, tested) != (2, 1):
            found.append(
                f"split: column has one part to train on and one to test: give folds: 2 and tested_folds: 1 (found {folds} and"
                f" {'null' if tested is None else tested}), or split: folds"
            )
        if config["cases"]["table"] is None:
            found.append("split: the phantom has no column split; give split: folds, or a table")
    elif (tested or 0) > folds:
        found.append(f"tested_folds: expected at most the {folds} of folds, found {tested}; lower it or give null")
    return found


def budget_problems():
    """Return what is wrong where real data would be given to the demo's networks, which nobody chose for them."""
    if config["budget"] or asked_for("check_data") or not left_to_the_demo():
        return []
    return [
        "budget: null leaves real data to the demo's small networks; give budget: 2h, 12h or gpu (how long the run may"
        " take), or your own values, as config/figshare-brain.yaml and config/paper.yaml do"
    ]


def left_to_the_demo():
    """Return whether real data has the networks of the demo, of which the config says nothing."""
    demo = read_yaml(BASE / "config/config.yaml")
    if config["cases"]["table"] is None or demo["cases"]["table"] is not None or config["task"] != demo["task"]:
        return False  # the phantom, a demo that is the user's own by now, or another task
    presets = {name: completed(name, demo["generators"]) for name in demo["generators"]}
    return config.get("classifier") == with_presets(demo).get("classifier") and config["generators"] == presets


def generators_of_the_demo():
    """Return the generators of the experiment that real data has with all values of the demo, which nobody chose for it."""
    demo = read_yaml(default_config()) if default_config() else {"cases": {"table": None}, "generators": {}}
    if config["cases"]["table"] is None or demo["cases"]["table"] is not None:
        return []  # the phantom, or a demo that is the user's own by now
    known = {name: completed(name, demo["generators"]) for name in demo["generators"]}
    chosen = [name for name in config["experiment"]["generators"] if name not in config["imported"]]
    return [name for name in chosen if name in known and config["generators"].get(name) == known[name]]


def demo_problems(part, is_demo, for_processor, for_gpu, of_generator):
    """Return a line for each network of the demo that real images would get, with what to write; for tasks without budgets.

    The check of the data trains nothing, so it has none. ``part`` is the key of the network that all arms train, and the others
    are what to write of it, and of a generator, for a first run.
    """
    if asked_for("check_data") or config["cases"]["table"] is None:
        return []
    small, then = "too small for real images", "snakemake -n says how long it takes"
    found = [
        f"generators: {name}: these are the demo's values, {small}; for a first run write"
        f" generators: {{{name}: {of_generator}}}; {then}"
        for name in generators_of_the_demo()
    ]
    if is_demo:
        found.append(
            f"{part}: {config[part]['preset']} is the demo's, {small}; write {part}: {{preset: {for_processor}}},"
            f" on a GPU {for_gpu}; {then}"
        )
    return found


def generator_problems():
    """Return what is wrong with the generators of the experiment."""
    found = []
    for name in config["experiment"]["generators"]:
        if name in config["imported"]:
            continue
        if name not in config["generators"]:
            found.append(
                f"experiment: generators: {name!r} is not a preset of generators, nor imported; add it or choose one of them"
            )
    return found


def imported_problems():
    """Return what is wrong with the names and folders of imported images."""
    found = []
    for name in set(config["imported"]) & set(config["generators"]):
        found.append(f"imported: {name!r} is also a preset of generators; rename one of them")
    for name, source in config["imported"].items():
        words = ["seed", "folds", *TASK_IMPORTED]
        rest = re.sub(r"\{(" + "|".join(words) + r")\}", "", source["folder"])
        for other in re.findall(r"\{[^{}]*\}?|\}", rest):
            found.append(
                f"imported: {name}: folder: expected no braces but {', '.join(f'{{{word}}}' for word in words)}, found"
                f" {other}; correct it"
            )
    return found


def nested_problems():
    """Return what is wrong with nested selection."""
    experiment = config["experiment"]
    found = []
    possible = sized_arms()
    for arm in nested_arms():
        if arm not in possible:
            found.append(f"experiment: nested: {arm!r} is not one of {', '.join(possible)}; remove it or run it")
        elif uses.generator_of(arm) in imported():
            found.append(f"experiment: nested: {arm!r} is imported, so it has no generator of fewer folds; remove it")
    if nested_arms() and config["folds"] < 3:
        found.append("experiment: nested: needs folds: 3 or more, to leave two out; raise folds or give []")
    if rule_of_sizes() == "nested":
        several = {arm for arm in possible if sum(other == arm for other, _ in task_arms()) > 1}
        chosen = [arm for arm in possible if arm in several and uses.generator_of(arm) not in imported()]
        for arm in [arm for arm in chosen if arm not in nested_arms()]:
            found.append(f"evaluation: operating_point: nested needs {arm!r} in experiment: nested; add it there")
        if several & set(imported()[:1]) & set(experiment["generators"][:1]):
            found.append(
                f"evaluation: operating_point: nested is not possible for the first generator, {imported()[0]!r}, which is"
                " imported; name another one first, or give one size of experiment: synthetic"
            )
    return found


def reader_problems():
    """Return what is wrong with the reader study, of a task that has one."""
    if "reader_study" not in config:
        return []
    study, found = config["reader_study"], []
    if study["generator"] not in [None, *config["experiment"]["generators"]]:
        found.append(
            f"reader_study: generator: {study['generator']!r} is not in experiment: generators; add it or choose one of them"
        )
    if study["answers"] is not None:
        if not Path(study["answers"]).is_file():
            found.append(
                f"reader_study: answers: no file {study['answers']}; correct the path, or give null until it is there"
            )
        if not Path(f"results/{config['cohort']}/reader-study/key.csv").is_file():
            found.append(
                f"reader_study: answers: their key results/{config['cohort']}/reader-study/key.csv is missing; put back the"
                " pack that readers saw, or give null and run snakemake build_reader_study"
            )
    return found
