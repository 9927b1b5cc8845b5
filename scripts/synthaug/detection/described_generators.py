"""What a run says of the generators of its slices, by the topics of the reporting checklists."""

from synthaug.report.checklists import Fact
from synthaug.report.described_run import Run
from synthaug.report.sentences import listed

NO_GENERATOR = "No generator was used."


def facts(run: Run) -> dict[str, Fact]:
    """Return what the run says of its generators, by topic."""
    return {
        "generators": generators(run),
        "training of the generators": training(run),
        "initial weights of the generators": initial(run),
        "synthetic images": synthetic(run),
    }


def generators(run: Run) -> Fact:
    """Describe the networks of the generators."""
    if not run.settings.generators:
        return Fact(NO_GENERATOR)
    parts = [f"{name}: {_structure(preset)}." for name, preset in run.settings.presets.items()]
    imported = _imported(run)
    parts += [f"{name}: slices of a generator outside this workflow." for name in imported]
    return Fact(" ".join(parts), open=_left(imported))


def _structure(preset: dict) -> str:
    judged = "maxima of its last maps in cells of three sizes" if preset["spatial_pyramid"] else "its last maps"
    return (
        "CPGGAN (Han et al.), networks that grow from 4 px to the side of the slices (Karras et al. 2018), with "
        f"{preset['maps']} feature maps up to 32 px and half as many each time that the side doubles beyond, and a "
        f"latent vector of {preset['latent']} numbers; the mask of a slice's boxes is one more channel a class at each "
        f"resolution of the generator and beside the image of the discriminator, which judges by {judged}"
    )


def training(run: Run) -> Fact:
    """Describe how the generators were trained."""
    parts = [f"{name}: {_training(preset)}." for name, preset in run.settings.presets.items()]
    if not parts:
        return Fact("No generator was trained here.", open=_left(_imported(run)))
    parts.append(
        "Each generator saw the training folds only, without their validation patients. No training stops early."
    )
    return Fact(" ".join(parts), ("Losses",), _left(_imported(run)))


def _training(preset: dict) -> str:
    share = preset["flipped_labels"]
    flipped = f", labels exchanged in {100 * share:g} % of the steps" if share else ""
    empty = "slices without a lesion among the images" if preset["empty_slices"] else "slices with a lesion only"
    return (
        f"{listed(preset['images_per_stage'])} images (at 4 px, 8 px and so on; the last number also beyond) while a "
        f"resolution fades in and as many afterwards, in batches of {listed(preset['batches'])}; Wasserstein loss with "
        f"gradient penalty {preset['gradient_penalty']:g} and drift {preset['drift']:g}, Adam with learning rate "
        f"{preset['learning_rate']:g}, beta1 {preset['beta1']:g} and beta2 {preset['beta2']:g}{flipped}; {empty}; the "
        f"generator that is used is the running average with decay {preset['smoothing']:g}"
    )


def initial(run: Run) -> Fact:
    """Say how the generators' weights begin."""
    if not run.settings.presets:
        return Fact("No generator was trained here.", open=_left(_imported(run)))
    return Fact(
        "The weights of the generators begin as standard normal random numbers, scaled at run time (equalised learning "
        "rate); none is pretrained.",
        open=_left(_imported(run)),
    )


def synthetic(run: Run) -> Fact:
    """Say what is known of the synthetic slices."""
    if not run.settings.generators:
        return Fact("No synthetic slices were used.")
    return Fact(
        "Each synthetic slice has the boxes of one training slice, moved together a little. Before a detector trained "
        "on them, all were compared with the slices that it is tested on; a copy would have stopped the run. How like "
        "real slices they are, how near to training slices, and whether a lesion is in their boxes, is measured.",
        (
            *("Search for test images", "Quality card", "Nearest real slices", "Contrast inside the boxes"),
            "Fig 1: real and synthetic slices",
        ),
    )


def _imported(run: Run) -> list[str]:
    return [name for name in run.settings.generators if name not in run.settings.presets]


def _left(imported: list[str]) -> str:
    return f"structure, initial weights and training of what made the slices of {listed(imported)}" if imported else ""
