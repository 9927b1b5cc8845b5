"""The report and the summary as a reader sees them: what is visible in Chromium, and what a click brings."""

import re
from pathlib import Path

import pytest

from tests.reader.browser import chromium

DEMO = Path(__file__).parents[2] / "results/phantom"
SCREEN, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
READABLE = 13  # px, the least size of letters on the first screen


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(params=["tiny", "demo"])
def results(request):
    """Return the results of the finished run, or of the demo where it was made."""
    if request.param == "tiny":
        return request.getfixturevalue("finished").folder / "results/tiny"
    if not (DEMO / "report.html").is_file():
        pytest.skip("the demo was not made here: make demo")
    return DEMO


@pytest.fixture
def opened(browser, results):
    """Return a function that opens a page of the results and gives it with the addresses that it asked for."""
    contexts = []

    def open_page(name, viewport):
        context = browser.new_context(viewport=viewport)
        contexts.append(context)
        page, asked = context.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.on("download", lambda download: asked.append(f"download of {download.suggested_filename}"))
        page.goto((results / name).as_uri())
        return page, asked

    yield open_page
    for context in contexts:
        context.close()


def box(page, selector):
    """Return the first element that is selected as (left, top, right, bottom), in px of the window."""
    found = page.locator(selector).first.bounding_box()
    return found["x"], found["y"], found["x"] + found["width"], found["y"] + found["height"]


@pytest.mark.parametrize("name", ["report.html", "summary.html"])
def test_first_screen_holds_the_answer(opened, name):
    page, asked = opened(name, SCREEN)
    for selector in [
        *(".question", ".phantom", ".word", ".verdict", ".study", "ul.next", "ul.caveats", ".summary figure img"),
        *("ul.lights", "table.headline thead", "table.headline tr.main"),
    ]:
        left, top, right, bottom = box(page, selector)
        assert left >= 0, selector
        assert top >= 0, selector
        assert right <= SCREEN["width"], selector
        assert bottom <= SCREEN["height"], selector
        size = page.locator(selector).first.evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
        assert size >= READABLE, selector
    word = page.locator(".word").inner_text()
    assert word == "Not shown" or re.fullmatch("No fair test: (broken|untrained) generator", word)
    assert "With the images of dcgan" in page.locator(".verdict").inner_text()
    assert page.locator(".summary figure img").evaluate("image => image.naturalWidth") > 500
    assert all(address.startswith(("file:", "data:")) for address in asked)


def test_each_line_of_the_menu_brings_its_result_to_the_top(opened):
    page, asked = opened("report.html", SCREEN)
    links = page.locator("nav .links a")
    assert links.all_inner_texts()[:3] == ["Summary", "How this was measured", "Headline"]
    for link in links.all():
        target = link.get_attribute("href")
        link.click()
        _, top, _, bottom = box(page, f'[id="{target[1:]}"]')
        at_end = page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 1")
        assert 0 <= top < SCREEN["height"] / 2 or (at_end and top >= 0), target
        assert bottom > top
    assert not [address for address in asked if "download" in address]


def test_tables_are_tables(opened):
    page, _ = opened("report.html", SCREEN)
    for name in ["headline", "comparisons", "operating-points", "table2", "table7", "duplicates", "lineage"]:
        article = page.locator(f'article[id^="{name}-"]').first
        assert article.locator("table").count() == 1, name
        assert article.locator("a[download]").count() == 1, name
        assert len(article.locator(".caption").inner_text()) > 50, name
    rows = page.locator('article[id^="comparisons-"] tbody tr')
    assert rows.count() > 10
    assert "error" not in page.locator(".caption").all_inner_texts()[0].lower()[:20]


def test_every_identity_is_there_once(opened):
    page, _ = opened("report.html", SCREEN)
    found = page.evaluate("[...document.querySelectorAll('article')].map(element => element.id)")
    assert len(found) == len(set(found))


def test_a_phone_shows_the_answer_and_the_menu(opened):
    page, _ = opened("report.html", PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for selector in [".word", ".verdict"]:
        _, top, right, bottom = box(page, selector)
        assert 0 <= top < bottom <= PHONE["height"]
        assert right <= PHONE["width"]
    assert not page.locator("nav .links").is_visible()
    page.locator("nav label").click()
    page.locator("nav .links a", has_text="Study size").first.click()
    assert box(page, '[id^="study-size-"]')[1] < PHONE["height"]


def test_the_pages_need_no_script_and_the_pdf_is_one_page(results):
    for name in ["report.html", "summary.html"]:
        assert "<script" not in (results / name).read_text(encoding="utf-8")
    assert len(re.findall(rb"/Type /Page\b(?!s)", (results / "summary.pdf").read_bytes())) == 1
