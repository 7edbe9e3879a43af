"""The report page in a real browser, as a phone and as a desk would show it."""

import pytest
from playwright.sync_api import sync_playwright

from adapters.render import ReportRenderer
from schemas.texts import Language
from tests.adapters.reports import HOSTILE, clean_report, hostile_report, rich_report

REPORTS = {
    "rich": lambda: (Language.ZH_CN, rich_report()),
    "rich_en": lambda: (Language.EN, rich_report(Language.EN)),
    "clean": lambda: (Language.ZH_CN, clean_report()),
    "hostile": lambda: (Language.ZH_CN, hostile_report()),
}
WIDTHS = {"phone": 390, "desk": 1280}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def shown(browser, tmp_path):
    """Opens a report in a window of some width; returns the page and every address it asked for."""
    opened = []

    def show(name, width):
        language, report = REPORTS[name]()
        file = tmp_path / "report.html"
        file.write_text(ReportRenderer(language).page(report), encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 844})
        opened.append(page)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri(), wait_until="networkidle")
        return page, [url for url in asked if url != file.as_uri() and not url.startswith("data:")]

    yield show
    for page in opened:
        page.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", REPORTS)
def test_nothing_has_to_be_scrolled_sideways(shown, name, width):
    page, _ = shown(name, width)
    widest = page.evaluate("Math.max(...[...document.querySelectorAll('*')].map(e => e.getBoundingClientRect().right))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert widest <= width + 0.5


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", REPORTS)
def test_the_verdict_stands_in_the_first_screen(shown, name, width):
    page, _ = shown(name, width)
    box = page.locator("h1").bounding_box()
    assert page.locator("h1").is_visible()
    assert box["y"] + box["height"] < 400


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_asks_the_network_for_nothing(shown, name):
    _, asked = shown(name, WIDTHS["desk"])
    assert asked == []


def test_hostile_names_are_shown_and_do_nothing(shown):
    page, _ = shown("hostile", WIDTHS["phone"])
    assert page.evaluate("window.hostile") is None
    assert page.locator("img, script, iframe, form, a[href]").count() == 0
    assert HOSTILE in page.locator("body").inner_text()
    assert "=1+1" in page.locator("body").inner_text()


def test_a_phone_still_names_both_sides_of_a_difference(shown):
    page, _ = shown("rich", WIDTHS["phone"])
    label = page.locator(".pairs td[data-l]").first.evaluate("cell => getComputedStyle(cell, ':before').content")
    assert label == '"线下"'
