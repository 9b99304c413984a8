"""Every page there is: nobody forgets one, what must not be written stands beside each field, a drill looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html

from incident.store.tables import Setting
from tests.incident.web.conftest import OPENING, Site, site_of, words
from tests.incident.web.night import NO_PAGE, OF_THE_INCIDENT, PAGES, SPEAKER, Night, a_night

CARE = re.compile(r"không ghi .*(mật|nạn nhân)|bí mật", re.I)
FREE = {"text", "search", ""}
# Single lines in which nobody tells a story: names of people and outlets, numbers, addresses, codes, what is searched.
NO_STORY = {
    "q", "email", "password", "code", "number", "phone", "name", "post", "outlet", "link", "drill_code", "instead_name",
    "owner", "unit", "carrier", "paper",
}  # fmt: skip


@pytest.fixture(scope="module")
def night(province: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with site_of(province, tmp_path_factory.mktemp("night")) as site:
        yield a_night(site)


@pytest.fixture(scope="module")
def drill(province: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with site_of(province, tmp_path_factory.mktemp("drill")) as site:
        yield a_night(site, "drill")


def test_no_page_is_forgotten(site: Site) -> None:
    readable = {
        rule.endpoint
        for rule in site.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not NO_PAGE.match(rule.endpoint)
    }
    assert readable - set(PAGES) == set(), "a new page: put it into PAGES of night.py"
    assert set(PAGES) - readable == set(), "a page that is no more"


def test_every_page_can_be_read(night: Night) -> None:
    found = {
        address: night.as_(who).get(night.at(address)).status_code
        for who, address in PAGES.values()
    }  # fmt: skip
    assert {address: status for address, status in found.items() if status != 200} == {}


def _said_of(page: html.HtmlElement, field: html.HtmlElement) -> str:
    """What is said of a field where it stands: by its description, or by the group it is in."""
    ids = field.get("aria-describedby", "").split()
    for group in field.iterancestors("fieldset"):
        ids += group.get("aria-describedby", "").split()
    found = [page.get_element_by_id(id, None) for id in ids]
    return " ".join(part.text_content() for part in found if part is not None)


def _free(field: html.HtmlElement) -> bool:
    if "readonly" in field.attrib or "hidden" in field.attrib:
        return False
    if field.tag == "textarea":
        return True
    return field.get("type", "") in FREE and field.get("name") not in NO_STORY


def _bare(text: str) -> tuple[int, set[str]]:
    """How many free texts a page asks for, and those without the warning."""
    page = html.fromstring(text)
    fields = [field for field in page.iter("textarea", "input") if _free(field)]
    return len(fields), {str(f.get("name")) for f in fields if not CARE.search(_said_of(page, f))}


def test_what_must_not_be_written_stands_beside_every_free_text(night: Night) -> None:
    seen, bare = 0, set()
    for who, address in night.pages():
        asked, without = _bare(night.reads(who, address))
        seen += asked
        bare |= {f"{address}: {name}" for name in without}
    assert seen > 25
    assert bare == set()


@pytest.mark.parametrize("drilled", [True, False])
def test_so_it_is_on_the_page_before_sending(site: Site, drilled: bool) -> None:
    form = {**OPENING, "do": "check", "drill": "true" if drilled else ""}
    left = {"offered": [site.world.person(SPEAKER).id], "call": []}
    browser = site.browser("truc")
    text = browser.post("/incidents/new", {**form, **left}, page="/incidents/new").text
    assert ("Lý do không báo" in text) is not drilled  # who plays in a drill needs no reason
    assert _bare(text)[1] == set()
    assert _marks(text) == (drilled,) * 3


def _marks(text: str) -> tuple[bool, bool, bool]:
    """The stripe, the title, the body."""
    page = html.fromstring(text)
    return (
        bool(page.find_class("drill-stripe")),
        page.findtext(".//title", "").strip().startswith("DIỄN TẬP · "),
        "drill" in page.find(".//body").get("class", "").split(),
    )


OWN = tuple(
    address
    for address in (
        *OF_THE_INCIDENT,
        *(address for _who, address in PAGES.values() if re.match(r"\{|/incidents/\{|/incidents/(new|drafts)", address)),
    )
)  # fmt: skip


@pytest.mark.parametrize("address", sorted(set(OWN)))
def test_every_page_of_a_drill_says_so_and_no_page_of_an_incident_does(
    night: Night, drill: Night, address: str
) -> None:
    who = next(who for who, known in PAGES.values() if known == address)
    assert _marks(drill.reads(who, address)) == (True, True, True)
    assert _marks(night.reads(who, address)) == ("{drilled}" in address,) * 3


def test_a_text_longer_than_one_part_is_told_before_it_is_sent(site: Site) -> None:
    """A house with a long name in a drill: two parts, and the page says so before anything leaves."""
    form = {**OPENING, "do": "check", "short_name": "tin về hồ Suối Lạc 2"}
    with site.world.store.writing() as session:
        session.merge(Setting(key="agency", value="Ủy ban nhân dân tỉnh Sơn Lâm và các cơ quan"))
    browser = site.browser("truc")
    for drilled in (True, False):
        typed = {**form, "drill": "true" if drilled else ""}
        text = words(browser.post("/incidents/new", typed, page="/incidents/new").text)
        count = re.search(r"(\d+) SMS \((\d+) phần", text)
        assert count
        assert (int(count[2]) > int(count[1])) is ("Có tin dài hơn một phần" in text)
        if drilled:
            assert "Có tin dài hơn một phần" in text
