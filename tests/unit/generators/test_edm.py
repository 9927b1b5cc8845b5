"""EDM's formulas where the answer is known: Gaussian data, whose best denoiser is a line, and mixtures of them."""

import numpy as np
import pytest
import torch
from scipy import stats

from synthaug.generators import edm


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def best_denoiser(mean: float, std: float):
    """Of data from N(mean, std^2): the posterior mean of an image whose noise has the standard deviation sigma."""

    def denoise(noisy: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        variance = sigma.square()[:, None, None, None]
        return (std**2 * noisy + variance * mean) / (std**2 + variance)

    return denoise


def network_of(denoise) -> edm.Denoiser:
    """Return what a network must predict so that `edm.denoised` is ``denoise``, solved for F in equation 7."""

    def network(scaled: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        sigma = (4 * level).exp()
        wide = sigma[:, None, None, None]
        total = wide.square() + 0.25
        noisy = scaled * total.sqrt()
        return (denoise(noisy, sigma) - 0.25 / total * noisy) / (wide * 0.5 / total.sqrt())

    return network


@pytest.mark.parametrize(("mean", "std"), [(0.0, 0.5), (0.3, 0.2), (-0.5, 1.0)])
def test_the_best_denoiser_of_gaussian_data_has_the_loss_of_the_closed_form_and_no_other_has_less(mean, std):
    images, noise = mean + std * normal(4096, 1, 4, 4), normal(4096, 1, 4, 4, seed=1)
    sigma = (normal(4096, seed=2) * 1.2 - 1.2).exp()
    variance = sigma.square()
    weight = (variance + 0.25) / (sigma * 0.5).square()
    expected = (weight * variance * std**2 / (variance + std**2)).mean().item()
    best = edm.loss(network_of(best_denoiser(mean, std)), images, sigma, noise).item()
    assert best == pytest.approx(expected, rel=0.03)
    for other in (best_denoiser(mean + 0.1, std), best_denoiser(mean, 1.2 * std), best_denoiser(mean, 0.8 * std)):
        assert edm.loss(network_of(other), images, sigma, noise).item() > best


def test_a_network_that_predicts_nothing_has_a_loss_of_one_at_every_level():
    """For data of the assumed standard deviation: the scalings give inputs and targets unit variance (section 5)."""
    images, noise = 0.5 * normal(2000, 1, 4, 4), normal(2000, 1, 4, 4, seed=1)
    inputs = []

    def nothing(scaled: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        inputs.append(scaled)
        return torch.zeros_like(scaled)

    for sigma in (0.01, 0.5, 20.0):
        assert edm.loss(nothing, images, torch.full((2000,), sigma), noise).item() == pytest.approx(1, rel=0.03)
        assert inputs[-1].std().item() == pytest.approx(1, rel=0.02)


def test_levels_are_those_of_the_paper():
    levels = edm.levels(18)
    assert len(levels) == 19
    assert levels[[0, -2, -1]] == pytest.approx([80, 0.002, 0])
    assert (np.diff(levels) < 0).all()
    # Equation 5 for i = 9 of 18 steps.
    assert levels[9] == pytest.approx((80 ** (1 / 7) + 9 / 17 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7)


def test_part_of_the_way_is_the_end_of_the_whole_way():
    whole = edm.levels(21)
    for share in (0.25, 0.5, 0.9):
        np.testing.assert_allclose(edm.levels(round(20 * share) + 1, share), whole[round(20 * (1 - share)) :])
    assert edm.levels(1, 0.5).tolist() == pytest.approx([whole[10], 0])


def sampled(denoise, start: torch.Tensor, steps: int) -> torch.Tensor:
    return edm.sample(denoise, start, torch.from_numpy(edm.levels(steps)).expand(len(start), -1))


def test_the_error_of_a_step_is_of_second_order():
    """For a Gaussian the path is known: the distance from the mean falls as the root of std^2 + sigma^2."""
    mean, std = 0.4, 0.3
    start = 80 * normal(500, 1, 1, 1)
    exact = mean + (start - mean) * std / np.hypot(std, 80)
    errors = [
        (sampled(best_denoiser(mean, std), start, steps) - exact).abs().mean().item() for steps in (16, 32, 64, 128)
    ]
    ratios = np.array(errors[:-1]) / errors[1:]
    assert (ratios > 3.3).all()
    assert ratios[-1] == pytest.approx(4, rel=0.15)


def test_sampling_recovers_a_mixture():
    """Of two Gaussians, a third and two thirds; the best denoiser weighs those of the parts by how likely they are."""
    shares, means, stds = torch.tensor([1 / 3, 2 / 3]), torch.tensor([-0.6, 0.5]), torch.tensor([0.1, 0.2])

    def denoise(noisy: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        wide = (stds.square() + sigma.square()[:, None]).sqrt()
        likely = (shares / wide * (-((noisy.flatten(1) - means) / wide).square() / 2).exp()).T
        parts = torch.stack(
            [best_denoiser(mean, std)(noisy, sigma).flatten() for mean, std in zip(means, stds, strict=True)]
        )
        return ((likely * parts).sum(0) / likely.sum(0))[:, None, None, None]

    found = sampled(denoise, 80 * normal(20_000, 1, 1, 1), 40).flatten()
    parts = [stats.norm(mean, std) for mean, std in zip(means.tolist(), stds.tolist(), strict=True)]
    mixture = stats.kstest(found, lambda value: parts[0].cdf(value) / 3 + parts[1].cdf(value) * 2 / 3)
    assert mixture.statistic < 1.63 / np.sqrt(20_000)  # what chance alone exceeds once in a hundred times


def test_images_with_fewer_steps_wait_for_the_others():
    start, levels = 80 * normal(2, 1, 2, 2), torch.from_numpy(edm.levels(8))
    late = torch.cat([levels[3:], torch.zeros(3)])
    both = edm.sample(best_denoiser(0.1, 0.5), start, torch.stack([levels, late]))
    alone = edm.sample(best_denoiser(0.1, 0.5), start[1:], levels[None, 3:])
    torch.testing.assert_close(both[1:], alone)


def test_guidance_goes_from_no_class_to_beyond_the_class():
    conditional, unconditional = torch.full((3, 1, 1, 1), 2.0), torch.full((3, 1, 1, 1), 1.0)
    assert edm.guided(conditional, unconditional, torch.tensor([0.0, 1.0, 3.0])).flatten().tolist() == [1, 2, 4]
