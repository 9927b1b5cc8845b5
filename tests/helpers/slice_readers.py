"""A reader study of whole slices on a finished run, from its pack to its scores in the report."""

import json

import numpy as np
import pandas as pd
from PIL import Image

from synthaug.readers.answers import Study
from tests.helpers import made_readers


def check(project, config: str, results: str) -> None:
    """Build the pack of a project, answer it, and compare the scores with a count by hand; 6 images of each origin."""
    done = project.snakemake("build_reader_study", configfile=config)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.planned("build_reader_study", configfile=config) == {}
    assert project.planned(configfile=config) == {}
    folder = project.folder / results
    check_pack(folder)

    key = pd.read_csv(folder / "reader-study/key.csv", dtype=str, keep_default_na=False)
    content = json.loads((folder / "reader-study/pack/study.json").read_text(encoding="utf-8"))
    random = np.random.default_rng(0)
    by_reader = {reader: made_readers.detecting(key, 1, random) for reader in content["readers"]}
    given = made_readers.answers(Study([], content["presentations"], key), by_reader)
    given.to_csv(project.folder / "answers.csv", index=False)
    project.configure(lambda c: c["reader_study"].update(answers="answers.csv"), config)
    done = project.snakemake(configfile=config)
    assert done.returncode == 0, done.stdout + done.stderr
    first = given.drop_duplicates(["reader", "image"]).merge(key, on="image", suffixes=("", "_true"))
    right = (first["origin"] == first["origin_true"]).groupby(first["reader"]).sum()
    scores = pd.read_csv(folder / "evaluation/readers/scores.csv")
    rows = scores.query("measure == 'accuracy' and origin == 'all' and reader != 'all'").set_index("reader")
    assert rows["right"].astype(int).to_dict() == right.to_dict()
    assert set(rows["n"]) == {12}
    report = (folder / "report.html").read_text(encoding="utf-8")
    for content in ("real or synthetic", "agreement", "response times", "all measures", "images that fooled everyone"):
        assert f"Readers: {content}" in report
    assert "ROI" not in report[report.index("Readers: real or synthetic") :][:4000]

    # The study is closed: another pack is refused, and its scores stand.
    done = project.snakemake("build_reader_study", "--dry-run", configfile=config)
    assert "error: reader_study: the study has begun: its answers are answers.csv" in done.stdout + done.stderr
    assert project.planned(configfile=config) == {}


def check_pack(folder) -> None:
    """Every image is the slice that the key names, shows a lesion, and is a file like all others."""
    key = pd.read_csv(folder / "reader-study/key.csv", dtype=str, keep_default_na=False)
    assert key["origin"].value_counts().to_dict() == {"real": 6, "synthetic": 6}
    slices, images = pd.read_csv(folder / "slices/slices.csv"), np.load(folder / "slices/images.npy")
    place = dict(zip(slices["slice"], range(len(slices)), strict=True))
    sizes = set()
    for row in key.to_dict("records"):
        path = folder / f"reader-study/pack/images/{row['image']}.png"
        sizes.add(path.stat().st_size)
        if row["origin"] == "real":
            at, expected = place[row["slice"]], images[place[row["slice"]]]
            lesions = slices.filter(regex="^(cyst|metastasis|hemangioma)_(px|boxes)$").iloc[at].sum()
            assert lesions > 0
        else:
            made = folder / f"seed-{row['seed']}/synthetic/{row['generator']}"
            (made,) = made.glob(f"on-*/train-{row['folds']}/all/images.npy")
            expected = np.load(made)[int(row["sample"])]
        np.testing.assert_array_equal(np.asarray(Image.open(path)), expected)
    assert len(sizes) == 1
