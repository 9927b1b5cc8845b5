"""Whether anything but the lesions tells real from synthetic images of a reader study's pack: asked of its files."""

import json
import os

import numpy as np
from PIL import Image
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

PERMUTATIONS = 20  # the fewest of which p can be below 0.05


def chunks(data):
    """Return the names of a PNG's chunks."""
    place, names = 8, []
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        names.append(data[place + 4 : place + 8])
        place += 12 + length
    return names


def facts(pack, key):
    """Return what can be known of each image without looking at its lesion: a row each, in the order of the key."""
    study = json.loads((pack / "study.json").read_text())
    listed, named = list(os.listdir(pack / "images")), list(study["images"])
    rows = []
    for name in key:
        path = pack / f"images/{name}.png"
        data, status = path.read_bytes(), path.stat()
        pixels = np.asarray(Image.open(path)).astype(float)
        border = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
        inward = [np.abs(pixels[0] - pixels[1]), np.abs(pixels[-1] - pixels[-2])]
        inward += [np.abs(pixels[:, 0] - pixels[:, 1]), np.abs(pixels[:, -1] - pixels[:, -2])]
        row = [status.st_size, status.st_mtime, status.st_mode, status.st_nlink, len(chunks(data))]
        row += [int.from_bytes(data[i : i + 4], "big") for i in range(8, 56, 4)]  # header, first chunk, zlib header
        row += [int(digit, 16) for digit in name] + [len(name)]
        row += [listed.index(path.name), named.index(name)]
        width = study["images"][name]["width_mm"]
        row += [-1 if width is None else width, 0 if width is None else width % 1]
        for order in study["presentations"].values():
            row += [order.index(name), len(order) - order[::-1].index(name), order.count(name)]
        row += [border.mean(), border.std(), (border == 0).mean(), (border == 255).mean()]
        row += [part.mean() for part in inward] + [min((part == 0).mean() for part in inward)]
        rows.append(row)
    return np.array(rows, dtype=float)


def told_apart(pack, key):
    """Return the cross-validated AUC of a gradient-boosted model on `facts`, and p against permuted labels."""
    x, y = facts(pack, key), np.array([origin == "real" for origin in key.values()])

    def area(labels, seed):
        model = HistGradientBoostingClassifier(max_iter=25, max_leaf_nodes=8, min_samples_leaf=10, random_state=0)
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        return roc_auc_score(labels, cross_val_predict(model, x, labels, cv=folds, method="predict_proba")[:, 1])

    random = np.random.default_rng(0)
    with threadpool_limits(1):  # threads cost more than they gain on so few rows
        observed = area(y, 0)
        null = np.array([area(random.permutation(y), i) for i in range(PERMUTATIONS)])
    return observed, (1 + np.sum(np.abs(null - 0.5) >= abs(observed - 0.5))) / (1 + PERMUTATIONS)
