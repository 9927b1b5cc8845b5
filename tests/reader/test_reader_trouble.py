"""A reader whose server stalls, restarts or forgets: what is said, and that nothing is lost or changed by it."""

import signal

import pytest

from tests.reader.browser import Reader
from tests.reader.packs import CLASSES

pytestmark = pytest.mark.slow
SIX = [*CLASSES, "abscess", "adenoma", "focal_nodular_hyperplasia"]


def test_reader_whose_server_stalls_is_told_so_and_answers_what_was_chosen(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser)
    reader.begin(study.links["reader-1"])
    study.process.send_signal(signal.SIGSTOP)
    reader.answer_by_keys("cyst", "real", 3)
    reader.press("b", "s", "5")  # while the answer is on its way
    assert reader.chosen() == ["cyst", "real", "3"]
    reader.page.wait_for_selector("#alert:text('The server does not answer.')")
    reader.press("b", "4")  # it may have arrived, or not
    study.process.send_signal(signal.SIGCONT)
    reader.page.wait_for_timeout(500)  # the answer that was on its way arrives
    reader.press("Enter")
    reader.page.wait_for_selector("#alert:text('Image 1 is answered already')")
    reader.wait_for("Image 2 of 5")
    reader.press("u")
    reader.wait_for("Image 1 of 5")
    assert reader.chosen() == ["cyst", "real", "3"]


def test_reader_behind_a_proxy_without_its_server_tries_again(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser)

    def fail(path):
        reader.page.route(path, lambda route: route.fulfill(status=502, body="Bad Gateway"), times=1)

    def try_again():
        reader.page.wait_for_selector("#alert:text('The server does not answer.')")
        reader.click("#retry")

    fail("**/study/place")
    reader.page.goto(study.links["reader-1"])
    try_again()
    reader.page.wait_for_selector("#start:visible")
    fail("**/pixels/**")
    reader.press("Enter")
    try_again()
    reader.wait_for("Image 1 of 5")
    fail("**/study/answer")
    reader.answer_by_keys("cyst", "real", 3)
    try_again()
    reader.wait_for("Image 2 of 5")
    assert reader.errors == []


@pytest.mark.parametrize(
    ("viewport", "classes"), [((768, 1024), SIX), ((1024, 768), SIX), ((390, 844), CLASSES), ((720, 450), CLASSES)]
)
def test_reader_can_try_again_and_submit_on_every_screen(browser, studies, viewport, classes):
    """What is in front at the middle of a button is the button."""
    study = studies(practice=0, classes=classes)
    reader = Reader(browser, viewport=dict(zip(("width", "height"), viewport, strict=True)))
    reader.begin(study.links["reader-1"])
    reader.page.route("**/study/answer", lambda route: route.abort(), times=1)
    reader.answer_by_keys("cyst", "real", 3)
    reader.page.wait_for_selector("#retry:visible")
    for button in ("retry", "submit"):
        in_front = reader.page.evaluate(
            """(id) => { const button = document.getElementById(id); button.scrollIntoView({ block: "center" });
            const { left, top, width, height } = button.getBoundingClientRect();
            return document.elementFromPoint(left + width / 2, top + height / 2)?.closest("button")?.id; }""",
            button,
        )
        assert in_front == button
    reader.click("#retry")
    reader.wait_for("Image 2 of 5")


@pytest.mark.parametrize("viewport", [(384, 512), (512, 683), (720, 450), (683, 384), (320, 256)])
def test_reader_sees_the_image_however_small_the_window(browser, studies, viewport):
    """As on a tablet or laptop zoomed to 150 or 200 %."""
    study = studies(practice=0)
    reader = Reader(browser, viewport=dict(zip(("width", "height"), viewport, strict=True)))
    reader.begin(study.links["reader-1"])
    box = reader.page.locator("#canvas").bounding_box()
    assert box["width"] == box["height"] >= 180
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= viewport[0]


def test_reader_is_told_that_a_session_is_over(browser, studies):
    study = studies(practice=0)
    reader = Reader(browser)
    reader.begin(study.links["reader-1"])
    reader.click("#leave")
    reader.page.wait_for_selector("#left:text('You have left the study.')")
    assert not reader.page.is_visible("text=Go on as")
    reader.begin(study.links["reader-1"])
    study.invite("--again", "reader-1")
    reader.answer_by_keys("cyst", "real", 3)
    reader.page.wait_for_selector("#left:text('Your session has ended.')")
