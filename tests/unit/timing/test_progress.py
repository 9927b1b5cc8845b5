import pytest

from synthaug.timing import job_times, progress

TRAINING = job_times.Job("train_dcgan", {"dcgan": 1000})
CLASSIFIER = job_times.Job("train_classifier", {"cnn": 6000}, trainings=3)


def made(jobs, logs=None, **known):
    """Return the progress of a run that began at 0 s: by name a job, or a job and those that it waits for."""
    planned = {}
    for name, job in jobs.items():
        job, *waits_for = job if isinstance(job, tuple) else (job,)
        planned[name] = progress.Planned(job, f"{job.rule} {name}", frozenset(waits_for))
    values = {"cores": 1, "lesions": 0, "speeds": {"dcgan": 10.0, "cnn": 100.0}} | known
    return progress.Progress(planned, log_of=lambda name: (logs or {}).get(name, ""), began=0.0, **values)


def epochs(*reports, total=4, speed=100):
    return "\n".join(f"2026-11-27 epoch {epoch}/{total}: loss 0.1, accuracy 0.5, {speed} images/s" for epoch in reports)


def test_before_the_first_job_the_whole_run_is_left():
    run = made({"a": TRAINING, "b": CLASSIFIER})
    training, classifier = job_times.TRAINING + 100, job_times.TRAINING + 2 * job_times.EACH_TRAINING + 60
    assert run.left(0) == pytest.approx(training + classifier)
    assert run.line(0) == "0 of 2 jobs done, 0 s so far, about 3 min left"


def test_a_machine_that_is_slower_than_timed_is_noticed():
    run = made({"a": TRAINING, "b": TRAINING})
    run.update(10, {"a"}, set())
    run.update(10 + 2 * (job_times.TRAINING + 100), set(), {"a"})
    assert run.left(217) == pytest.approx(2 * (job_times.TRAINING + 100))


def test_other_jobs_have_a_pace_of_their_own_and_what_they_took_last_time():
    run = made(
        {"a": job_times.Job("make_folds"), "b": job_times.Job("make_folds"), "c": TRAINING}, seen={"make_folds": 4}
    )
    run.update(0, {"a"}, set())
    run.update(12, set(), {"a"})
    assert run.left(12) == pytest.approx((12 + 10) / (4 + 10) * 4 + job_times.TRAINING + 100)


def test_one_slow_job_does_not_multiply_all_others():
    """The first one took 5 minutes in place of 4 s; the second one does not have to."""
    run = made({"a": job_times.Job("make_folds"), "b": job_times.Job("make_folds")}, seen={"make_folds": 4})
    run.update(0, {"a"}, set())
    run.update(300, set(), {"a"})
    assert 4 < run.left(300) < 100


def test_networks_that_were_timed_on_a_busy_machine_are_corrected_by_what_runs():
    """Half of a training took a quarter of what was expected, so those that wait take half as long, too."""
    run = made({"a": TRAINING, "b": TRAINING})
    run.update(0, {"a"}, set())
    whole = job_times.TRAINING + 100
    half = progress.Position(1, 2, 4, 20, "epoch")
    assert run.left(whole / 4, {"a": half}) == pytest.approx(whole / 4 + whole / 2)
    early = progress.Position(1, 1, 100, 20, "epoch")  # which has mostly read its files
    assert run.left(5, {"a": early}) == pytest.approx(whole - 5 + whole)


def test_a_training_says_itself_how_far_it_is():
    logs = {"a": epochs(1, 2, 3)}
    run = made({"a": TRAINING}, logs)
    run.update(0, {"a"}, set())
    assert run.left(30, {"a": progress.Position(1, 3, 4, 100, "epoch")}) == pytest.approx(10)  # a quarter of it
    assert run.line(30) == "0 of 1 jobs done, 30 s so far, about 10 s left; train_dcgan a: epoch 3 of 4, 100 images/s"


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-28 step 30/120: loss 0.5123, soft Dice 0.412, 75 images/s",
        "2026-11-28 step 30/120: losses of boxes 0.412, objectness 0.300, classes 0.000; 75 images/s\n"
        "2026-11-28 step 30/120: sensitivity on the validation slices 0.250",
    ],
    ids=["segmenter", "detector"],
)
def test_trainings_that_count_steps_say_so(line):
    run = made({"a": TRAINING}, {"a": line})
    run.update(0, {"a"}, set())
    assert run.line(30).endswith("train_dcgan a: step 30 of 120, 75 images/s")


def test_a_job_with_three_trainings_counts_them():
    logs = {"a": epochs(1, 2, 3, 4) + "\nfolds 02\n" + epochs(1, 2)}
    run = made({"a": CLASSIFIER}, logs)
    run.update(0, {"a"}, set())
    assert run.left(60, {"a": run._position("a")}) == pytest.approx(60)  # a training and a half of three


def test_a_resumed_training_goes_on_in_its_first_one():
    logs = {"a": epochs(1, 2) + "\nresumed\n" + epochs(3)}
    run = made({"a": TRAINING}, logs)
    run.update(0, {"a"}, set())
    assert run._position("a") == progress.Position(1, 3, 4, 100, "epoch")


def test_without_a_speed_no_time_is_given_until_a_training_reports_one():
    logs = {"a": ""}
    run = made({"a": TRAINING, "b": TRAINING}, logs, speeds={})
    run.update(0, {"a"}, set())
    assert run.line(20) == "0 of 2 jobs done, 20 s so far"
    logs["a"] = epochs(2, speed=20)
    assert ", about 60 s left; " in run.line(20)  # as long again, and twice as long for the other one


def test_on_a_cluster_jobs_are_counted():
    run = made({"a": TRAINING, "b": TRAINING}, cores=None)
    run.update(0, {"a"}, set())
    run.update(70, {"b"}, {"a"})
    assert run.line(150) == "1 of 2 jobs done, 2 min so far"


def test_a_line_names_three_trainings():
    names = "abcde"
    run = made(dict.fromkeys(names, TRAINING), dict.fromkeys(names, epochs(1)), cores=8)
    run.update(0, set(names), set())
    assert run.line(10).count("epoch 1 of 4") == 3
    assert run.line(10).endswith("; 2 more trainings")


def test_chains_are_waited_for():
    folds, pool = job_times.Job("make_folds"), job_times.Job("build_pool")
    run = made({"a": folds, "b": (pool, "a")}, cores=8, seen={"make_folds": 5, "build_pool": 7})
    assert run.left(0) == 12
    run.update(0, {"a"}, set())
    run.update(5, {"b"}, {"a"})
    assert run.left(8) == 4


def test_a_job_that_ended_unseen_says_nothing_of_the_pace():
    run = made({"a": job_times.Job("make_folds"), "b": job_times.Job("make_folds")}, seen={"make_folds": 4})
    run.update(9, set(), {"a"})
    assert run.left(9) == 4


def test_steps_are_counted_as_epochs_are():
    """Segmenters and detectors report steps; each of a job's trainings counts them anew."""
    text = "2026 step {}/540: loss 2.8, soft Dice 0.010, 40 images/s\n"
    logs = {"a": "".join(text.format(step) for step in [18, 270, 540, 135])}
    run = made({"a": job_times.Job("train_segmenter", {"cnn": 6000}, trainings=2)}, logs)
    run.update(0, {"a"}, set())
    position = run._position("a")
    assert position.share(trainings=2) == 5 / 8
    assert (
        run.line(50)
        == "0 of 1 jobs done, 50 s so far, about 30 s left; train_segmenter a: step 135 of 540, 40 images/s"
    )


def test_the_epochs_of_a_network_that_grows_say_nothing_of_the_time_left():
    """Half of its epochs are over in no time, since its first images are of 4 px."""
    growing = job_times.Job("train_cpggan", {"dcgan": 100, "cnn": 100_000})
    run = made({"a": growing}, {"a": epochs(1, 2)})
    run.update(0, {"a"}, set())
    assert run.left(20, {"a": run._position("a")}) == pytest.approx(job_times.TRAINING + 10 + 1000 - 20)


def test_the_first_steps_of_a_training_do_not_say_how_long_it_takes():
    """After 20 s, 19 of which went into reading files, a hundredth is done; that is not 33 minutes."""
    run = made({"a": job_times.Job("train_segmenter", {"cnn": 9650})}, {"a": epochs(1, total=100)})
    run.update(0, {"a"}, set())
    assert run.left(20, {"a": run._position("a")}) == pytest.approx(job_times.TRAINING + 96.5 - 20)


def test_images_that_nobody_can_count_yet_have_no_time():
    run = made({"a": job_times.Job("train_segmenter", {job_times.UNCOUNTED: 0}), "b": TRAINING})
    assert run.line(20) == "0 of 2 jobs done, 20 s so far"
