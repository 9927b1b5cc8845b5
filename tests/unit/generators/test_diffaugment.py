import pytest
import torch

from synthaug.generators import diffaugment

ALL = list(diffaugment.POLICIES)


def images(count: int = 4) -> torch.Tensor:
    return torch.rand((count, 1, 64, 64), generator=torch.Generator().manual_seed(0)) * 2 - 1


def draws(*rows) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float32)


def test_no_policy_changes_nothing():
    assert torch.equal(diffaugment.apply(images(), torch.rand(4, diffaugment.DRAWS), []), images())


def test_brightness_adds_one_number_an_image():
    changed = diffaugment.apply(images(2), draws([0, 0, 0, 0, 0], [0.75, 0, 0, 0, 0]), ["brightness"])
    difference = (changed - images(2)).flatten(1)
    torch.testing.assert_close(difference, torch.tensor([[-0.5], [0.25]]).expand(-1, 64 * 64))


@pytest.mark.parametrize(("u", "v", "x", "y"), [(0.5, 0.5, 0, 0), (0.0, 0.99, -8, 8), (0.99, 0.0, 8, -8)])
def test_translation_shifts_and_uncovers_gray(u, v, x, y):
    original = images(1)
    moved = diffaugment.apply(original, draws([0, u, v, 0, 0]), ["translation"])[0, 0]
    rolled = torch.roll(original[0, 0], (-y, -x), (0, 1))
    rows = slice(max(0, -y), 64 - max(0, y))
    columns = slice(max(0, -x), 64 - max(0, x))
    assert torch.equal(moved[rows, columns], rolled[rows, columns])
    assert (moved == 0).sum() == 64 * 64 - (64 - abs(x)) * (64 - abs(y))


def test_cutout_is_half_the_side_and_ends_at_the_border():
    ones = torch.ones(3, 1, 64, 64)
    kept = diffaugment.apply(ones, draws([0, 0, 0, 0.5, 0.5], [0, 0, 0, 0, 0], [0, 0, 0, 0.5, 0]), ["cutout"])
    assert (kept == 0).flatten(1).sum(1).tolist() == [32 * 32, 16 * 16, 32 * 16]
    assert kept[0, 0, 16:48, 16:48].abs().max() == 0


def test_gradients_reach_what_is_visible():
    seen = images(2).requires_grad_()
    diffaugment.apply(seen, draws([0.1, 0.9, 0.2, 0.3, 0.6], [0.9, 0.1, 0.5, 0.8, 0.2]), ALL).sum().backward()
    assert set(seen.grad.unique().tolist()) == {0.0, 1.0}


def test_with_a_rate_only_the_chosen_images_change():
    uniform = torch.rand(4, diffaugment.DRAWS + len(ALL), generator=torch.Generator().manual_seed(0))
    uniform[:, diffaugment.DRAWS :] = torch.tensor([[0.1, 0.9, 0.9], [0.9, 0.1, 0.9], [0.9, 0.9, 0.1], [0.9, 0.9, 0.9]])
    changed = diffaugment.apply(images(), uniform, ALL, torch.tensor(0.5))
    for row, name in enumerate(ALL):  # brightness alone, translation alone, cutout alone, nothing
        alone = diffaugment.apply(images()[row : row + 1], uniform[row : row + 1], [name])
        assert torch.equal(changed[row : row + 1], alone)
        assert not torch.equal(changed[row], images()[row])
    assert torch.equal(changed[3], images()[3])
    assert torch.equal(
        diffaugment.apply(images(), uniform, ALL, torch.tensor(1.0)), diffaugment.apply(images(), uniform, ALL)
    )
