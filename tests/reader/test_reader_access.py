"""The reader study's pages for people who use a keyboard, a screen reader or a tablet, on each size of screen."""

import pytest

from tests.reader.browser import SIZES, Reader
from tests.reader.packs import CLASSES

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", SIZES)
def test_reader_pages_are_accessible_and_fit_the_screen(browser, studies, size, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()
    study = studies(images=2, repeats=0, practice=1)
    reader = Reader(browser, size=size, reduced_motion="reduce")
    page = reader.page

    def check(name):
        page.screenshot(path=tmp_path / f"{size}-{name}.png")
        found = axe.run(page).response["violations"]
        assert [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in found] == []
        wide, high, width, height = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight, innerWidth, innerHeight]"
        )
        assert wide <= width
        tall = "all => all.filter((e) => e.offsetHeight > 30).map((e) => e.outerHTML)"
        assert page.eval_on_selector_all(".tools output", tall) == [], "a value is broken into two lines"
        assert high <= height, "the page scrolls"
        for box in page.eval_on_selector_all(
            "button, .choice, summary, input[type=text]",
            "all => all.filter((e) => e.checkVisibility()).map((e) => [e.outerHTML, e.offsetWidth, e.offsetHeight])",
        ):
            assert min(box[1:]) >= 44, box
        durations = "all => all.map((e) => getComputedStyle(e).transitionDuration)"
        assert set(page.eval_on_selector_all("*", durations)) == {"0s"}

    page.goto(study.url)
    check("entry")
    reader.follow(study.links["reader-1"])
    check("start")
    reader.press("Enter")
    reader.wait_for("Practice image 1 of 1")
    reader.press("b", "s", "4")
    check("practice")
    reader.press("Enter")
    page.wait_for_selector("#truth:visible")
    check("truth")
    reader.go_on()
    page.wait_for_selector("#start:visible")
    reader.press("Enter")
    reader.wait_for("Image 1 of 2")
    reader.answer_by_keys("cyst", "real", 1)
    reader.wait_for("Image 2 of 2")
    assert page.evaluate("document.activeElement.id") == "canvas"
    assert page.inner_text("#status") == "Image 2 of 2"
    reader.press("Enter")
    page.wait_for_selector("#alert:text('Choose the class first.')")
    reader.press("c", "s", "5")
    assert page.is_hidden("#trouble")
    check("study")
    # Every question and control has a name and a role.
    for role, names in {
        "group": ["Which class?", "Real or synthetic?", "How sure of real or synthetic?", "view"],
        "radio": [*CLASSES, "real", "synthetic", "1", "5"],
        "slider": ["Window", "Level"],
        "button": ["zoom in", "zoom out", "Interpolate", "Reset", "Submit", "Undo the last answer", "Pause", "Leave"],
        "img": ["Image 2 of 2"],
        "progressbar": ["answered"],
    }.items():
        for name in names:
            assert page.get_by_role(role, name=name).first.is_visible(), (role, name)
    # By Tab alone every control can be reached, and where the focus is can be seen.
    reached = set()
    for _ in range(30):
        reader.press("Tab")
        where, seen = page.evaluate(
            """() => { const e = document.activeElement; const shown = e.closest(".choice") ?? e;
            return [e.id || e.name || e.tagName, getComputedStyle(shown).outlineStyle !== "none"]; }"""
        )
        assert seen or where == "BODY", where
        reached.add(where)
    controls = {
        "keys",
        "pause",
        "leave",
        "canvas",
        "width",
        "level",
        "zoom-out",
        "zoom-in",
        "smooth",
        "reset",
        "submit",
        "undo",
    }
    assert controls | {"class", "origin", "confidence"} <= reached
    page.focus("#canvas")
    reader.press("Enter")
    reader.wait_for_end()
    check("end")
    # The checker does find what is wrong: a picture without a name.
    page.evaluate("document.querySelector('main').append(new Image())")
    assert [violation["id"] for violation in axe.run(page).response["violations"]] == ["image-alt"]
