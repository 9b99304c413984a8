"""What every page is looked at for: axe on a phone and on a desk, nothing wider than the phone, targets for a thumb."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, Route, ViewportSize

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
THUMB = 44
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Only what is wrong comes back: the whole report of a long room is megabytes.
CHECK = """async (rules) => (await axe.run(document, {runOnly: rules, resultTypes: ['violations'], elementRef: false}))
  .violations.map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 4).map(n => n.html.slice(0, 160)).join(' | ')}`)"""


def loses_the_answer(page: Page, path: str) -> list[int]:
    """From now on the answer to the first press there is lost on its way, after the server has acted. Returns what the
    server answered, once it has."""
    lost: list[int] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch(max_redirects=0).status)
            route.abort()
        else:
            route.continue_()

    page.route(f"**{path}", lose)
    return lost


def faults(page: Page) -> list[str]:
    """What axe finds on the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(CHECK, RULES)
    return found


def wider(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


def clean(page: Page) -> None:
    """At both widths; the window is left as it was."""
    before = page.viewport_size
    assert before
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        assert faults(page) == []
        assert wider(page) <= 0, f"the page is {wider(page)} px wider than {size['width']}"
    page.set_viewport_size(before)


def too_small(targets: Locator) -> list[str]:
    """Those of these that a thumb misses."""
    found: list[str] = targets.evaluate_all(
        """(all, thumb) => all.filter(one => one.checkVisibility()).map(one => [one, one.getBoundingClientRect()])
          .filter(([one, box]) => box.height && (box.height < thumb || box.width < thumb))
          .map(([one, box]) => `${one.textContent.trim().slice(0, 40)}: ${box.width.toFixed()} x ${box.height.toFixed()}`)""",
        THUMB,
    )
    return found
