"""Training steps and epochs of ours beside the plain loops, and what fraction of the device's limit ours reach."""

import dataclasses
from collections.abc import Callable

import numpy as np
import torch

from synthaug.classification import classifier as lesion_classifier
from synthaug.generators import dcgan
from synthaug.training import device
from tests.benchmarks import limits, plain, timing

NAMES = ("benchmark",)
PEERS = {  # by precision
    plain.FLOAT32: f"plain PyTorch {torch.__version__}, float32, DataLoader",
    plain.BFLOAT16: f"plain PyTorch {torch.__version__}, bfloat16, channels last, DataLoader",
}
CLASSES = ["cyst", "metastasis", "hemangioma"]
# The networks of config/paper.yaml, and small ones like those of the demo.
GANS = {"paper": (128, 64, 64), "demo": (8, 8, 16)}  # maps of the generator and of the discriminator, batch
CLASSIFIERS = {"paper": ([32, 64, 128], 128), "demo": ([8, 16, 32], 64)}  # widths, dense


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return noise, uint8 (count, 64, 64), and labels: the time of a step does not depend on what is seen."""
    draws = np.random.default_rng(0)
    return draws.integers(0, 256, (count, 64, 64), np.uint8), draws.integers(len(CLASSES), size=count)


def gan_params(size: str, kind: str, precision: str, epochs: int = 1) -> dcgan.Params:
    maps, discriminator_maps, batch = GANS[size]
    return dcgan.Params(
        master_seed=1, device=kind, threads=1, precision=precision, epochs=epochs, batch=batch, learning_rate=2e-4,
        beta1=0.5, beta2=0.999, generator_updates=1, loss="logistic", r1=0, spectral_norm=False, diffaugment=[],
        ada=None, ema=0.0, architecture="dcgan", latent=100,
        generator_maps=maps, discriminator_maps=discriminator_maps, init_std=0.02, leak=0.2, batchnorm_momentum=0.1,
    )  # fmt: skip


def classifier_params(size: str, kind: str, precision: str, epochs: int = 1) -> lesion_classifier.Params:
    widths, dense = CLASSIFIERS[size]
    return lesion_classifier.Params(
        master_seed=1, device=kind, threads=1, precision=precision, classes=CLASSES, architecture="cnn",
        widths=widths, kernel=5, dense=dense, dropout=0.5, epochs=epochs, batch=64, learning_rate=1e-3, momentum=0.9,
        mean="value",
    )  # fmt: skip


def gan_networks(params: dcgan.Params) -> dict[str, torch.nn.Module]:
    where = device.pick(params)
    return {name: device.place(network, where) for name, network in dcgan.FAMILY.build(params, NAMES).items()}


def classifier_network(params: lesion_classifier.Params, pixels: np.ndarray) -> torch.nn.Module:
    where = device.pick(params)
    return device.place(lesion_classifier.build(pixels, params, NAMES), where)


def train_gan(networks: dict[str, torch.nn.Module], params: dcgan.Params, pixels: np.ndarray) -> np.ndarray:
    where = device.pick(params)
    history, _ = dcgan.FAMILY.train(networks, pixels, None, params, NAMES, where)
    return history


def train_classifier(
    network: torch.nn.Module, params: lesion_classifier.Params, pixels: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    where = device.pick(params)
    return lesion_classifier.train(network, pixels, labels, params, NAMES, where)


def epoch_seconds(train: Callable[[int], object], where: torch.device, epochs: int) -> float:
    """Return the seconds of an epoch; on a GPU without what is done once, such as the capture of the graph."""
    if where.type == "cpu":
        return limits.once(lambda: train(epochs), where) / epochs
    return (limits.once(lambda: train(1 + epochs), where) - limits.once(lambda: train(1), where)) / epochs


def usual() -> None:
    """Set PyTorch up as the peers have it: not deterministic, and on a GPU with TF32 and cuDNN's own search.

    `device.pick`, which each of our trainings calls, takes it all back.
    """
    torch.set_deterministic_debug_mode("default")
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True


def gan_rows(size: str, kind: str, count: int, rounds: int, epochs: int = 1) -> list[timing.Row]:
    """Time epochs of a DCGAN on ``count`` images: ours in the fastest precision and in float32, and the plain loops."""
    pixels, _ = images(count)
    params = gan_params(size, kind, "float32")
    where = device.pick(params)
    peers = {precision: plain.gan_networks(params, NAMES) for precision in PEERS}
    draws = np.random.default_rng(1)

    def plain_epoch(precision: str) -> None:
        steps = count // params.batch
        usual()
        (z,) = dcgan.FAMILY.training_inputs(draws, steps * params.batch, None, params)
        loop = plain.Dcgan(*peers[precision], params, where, precision)  # as ours, each training makes its optimisers
        loop.epoch(pixels, draws.permutation(count).tolist(), np.split(z, steps))

    networks = gan_networks(params)

    def ours(precision: str) -> float:
        def train(number: int) -> None:
            train_gan(networks, gan_params(size, kind, precision, number), pixels)

        return epoch_seconds(train, where, epochs)

    steps = f"{size} networks, batch {params.batch}, {count // params.batch} steps an epoch"
    return _rows("DCGAN training", steps, (count // params.batch) * params.batch, ours, plain_epoch, where, rounds)


def classifier_rows(size: str, kind: str, count: int, rounds: int, epochs: int = 1) -> list[timing.Row]:
    """Time epochs of a classifier on ``count`` images, likewise."""
    pixels, labels = images(count)
    params = classifier_params(size, kind, "float32")
    where = device.pick(params)
    peers = {precision: lesion_classifier.build(pixels, params, NAMES) for precision in PEERS}
    network, draws = classifier_network(params, pixels), np.random.default_rng(1)

    def ours(precision: str) -> float:
        def train(number: int) -> None:
            train_classifier(network, classifier_params(size, kind, precision, number), pixels, labels)

        return epoch_seconds(train, where, epochs)

    def plain_epoch(precision: str) -> None:
        usual()
        loop = plain.Classifier(peers[precision], params, where, precision)
        loop.epoch(pixels, labels, draws.permutation(count).tolist())

    work = f"{size} network, batch {params.batch}, {-(-count // params.batch)} steps an epoch"
    return _rows("classifier training", work, count, ours, plain_epoch, where, rounds)


def _rows(section, work, count, ours, plain_epoch, where, rounds) -> list[timing.Row]:
    # What the hardware computes in, whatever the size: the sizes that gain are to be seen.
    auto = device.Compute(device=where.type, threads=1, precision="auto")
    native = device.settle(auto, where, batch=64, maps=64).precision
    precisions = list(dict.fromkeys([native, "float32"]))
    theirs, mine = {peer: [] for peer in PEERS}, {precision: [] for precision in precisions}
    for number in range(rounds + 1):
        for peer, rates in theirs.items():
            rates.append(count / limits.once(lambda peer=peer: plain_epoch(peer), where))
        for precision, rates in mine.items():
            rates.append(count / ours(precision))
        if number == 0:  # does not count
            for rates in [*theirs.values(), *mine.values()]:
                rates.clear()
    pairs = [
        (precision, peer) for precision in precisions for peer in PEERS if precision == native or peer == precision
    ]
    return [
        timing.row(section, f"{work}, ours in {mode}", PEERS[peer], "images/s", mine[mode], theirs[peer])
        for mode, peer in pairs
    ]


def limit_rows(rows: list[timing.Row], kind: str) -> list[timing.Row]:
    """Return what fraction the rows of training reach of the best rate measured with products and a convolution.

    Each row is compared in its own precision; ``high`` and ``low`` are those of the row.
    """
    where = device.pick(device.Compute(device=kind, threads=1, precision="float32"))
    precisions = {row.work.rpartition(" ")[2] for row in rows}
    peaks = {precision: limits.best_rate(where, precision) for precision in sorted(precisions)}
    operations = {row.section: operations_per_image(row.section, row.work.split()[0]) for row in rows}
    found = []
    for row in rows:
        precision = row.work.rpartition(" ")[2]
        reached = row.ours * operations[row.section] / 1e12
        share = reached / (peaks[precision] / 1e12)
        spread = [share * edge / row.ratio for edge in (row.low, row.high)]
        found.append(
            dataclasses.replace(
                row, section=f"{row.section} against the limit",
                peer=f"best of products and a convolution, {precision}",
                unit="TFLOP/s", ours=reached, theirs=peaks[precision] / 1e12, ratio=share, low=spread[0],
                high=spread[1],
            )
        )  # fmt: skip
    return found


def operations_per_image(section: str, size: str) -> float:
    """Return the operations of one training step by the images of its batch, counted on the CPU."""
    if section.startswith("DCGAN"):
        params = gan_params(size, "cpu", "float32")
        pixels, _ = images(params.batch)
        networks = gan_networks(params)
        return limits.operations(lambda: train_gan(networks, params, pixels)) / params.batch
    params = classifier_params(size, "cpu", "float32")
    pixels, labels = images(params.batch)
    network = classifier_network(params, pixels)
    return limits.operations(lambda: train_classifier(network, params, pixels, labels)) / params.batch


def rows(rounds: int) -> list[timing.Row]:
    """Return the rows on the CPU."""
    found = [
        *gan_rows("paper", "cpu", 192, rounds),
        *gan_rows("demo", "cpu", 288, rounds),
        *classifier_rows("paper", "cpu", 256, rounds),
        *classifier_rows("demo", "cpu", 1024, rounds),
    ]
    once = [row for row in found if row.work.startswith("paper") and row.peer == PEERS[plain.FLOAT32]]
    return found + limit_rows(once, "cpu")
