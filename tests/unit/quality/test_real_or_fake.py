"""The network tells images that differ, not images that do not, and never judges a patient that it has seen."""

import numpy as np
import pytest
import torch

from synthaug.quality import real_or_fake
from synthaug.training import device

CPU = torch.device("cpu")
PARAMS = real_or_fake.Params(widths=[8, 16], steps=60, batch=16, learning_rate=1e-2, threshold=0.1)
PATIENTS = np.repeat([f"P{number}" for number in range(12)], 5)


def textured(smooth: int, seed: int, count: int = 60, side: int = 32) -> real_or_fake.Images:
    """Noise, made smoother in one direction by a mean of ``smooth`` pixels and brought back to one contrast."""
    values = np.random.default_rng(seed).normal(0, 1, (count, side, side))
    values = sum(np.roll(values, shift, axis=2) for shift in range(smooth)) / np.sqrt(smooth)
    return real_or_fake.Images((128 + 30 * values).clip(0, 255).astype(np.uint8), PATIENTS[:count])


@pytest.fixture(autouse=True)
def one_thread():
    device.pick(device.Compute(device="cpu", threads=1, precision="float32"))


def judged(*synthetic: real_or_fake.Images, name: int = 0, params: real_or_fake.Params = PARAMS) -> list[np.ndarray]:
    return real_or_fake.probabilities(textured(1, 0), synthetic, params, 1, ("real-or-fake", name), CPU)


def test_images_like_the_real_ones_are_taken_for_real():
    alike, other = judged(textured(1, 1), textured(4, 2))
    assert (alike >= PARAMS.threshold).mean() > 0.95
    assert (other >= PARAMS.threshold).mean() < 0.05


def test_nobody_can_tell_images_of_one_kind():
    # As many real as synthetic ones a step: undecided means one half, however many generators there are.
    found = np.concatenate(judged(textured(1, 1), textured(1, 2), textured(1, 3)))
    assert found.mean() == pytest.approx(0.5, abs=0.12)


def test_a_network_never_judges_a_patient_that_it_has_seen(monkeypatch):
    trained, judgements, seen = real_or_fake.trained, real_or_fake.judgements, []
    real, synthetic = textured(1, 0), textured(4, 1)
    of = {
        image.tobytes(): patient
        for group in (real, synthetic)
        for image, patient in zip(group.pixels, PATIENTS, strict=True)
    }

    def patients(images):
        return {of[image.tobytes()] for image in images}

    def training(real, synthetic, *rest):
        seen.append(patients(real) | patients(synthetic[0]))
        return trained(real, synthetic, *rest)

    def judging(network, images, where):
        assert patients(images).isdisjoint(seen[-1])
        return judgements(network, images, where)

    monkeypatch.setattr(real_or_fake, "trained", training)
    monkeypatch.setattr(real_or_fake, "judgements", judging)
    judged(synthetic)
    assert [len(each) for each in seen] == [6, 6]
    assert seen[0] | seen[1] == set(PATIENTS)


def test_every_image_is_judged_by_itself():
    network = real_or_fake.trained(textured(1, 0).pixels, [textured(4, 1).pixels], PARAMS, 1, ("a",), CPU)
    images = textured(2, 5).pixels
    together = real_or_fake.judgements(network, images, CPU)
    assert together.dtype == np.float32
    assert np.array_equal(real_or_fake.judgements(network, images[7:9], CPU), together[7:9])
    assert real_or_fake.judgements(network, images[:0], CPU).shape == (0,)


def test_the_same_names_give_the_same_judgement():
    torch.rand(3)
    once, twice, other = (judged(textured(2, 1), name=name)[0] for name in (0, 0, 1))
    assert np.array_equal(once, twice)
    assert not np.array_equal(once, other)


def test_an_image_is_seen_again_only_after_all_others():
    orders = real_or_fake._orders(5, np.random.default_rng(0), 3)
    drawn = np.concatenate([next(orders) for _ in range(10)])
    assert all(sorted(part) == [0, 1, 2, 3, 4] for part in drawn.reshape(6, 5).tolist())
