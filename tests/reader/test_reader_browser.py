"""The reader study end to end: from the pack that the rule's script builds, over answers in a real browser to a real
server that is killed in the midst of it, to the scores.
"""

import csv
import json
import re
import sys
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest

from tests.helpers import forked, made_packs
from tests.reader.browser import PATIENCE, Reader
from tests.reader.packs import CLASSES, build_pack, write_pack
from tests.reader.server import Study

pytestmark = pytest.mark.slow
ORIGINS = ("real", "synthetic")


def exported(study):
    done = study.run("export", "--out", str(study.folder / "answers.csv"))
    assert done.returncode == 0, done.stderr
    with (study.folder / "answers.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def check_scores(study, plan):
    """Compare the scores of the exported answers with a count, by hand, of what was answered."""
    names = ("scores", "told", "agreement", "times", "fooled", "png", "svg")
    out = {name: study.folder / f"{name}.csv" for name in names[:5]}
    out |= {name: study.folder / f"fooled.{name}" for name in names[5:]}
    params = json.dumps({"master_seed": 0, "bootstrap": 200, "confidence": 0.95})
    command = [sys.executable, "scripts/score_reader_study.py", "--answers", study.folder / "answers.csv"]
    command += ["--study", study.folder / "pack/study.json", "--images", study.folder / "pack/images"]
    command += ["--key", study.folder / "key.csv", "--params", params]
    for name, path in out.items():
        command += [f"--{name}", path]
    done = forked.run(command)
    assert done.returncode == 0, done.stderr
    assert "14 answers, 2 of them to repeats" in done.stderr
    scores = pd.read_csv(out["scores"], dtype={"right": str})
    truth = made_packs.read_key(study.folder).set_index("image")
    for reader, given in plan.items():
        first = dict(reversed(list(zip(study.facts["presentations"][reader], given, strict=True))))
        assert len(first) == len(given) - 1
        right = [
            (cls == truth["class"][image], said == truth["origin"][image]) for image, (cls, said, _) in first.items()
        ]
        of_all = scores[(scores["reader"] == reader) & (scores["measure"] == "accuracy") & (scores["origin"] == "all")]
        of_all = of_all.set_index("task")
        for task, number in zip(("class", "origin"), np.sum(right, axis=0), strict=True):
            assert of_all["right"][task] == str(number)
            assert of_all["value"][task] == pytest.approx(number / len(first))
    times = pd.read_csv(out["times"])
    assert times["n"].tolist() == [6, 3, 3] * 2


def test_readers_answer_a_whole_study_over_pauses_and_a_killed_server(browser, studies):
    study = studies(build_pack, real=1, synthetic=1, repeats=1, training=1)
    truths = [(item["class"], item["origin"]) for item in study.facts["training"]]
    assert len(truths) == 6
    rng = np.random.default_rng(5)
    plan = {
        reader: [(str(rng.choice(CLASSES)), str(rng.choice(ORIGINS)), int(rng.integers(1, 6))) for _ in range(7)]
        for reader in study.links
    }
    keys, mouse = Reader(browser), Reader(browser, size="tablet")
    keys.follow(study.links["reader-1"])
    mouse.page.goto(study.url)
    mouse.page.fill("#code", study.links["reader-2"].split("#")[1].lower().replace("-", " "))
    mouse.click(".primary")
    mouse.page.wait_for_url("**/study")
    assert "#" not in keys.page.url
    # The links differ only after the #, which no server and no log ever sees.
    assert study.links["reader-1"].split("#")[1] not in study.log.read_text()

    # Practice, with the truth after each answer.
    keys.press("Enter")
    keys.wait_for("Practice image 1 of 6")
    keys.press("Enter")
    keys.page.wait_for_selector("#alert:text('Choose the class first.')")
    (cls, origin), other = truths[0], {"real": "synthetic", "synthetic": "real"}
    keys.answer_by_keys(cls, other[origin], 2)
    keys.page.wait_for_selector("#truth:visible")
    assert keys.page.inner_text("#truth-class") == f"{cls}: right"
    assert keys.page.inner_text("#truth-origin") == f"{origin}; you said {other[origin]}"
    keys.go_on()
    for number in range(2, 7):
        keys.wait_for(f"Practice image {number} of 6")
        keys.answer_by_keys("metastasis", "synthetic", 5)
        keys.go_on()
    keys.page.wait_for_selector("#start:visible")
    mouse.click("#begin")
    for number in range(1, 7):
        mouse.wait_for(f"Practice image {number} of 6")
        mouse.answer_by_mouse("hemangioma", "real", 1)
        mouse.click("#next")
    mouse.page.wait_for_selector("#start:visible")

    # Both in turn, one with keys alone, the other with the mouse alone.
    keys.press("Enter")
    mouse.click("#begin")
    for number in (1, 2):
        keys.wait_for(f"Image {number} of 7")
        mouse.wait_for(f"Image {number} of 7")
        keys.answer_by_keys(*plan["reader-1"][number - 1])
        mouse.answer_by_mouse(*plan["reader-2"][number - 1])

    # A pause hides the image; the last answer can still be undone after it, and is given anew.
    keys.wait_for("Image 3 of 7")
    keys.press("p")
    keys.page.wait_for_selector("#start:visible")
    assert keys.page.inner_text("#start-text").startswith("2 of 7 answered.")
    assert not keys.page.is_visible("#canvas")
    keys.press("Enter")
    keys.wait_for("Image 3 of 7")
    keys.press("u")
    keys.wait_for("Image 2 of 7")
    assert keys.page.is_disabled("#undo")  # the last answer, once
    cls, origin, confidence = plan["reader-1"][1]
    assert keys.chosen() == [cls, origin, str(confidence)]
    plan["reader-1"][1] = (CLASSES[CLASSES.index(cls) - 1], origin, confidence)
    keys.press("abc"[CLASSES.index(cls) - 1], "Enter")
    keys.wait_for("Image 3 of 7")

    # The server dies without warning between two answers; what is answered is kept, what is not says so.
    mouse.wait_for("Image 3 of 7")
    study.kill()
    keys.answer_by_keys(*plan["reader-1"][2])
    keys.page.wait_for_selector("#alert:text('The server does not answer.')")
    assert keys.position == "Image 3 of 7"
    study.start()
    assert len(exported(study)) == 4
    keys.press("Enter")
    keys.wait_for("Image 4 of 7")

    # The other reader goes home and comes back on another day, at another machine.
    hosts, errors = mouse.hosts, mouse.errors
    mouse.context.close()
    mouse = Reader(browser, size="portrait")
    mouse.follow(study.links["reader-2"])
    assert mouse.page.inner_text("#start-text").startswith("2 of 7 answered.")
    mouse.click("#begin")
    for number in range(3, 8):
        mouse.wait_for(f"Image {number} of 7")
        mouse.answer_by_mouse(*plan["reader-2"][number - 1])
    mouse.wait_for_end()
    mouse.click("#undo-end")
    mouse.wait_for("Image 7 of 7")
    plan["reader-2"][6] = ("cyst", "real", 5)
    mouse.answer_by_mouse(*plan["reader-2"][6])
    mouse.wait_for_end()
    for number in range(4, 8):
        keys.wait_for(f"Image {number} of 7")
        keys.answer_by_keys(*plan["reader-1"][number - 1])
    keys.wait_for_end()

    # The export is exactly what was answered, of the images that were shown.
    rows = exported(study)
    assert ",".join(rows[0]) == "reader,presentation,image,class,origin,confidence,seconds,answered_at"
    expected = [
        (reader, str(number), image, cls, origin, str(confidence))
        for reader in ("reader-1", "reader-2")
        for number, (image, (cls, origin, confidence)) in enumerate(
            zip(study.facts["presentations"][reader], plan[reader], strict=True), start=1
        )
    ]
    assert [tuple(row.values())[:6] for row in rows] == expected
    assert all(0 < float(row["seconds"]) < PATIENCE / 1000 for row in rows)
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["answered_at"]) for row in rows)
    assert study.run("status").stdout.split("\n")[1].split() == ["reader-1", "yes", "study", "7", "of", "7", "1"]
    check_scores(study, plan)
    # Nothing was asked of another machine, and no script failed.
    assert keys.hosts | mouse.hosts | hosts == {urlsplit(study.url).netloc}
    assert keys.errors + mouse.errors + errors == []


def test_reader_time_runs_only_while_the_image_is_in_view(browser, studies):
    """On a clock of the test's own: 5 s of looking, a minute's pause, 2 s, a minute in another tab, 1 s."""
    study = studies(practice=0)
    reader = Reader(browser)
    reader.page.clock.install()
    reader.follow(study.links["reader-1"])

    def wait(seconds):
        reader.page.clock.run_for(1000 * seconds)

    def visible(state):
        reader.page.evaluate(
            """(state) => { Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
            Object.defineProperty(document, "hidden", { value: state === "hidden", configurable: true });
            document.dispatchEvent(new Event("visibilitychange")); }""",
            state,
        )

    wait(60)
    reader.press("Enter")
    reader.wait_for("Image 1 of 5")
    wait(5)
    reader.press("p")
    reader.page.wait_for_selector("#start:visible")
    wait(60)
    reader.press("Enter")
    reader.wait_for("Image 1 of 5")
    wait(2)
    visible("hidden")
    wait(60)
    visible("visible")
    wait(1)
    reader.answer_by_keys("cyst", "real", 3)
    reader.wait_for("Image 2 of 5")
    (row,) = exported(study)
    # The clock runs on by itself between the steps too, on a busy machine for longer, never for a pause of a minute.
    assert 8 <= float(row["seconds"]) < 40
    # A page that is reloaded, or opened elsewhere, goes on from where the other one was.
    wait(30)
    reader.press("p")
    reader.page.wait_for_selector("#start:visible")
    other = Reader(browser)
    other.follow(study.links["reader-1"])
    other.press("Enter")
    other.wait_for("Image 2 of 5")
    other.answer_by_keys("cyst", "real", 3)
    other.wait_for("Image 3 of 5")
    assert float(exported(study)[1]["seconds"]) >= 30


def test_reader_time_is_kept_over_an_undo_and_a_server_that_does_not_answer(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser)
    reader.page.clock.install()
    reader.follow(study.links["reader-1"])

    def wait(seconds):
        reader.page.clock.run_for(1000 * seconds)

    reader.press("Enter")
    reader.wait_for("Image 1 of 5")
    reader.answer_by_keys("cyst", "real", 3)
    reader.wait_for("Image 2 of 5")
    wait(100)
    reader.press("u")
    reader.wait_for("Image 1 of 5")
    reader.answer_by_keys("cyst", "real", 3)
    reader.wait_for("Image 2 of 5")
    reader.page.route("**/study/answer", lambda route: route.abort(), times=1)
    reader.answer_by_keys("cyst", "real", 3)
    reader.page.wait_for_selector("#alert:text('The server does not answer.')")
    wait(100)
    reader.click("#retry")
    reader.wait_for("Image 3 of 5")
    first, second = (float(row["seconds"]) for row in exported(study))
    assert first < 60
    assert second >= 200


def test_reader_with_two_tabs_answers_each_image_once(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser)
    reader.begin(study.links["reader-1"])
    second = reader.context.new_page()
    second.goto(f"{study.url}/study")
    second.wait_for_selector("#start:visible")
    second.keyboard.press("Enter")
    second.wait_for_selector('#canvas[aria-label^="Image 1 of 5"]:visible')
    for key in ("a", "r", "3", "Enter"):
        second.keyboard.press(key)
    second.wait_for_selector('#canvas[aria-label^="Image 2 of 5"]:visible')
    reader.answer_by_keys("metastasis", "synthetic", 5)
    reader.wait_for("Image 2 of 5")
    assert "Image 1 is answered already" in reader.page.inner_text("#alert")
    assert reader.chosen() == []
    (row,) = exported(study)
    assert (row["class"], row["origin"], row["confidence"]) == ("cyst", "real", "3")
    # Another reader enters in the same browser: the old page can no longer answer, least of all for the other one.
    second.goto(study.links["reader-2"])
    second.wait_for_url("**/study")
    second.wait_for_selector("#start:visible")
    reader.answer_by_keys("cyst", "real", 1)
    reader.page.wait_for_selector("#alert:text('another session')")
    assert len(exported(study)) == 1


def test_reader_of_two_studies_stays_in_both(browser, studies, tmp_path):
    """One browser, one machine, two ports, between which browsers make no difference for cookies."""
    first, second = studies(practice=0), Study(tmp_path / "second")
    second.facts = write_pack(tmp_path / "second/pack", seed=2, practice=0)
    second.links = second.invite()
    second.start()
    try:
        reader = Reader(browser)
        reader.begin(first.links["reader-1"])
        page = reader.context.new_page()
        page.goto(second.links["reader-1"])
        page.wait_for_selector("#start:visible")
        reader.answer_by_keys("cyst", "real", 3)
        reader.wait_for("Image 2 of 5")
    finally:
        second.kill()


def test_reader_whose_next_image_does_not_come_answers_only_what_is_shown(browser, studies):
    """After an answer and after an undo: what is tried again is to get the image, never to answer or undo."""
    study = studies(practice=0)
    reader = Reader(browser)
    reader.begin(study.links["reader-1"])

    def lose_next_image():
        reader.page.route("**/pixels/**", lambda route: route.abort(), times=1)

    def nothing_to_answer():
        reader.page.wait_for_selector("#alert:text('The server does not answer.')")
        assert not reader.page.is_visible("#answer")
        assert not reader.page.is_visible("#pause")
        assert reader.chosen() == []
        assert reader.canvas().max() == 0

    lose_next_image()
    reader.answer_by_keys("cyst", "real", 2)
    nothing_to_answer()
    reader.press("a", "s", "5", "p", "u")  # keys of controls that are not in view
    reader.press("Enter")
    reader.wait_for("Image 2 of 5")
    assert len(exported(study)) == 1
    reader.answer_by_keys("metastasis", "synthetic", 4)
    reader.wait_for("Image 3 of 5")
    lose_next_image()
    reader.press("u")
    nothing_to_answer()
    reader.click("#retry")
    reader.wait_for("Image 2 of 5")
    reader.answer_by_keys("hemangioma", "real", 1)
    reader.wait_for("Image 3 of 5")
    given = [(row["class"], row["origin"], row["confidence"]) for row in exported(study)]
    assert given == [("cyst", "real", "2"), ("hemangioma", "real", "1")]
    assert study.run("status").stdout.split("\n")[1].split()[-1] == "1"  # undone
    assert reader.errors == []


def test_reader_sees_what_is_chosen_in_colours_of_their_own(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser, forced_colors="active")
    reader.begin(study.links["reader-1"])

    def outlined():
        return reader.page.evaluate(
            """() => [...document.querySelectorAll(".choice")]
            .filter((choice) => getComputedStyle(choice).outlineStyle === "solid")
            .map((choice) => choice.querySelector("input").value)"""
        )

    assert outlined() == []
    reader.press("b", "s", "4")
    assert outlined() == ["metastasis", "synthetic", "4"]
    pressed = "() => getComputedStyle(document.getElementById('smooth')).outlineStyle"
    assert reader.page.evaluate(pressed) == "solid"
    reader.press("i")
    assert reader.page.evaluate(pressed) == "none"


def test_reader_turns_the_keys_of_one_character_off(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser)
    reader.follow(study.links["reader-1"])
    assert reader.page.inner_text("#keys") == "Keys on"
    reader.click("#keys")
    assert reader.page.inner_text("#status") == "Keys off"
    reader.page.reload()
    reader.page.wait_for_selector("#start:visible")
    assert reader.page.inner_text("#keys") == "Keys off"
    reader.press("Enter")  # no key of one character
    reader.wait_for("Image 1 of 5")
    reader.press("a", "s", "4", "p", "+")
    assert reader.chosen() == []
    assert reader.page.inner_text("#zoom-value") == "100 %"
    assert reader.page.is_visible("#canvas")
    reader.click("#keys")
    assert reader.page.inner_text("#status") == "Keys on"
    reader.press("a", "s", "4")
    assert reader.chosen() == ["cyst", "synthetic", "4"]


def test_reader_uses_mouse_and_keys_together(browser, studies):
    """After a click the arrows set the window; what was chosen changes by its own keys, and is kept over a pause."""
    study = studies(practice=0)
    reader = Reader(browser)
    reader.begin(study.links["reader-1"])
    for value in ("cyst", "real", "4"):
        reader.click(f'label:has(input[value="{value}"])')
        reader.press("ArrowDown", "ArrowRight")
    assert reader.chosen() == ["cyst", "real", "4"]
    assert reader.page.inner_text("#level-value") == "86 HU"  # three times a fiftieth of 260, from 70
    reader.click("#keys")
    reader.click("#keys")
    reader.press("p")
    reader.page.wait_for_selector("#start:visible")
    reader.press("Enter")
    reader.wait_for("Image 1 of 5")
    assert reader.chosen() == ["cyst", "real", "4"]
    # By Tab the arrows go through the choices, as everywhere.
    reader.page.focus('input[value="real"]')
    reader.press("ArrowDown")
    assert reader.chosen() == ["cyst", "synthetic", "4"]
    reader.page.focus("#canvas")
    reader.press("Enter")
    reader.wait_for("Image 2 of 5")
    assert reader.chosen() == []


def test_reader_hears_what_a_key_chose_and_types_on_any_keyboard(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser)
    reader.begin(study.links["reader-1"])
    for key, said in {"b": "metastasis", "s": "synthetic", "4": "4", "i": "Interpolate off"}.items():
        reader.press(key)
        assert reader.page.inner_text("#status") == said
    type_key = """([key, code]) => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }))"""
    for key, code in (("ש", "KeyA"), ("ק", "KeyR"), ("\u0663", "Digit3")):  # Hebrew letters, an Arabic three
        reader.page.evaluate(type_key, [key, code])
    assert reader.chosen() == ["cyst", "real", "3"]
    reader.page.evaluate(type_key, ["b", "KeyN"])  # Dvorak: what the key types counts
    assert reader.chosen() == ["metastasis", "real", "3"]


def test_reader_sees_the_truth_even_after_a_second_enter(browser, studies):
    study = studies(practice=1)
    reader = Reader(browser)
    reader.follow(study.links["reader-1"])
    reader.press("Enter")
    reader.wait_for("Practice image 1 of 1")
    reader.answer_by_keys("cyst", "real", 3)
    reader.page.wait_for_selector("#truth:visible")
    reader.press("Enter")
    assert reader.page.is_visible("#truth")
    reader.press("ArrowUp")
    assert reader.page.inner_text("#level-value") == "65 HU"
    reader.go_on()
    reader.page.wait_for_selector("#start:visible")


def test_reader_who_comes_back_after_more_than_a_day_can_answer(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser)
    reader.page.clock.install()
    reader.begin(study.links["reader-1"])
    reader.page.clock.fast_forward("30:00:00")
    reader.answer_by_keys("cyst", "real", 3)
    reader.wait_for("Image 2 of 5")
    (row,) = exported(study)
    assert float(row["seconds"]) == 86400


def test_reader_study_fits_the_width_of_a_phone(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser, viewport={"width": 390, "height": 844})
    reader.begin(study.links["reader-1"])
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_reader_with_a_wrong_code_is_told_so(browser, studies):
    study = studies()
    reader = Reader(browser)
    reader.page.goto(f"{study.url}/#AAAAA-AAAAA-AAAAA-AAAAA")
    reader.page.wait_for_selector("#alert:text('This code is not known.')")
    assert reader.page.url == f"{study.url}/"
    reader.page.goto(f"{study.url}/#%E0%A4%A")
    reader.page.wait_for_selector("#alert:text('This code is not known.')")
    assert reader.errors == []
    reader.page.goto(f"{study.url}/study")
    assert reader.page.url == f"{study.url}/"
