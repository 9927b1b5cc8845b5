"""How long the jobs of a run take, from what they do and from how fast this machine trains.

A training takes the time of its images; how many of them the machine trains on in a second is measured. What the other
jobs take was measured in the demos (72 lesions, 60 and 210 slices), on two cores of an AMD EPYC with AVX2; which part
of it grows with the lesions or the synthetic images is judged from what the jobs do, not measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

TRAINING = 3.5  # seconds of a training besides its images: imports, and reading and writing files
EACH_TRAINING = 0.1  # of each further training in the same job
LOOKED_AT = 1 / 3  # of an image's time in training: a network that looks at it, or makes it, without learning
UNCOUNTED = "uncounted"  # what a job trains whose images nobody can count yet
UNKNOWN = (3.0, 0.0)  # of a rule that stands below in no line

# Seconds of a job of each rule, and of each lesion (row of the case table) in it.
SECONDS = {
    "make_phantom": (2.0, 0.3), "check_cases": (2.0, 0.02), "extract_rois": (2.0, 0.05), "build_pool": (1.5, 0.1),
    "plot_contours": (3.0, 0.09), "train_bovw": (2.0, 0.13), "train_texture": (2.0, 0.09), "make_folds": (2.4, 0.0),
    "plot_augmentations": (2.5, 0.01), "plan_experiment": (2.0, 0.003), "plot_training": (7.7, 0.0),
    "plot_synthetic": (4.6, 0.0), "classify_discriminator": (3.4, 0.0), "plot_tsne": (8.0, 0.03),
    "plot_calibration": (7.0, 0.0), "plot_decision_curves": (5.7, 0.0), "write_summary": (3.5, 0.0),
    "collect_predictions": (1.0, 0.0), "check_duplicates": (0.7, 0.0), "list_deviations": (0.9, 0.0),
    "register_analysis_plan": (0.8, 0.0), "audit_lineage": (1.6, 0.0),
    "cut_slices": (2.0, 0.02), "cut_slices_detection": (3.0, 0.02), "score_segmenter": (2.0, 0.0),
    "assess_pairs": (10.0, 0.0), "plot_predictions": (6.0, 0.0), "score_detector": (1.0, 0.0),
    "assess_slices": (14.0, 0.0), "compare_arms": (2.5, 0.04),
}  # fmt: skip

# Seconds of a job of each rule that goes through synthetic images, and of each of them.
SECONDS_OF_IMAGES = {"sample_dcgan": (3.0, 0.0006), "sample_acgan": (3.0, 0.0006), "assess_generator": (6.0, 0.14),
                     "check_copies": (3.0, 0.003)}  # fmt: skip


@dataclass(frozen=True)
class Job:
    """What a job does, as far as its time depends on it.

    Attributes
    ----------
    trained
        Images that its trainings go through in all their epochs, by the name of the network that learns from them.
        Empty of a job that trains nothing. An image that a network only looks at counts as `LOOKED_AT` of one.
    images
        Synthetic images that it makes or looks at, of a job that trains nothing.
    trainings
        How many trainings it has, one after another.
    """

    rule: str
    trained: Mapping[str, float] = field(default_factory=dict)
    images: int = 0
    trainings: int = 1


def expected(job: Job, lesions: int, speeds: Mapping[str, float], seen: Mapping[str, float] | None = None) -> float:
    """Return the seconds that a job takes on one core.

    Parameters
    ----------
    lesions
        Of the cohort, main and extra: rows of its case table.
    speeds
        Images a second in the training of each network.
    seen
        Seconds that a job of a rule took in an earlier run of this cohort; better than what is known in general, but of
        trainings, whose epochs and sizes change with the config.
    """
    if job.trained:
        trained = sum(images / speeds[network] for network, images in job.trained.items())
        return TRAINING + EACH_TRAINING * (job.trainings - 1) + trained
    if seen and job.rule in seen:
        return seen[job.rule]
    if job.rule in SECONDS_OF_IMAGES:
        least, each = SECONDS_OF_IMAGES[job.rule]
        return least + each * job.images
    least, each = SECONDS.get(job.rule, UNKNOWN)
    return least + each * lesions
