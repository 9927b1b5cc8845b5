"""The schedule is that of the paper; every image of a phase is counted once."""

import numpy as np
import pytest

from synthaug.generators import growth


def test_phases_of_the_paper():
    assert growth.resolutions(256) == [4, 8, 16, 32, 64, 128, 256]
    assert growth.phases(16) == [(4, False), (8, True), (8, False), (16, True), (16, False)]
    # 600,000 images in each: 7.8 million in all.
    plan = growth.epochs(256, [600_000], [16], 2_813)
    assert len(plan) == 13 * growth.EPOCHS
    assert plan[-1].shown == 13 * 600_000
    assert [epoch.px for epoch in plan[:: 2 * growth.EPOCHS]] == growth.resolutions(256)


def test_new_layers_fade_in_evenly_and_stay():
    plan = growth.epochs(8, [80], [4], 100)  # 20 steps a phase
    fading = plan[growth.EPOCHS : 2 * growth.EPOCHS]
    assert np.concatenate([epoch.fades for epoch in fading]).tolist() == pytest.approx([n / 20 for n in range(20)])
    assert fading[-1].faded == 1
    assert fading[0].faded == pytest.approx(fading[1].fades[0])
    for epoch in plan[: growth.EPOCHS] + plan[2 * growth.EPOCHS :]:
        assert epoch.faded == 1
        assert (epoch.fades == 1).all()


def test_each_resolution_has_its_numbers():
    plan = growth.epochs(32, [160, 80], [8, 8, 4], 100)
    steps = [sum(epoch.steps for epoch in plan if epoch.px == px) for px in (4, 8, 16, 32)]
    assert steps == [20, 2 * 10, 2 * 20, 2 * 20]  # the last number is also for what follows
    assert [epoch.batch for epoch in plan[:: growth.EPOCHS]] == [8, 8, 8, 4, 4, 4, 4]
    assert plan[-1].shown == 160 + 6 * 80


def test_no_batch_has_an_image_twice_and_no_epoch_is_without_a_step():
    plan = growth.epochs(8, [9], [16], 3)
    assert {epoch.batch for epoch in plan} == {3}
    assert {epoch.steps for epoch in plan} == {1}
