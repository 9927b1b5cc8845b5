"""This workflow as a module of another one: its config, what the other one calls its rules, and what it cannot be given."""

IS_MODULE = not workflow.modifier.is_main_snakefile()
GIVEN = {}  # to a module, what is not as in the defaults


def over_defaults(given):
    """Return the config that another workflow gives, over the defaults of its task, which Snakemake leaves out of a module."""
    if not IS_MODULE:
        return given
    defaults = read_yaml(default_config()) if default_config() else {}
    GIVEN.update(differing(given, defaults))
    return replaced(defaults, given)


def given_by_user():
    """Return what the user gives himself: on the command line or, to a module, what is not as in the defaults.

    The config of a module may be a copy of the defaults with some changes, as Snakedeploy makes it.
    """
    return GIVEN if IS_MODULE else workflow.config_settings.overwrite_config


def differing(own, base):
    """Return the parts of ``own`` that are not as in ``base``, key by key."""
    if not (isinstance(own, dict) and isinstance(base, dict)):
        return own
    return {key: differing(value, base.get(key)) for key, value in own.items() if value != base.get(key)}


def asked_for(name):
    """Return whether the command line names the rule ``name``, as the run calls it."""
    return workflow.modifier.modify_rulename(name) in sys.argv


def own_names():
    """Return the names that rules have here, by those that they have in the run."""
    return {proxy.rule.name: name for name, proxy in rules._rules.items()}


def own_jobs():
    """Return the jobs of the run, finished ones too, without another workflow's; and the names of their rules here."""
    names = own_names()
    jobs = [job for job in workflow.dag.jobs if job.rule.name in names]
    return jobs, {names[job.rule.name] for job in jobs}


def check_module():
    """Stop where another workflow gives what this one cannot take."""
    if not IS_MODULE:
        return
    results = f"results/{config['cohort']}"
    moved = [workflow.modifier.path_modifier.replace_prefix(path) != path for path in [results, ANALYSIS_PLAN]]
    if any(moved) or workflow.pathvars.get("results") != results:
        sys.exit(
            f"error: module: results lie in {results}, the plan is {ANALYSIS_PLAN}; leave out prefix, replace_prefix and"
            " pathvars, and name the folder by cohort in the config"
        )
    if vars(workflow).setdefault("config_of_synthaug", config) != config:
        sys.exit("error: module: two modules are this workflow with different configs; run them one after the other")
