"""What a hostile hand sends: to the sign-in, the forms, the links, the hooks and the record."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from incident.commands.accounts import SAMPLE_PASSWORD
from incident.store.tables import Account, FreeText, Inbound, Request
from incident.web.pages.acknowledge import TRIES_PER_WINDOW, turnstile
from incident.web.signin import FAILURES_ALLOWED
from tests.incident.web.conftest import Site, words

HOSTILE = '<script>alert(1)</script>"\'><img src=x onerror=alert(2)> #read("/etc/passwd") =1+1'


@pytest.fixture
def room(site: Site) -> str:
    return f"/incidents/{site.world.opens().incident_id}"


def test_while_an_account_is_locked_a_right_password_is_answered_like_a_wrong_one(site: Site) -> None:
    browser = site.browser()
    for _ in range(FAILURES_ALLOWED):
        browser.signs_in("truc", "sai")
    answers = [
        words(browser.signs_in(*who).text) for who in (("truc",), ("truc", "sai"), ("khong-co-ai", "sai"))
    ]
    assert len(set(answers)) == 1
    assert "tạm khóa" in answers[0]


def test_a_copied_session_ends_with_the_sign_out(site: Site) -> None:
    browser = site.browser("truc")
    copied = browser.client.get_cookie("incident")
    assert copied
    browser.post("/sign-out")
    thief = site.app.test_client()
    thief.set_cookie("incident", copied.value)
    assert thief.get("/").status_code == 303
    assert site.browser("truc").get("/").status_code == 200


def test_a_token_of_the_sign_in_library_opens_nothing(site: Site) -> None:
    browser = site.browser()
    page = browser.get("/sign-in").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    answer = browser.client.post(
        "/sign-in?include_auth_token",
        json={"email": "truc@sonlam.example", "password": SAMPLE_PASSWORD},
        headers={"Accept": "application/json", "X-CSRFToken": token[1]},
    )
    given = answer.get_json()["response"]["user"].get("authentication_token", "none")
    headers = {"Authentication-Token": given}
    assert site.app.test_client().get("/", headers=headers).status_code == 303
    assert site.app.test_client().get("/api/v1/people", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "where", ["//evil.example", "https://evil.example", "/\\evil.example", "///evil.example"]
)
def test_signing_in_leads_to_no_other_house(site: Site, where: str) -> None:
    form = {"email": "truc@sonlam.example", "password": SAMPLE_PASSWORD}
    answer = site.browser().post("/sign-in", {**form, "next": where}, page="/sign-in")
    location = answer.location or "/"
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_what_people_type_is_shown_and_never_run(site: Site, room: str) -> None:
    browser = site.browser("truc")
    for kind in ("note", "directive"):
        assert browser.post(f"{room}/notes", {"text": HOSTILE, "kind": kind}, page=room).status_code == 303
    for address in (
        room,
        f"{room}/live",
        f"{room}/timeline",
        f"{room}/report",
        f"{room}/report.html?part=noi-bo",
    ):
        page = browser.get(address).text
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address
    assert browser.get(f"{room}/report.pdf").data.startswith(b"%PDF")
    assert browser.get(f"{room}/report.docx").data.startswith(b"PK")


def test_a_spreadsheet_is_handed_no_formula(site: Site, room: str) -> None:
    browser = site.browser("truc")
    browser.post(f"{room}/notes", {"text": '=HYPERLINK("http://evil.example")', "kind": "note"}, page=room)
    for line in browser.get(f"{room}/report.csv").text.splitlines():
        assert not re.search(r'(^|,)"?[=@]', line), line


@pytest.mark.parametrize(
    "address",
    [
        "/timeline?before=99999999999999999999999999",
        "/timeline?before=-5",
        "/timeline?before=x",
        "/live?x=%00",
        "/entries/99999999999999999999999/mask/text",
        "/steps/%00",
    ],
)
def test_no_address_breaks_the_service(site: Site, room: str, address: str) -> None:
    assert site.browser("truc").get(room + address).status_code in (200, 400, 404)


def test_no_form_breaks_the_service(site: Site, room: str) -> None:
    browser = site.browser("truc")
    forms: list[tuple[str, dict[str, str]]] = [
        ("/notes", {"text": "x\x00y", "kind": "note"}),
        ("/notes", {"text": "x", "kind": "note", "at": "0001-01-01T00:00"}),
        ("/level", {"level": "abc", "reason": "x"}),
        ("/level", {"level": "²", "reason": "x"}),
        ("/steps/xac_minh/complete", {"items": "²", "answer": "zz"}),
        ("/steps/xac_minh/complete", {"items": "9" * 5000, "answer": "zz"}),
        ("/pause", {"until": "9999-99-99T99:99", "reason": "x"}),
        ("/calls", {"person": "nobody", "outcome": "accept", "source": "zalo", "at": "0001-01-01T00:00"}),
        ("/calls", {"person": "nobody", "outcome": "accept", "source": "zalo"}),
        ("/calls/nobody", {"outcome": "accept"}),
        ("/roles", {"role": "nobody", "person": "nobody", "reason": "x"}),
        ("/people", {"how": "new", "name": "x" * 10_000, "phone": "\x00", "post": "<script>"}),
    ]
    for address, form in forms:
        status = browser.post(room + address, form, page=room).status_code
        assert status in (400, 403, 404, 409, 422), f"{address} {form}: {status}"


def test_a_masked_name_stands_nowhere_any_more(site: Site, room: str) -> None:
    officer = site.browser("truc")
    person, name = site.world.person("cong_ttdt_truc"), "Nạn Nhân Văn Ẩn"
    call = {"outcome": "decline", "text": f"đang ở bệnh viện với {name}"}
    assert officer.post(f"{room}/calls/{person.id}", call, page=f"{room}/calls").status_code == 303
    with site.world.store.reading() as session:
        kept = session.scalars(select(FreeText).where(FreeText.text.contains(name))).one()
        seq, field = kept.seq, kept.field
    head = site.browser("totruong")
    mask = f"{room}/entries/{seq}/mask/{field}"
    assert officer.post(mask, {"reason": "tên nạn nhân"}, page=room).status_code == 403, "the author"
    assert head.post(mask, {"reason": "tên nạn nhân"}, page=room).status_code == 303
    with site.world.store.reading() as session:
        assert not [r for r in session.scalars(select(Request.reason)) if name in r]
    for address in (room, f"{room}/report.json?part=noi-bo", f"/api/v1{room}", f"/api/v1{room}/timeline"):
        assert name not in head.get(address).text, address


# ------------------------------------------------------------------ links


def test_guesses_are_slowed_and_real_links_go_on(site: Site, room: str) -> None:
    mail = next(m for m in site.world.mail.sent if "/a/" in m.body)
    link = re.search(r"https://tct\.sonlam\.example(/a/\w+)", mail.body)
    assert link
    stranger, turned = site.app.test_client(), {"REMOTE_ADDR": "203.0.113.77"}
    turnstile.seen.pop("203.0.113.77", None)
    codes = [
        stranger.get(f"/a/GUESS{n:06}", environ_base=turned).status_code for n in range(TRIES_PER_WINDOW + 5)
    ]
    assert codes == [404] * TRIES_PER_WINDOW + [429] * 5
    assert stranger.get(link[1], environ_base=turned).status_code == 200


# ------------------------------------------------------------------ hooks

FORM = {"MessageSid": "SM" + "0" * 32, "From": "+84540000002", "To": "+84540000001", "Body": "OK 10"}
INBOUND = "/hooks/twilio/inbound"


def signed(site: Site, path: str, form: dict[str, str], token: str = "a token") -> str:
    return str(RequestValidator(token).compute_signature(f"{site.wiring.settings.public_url}{path}", form))


def test_only_what_the_carrier_signed_for_this_address_is_taken(site: Site, room: str) -> None:
    site.wiring.settings = replace(site.wiring.settings, twilio_tokens=("a token",))
    client, good = site.app.test_client(), signed(site, INBOUND, FORM)
    refused = {
        "none": client.post(INBOUND, data=FORM),
        "empty": client.post(INBOUND, data=FORM, headers={"X-Twilio-Signature": ""}),
        "other token": client.post(
            INBOUND, data=FORM, headers={"X-Twilio-Signature": signed(site, INBOUND, FORM, "x")}
        ),
        "other body": client.post(
            INBOUND, data={**FORM, "Body": "BAN"}, headers={"X-Twilio-Signature": good}
        ),
        "more fields": client.post(INBOUND, data={**FORM, "X": "1"}, headers={"X-Twilio-Signature": good}),
        "other query": client.post(f"{INBOUND}?a=1", data=FORM, headers={"X-Twilio-Signature": good}),
        "other address": client.post("/hooks/twilio/status", data=FORM, headers={"X-Twilio-Signature": good}),
    }
    assert {name: answer.status_code for name, answer in refused.items()} == dict.fromkeys(refused, 403)
    headers = {"X-Twilio-Signature": good}
    turned = dict(reversed(FORM.items()))
    assert [client.post(INBOUND, data=data, headers=headers).status_code for data in (FORM, turned)] == [
        200,
        200,
    ]
    forged_host = client.post(INBOUND, data=FORM, headers={**headers, "Host": "evil.example"})
    assert forged_host.status_code == 200, "the public address counts, not the Host header"
    with site.world.store.reading() as session:
        kept = session.scalars(select(Inbound).where(Inbound.carrier_id == FORM["MessageSid"])).all()
    assert len(kept) == 1, "a replay changes nothing"


# ------------------------------------------------------------------ headers


def test_what_is_private_is_kept_by_no_cache(site: Site, room: str) -> None:
    browser = site.browser("truc")
    for address in (
        "/",
        room,
        "/directory",
        "/api/v1/people",
        f"/api/v1{room}/timeline",
        f"{room}/report.pdf",
    ):
        assert "no-store" in browser.get(address).headers["Cache-Control"], address
    headers = browser.get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "max-age" in headers["Strict-Transport-Security"], "the public address is https"


def test_a_disabled_account_is_out_at_once(site: Site) -> None:
    browser = site.browser("truc")
    with site.world.store.writing() as session:
        account = session.scalars(select(Account).where(Account.email == "truc@sonlam.example")).one()
        account.active = False
    assert browser.get("/").status_code == 303


def test_what_the_service_counts_is_read_here_or_with_the_token(site: Site) -> None:
    wiring = site.app.extensions["wiring"]
    wiring.settings = replace(wiring.settings, metrics_token="dem-tin")
    site.world.opens()
    client = site.app.test_client()
    far = {"REMOTE_ADDR": "203.0.113.7"}

    def ask(environ: dict[str, str] | None = None, **headers: str) -> int:
        return int(client.get("/metrics", headers=headers, environ_overrides=environ or {}).status_code)

    assert ask() == 200
    assert ask({"REMOTE_ADDR": "::1"}) == 200
    assert ask(far) == 403
    assert ask(far, Authorization="Bearer nham") == 403
    assert ask(far, Authorization="Bearer dem-tin") == 200
    assert ask(**{"X-Forwarded-For": "203.0.113.7"}) == 403, "a proxy that nobody configured"
    wiring.settings = replace(wiring.settings, metrics_token=None)
    assert ask(far, Authorization="Bearer ") == 403
    assert client.get("/readyz", environ_overrides=far).status_code in (200, 503)


def test_metrics_are_counted_once_for_several_who_ask(site: Site) -> None:
    client = site.app.test_client()
    before = client.get("/metrics").text
    site.world.opens()
    assert client.get("/metrics").text == before
