"""The embedding of a few images works and is the same each time."""

import numpy as np

from synthaug.quality import tsne


def test_the_embedding_is_the_same_each_time_however_few_images():
    features = np.random.default_rng(5).normal(size=(7, 3)).astype(np.float32)
    places = tsne.embed(features, 1)
    assert places.shape == (7, 2)
    assert (places == tsne.embed(features, 1)).all()
