"""The figures show what they say, the same bytes each time; the captions render for a phantom and a user's cohort."""

import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib import lines
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from scipy.spatial.distance import pdist
from skimage.color import rgb2lab
from tests.helpers import common_rules, forked

from synthaug.classification import roi_figures
from synthaug.errors import InputError
from synthaug.report import captions, figure_style, size_curves

CLASSES = ["cyst", "met"]
ARMS = ["classic", "online", "mixup", "extra", "dcgan", "acgan", "acgan-discriminator", "bovw-multi"]
GENERATORS = ["dcgan", "acgan"]
MAJORITY = {"always the largest class": 0.55}
PARAMS = size_curves.Params("accuracy", 0.95, "fixed", ARMS, GENERATORS, "Images added per fold", "classic")


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
    columns = ["lesion", "rank", "rotation_deg", "flip", "shift_x_px", "shift_y_px", "surround"]
    rows = [(lesion, i, 10.0 * i, *kinds[i % 4]) for lesion in rois["lesion"] for i in range(12)]
    return pd.DataFrame(rows, columns=columns).assign(gain=np.nan, gamma=np.nan, noise=np.nan)


def metrics_table(seeds=("all", "0", "1")):
    sizes = {"classic": ["0", "400", "fixed"], "dcgan": ["400+100x2", "400+300x2", "published"], "extra": ["400+100x2"]}
    sizes |= {"online": ["600"], "bovw-multi": ["0"], "acgan-discriminator": ["0", "nested"]}
    rows = [
        (arm, size, seed, "accuracy", "all", 0.6 + 0.05 * i, 0.5, 0.9, 60)
        for arm, of_arm in sizes.items()
        for i, size in enumerate(of_arm)
        for seed in seeds
    ]
    return pd.DataFrame(rows, columns=["arm", "size", "seed", "metric", "class", "value", "low", "high", "n"])


def choice(*rows):
    """Return operating_points.csv: of rows (rule, arm, size) one a test fold."""
    table = pd.DataFrame(rows, columns=["rule", "arm", "size"])
    return table.assign(seed=0, fold=table.groupby(["rule", "arm"]).cumcount(), accuracy=np.nan)


CHOICE = choice(("fixed", "classic", "400"), ("fixed", "dcgan", "400+100x2"), ("published", "dcgan", "400+300x2"))


def images(number, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (number, 64, 64), dtype=np.uint8)


def test_kinds_of_augmentation(pool_index):
    pool_index.loc[4, ["gain", "gamma", "noise"]] = [1.1, 0.9, 0.02]
    kinds = roi_figures.kinds_of(pool_index)
    assert kinds[:5].tolist() == ["rotation", "flip", "translation", "scale", "intensity"]


def test_fig3_shows_each_lesion_with_its_own_augmentations(rois, pool_index):
    roi_images, pool_images = images(len(rois)), images(len(pool_index), 1)
    figure = roi_figures.augmentations(rois, roi_images, pool_index, pool_images, roi_figures.Params(CLASSES, 1))
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


def test_fig3_shows_the_kinds_that_the_pool_has_and_what_was_done(rois, pool_index):
    flips = pool_index["flip"] != "none"
    pool_index.loc[flips, "flip"] = "none"
    pool_index.loc[flips, ["gain", "gamma", "noise"]] = [1.25, 0.7, 0.04]
    roi_images, pool_images = images(len(rois)), images(len(pool_index), 1)
    figure = roi_figures.augmentations(rois, roi_images, pool_index, pool_images, roi_figures.Params(CLASSES, 1))
    labels = [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
    assert labels == ["rotation", "rotation + translation", "rotation + scale", "rotation + gain, gamma, noise"]
    assert np.array(figure.axes).reshape(2, 9)[0, 7].get_title() == "10°\n1.25, 0.70, 0.04"


@pytest.mark.parametrize("kinds", [roi_figures.KINDS, ("rotation",), ("rotation", "intensity")])
def test_all_of_the_text_of_fig3_is_inside_it(rois, pool_index, kinds):
    pool_index.loc[pool_index["rank"] == 4, ["gain", "gamma", "noise"]] = [1.1, 0.9, 0.02]
    pool_index = pool_index[roi_figures.kinds_of(pool_index).isin(kinds)]
    roi_images, pool_images = images(len(rois)), images(pool_index.index.max() + 1, 1)
    figure = roi_figures.augmentations(rois, roi_images, pool_index, pool_images, roi_figures.Params(CLASSES, 1))
    figure.draw_without_rendering()
    inside = figure.bbox.padded(0.5)
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip():
            box = text.get_window_extent()
            assert inside.x0 <= box.x0 < box.x1 <= inside.x1, text
            assert inside.y0 <= box.y0 < box.y1 <= inside.y1, text


def test_fig3_of_a_cohort_that_is_being_collected_shows_the_classes_that_it_has(rois, pool_index):
    """Its ids may be long."""
    long = {name: f"{name}-{'x' * 60}" for name in rois["lesion"]}
    rois, pool_index = (table.assign(lesion=table["lesion"].map(long)) for table in (rois, pool_index))
    roi_images, pool_images = images(len(rois)), images(len(pool_index), 1)
    first = rois.assign(set=np.where(rois["class"] == "cyst", rois["set"], "extra"))
    figure = roi_figures.augmentations(first, roi_images, pool_index, pool_images, roi_figures.Params(CLASSES, 1))
    cls, lesion = figure.axes[0].get_ylabel().splitlines()
    assert cls == "cyst"
    assert len(figure.axes) == 9
    assert len(lesion) == 16
    assert sum(name.startswith(lesion[:7]) for name in first["lesion"]) == 1
    none = first.assign(set="extra")
    with pytest.raises(InputError, match="expected lesions in the main set, found none"):
        roi_figures.augmentations(none, roi_images, pool_index, pool_images, roi_figures.Params(CLASSES, 1))


def test_fig6_shows_the_first_synthetic_images_below_real_ones(rois):
    roi_images = images(len(rois))
    synthetic = {"cyst": images(20, 2), "met": images(3, 3)}
    figure = roi_figures.synthetic(rois, roi_images, synthetic, roi_figures.Params(CLASSES, 1))
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
        roi_figures.synthetic(rois[rois["class"] == "cyst"], images(10), {}, roi_figures.Params(["met"], 1))


def test_fig8_places_each_size_and_marks_the_operating_point():
    axes = size_curves.draw(metrics_table(), CHOICE, MAJORITY, PARAMS).axes[0]
    lines = {container.get_label(): container.lines[0] for container in axes.containers}
    assert len(lines) == 4  # no rows at a rule, no arms without a size
    lines = {label.partition(":")[0]: line for label, line in lines.items()}
    assert lines["classic"].get_xydata() == pytest.approx(np.array([[0, 60], [400, 65]]))
    # 400 + 2 * 100 and 400 + 2 * 300, drawn a little beside their place
    assert lines["dcgan"].get_xdata() == pytest.approx([600, 1000], abs=20)
    assert lines["online"].get_xdata() == pytest.approx([600], abs=20)
    circled = [line.get_xydata()[0] for line in axes.lines if line.get_fillstyle() == "none" and len(line.get_xdata())]
    assert np.array(circled) == pytest.approx(np.array([[400, 65], [600, 60]]), abs=20)
    thin = [line for line in axes.lines if line.get_alpha() == 0.45]
    assert len(thin) == 8
    alone = size_curves.draw(metrics_table(("all", "0")), CHOICE, MAJORITY, PARAMS).axes[0]
    assert not [line for line in alone.lines if line.get_alpha() == 0.45]


def test_fig8_shows_arms_of_equal_values_beside_each_other():
    table = metrics_table()
    equal = table.assign(value=0.6, low=0.5, high=0.7)
    figure = size_curves.draw(equal, CHOICE, MAJORITY, PARAMS)
    figure_style.settle(figure)
    (axes,) = figure.axes
    drawn = [line for container in axes.containers for line in container.lines[:1]]
    places = np.concatenate([axes.transData.transform(line.get_xydata()) for line in drawn])
    points = places[:, 0] * 72 / figure.dpi
    widest = max(line.get_markersize() for line in drawn)
    assert len(drawn) == 4
    assert np.diff(np.sort(points)).min() > 0.5 * widest
    assert axes.get_xticks().tolist() == [1000, 600, 400, 0]


def test_fig8_keeps_all_of_its_text_inside():
    generators = ["dcgan-lowdata"]
    arms = ["classic", "placebo", "online", "mixup", "extra", "dcgan-lowdata"]
    arms += [f"dcgan-lowdata-{use}" for use in ("pretrain", "genmix", "weight", "select")]
    rows = metrics_table(("all",))
    rows = pd.concat([rows[rows["arm"] == "classic"].assign(arm=arm) for arm in arms])
    figure = size_curves.draw(rows, CHOICE, MAJORITY, replace(PARAMS, arms=arms, generators=generators))
    figure.draw_without_rendering()
    for text in figure.legends[0].get_texts():
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1, text


def test_fig8_circles_each_size_of_its_rule_and_calls_the_published_one_optimistic():
    params = replace(PARAMS, operating_point="published")
    figure = size_curves.draw(metrics_table(), CHOICE, MAJORITY, params)
    circles = [line for line in figure.axes[0].lines if line.get_fillstyle() == "none"]
    assert [line.get_xdata()[0] for line in circles if len(line.get_xdata())] == pytest.approx([1000], abs=20)
    assert [line.get_label() for line in circles][-1] == "published: read off this figure, so optimistic"
    both = choice(("nested", "classic", "0"), ("nested", "classic", "400"), ("nested", "classic", "400"))
    axes = size_curves.draw(metrics_table(), both, MAJORITY, replace(PARAMS, operating_point="nested")).axes[0]
    (circled,) = (line for line in axes.lines if line.get_fillstyle() == "none" and len(line.get_xdata()))
    assert circled.get_xdata().tolist() == [0, 400]


def test_colours_stay_with_class_and_arm():
    assert figure_style.class_colour(["a", "b"], "b") == figure_style.class_colour(["x", "b", "y"], "b")
    assert figure_style.arm_style("dcgan", GENERATORS) == figure_style.arm_style("dcgan", ["dcgan"])
    assert (
        figure_style.arm_style("acgan", GENERATORS)["color"]
        == figure_style.arm_style("acgan", [*GENERATORS, "new"])["color"]
    )
    assert figure_style.arm_style("classic", GENERATORS)["color"] == figure_style.VERMILLION
    assert figure_style.arm_style("dcgan", GENERATORS)["color"] == figure_style.BLUE


def test_uses_of_a_generator_have_its_colour_and_markers_of_their_own():
    generators = ["dcgan", "acgan", "dcgan-lowdata", "diffusion"]
    arms = ["classic", "placebo", "online", "mixup", "extra"]
    arms += [f"{name}{use}" for name in generators for use in ("", "-pretrain", "-genmix", "-weight", "-select")]
    looks = {arm: figure_style.arm_style(arm, generators) for arm in arms}
    assert len({tuple(look.values()) for look in looks.values()}) == len(arms)
    assert {looks[f"dcgan-lowdata-{use}"]["color"] for use in ("pretrain", "select")} == {
        looks["dcgan-lowdata"]["color"]
    }


# Linear RGB as people without red or green cones see it (Machado, Oliveira & Fernandes 2009, severity 1).
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}


@pytest.mark.parametrize("vision", VISIONS)
def test_every_vision_tells_the_curves_of_fig8_apart(vision):
    arms = ["classic", "online", "mixup", "extra", *(f"generator{i}" for i in range(4))]
    looks = [figure_style.arm_style(arm, arms[4:]) for arm in arms]
    assert len({look["marker"] for look in looks}) == len(arms)
    colours = np.array([to_rgb(look["color"]) for look in looks])
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(VISIONS[vision]), 0, 1)
    seen = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    distances = pdist(rgb2lab(seen[np.newaxis])[0])
    assert distances.min() > 15  # CIE 1976; about 2 is just noticeable side by side


def test_the_same_figure_is_the_same_bytes(tmp_path):
    for run in ("a", "b"):
        figure = size_curves.draw(metrics_table(), CHOICE, MAJORITY, PARAMS)
        figure_style.save(figure, str(tmp_path / f"{run}.png"), str(tmp_path / f"{run}.svg"))
    for suffix in ("png", "svg"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def run(script, *arguments):
    return forked.run([sys.executable, f"scripts/{script}.py", *map(str, arguments)])


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
    pd.DataFrame(MAJORITY.items(), columns=["how", "value"]).to_csv(tmp_path / "references.csv", index=False)
    CHOICE.to_csv(tmp_path / "operating_points.csv", index=False)
    tables = ["--metrics", tmp_path / "metrics.csv", "--references", tmp_path / "references.csv"]
    tables += ["--operating-points", tmp_path / "operating_points.csv"]
    assert run("plot_size_curves", *tables, *common[6:], "--params", json.dumps(vars(PARAMS))).returncode == 0
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


def configuration(table, rule="fixed", **experiment):
    preset = {"architecture": "dcgan", "diffaugment": [], "ema": 0}
    config = yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8"))
    known = {"group": 400, "generators": ["dcgan", "acgan", "other"], "synthetic": [100], "extra": [100]}
    known |= {
        "classic": [0, 400],
        "placebo": True,
        "online": [600],
        "mixup": [600],
        "baselines": ["glcm"],
        "uses": {},
        "nested": ["classic"],
    }
    return config | {
        "cohort": "liver",
        "seeds": [0],
        "cases": {"table": table, "classes": CLASSES, "duplicate_correlation": 0.99, "positive": None},
        "classifier": {"architecture": "cnn", "early_stopping": None},
        "generators": {"dcgan": preset, "acgan": preset | {"architecture": "acgan"}},
        "imported": {"other": {"folder": "x/{cls}"}},
        "experiment": known | experiment,
        "evaluation": {"primary": "dcgan", "operating_point": rule, "synthetic": 100, "plateau": 0.01,
                       "smallest_gain": 0.03, "bootstrap": 1000, "confidence": 0.95, "costs": None},
    }  # fmt: skip


def render(caption, config):
    return captions.html(Path(caption).read_text(encoding="utf-8"), config, {"generator": "dcgan", "seed": "0"})


CAPTIONS = {f"{path.parent.name}/{path.stem}": path for path in sorted(Path("workflow/report").rglob("*.rst"))}
WARNED = [name for name, path in CAPTIONS.items() if "\n.. phantom::\n" in path.read_text(encoding="utf-8")]


def of_slices(task, table):
    """Return the config of a task of slices, complete."""
    config = yaml.safe_load(Path(f"config/{task}.yaml").read_text(encoding="utf-8"))
    common_rules.check(config)
    return config | {"cohort": "liver", "cases": config["cases"] | {"table": table}}


TASKS = {"classification": configuration, **{task: partial(of_slices, task) for task in ("segmentation", "detection")}}
SHARED = [name for name in CAPTIONS if name.startswith("shared/")]
SHOWN = [(name, name.partition("/")[0]) for name in CAPTIONS if name not in SHARED]
SHOWN += [(name, "classification") for name in SHARED]
OF_ROIS = {"deviations", "fooled", "reader_agreement", "reader_scores", "reader_times", "told_apart"}
SHOWN += [
    (name, task)
    for task in ("segmentation", "detection")
    for name in SHARED
    if (about := name.partition("/")[2]) not in OF_ROIS and f"{task}/{about}" not in CAPTIONS
]


@pytest.mark.parametrize("table", [None, "cases.csv"])
@pytest.mark.parametrize(("name", "task"), SHOWN)
def test_captions_render(name, task, table):
    """Also those of all tasks with the config of another one, unless it has its own."""
    body = render(CAPTIONS[name], TASKS[task](table))
    if name in [*WARNED, *(f"{task}/workflow" for task in TASKS)]:
        assert ("phantom" in body) == (table is None)


def test_captions_of_numbers_warn_of_a_phantom():
    warned = {name.split("/")[1] for name in WARNED}
    assert {"headline", "comparisons", "fig8", "quality", "subgroups", "conformance", "checklists"} <= warned
    assert len(warned) >= 16


OF_CLASSIFICATION = ["table2", "table3", "table5", "table6", "table7", "fig8", "workflow"]


@pytest.mark.parametrize(
    "name", ["shared/headline", "shared/fig8", *(f"classification/{name}" for name in OF_CLASSIFICATION)]
)
def test_captions_call_the_published_rule_optimistic(name):
    path = CAPTIONS[name]
    assert "optimistic" in render(path, configuration("cases.csv", "published"))
    for rule in ("fixed", "nested"):
        assert rule in render(path, configuration("cases.csv", rule))


def test_captions_say_the_costs_of_errors():
    config = configuration("cases.csv")
    assert "1 - mean cost" not in render(CAPTIONS["classification/metrics"], config)
    config["evaluation"]["costs"] = {"met": {"hem": 5, "cyst": None}, "hem": {"met": 0.5}}
    assert "1 - mean cost" in render(CAPTIONS["classification/metrics"], config)
    words = " ".join(render(CAPTIONS["classification/costs"], config).split())
    assert "met taken for hem costs 5; hem taken for met costs 0.5; every other error costs 1." in words


def test_the_front_page_lists_the_arms_of_the_experiment():
    body = render(CAPTIONS["classification/workflow"], configuration("cases.csv"))
    for arm in (
        "classic",
        "placebo",
        "online",
        "mixup",
        "dcgan",
        "acgan",
        "other",
        "acgan-discriminator",
        "extra",
        "glcm",
    ):
        assert f">{arm}</" in body
    uses = {"pretrain": ["dcgan"], "genmix": ["acgan"], "weight": ["other"], "select": ["dcgan"]}
    body = render(CAPTIONS["classification/workflow"], configuration("cases.csv", uses=uses))
    found = [f"{name}-{use}" for name in ("dcgan", "acgan", "other") for use in uses if f">{name}-{use}</" in body]
    assert found == ["dcgan-pretrain", "dcgan-select", "acgan-genmix", "other-weight"]
    none = {"placebo": False, "online": [], "mixup": [], "extra": [], "baselines": []}
    few = configuration("cases.csv", **none, generators=["dcgan"])
    body = render(CAPTIONS["classification/workflow"], few)
    assert not [arm for arm in ("placebo", "online", "mixup", "acgan", "extra", "glcm") if f">{arm}</" in body]


def test_a_figure_is_drawn_once_for_its_layout_and_once_for_each_file(tmp_path):
    drawings = []

    class Counted(lines.Line2D):
        def draw(self, renderer):
            drawings.append(renderer)
            super().draw(renderer)

    figure = figure_style.new(2, 2)
    figure.subplots().add_line(Counted([0, 1], [0, 1]))
    figure_style.save(figure, str(tmp_path / "a.png"), str(tmp_path / "a.svg"))
    assert len(drawings) == 3
