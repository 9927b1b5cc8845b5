"""What rules and checks need to know of the reader study: whose images are judged, whether it has begun, its answers."""


def judged_generator():
    """Return the generator whose images readers judge; None in an experiment without generators."""
    return config["reader_study"]["generator"] or next(iter(first_generator()), None)


def reader_images():
    """Return the synthetic images that readers may see, by "<seed>/<training folds>/<class>"."""
    name, group = judged_generator(), group_compared()
    return {
        f"{seed}/{which}": path
        for seed in config["seeds"]
        for which, path in synthetic_images(name, seed, group, train_folds()).items()
    }


def pack_settings():
    """Return the parameters of a pack: readers are asked for the class where each class has images of its own."""
    asked = {key: value for key, value in config["reader_study"].items() if key not in ["generator", "answers"]}
    shown = {
        key: value for key, value in task_display().items() if key in ["margin", "intensity"] and value is not None
    }
    return canonical_json(
        **asked,
        **shown,
        subject=TASK_UNIT,
        classes=[cls for cls in task_pools() if cls != "all"],
        generator=judged_generator(),
        cohort=config["cohort"],
        master_seed=config["master_seed"],
    )


def answered(output):
    """Return ``output`` of score_reader_study, in a list; nothing as long as there are no answers."""
    return [output] if config.get("reader_study", {}).get("answers") else []


def reader_database():
    """Return where serve_reader_study.py keeps the answers by default."""
    return Path(f"reader-study/{config['cohort']}.sqlite")


def closed_by():
    """Return why no other pack may be built under the readers of this one, in words; nothing as long as one may."""
    reasons = []
    begun = Path(f"results/{config['cohort']}/reader-study/pack/begun.txt")
    if begun.exists():
        reasons.append(f"readers were invited ({begun})")
    if reader_database().exists():
        reasons.append(f"its database is {reader_database()}")
    if config["reader_study"]["answers"] is not None:
        reasons.append(f"its answers are {config['reader_study']['answers']}")
    return " and ".join(reasons)


def refuse_a_pack(wildcards):
    """Stop with one line, as the input of whoever asks for a pack: one in use is not built again, and one needs images."""
    if not judged_generator():
        sys.exit("error: reader_study: expected a generator to judge, found none; name one in experiment: generators")
    sys.exit(
        f"error: reader_study: the study has begun: {closed_by()}; to begin another, move"
        f" results/{config['cohort']}/reader-study and reader-study away and give answers: null"
    )
