"""The gradient penalty has the closed forms of critics whose slope is known."""

import pytest
import torch

from synthaug.generators import wasserstein

DRAWS = torch.Generator().manual_seed(0)
IMAGES = torch.randn(5, 1, 4, 4, generator=DRAWS, dtype=torch.float64)


def test_a_linear_critic_has_one_slope():
    weight = torch.randn(16, generator=DRAWS, dtype=torch.float64, requires_grad=True)
    found = wasserstein.gradient_penalty(lambda images: images.flatten(1) @ weight, IMAGES)
    length = weight.detach().norm()
    assert found.item() == pytest.approx((length.item() - 1) ** 2)
    # It can be minimised: its own gradient is 2 (|w| - 1) w / |w|.
    (slope,) = torch.autograd.grad(found, weight)
    torch.testing.assert_close(slope, 2 * (length - 1) * weight.detach() / length)


def test_a_quadratic_critic_is_as_steep_as_its_image_is_far():
    steepness = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    found = wasserstein.gradient_penalty(lambda images: steepness / 2 * images.flatten(1).square().sum(1), IMAGES)
    lengths = IMAGES.flatten(1).norm(dim=1)
    assert found.item() == pytest.approx((0.7 * lengths - 1).square().mean().item())
    (slope,) = torch.autograd.grad(found, steepness)
    assert slope.item() == pytest.approx((2 * (0.7 * lengths - 1) * lengths).mean().item())


def test_a_flat_critic_can_be_minimised():
    weight = torch.zeros(16, dtype=torch.float64, requires_grad=True)
    found = wasserstein.gradient_penalty(lambda images: images.flatten(1) @ weight, IMAGES)
    assert found.item() == pytest.approx(1, abs=1e-5)
    assert torch.isfinite(torch.autograd.grad(found, weight)[0]).all()


def test_the_gradient_is_measured_on_straight_lines():
    real, fake = torch.full((3, 1, 2, 2), 8.0), torch.zeros(3, 1, 2, 2)
    found = wasserstein.between(real, fake, torch.tensor([0.0, 0.25, 1.0]))
    assert found[:, 0, 0, 0].tolist() == [0, 2, 8]


def test_the_critic_parts_scores_and_keeps_them_near_zero():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([-2.0, 0.0])
    assert wasserstein.critic_loss(real, fake, 0.1).item() == pytest.approx(-1 - 2 + 0.1 * (1 + 9) / 2)
