"""A reader in a real browser: Debian's Chromium, driven by the keyboard, by the mouse or by fingers."""

import base64
import contextlib
import shutil
import warnings
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import urlsplit

import numpy as np
import pytest
from skimage import io

CHROMIUM = shutil.which("chromium")
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
SIZES = {"desktop": (1440, 900), "laptop": (1280, 720), "tablet": (1024, 768), "portrait": (768, 1024)}
PATIENCE = 60_000  # ms
CLASS_KEYS = {"cyst": "a", "metastasis": "b", "hemangioma": "c"}


@contextlib.contextmanager
def chromium() -> Iterator:
    """Yield the browser, or skip, and say so among the warnings too."""
    if CHROMIUM is None:
        reason = "no Chromium: the reader study is NOT tested in a browser; install the package chromium"
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    from playwright import sync_api

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS.split())
        yield browser
        browser.close()


class Reader:
    """One reader's browser window. Remembers every host that it spoke to and every error of its scripts."""

    def __init__(self, browser, *, size="desktop", **options):
        width, height = SIZES[size]
        options = {
            "viewport": {"width": width, "height": height},
            "has_touch": size in ("tablet", "portrait"),
            **options,
        }
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(PATIENCE)
        self.hosts, self.errors = set(), []
        self.context.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.page = self.context.new_page()

    def follow(self, link: str) -> None:
        """Open the personal link, up to the start page of the study."""
        self.page.goto(link)
        self.page.wait_for_url("**/study")
        self.page.wait_for_selector("#start:visible, #end:visible")

    def begin(self, link: str) -> None:
        """Open the personal link of a study without practice, up to its first image."""
        self.follow(link)
        self.press("Enter")
        self.wait_for("Image 1")

    @property
    def position(self) -> str:
        return self.page.inner_text("#position")

    def wait_for(self, position: str) -> None:
        """Wait until the image of ``position``, such as "Image 2 of 7", is to be answered."""
        self.page.wait_for_selector(f'#canvas[aria-label^="{position}"]:visible')
        self.page.wait_for_selector("#answer:visible")

    def go_on(self) -> None:
        """Leave the truth of a practice image by the keyboard."""
        self.page.wait_for_selector("#next:visible:enabled")
        self.press("Enter")

    def wait_for_end(self) -> None:
        self.page.wait_for_selector("#end:visible")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, selector: str) -> None:
        self.page.click(f"{selector}:visible")

    def answer_by_keys(self, cls: str, origin: str, confidence: int) -> None:
        self.press(CLASS_KEYS[cls], origin[0], str(confidence), "Enter")

    def answer_by_mouse(self, cls: str, origin: str, confidence: int) -> None:
        for value in (cls, origin, confidence):
            self.click(f'label:has(input[value="{value}"])')
        self.click("#submit")

    def chosen(self) -> list[str]:
        """Return the choices made of the image in view."""
        return self.page.evaluate("[...document.querySelectorAll('#answer :checked')].map((input) => input.value)")

    def canvas(self) -> np.ndarray:
        """Return the gray values on the canvas, rows x columns."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        address = self.page.evaluate("document.getElementById('canvas').toDataURL('image/png')")
        return io.imread(BytesIO(base64.b64decode(address.split(",")[1])))[..., 0].astype(float)
