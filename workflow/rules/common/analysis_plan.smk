"""What the analysis plan says, and that every model which predicts a test fold follows it."""

# Outside the results, so that it outlives them.
ANALYSIS_PLAN = f"analysis-plans/{config.get('cohort')}.json"


def registered_plan():
    """Return the plan as an input of whatever predicts test folds; it comes first, and its changes retrain nothing."""
    return {"plan": ancient(ANALYSIS_PLAN)}


def what_is_planned():
    """Return what shapes the models and their analysis, besides the data."""
    analysis = {"measure": TASK_PRIMARY, "unit": TASK_UNIT, "arms": all_arms()}
    return {"config": planned_config(), "analysis": analysis, "code": code_digests()}


def planned_config():
    """Return the public config without what no model and no statistic of the arms sees.

    These are presets that are not run, the phantom where there is a case table, and the reader study, whose images are
    fixed by its pack.
    """
    planned = {key: value for key, value in public_config().items() if key != "reader_study"}
    if config["cases"]["table"] is not None:
        del planned["phantom"]
    for part in ["generators", "imported"]:
        run = {name: value for name, value in planned[part].items() if name in config["experiment"]["generators"]}
        planned[part] = run
    return planned


def code_digests():
    """Return the SHA-256 of the scripts that rules run, and of the library files that these import, by path in the project."""
    names = [TASK_SCRIPTS.get(name, name) for name in own_names().values() if "reader_study" not in name]
    scripts = [name for name in names if (BASE / f"scripts/{name}.py").is_file()]
    return {
        os.path.relpath(path, BASE): digest(path) for path in sorted({path for name in scripts for path in code(name)})
    }
