"""The pack of a reader study: its numbers and orders, and that nothing but pixels tells real from synthetic."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from scipy import stats
from tests.helpers.blinding import chunks, told_apart
from tests.helpers.made_packs import CLASSES, build, cohort, made, params

from steps import reader_packs
from synthaug.errors import InputError
from synthaug.readers import pack as reader_pack
from synthaug.readers import shown_rois


@pytest.fixture(scope="module")
def pack():
    return made(*cohort(), params())


def test_reader_pack_has_what_the_config_asks_for(pack):
    assert list(pack.key) == reader_pack.key_columns("lesion")
    assert pack.key.groupby(["class", "origin"]).size().tolist() == [40] * 6
    assert pack.key["image"].is_unique
    assert pack.key["image"].str.fullmatch("a[0-9a-f]{16}").all()
    real, synthetic = (pack.key[pack.key["origin"] == origin] for origin in ("real", "synthetic"))
    assert real["lesion"].is_unique
    assert real["lesion"].str.rsplit("-", n=1).str[1].astype(int).max() < 45  # the main set only
    spread = synthetic.groupby(["class", "folds"]).size()
    assert spread.min() == 13  # 40 over three generators
    assert spread.max() == 14
    assert not synthetic.duplicated(["folds", "class", "sample"]).any()
    assert (real["generator"] == "").all()
    assert (synthetic["patient"] == "").all()


def test_no_synthetic_image_is_shown_twice_where_a_generator_gives_all_seeds_and_folds_the_same():
    cases, roi_images, pools = cohort()
    same = {key: pools[0, "12", key[2]] for key in [(s, f, c) for s in (0, 1) for f in ("12", "02") for c in CLASSES]}
    pack = made(cases, roi_images, same, params(synthetic=15, training=3))
    assert len({image.tobytes() for image in pack.images.values()}) == len(pack.images) == 3 * (40 + 3 + 15 + 3)
    synthetic = pack.key[pack.key["origin"] == "synthetic"]
    assert synthetic.groupby(["seed", "folds"]).ngroups == 1
    with pytest.raises(InputError, match="expected 23 images of dcgan, class cyst, seed 0, train-02"):
        made(cases, roi_images, same, params(synthetic=20, training=3))


def test_no_synthetic_image_is_shown_twice_where_pools_share_or_repeat_some(caplog):
    """One pool is another in a new order but for five images; a third repeats three images over and over."""
    cases, roi_images, pools = cohort()
    for cls in CLASSES:
        pools[0, "02", cls] = np.concatenate([pools[0, "01", cls][:0:-1][:15], pools[0, "02", cls][:5]])
        pools[0, "12", cls] = np.tile(pools[0, "12", cls][:3], (7, 1, 1))
    built = made(cases, roi_images, pools, params(synthetic=8, training=1))
    assert len({image.tobytes() for image in built.images.values()}) == len(built.images) == 3 * (40 + 1 + 8 + 1)
    for row in built.key[built.key["origin"] == "synthetic"].to_dict("records"):
        assert (built.images[row["image"]] == pools[row["seed"], row["folds"], row["class"]][row["sample"]]).all()
    # Where there are too few, as of a collapsed generator, some are shown again, and a warning says so.
    assert not caplog.records
    built = made(cases, roi_images, pools, params(synthetic=12, training=1))
    assert len(built.images) == 3 * (40 + 1 + 12 + 1)
    warned = [record.getMessage() for record in caplog.records]
    assert len(warned) == 3
    assert warned[0].startswith("dcgan, class cyst, seed 0, train-12: of ")
    assert all(text.endswith("images shown only 3 differ, which tells readers") for text in warned)


def test_reader_pack_shows_the_images_that_its_key_names(pack):
    cases, roi_images, pools = cohort()
    place = {lesion: i for i, lesion in enumerate(cases["lesion"])}
    for row in pack.key.to_dict("records"):
        if row["origin"] == "real":
            expected = roi_images[place[row["lesion"]]]
        else:
            expected = pools[row["seed"], row["folds"], row["class"]][row["sample"]]
        assert (pack.images[row["image"]] == expected).all()


def test_orders_of_readers_show_each_image_once_and_repeats_late(pack):
    orders = pack.study["presentations"]
    assert list(orders) == pack.study["readers"] == ["reader-1", "reader-2"]
    repeated = []
    for order in orders.values():
        assert len(order) == 240 + 30
        counts = pd.Series(order).value_counts()
        assert set(counts.index) == set(pack.key["image"])
        twice = sorted(counts[counts == 2].index)
        assert len(twice) == 30
        gaps = [len(order) - 1 - order[::-1].index(image) - order.index(image) for image in twice]
        assert min(gaps) > 30  # about a fifth of 270, less what chance moves
        repeated.append(twice)
    assert repeated[0] == repeated[1]
    strata = pack.key[pack.key["image"].isin(repeated[0])].groupby(["class", "origin"]).size()
    assert strata.tolist() == [5] * 6
    first, second = (pd.Series(order).drop_duplicates() for order in orders.values())
    rank = stats.spearmanr(first.index, second.index[second.argsort()][first.argsort().argsort()])
    assert abs(rank.statistic) < 0.25


def standardised_runs(origins):
    """Return the number of runs of real and of synthetic, less the mean, over the deviation, of random orders.

    Wald and Wolfowitz, Ann. Math. Stat. 11:147, 1940.
    """
    real = np.asarray(origins) == "real"
    n, first, second = len(real), real.sum(), (~real).sum()
    mean = 1 + 2 * first * second / n
    return (1 + np.sum(real[1:] != real[:-1]) - mean) / np.sqrt((mean - 1) * (mean - 2) / (n - 1))


def test_orders_of_readers_have_no_pattern():
    """Over many seeds, runs of an origin are as many as chance gives; of alternating or blocked orders they are not."""
    cases, roi_images, pools = cohort()
    scores = []
    for seed in range(20):
        built = made(cases, roi_images, pools, params(master_seed=seed, repeats=0, training=3))
        origin = built.key.set_index("image")["origin"]
        scores += [standardised_runs(origin[order]) for order in built.study["presentations"].values()]
        scores.append(standardised_runs([item["origin"] for item in built.study["training"]]))
    assert stats.kstest(scores, "norm").pvalue > 0.001
    half = ["real", "synthetic"] * 120
    blocks = (["real"] * 10 + ["synthetic"] * 10) * 12
    assert abs(standardised_runs(half)) > 10
    assert abs(standardised_runs(blocks)) > 10
    assert standardised_runs(np.random.default_rng(0).permutation(half)) == pytest.approx(0, abs=3)


def test_practice_images_of_readers_are_outside_the_study(pack):
    practice = pack.study["training"]
    assert len(practice) == 12
    assert pd.DataFrame(practice).groupby(["class", "origin"]).size().tolist() == [2] * 6
    assert not {item["image"] for item in practice} & set(pack.key["image"])
    shown = {pixels.tobytes() for name, pixels in pack.images.items() if name in set(pack.key["image"])}
    assert not {pack.images[item["image"]].tobytes() for item in practice} & shown
    assert set(pack.study["images"]) == set(pack.images)
    cases, roi_images, _ = cohort()
    extra = {roi_images[i].tobytes() for i in np.flatnonzero(cases["set"] == "extra")}
    assert all(pack.images[item["image"]].tobytes() in extra for item in practice if item["origin"] == "real")


def test_patients_of_practice_images_are_none_that_readers_judge():
    """Half of the main lesions are shown; the patients of the extra ones have lesions of all classes."""
    cases, roi_images, pools = cohort(main=45, extra=3)
    cases["patient"] = [str(i % 45 // 3) for i in range(len(cases))]  # three lesions of each class a patient
    built = made(cases, roi_images, pools, params(real=4, repeats=0, training=6))
    lesion_of = {roi_images[i].tobytes(): i for i in range(len(cases))}
    practised = [
        lesion_of[built.images[item["image"]].tobytes()] for item in built.study["training"] if item["origin"] == "real"
    ]
    assert len(practised) == 18
    shown = set(built.key["patient"]) - {""}
    assert len(shown) > 4
    assert not set(cases["patient"].iloc[practised]) & shown


def test_nominal_widths_for_readers_are_drawn_from_the_real_rois_shown():
    """Extra lesions, and main lesions that are not shown, are all of another size here."""
    cases, roi_images, pools = cohort(main=45, extra=15)
    built = made(cases, roi_images, pools, params())
    widths = built.key["image"].map({name: facts["width_mm"] for name, facts in built.study["images"].items()})
    for _, of_class in np.log(widths).groupby(built.key["class"]):
        real, synthetic = (of_class[built.key["origin"] == origin] for origin in ("real", "synthetic"))
        assert synthetic.mean() == pytest.approx(real.mean(), abs=0.3)  # 0.09 is the standard error of the difference
        assert synthetic.max() < real.max() + 0.6


def test_reader_pack_is_the_same_each_time_and_another_with_other_images(pack):
    again = made(*cohort(), params())
    assert again.study == pack.study
    pd.testing.assert_frame_equal(again.key, pack.key)
    cases, roi_images, pools = cohort()
    other = made(cases, roi_images, {key: 255 - images for key, images in pools.items()}, params())
    real = pack.key["origin"] == "real"
    assert set(other.key["image"]) & set(pack.key["image"]) == set(pack.key["image"][real])
    assert made(*cohort(), params(master_seed=8)).key["image"].isin(pack.key["image"]).sum() == 0


def test_the_papers_config_shows_readers_the_papers_images_of_its_cohort():
    """182 lesions and no further ones: two readers see them all and 120 synthetic images, none twice, no practice."""
    cases, roi_images, pools = cohort(main=65, extra=0, samples=20)
    sizes = {"cyst": 53, "metastasis": 64, "hemangioma": 65}
    keep = cases["lesion"].str.rsplit("-", n=1).str[1].astype(int) < cases["class"].map(sizes)
    config = yaml.safe_load(Path("config/paper.yaml").read_text(encoding="utf-8"))["reader_study"]
    asked = params(**{name: config[name] for name in ("real", "synthetic", "unit", "readers", "repeats", "training")})
    built = made(cases[keep].reset_index(drop=True), roi_images[keep], pools, asked)
    assert built.key.groupby(["origin", "class"]).size().tolist() == [53, 65, 64, 40, 40, 40]
    assert [len(order) for order in built.study["presentations"].values()] == [302, 302]
    assert built.study["training"] == []


def test_rois_beyond_the_border_are_not_shown_to_readers():
    cases, roi_images, pools = cohort(main=8)
    cases["diameter_px"] = 20.0  # a ROI of 30 px
    edges = {0: ("center_x_px", 14.0), 1: ("center_y_px", 498.0), 2: ("center_x_px", 14.5), 3: ("center_y_px", 496.5)}
    for row, (column, value) in edges.items():
        cases.loc[row, column] = value
    shown = shown_rois.shown_whole(cases, 0.25)
    assert set(cases.index) - set(shown.index) == {0, 1}
    built = made(cases, roi_images, pools, params(real=None, synthetic=5, repeats=0))
    assert not {"cyst-0", "cyst-1"} & set(built.key["lesion"])
    assert {"cyst-2", "cyst-3"} < set(built.key["lesion"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"real": 46}, ["real: expected 46 main lesions of class cyst, found 45; lower it"]),
        ({"synthetic": 59}, ["class cyst, seed 0, train-01, found 20; lower it, or have the generator make more"]),
        # Of the five main lesions that are not shown, each is of a patient of whom others are.
        ({"training": 4}, ["training: expected 4 further real lesions of class cyst, of patients outside the study, "]),
        ({"repeats": 241}, ["repeats: expected at most the 240 images shown, found 241; lower it"]),
    ],
)
def test_too_few_images_for_readers_are_a_line_each(changes, expected):
    with pytest.raises(InputError) as caught:
        made(*cohort(), params(**changes))
    lines = str(caught.value).splitlines()
    assert all(line.startswith("reader_study: ") for line in lines)
    assert all(any(text in line for line in lines) for text in expected)


def test_nominal_widths_for_readers_are_distributed_as_measured_ones():
    random = np.random.default_rng(0)
    known = np.exp(random.normal(3.5, 0.5, 60))
    drawn = reader_pack.nominal_widths(known, 4000, random)
    assert np.log(drawn).mean() == pytest.approx(np.log(known).mean(), abs=0.03)
    assert np.log(drawn).std() == pytest.approx(np.log(known).std(), rel=0.05)
    assert not np.isin(drawn, known).any()
    holes = np.where(np.arange(60) < 15, np.nan, known)
    assert np.isnan(reader_pack.nominal_widths(holes, 4000, random)).mean() == pytest.approx(0.25, abs=0.03)
    assert reader_pack.nominal_widths(np.array([np.nan, np.nan]), 3, random).tolist() == pytest.approx(
        [np.nan] * 3, nan_ok=True
    )
    assert reader_pack.nominal_widths(np.array([30.0]), 2, random) == pytest.approx([30, 30])


def test_gray_scale_that_readers_are_told():
    assert reader_pack.window(params()) == {"low": -60, "high": 200, "unit": "HU"}
    assert reader_pack.window(params(unit=""))["unit"] == ""
    percentiles = params(intensity={"mode": "percentile", "low": 1, "high": 99})
    assert reader_pack.window(percentiles) == {"low": 0, "high": 255, "unit": ""}


# ------------------------------------------------------------------------------------------- blinding, on the files


def written(folder, spoil=None, seed=0):
    """Build a pack; ``spoil`` then plants a hint. Return its folder and the origin of each image."""
    study, key = build(folder, seed)
    origins = dict(zip(key["image"], key["origin"], strict=True))
    if spoil is not None:
        spoil(folder / "pack/images", study, origins)
        (folder / "pack/study.json").write_text(json.dumps(study))
    return folder / "pack", origins


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_blinded_pack_tells_readers_nothing(tmp_path, seed):
    """Only the middles of the images differ by kind, so whatever told them apart would be the pack's doing."""
    area, p = told_apart(*written(tmp_path / "made", seed=seed))
    assert p > 0.05, area


def sorted_order(folder, study, key):
    order = study["presentations"]["reader-1"]
    order.sort(key=lambda image: (key[image], image))


def by_origin(change):
    def spoil(folder, study, key):
        for name, origin in key.items():
            if origin == "synthetic":
                change(folder / f"{name}.png", study["images"][name])

    return spoil


def recompressed(path, image):
    Image.open(path).save(path, compress_level=6)
    os.utime(path, (315532800, 315532800))


def repeated_edge(path, image):
    pixels = np.array(Image.open(path))
    pixels[:, :3] = pixels[:, 3:4]
    Image.fromarray(pixels).save(path, compress_level=0)
    os.utime(path, (315532800, 315532800))


def listed_by_origin(folder, study, key):
    study["images"] = dict(sorted(study["images"].items(), key=lambda item: key.get(item[0], "")))


HINTS = {
    "order": sorted_order,
    "date": by_origin(lambda path, image: os.utime(path, (315532801, 315532801))),
    "compression": by_origin(recompressed),
    "repeated edge": by_origin(repeated_edge),
    "no width": by_origin(lambda path, image: image.update(width_mm=None)),
    "digits of the width": by_origin(lambda path, image: image.update(width_mm=image["width_mm"] + 0.137)),
    "place in study.json": listed_by_origin,
}


@pytest.mark.slow
@pytest.mark.parametrize("hint", HINTS)
def test_blinded_pack_test_finds_a_hint_planted_for_readers(tmp_path, hint):
    area, p = told_apart(*written(tmp_path / "made", HINTS[hint]))
    assert area > 0.9
    assert p < 0.05


def test_files_of_the_reader_pack_are_alike(tmp_path):
    pack, key = written(tmp_path / "made")
    study = json.loads((pack / "study.json").read_text())
    files = sorted((pack / "images").iterdir())
    assert [path.stem for path in files] == sorted(study["images"])
    assert len({path.stat().st_size for path in files}) == 1
    assert {path.stat().st_mtime for path in files} == {315532800}
    data = [path.read_bytes() for path in files]
    assert {tuple(chunks(content)) for content in data} == {(b"IHDR", b"IDAT", b"IEND")}
    assert len({content[:48] for content in data}) == 1
    image = Image.open(files[0])
    assert (image.mode, image.size) == ("L", (64, 64))
    texts = [path.read_text() for path in pack.rglob("*.json")]
    assert not any(lesion in text for text in texts for lesion in ("cyst-", "-main-", "dcgan"))
    assert set(key) == set().union(*study["presentations"].values())
    again, _ = written(tmp_path / "again")
    assert [path.read_bytes() for path in sorted((again / "images").iterdir())] == data
    assert (again / "study.json").read_bytes() == (pack / "study.json").read_bytes()


def test_no_half_pack_is_left_for_readers(tmp_path):
    images = {"a": np.zeros((64, 64), np.uint8), "b": "no image"}
    with pytest.raises(AttributeError):
        reader_packs.write_images(images, Path(tmp_path, "pack/images"))
    assert not list((tmp_path / "pack").iterdir())
