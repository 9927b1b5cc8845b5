"""The figures show what they say, the same bytes each time; the captions render for a phantom and a user's cohort."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import jinja2
import numpy as np
import pandas as pd
import pytest
from docutils.core import publish_parts

from synthaug import figures, figures_accuracy, figures_rois
from synthaug.errors import InputError

CLASSES = ["cyst", "met"]
PARAMS = figures_accuracy.Params(CLASSES, 0.95, group=400, synthetic=100)


@pytest.fixture
def rois():
    rows = [(f"L{i}", f"P{i}", CLASSES[i % 2], "main" if i < 8 else "extra") for i in range(10)]
    return pd.DataFrame(rows, columns=["lesion", "patient", "class", "set"])


@pytest.fixture
def pool_index(rois):
    kinds = [
        ("none", 0.0, 0.0, np.nan),
        ("both", 0.0, 0.0, np.nan),
        ("none", 1.5, 0.0, np.nan),
        ("none", 0.0, 0.0, 0.3),
    ]
    rows = [(lesion, i, 10.0 * i, *kinds[i % 4]) for lesion in rois["lesion"] for i in range(12)]
    return pd.DataFrame(
        rows, columns=["lesion", "rank", "rotation_deg", "flip", "shift_x_px", "shift_y_px", "surround"]
    )


def metrics_table(seeds=("all", "0", "1")):
    sizes = {"classic": ["0", "400"], "dcgan": ["400+100x2", "400+300x2"], "extra": ["400+100x2"]}
    rows = [
        (arm, size, seed, "accuracy", "all", 0.6 + 0.05 * i, 0.5, 0.9, 60)
        for arm, of_arm in sizes.items()
        for i, size in enumerate(of_arm)
        for seed in seeds
    ]
    return pd.DataFrame(rows, columns=["arm", "size", "seed", "metric", "class", "value", "low", "high", "n"])


def images(number, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (number, 64, 64), dtype=np.uint8)


def test_kinds_of_augmentation(pool_index):
    kinds = figures_rois.map_kinds(pool_index)
    assert kinds[:4].tolist() == ["rotation", "flip", "translation", "scale"]


def test_fig3_shows_each_lesion_with_its_own_augmentations(rois, pool_index):
    roi_images, pool_images = images(len(rois)), images(len(pool_index), 1)
    figure = figures_rois.augmentations(rois, roi_images, pool_index, pool_images, figures_rois.Params(CLASSES, 1))
    rows = np.array(figure.axes).reshape(2, 9)
    for row, cls in zip(rows, CLASSES, strict=True):
        shown, lesion = row[0].get_ylabel().split("\n")
        place = rois.index[rois["lesion"] == lesion].item()
        assert (shown, rois["set"][place]) == (cls, "main")
        assert (row[0].images[0].get_array() == roi_images[place]).all()
        first = pool_index.index[pool_index["lesion"] == lesion][0]
        for axes, number in zip(row[1:], [first, 4, 1, 5, 2, 6, 3, 7], strict=True):
            offset = 0 if number == first else first
            assert (axes.images[0].get_array() == pool_images[number + offset]).all()
        assert row[5].get_title() == "20°\n+1.5, +0.0 px"
    assert all(axes.images[0].get_clim() == (0, 255) for axes in figure.axes)


def test_fig6_shows_the_first_synthetic_images_below_real_ones(rois):
    roi_images = images(len(rois))
    synthetic = {"cyst": images(20, 2), "met": images(3, 3)}
    figure = figures_rois.synthetic(rois, roi_images, synthetic, figures_rois.Params(CLASSES, 1))
    for block, cls in zip(figure.subfigs, CLASSES, strict=True):
        rows = np.array(block.axes).reshape(3, 8)
        real = [axes.images[0].get_array() for axes in rows[0] if axes.images]
        assert len(real) == 4
        for image in real:
            match = (roi_images == image).all(axis=(1, 2))
            assert (rois["class"][match].item(), rois["set"][match].item()) == (cls, "main")
        drawn = [axes.images[0].get_array() for axes in rows[1:].flat if axes.images]
        assert (np.array(drawn) == synthetic[cls][:16]).all()


def test_a_class_without_lesions_is_named(rois):
    with pytest.raises(InputError, match="expected lesions of class met in the main set"):
        figures_rois.synthetic(rois[rois["class"] == "cyst"], images(10), {}, figures_rois.Params(["met"], 1))


def test_fig8_places_each_size_and_marks_the_operating_point():
    axes = figures_accuracy.accuracy(metrics_table(), 0.55, PARAMS).axes[0]
    lines = {container.get_label(): container.lines[0] for container in axes.containers}
    assert lines["classic augmentation"].get_xydata() == pytest.approx(np.array([[0, 60], [400, 65]]))
    # 400 + 2 * 100 and 400 + 2 * 300, drawn a little to the right of their place
    assert lines["classic + dcgan"].get_xdata() == pytest.approx([600, 1000], abs=10)
    circled = [line.get_xydata()[0] for line in axes.lines if line.get_fillstyle() == "none" and len(line.get_xdata())]
    assert np.array(circled) == pytest.approx(np.array([[400, 65], [600, 60], [600, 60]]), abs=15)
    thin = [line for line in axes.lines if line.get_alpha() == 0.45]
    assert len(thin) == 6
    alone = figures_accuracy.accuracy(metrics_table(("all", "0")), 0.55, PARAMS).axes[0]
    assert not [line for line in alone.lines if line.get_alpha() == 0.45]


def test_colours_stay_with_class_and_arm():
    assert figures.class_colour(["a", "b"], "b") == figures.class_colour(["x", "b", "y"], "b")
    looks = [figures.arm_style(arm, ["dcgan", "acgan"]) for arm in ("classic", "extra", "dcgan", "acgan")]
    assert len({look["color"] for look in looks}) == len({look["marker"] for look in looks}) == 4


def test_the_same_figure_is_the_same_bytes(tmp_path):
    for run in ("a", "b"):
        figure = figures_accuracy.accuracy(metrics_table(), 0.55, PARAMS)
        figures.save(figure, str(tmp_path / f"{run}.png"), str(tmp_path / f"{run}.svg"))
    for suffix in ("png", "svg"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, f"scripts/{script}.py", *map(str, arguments)], capture_output=True, text=True
    )


def test_scripts_draw(rois, pool_index, tmp_path):
    rois.to_csv(tmp_path / "rois.csv", index=False)
    pool_index.to_csv(tmp_path / "index.csv", index=False)
    np.save(tmp_path / "rois.npy", images(len(rois)))
    np.save(tmp_path / "pool.npy", images(len(pool_index)))
    params = json.dumps({"classes": CLASSES, "master_seed": 1})
    common = ["--rois", tmp_path / "rois.csv", "--roi-images", tmp_path / "rois.npy", "--params", params]
    common += ["--png", tmp_path / "out.png", "--svg", tmp_path / "out.svg"]
    pool = ["--pool-index", tmp_path / "index.csv", "--pool-images", tmp_path / "pool.npy"]
    assert run("plot_augmentations", *common, *pool).returncode == 0
    assert (
        run("plot_synthetic", *common, "--images", *(f"{cls}={tmp_path / 'pool.npy'}" for cls in CLASSES)).returncode
        == 0
    )
    done = run("plot_synthetic", *common, "--images", f"cyst={tmp_path / 'pool.npy'}")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("--images: expected CLASS=PATH for each class, missing met")

    metrics_table().to_csv(tmp_path / "metrics.csv", index=False)
    pd.DataFrame({"lesion": ["L0", "L1"], "truth": CLASSES}).to_csv(tmp_path / "predictions.csv", index=False)
    tables = ["--metrics", tmp_path / "metrics.csv", "--predictions", tmp_path / "predictions.csv"]
    assert run("plot_accuracy", *tables, *common[6:], "--params", json.dumps(vars(PARAMS))).returncode == 0
    assert (tmp_path / "out.svg").stat().st_size


def test_script_draws_the_training(tmp_path):
    models = [["12", "cyst"], ["12", "met"], ["02", "cyst"], ["02", "met"]]
    folders = [tmp_path / "-".join(model) for model in models]
    history = pd.DataFrame({"epoch": [1, 2], "loss_d": 1.0, "loss_g": 2.0, "score_real": 0.6, "score_fake": 0.4})
    for folder in folders:
        folder.mkdir()
        history.to_csv(folder / "history.csv", index=False)
        np.save(folder / "samples.npy", images(32).reshape(2, 16, 64, 64))
        (folder / "model.json").write_text('{"snapshot_epochs": [1, 2]}')
    outputs = [word for name in ("losses", "samples") for kind in ("png", "svg")
               for word in (f"--{name}-{kind}", tmp_path / f"{name}.{kind}")]  # fmt: skip
    assert run("plot_training", "--models", json.dumps(models), "--folders", *folders, *outputs).returncode == 0
    assert (tmp_path / "samples.png").stat().st_size
    done = run("plot_training", "--models", "[]", "--folders", *folders, *outputs)
    assert done.stderr.splitlines()[-1].endswith("--models names 0 generators, --folders gives 4")


@pytest.mark.parametrize("table", [None, "cases.csv"])
@pytest.mark.parametrize("caption", sorted(Path("workflow/report").glob("*.rst")), ids=lambda path: path.stem)
def test_captions_render(caption, table):
    config = {
        "cohort": "liver",
        "folds": 3,
        "seeds": [0],
        "cases": {"table": table, "classes": CLASSES, "duplicate_correlation": 0.99},
        "experiment": {"group": 400, "generators": ["dcgan"], "synthetic": [100], "extra": [100], "classic": [0, 400]},
        "evaluation": {"synthetic": 100, "bootstrap": 1000, "confidence": 0.95},
    }
    snakemake = SimpleNamespace(config=config, wildcards=SimpleNamespace(generator="dcgan", seed="0"))
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = environment.from_string(caption.read_text(encoding="utf-8")).render(snakemake=snakemake)
    body = publish_parts(text, writer="html", settings_overrides={"halt_level": 2, "report_level": 2})["html_body"]
    if caption.stem in ("workflow", "headline", "fig8"):
        assert ("phantom" in body) == (table is None)
