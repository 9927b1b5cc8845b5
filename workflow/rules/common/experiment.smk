"""Which models the config asks for: folds, arms, generators and runs; and what statistics, tables and figures make of them."""

import itertools

sys.path.insert(0, str(BASE / "scripts"))

from synthaug.terms import model_lists, shown_units, uses

RIGHT_OR_WRONG = ["accuracy", "sensitivity"]  # how the name of a measure begins that counts such cases


def tested_folds():
    """Return the folds that are tested: all of them, or only the first ones."""
    return list(range(config["tested_folds"] or config["folds"]))


def is_split_given():
    """Return whether the case table divides the patients, in its column split."""
    return config.get("split") == "column"


def given_split_params():
    """Return whether it does as a parameter; none for a task whose table never does."""
    return {"given_split": is_split_given()} if "split" in config else {}


def mask_params():
    """Return whether masks of another grid may be resampled as a parameter; none if not."""
    return {"resample_masks": True} if config["cases"]["resample_masks"] else {}


def shown_unit(unit):
    """Return what a ``unit`` is called where people read."""
    return shown_units.shown(unit, config["cases"].get("annotation"))


def words_of_notes():
    """Return what the notes of a look at the data say things by, as parameters."""
    unit = shown_unit("lesion")
    return {
        **{key: config["evaluation"][key] for key in ["smallest_gain", "confidence"]},
        "unit": unit,
        "tested_folds": len(tested_folds()),
        "right_or_wrong": TASK_PRIMARY.split()[0] in RIGHT_OR_WRONG,
        **({"padding": config["rois"]["padding"]} if unit != "lesion" else {}),
    }


def division_params():
    """Return how patients are divided, as parameters: seeds have the same folds where not every fold is tested.

    Otherwise each seed would test other patients, and seeds could not be compared.
    """
    partly = len(tested_folds()) < config["folds"]
    return given_split_params() | ({"drawn_by": config["seeds"][0]} if partly and not is_split_given() else {})


def train_folds():
    """Return, for each tested fold, the folds trained on: "12", "02" and "01" for three folds."""
    return ["".join(str(k) for k in range(config["folds"]) if k != test) for test in tested_folds()]


def inner_folds():
    """Return the choices of training folds with one fold fewer: "0", "1" and "2" for three folds.

    Of folds that are not tested nothing is chosen, so one of the two that are left out is tested.
    """
    pairs = [pair for pair in itertools.combinations(range(config["folds"]), 2) if pair[0] in tested_folds()]
    chosen = ["".join(str(k) for k in range(config["folds"]) if k not in pair) for pair in pairs]
    return sorted(folds for folds in chosen if folds)


def sized_arms():
    """Return the arms whose training sets have a size, in the order of figures and tables."""
    return list(dict.fromkeys(arm for arm, _ in task_arms()))


def all_arms():
    """Return every arm, in the order of figures and tables."""
    return [*sized_arms(), *task_single_arms()]


def nested_runs():
    """Return the folds that models of an arm are trained on, by arm."""
    return {arm: train_folds() + (inner_folds() if arm in nested_arms() else []) for arm in all_arms()}


def nested_arms():
    """Return the arms that are also trained on one fold fewer, to choose their sizes."""
    return config["experiment"].get("nested", [])


def nested_generators():
    """Return the generators of those arms, which are trained on one fold fewer too."""
    return {uses.generator_of(arm) for arm in nested_arms()}


def runs():
    """Return every model that predicts as (arm, size, seed, folds)."""
    sizes = task_arms() + [(arm, "0") for arm in task_single_arms()]
    folds_of = nested_runs()
    return [(arm, size, seed, folds) for seed in config["seeds"] for arm, size in sizes for folds in folds_of[arm]]


def any_of(names):
    """Return a regular expression that matches each of ``names``, and nothing if there are none."""
    return "|".join(names) or "(?!)"


def presets(architecture, but=()):
    """Return a regular expression of the generator presets of one architecture, without those in ``but``."""
    found = [name for name, preset in config["generators"].items() if preset["architecture"] == architecture]
    return any_of(name for name in found if name not in but)


def diffusion_presets():
    """Return the presets of diffusion models."""
    return [name for name, preset in config["generators"].items() if preset["architecture"] == "diffusion"]


def varied():
    """Return the presets whose images are variations of real ones."""
    return [name for name in diffusion_presets() if config["generators"][name]["sampling"].get("strength") is not None]


def twins():
    """Return each diffusion model of the experiment that is trained as one named before it there, and the name of that one.

    They differ in how images are drawn, so one training is enough.
    """
    first, found = {}, {}
    for name in config["experiment"]["generators"]:
        if name in diffusion_presets():
            original = first.setdefault(canonical_json(**training(name)), name)
            found |= {name: original} if original != name else {}
    return found


def training(name):
    """Return the part of a generator preset that its training uses."""
    return {key: value for key, value in config["generators"][name].items() if key != "sampling"}


def imported():
    """Return the imported generators of the experiment."""
    return [name for name in config["experiment"]["generators"] if name in config["imported"]]


def first_generator():
    """Return the generator that tables and figures show where they show one, in a list."""
    return config["experiment"]["generators"][:1]


def generators(name=None, seed=None):
    """Return every generator as (generator, group, seed, folds, cls); with arguments, those of one preset and seed."""
    return [
        (generator, group, number, folds, cls)
        for generator in config["experiment"]["generators"]
        for group in task_groups()
        for number in config["seeds"]
        for folds in train_folds() + (inner_folds() if generator in nested_generators() else [])
        for cls in generator_classes(generator)
        if name in (None, generator) and seed in (None, number)
    ]


def group_compared():
    """Return the group whose generators are looked at: the only one, or that of the operating point."""
    groups = task_groups()
    return groups[0] if len(groups) == 1 else task_operating_point()["group"]


def generators_of(wildcards):
    """Return the generators of one preset and seed at the operating point, without those of nested selection."""
    found, group = generators(wildcards.generator, int(wildcards.seed)), group_compared()
    return [generator for generator in found if generator[1] == group and generator[3] in train_folds()]


def generator_classes(name):
    """Return the classes for each of which a preset has a generator of its own; some families take all at once."""
    preset = config["generators"].get(name, {})
    return ["all"] if preset.get("architecture") in ["acgan", "diffusion"] else task_pools()


def largest_synthetic():
    """Return how many synthetic images of a class the largest training set takes."""
    return per_class(max(config["experiment"].get("synthetic", [0]))) * (config["folds"] - 1)


def per_class(size):
    """Return how many of the synthetic or extra images of a size of the config show each class."""
    return size // len(config["cases"]["classes"])


def shown_arm():
    """Return the arm that is looked at where one is, in a list: the primary one, else the first generator if any."""
    primary = config["evaluation"]["primary"]
    return [primary] if primary else first_generator()


def statistics():
    """Return the parameters that every statistic takes."""
    return {
        "master_seed": config["master_seed"],
        "folds": config["folds"],
        "bootstrap": config["evaluation"]["bootstrap"],
        "confidence": config["evaluation"]["confidence"],
        "measures": task_measures(),
    }


def verdicts():
    """Return what verdicts depend on, all of it chosen before any result."""
    return {
        **{key: config["evaluation"][key] for key in ["smallest_gain", "primary"]},
        "operating_point": rule_of_sizes(),
    }


def rule_of_sizes():
    """Return the rule by which tables and figures choose the size of each arm."""
    return config["evaluation"].get("operating_point", "fixed")


def operating_points():
    """Return the parameters by which the size of each arm is chosen."""
    return {**task_operating_point(), "plateau": config["evaluation"].get("plateau", 0)}


def selection():
    """Return which arms tables and figures show, and the rule by which their sizes are chosen."""
    return {"operating_point": rule_of_sizes(), "arms": all_arms()}


def headline_settings():
    """Return the parameters of the headline."""
    confidence = config["evaluation"]["confidence"]
    return {
        "unit": TASK_UNIT,
        "primary": TASK_PRIMARY,
        "further": task_headline(),
        "confidence": confidence,
        "reference": TASK_REFERENCE,
        "size": TASK_SIZE[0],
        **selection(),
    }


def summary_settings():
    """Return the parameters of the summary."""
    singles = task_single_arms()
    return {
        **headline_settings(),
        "cohort": config["cohort"],
        "question": TASK_QUESTION,
        "main": (shown_arm() or [arm for arm in all_arms() if arm != TASK_REFERENCE])[0],
        "declared": config["evaluation"]["primary"] is not None,
        "networks": [arm for arm in all_arms() if arm not in singles],
        "imported": imported(),
        "smallest_gain": config["evaluation"]["smallest_gain"],
        "phantom": config["cases"]["table"] is None,
        "real": task_real_arms(),
        "sizes_are_chosen": "operating_point" in config["evaluation"],
        "size_shown": TASK_SIZE[1],
        "folds": config["folds"],
        "tested_folds": len(tested_folds()),
        "given_split": is_split_given(),
        "smallest_study_of": smallest_study_of(),
        "unit_shown": shown_unit(TASK_UNIT),
    }


def drawing():
    """Return `selection`, and which of the arms are generators, whose colours follow their order."""
    return {**selection(), "generators": config["experiment"]["generators"]}
