"""The t-SNE embedding of features (van der Maaten and Hinton 2008): a picture, whose distances mean little."""

import numpy as np
from sklearn.manifold import TSNE

from synthaug import seeding

PERPLEXITY = 30  # scikit-learn's default


def embed(features: np.ndarray, master_seed: int) -> np.ndarray:
    """Return the t-SNE embedding of features, float (n, d), as float32 (n, 2); it starts from principal components.

    The perplexity is `PERPLEXITY`, or a third of n if there are few images.
    """
    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    state = seeding.stream_seed(master_seed, "figure", "tsne") % 2**32
    return TSNE(perplexity=perplexity, init="pca", random_state=state).fit_transform(features)
