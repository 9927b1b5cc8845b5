"""What a run says of its generators, its random numbers and its software."""

from synthaug.report.checklists import Fact
from synthaug.report.described_run import Run
from synthaug.report.sentences import counted, listed, settings
from synthaug.terms import uses
from synthaug.terms.arms import CLASSIC, EXTRA, MIXUP, ONLINE, PLACEBO

NAMES = {"dcgan": "DCGAN", "acgan": "auxiliary-classifier GAN (ACGAN)"}  # the GANs that are described here
DIFFUSION = "diffusion"
ADDED = {
    CLASSIC: "augmented beforehand",
    PLACEBO: "as classic, from other random numbers",
    ONLINE: "augmented afresh in each epoch",
    MIXUP: "augmented afresh in each epoch, pairs of images mixed",
    EXTRA: "as classic, plus images of further real patients",
}  # of arms that several tasks have
SYNTHETIC = {
    "": "as classic, plus synthetic images",
    uses.PRETRAIN: "synthetic images first, then those of classic alone",
    uses.GENMIX: "mixtures of an image of classic and a synthetic one of its class",
    uses.WEIGHT: "as classic, plus synthetic images of a smaller weight in the loss",
    uses.SELECT: "as classic, plus synthetic images whose class the classifier of classic names",
}  # by use


def facts(run: Run) -> dict[str, Fact]:
    """Return what the run says of its trainings as far as all tasks share them, by topic."""
    return {
        "arms": arms(run),
        "generators": generators(run),
        "training of the generators": training(run),
        "initial weights of the generators": initial(run),
        "synthetic images": synthetic(run),
        "random numbers": randomness(run),
        "software": software(run),
        "code": code(),
        "models": models(run),
    }


def arms(run: Run) -> Fact:
    """Say what the arms of the experiment were trained on, and their sizes."""
    parts = []
    for arm in run.settings.arms:
        made = uses.generator_of(arm) in run.settings.generators
        what = ADDED.get(arm, SYNTHETIC[uses.use_of(arm)] if made else "")
        sizes = ", ".join(run.settings.sizes[arm])
        parts.append(f"{arm} ({what}; sizes: {sizes})" if what else arm)
    size = run.settings.size[0].lower() + run.settings.size[1:]
    text = f"Arms: {'; '.join(parts)}. A size counts: {size}"
    if any("+" in size for sizes in run.settings.sizes.values() for size in sizes):
        text += "; N+MxC stands for N classic augmentations and M further images of each of C classes"
    return Fact(f"{text}.")


def generators(run: Run) -> Fact:
    """Describe the networks of the generators."""
    if not run.settings.generators:
        return Fact("No generator was used.")
    parts = [f"{name}: {_structure(preset)}." for name, preset in run.settings.presets.items()]
    imported = [name for name in run.settings.generators if name not in run.settings.presets]
    parts += [f"{name}: images of a generator outside this workflow." for name in imported]
    return Fact(" ".join(parts), (), _left(run))


def _structure(preset: dict) -> str:
    kind = preset["architecture"]
    if kind == DIFFUSION:
        strength = preset["sampling"].get("strength")
        varied = (
            f"; images are training ROIs taken {strength:g} of the way to noise and back (SDEdit)" if strength else ""
        )
        return (
            "diffusion model (EDM, Karras et al. 2022) of all classes; a U-Net on the image unshuffled by 2, with "
            f"{listed(preset['widths'])} feature maps, one residual block a level, attention in the middle; it is told "
            "the noise level, the class, and how a training image was mirrored and turned" + varied
        )
    if kind not in NAMES:
        return f"architecture {kind}"
    networks = (
        f"{NAMES[kind]}; the generator maps a latent vector of {preset['latent']} numbers by a dense layer and four "
        f"transposed 5x5 convolutions of stride 2 with batch normalisation to an image of 64x64 px, with "
        f"{preset['generator_maps']} feature maps before the image; the discriminator has four 5x5 convolutions of "
        f"stride 2, the first with {preset['discriminator_maps']} maps, and leaky ReLU (slope {preset['leak']:g})"
    )
    return networks + ("; one generator per class" if kind == "dcgan" else "; one generator of all classes")


def training(run: Run) -> Fact:
    """Describe how the generators were trained."""
    parts = [f"{name}: {_training(preset)}." for name, preset in run.settings.presets.items()]
    if not parts:
        return Fact("No generator was trained here.", (), _left(run))
    parts.append("No training stops early: the last weights are kept. Each generator saw the training folds only.")
    return Fact(" ".join(parts), ("Losses", "Samples over training"), _left(run))


def _training(preset: dict) -> str:
    if preset["architecture"] not in NAMES:
        return settings({name: value for name, value in preset.items() if name not in ("architecture", "sampling")})
    changes = listed(preset["diffaugment"])
    average = f"running average of the weights with decay {preset['ema']:g}" if preset["ema"] else "no weight averaging"
    return (
        f"{counted(preset['epochs'], 'epoch')} in batches of {preset['batch']}, Adam with learning rate "
        f"{preset['learning_rate']:g}, beta1 {preset['beta1']:g} and beta2 {preset['beta2']:g}, "
        f"{counted(preset['generator_updates'], 'generator update')} per discriminator update, {preset['loss']} loss, "
        f"{_regularisation(preset)}differentiable augmentation: {changes}, {average}"
    )


def _regularisation(preset: dict) -> str:
    parts = [f"R1 penalty of weight {preset['r1']:g}"] if preset["r1"] else []
    parts += ["spectral normalisation of the discriminator"] if preset["spectral_norm"] else []
    parts += [f"augmentation as often as keeps {preset['ada']['target']:g} of the signs"] if preset["ada"] else []
    return "".join(f"{part}, " for part in parts)


def initial(run: Run) -> Fact:
    """Say how the generators' weights begin."""
    presets = run.settings.presets.values()
    stds = {f"{preset['init_std']:g}" for preset in presets if preset["architecture"] in NAMES}
    if not stds:
        return Fact("The report says nothing of them." if presets else "No generator was trained here.", (), _left(run))
    return Fact(
        "The weights of the generators begin as normal random numbers with a standard deviation of "
        f"{listed(sorted(stds))}; none is pretrained.",
        (),
        _left(run),
    )


def synthetic(run: Run) -> Fact:
    """Say what is known of the synthetic images."""
    if not run.settings.generators:
        return Fact("No synthetic images were used.")
    return Fact(
        "Before a model trained on synthetic images, all of them were compared with the images that it is tested on; a "
        "copy would have stopped the run. How like real images they are stands on the quality cards.",
        ("Search for test images", "Quality card", "Nearest real images", "Fig 6: synthetic ROIs"),
    )


def randomness(run: Run) -> Fact:
    """Say where random numbers come from."""
    known = run.settings
    return Fact(
        f"All random numbers follow from the master seed {known.master_seed} and the seed of the repetition "
        f"({listed(known.seeds)}): the same config gives the same results, byte for byte on processors of one model."
    )


def software(run: Run) -> Fact:
    """Name versions, devices and precision."""
    lineage = run.lineage
    text = f"Synthaug; {', '.join(f'{name} {version}' for name, version in lineage['versions'].items())}. "
    text += f"Models were trained on {listed(lineage['devices'])}"
    if lineage["precision"]:
        text += f", networks in {listed(sorted(set(lineage['precision'].values())))}"
    return Fact(f"{text}. The record of each job has the versions of all packages that it used.", ("Lineage audit",))


def code() -> Fact:
    """Say where the code stands, and how results are tied to it."""
    return Fact(
        "The analysis was done by the Synthaug workflow. Each job left a record with the SHA-256 of its code, inputs "
        "and outputs; make verify checks them and prints the root digest, which stands for all results. "
        "scripts/export_crate.py packs workflow, config, records and results as an RO-Crate."
    )


def models(run: Run) -> Fact:
    """Say where the models lie."""
    count = run.lineage["counts"]["models"]["models"]
    return Fact(
        f"The {counted(count, 'model')} of this run lie beside their predictions, each with its parameters "
        "(model.json) and the list of its training images (train_set.csv)."
    )


def _left(run: Run) -> str:
    """Return what the authors must say of generators that are not described here."""
    presets = run.settings.presets
    names = [name for name in run.settings.generators if presets.get(name, {}).get("architecture") not in NAMES]
    return f"structure, initial weights and training of what made the images of {listed(names)}" if names else ""
