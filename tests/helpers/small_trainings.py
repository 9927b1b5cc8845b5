"""Small images and presets that trainings of the tests share."""

import numpy as np

COMPUTE = {"master_seed": 1, "device": "cpu", "threads": 1}
EPOCHS = 3  # of two steps each, with 32 images
GAN = {
    "architecture": "dcgan", "latent": 20, "generator_maps": 16, "discriminator_maps": 16, "epochs": EPOCHS,
    "batch": 16, "learning_rate": 2e-4, "beta1": 0.5, "beta2": 0.999, "init_std": 0.02, "leak": 0.2,
    "batchnorm_momentum": 0.1, "generator_updates": 1, "loss": "logistic", "r1": 0,
    "spectral_norm": False, "diffaugment": [], "ada": None, "ema": 0.0,
}  # fmt: skip
CLASSIFIER = {
    "architecture": "cnn", "classes": ["dark", "bright"],
    "widths": [8, 16], "kernel": 5, "dense": 32, "dropout": 0.0, "epochs": EPOCHS,
    "batch": 16, "learning_rate": 0.01, "momentum": 0.9, "mean": "value",
}  # fmt: skip


RESNET = {
    "architecture": "resnet", "classes": ["dark", "bright"], "widths": [8, 16], "blocks": 1, "epochs": EPOCHS,
    "batch": 16, "learning_rate": 0.05, "momentum": 0.9, "mean": "value",
}  # fmt: skip


def discs(count: int, seed: int, contrast: float = 60.0) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images with a disc that is darker (class 0) or brighter (class 1) than the ground."""
    draws = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    y, x = np.mgrid[:64, :64]
    images = np.full((count, 64, 64), 128.0)
    for image, label in zip(images, labels, strict=True):
        center_y, center_x = draws.uniform(20, 44, 2)
        image[(y - center_y) ** 2 + (x - center_x) ** 2 < 100] += contrast if label else -contrast
    images += draws.normal(0, 20, images.shape)
    return images.clip(0, 255).astype(np.uint8), labels
