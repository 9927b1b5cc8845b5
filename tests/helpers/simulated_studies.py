"""Predictions of simulated studies of known truth: patients, lesions, classifiers and trainings that err together.

Whether a classifier has a lesion right is a threshold on a normal variable with parts of the patient (variance 0.2), of
the patient and classifier (0.1), of the lesion (0.35) and of neither (0.35), of which each training draws a part (0.1)
anew. So errors go together within patients and between classifiers, and each classifier's accuracy is known. The model
of each fold may moreover shift all of its lesions, as trainings that end in a worse state do.
"""

import numpy as np
from scipy import special

LESIONS = {  # of each patient, by the number of lesions
    182: np.repeat([1, 2, 3, 4], [90, 25, 6, 6]),
    60: np.repeat([1, 2, 3, 4], [31, 8, 3, 1]),
}
FOLDS = 3
OF_PATIENT, OF_BOTH, OF_LESION, OF_NEITHER, OF_TRAINING = 0.2, 0.1, 0.35, 0.25, 0.1


def patients_of(lesions: int) -> np.ndarray:
    """Return the patient of each lesion, (n,) int."""
    each = LESIONS[lesions]
    return np.repeat(np.arange(len(each)), each)


def right(
    generator: np.random.Generator, accuracies: list[float], patient: np.ndarray, seeds: int, shift: float
) -> np.ndarray:
    """Return which lesions each classifier has right at each seed, (classifiers, seeds, n) bool.

    Parameters
    ----------
    shift
        The standard deviation of the accuracy of a fold's model over trainings; a fraction.
    """

    def normal(variance: float, *shape: int) -> np.ndarray:
        return np.sqrt(variance) * generator.standard_normal(shape)

    n, patients = len(patient), patient.max() + 1
    folds = np.stack([generator.permutation(patients) % FOLDS for _ in range(seeds)])[:, patient]
    shared = normal(OF_PATIENT, patients)[patient] + normal(OF_LESION, n)
    result = []
    for accuracy in accuracies:
        cut = special.ndtri(accuracy)
        variance = (shift / np.exp(-(cut**2) / 2) * np.sqrt(2 * np.pi)) ** 2  # by the density at the threshold
        own = shared + normal(OF_BOTH, patients)[patient] + normal(OF_NEITHER, n)
        trained = own + normal(OF_TRAINING, seeds, n) + np.take_along_axis(normal(variance, seeds, FOLDS), folds, 1)
        result.append(trained < cut * np.sqrt(1 + variance))
    return np.array(result)


def without_each(values: np.ndarray, patient: np.ndarray) -> np.ndarray:
    """Return means over lesions and those without each patient, (..., 1 + patients), of values (..., n)."""
    sums = values @ np.eye(patient.max() + 1)[patient]
    total, lesions = sums.sum(-1, keepdims=True), np.bincount(patient)
    return np.concatenate([total / len(patient), (total - sums) / (len(patient) - lesions)], axis=-1)
