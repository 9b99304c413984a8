"""Which carriers the settings make, in which order, and what is refused in words before anything is started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from incident.commands.doctor import Finding, _sms
from incident.processes.embedded import _wants_simulator
from incident.settings import BadSettings, Settings
from incident.wiring import Wiring, sms_order
from notify.gateways.load import SHIPPED

TWILIO = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "+84540999999"}
SECRETS = {
    "MODEM_URL": "http://10.1.2.3:8080", "MODEM_SECRET": "x", "ESMS_API_KEY": "k", "ESMS_SECRET_KEY": "s",
    "ESMS_BRANDNAME": "UBNDSONLAM", "ESMS_CALLBACK_SECRET": "c",
}  # fmt: skip
Make = Callable[..., Wiring]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(file: str = "", **env: str) -> Wiring:
        if file:
            (tmp_path / "cong.yaml").write_text(file, encoding="utf-8")
            env["SMS_GATEWAYS"] = str(tmp_path / "cong.yaml")
        env["DATA_DIR"] = str(tmp_path)
        return Wiring(Settings.from_env(env), env=env)

    return made


def shipped(name: str, prefixes: str = "") -> str:
    text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8").partition("gateways:\n")[2]
    return text.replace("    number:", f"    prefixes: {prefixes}\n    number:", 1) if prefixes else text


BOTH = "gateways:\n" + shipped("esms", '["+8498"]') + shipped("gsm-modem")


def names(wiring: Wiring) -> list[str]:
    return [route.sender.name for route in wiring.gateway.routes]


def test_nothing_is_configured(make: Make) -> None:
    wiring = make()
    assert names(wiring) == []
    assert not wiring.gateway.calls_back
    assert (wiring.desk.sms, wiring.desk.email, wiring.desk.two_way) == (False, False, False)


def test_twilio_comes_after_the_gateways_unless_the_file_gives_it_a_place(make: Make) -> None:
    assert names(make(**TWILIO)) == ["twilio"]
    assert names(make(BOTH, **TWILIO, **SECRETS)) == ["esms", "gsm-modem", "twilio"]
    first = BOTH.replace("gateways:\n", "gateways:\n  - twilio\n")
    wiring = make(first, **TWILIO, **SECRETS, SMTP_URL="smtp://127.0.0.1:25")
    assert names(wiring) == ["twilio", "esms", "gsm-modem", "smtp"]


def test_who_may_answer_by_text_depends_on_who_carries_it(make: Make) -> None:
    wiring = make(BOTH, **SECRETS)
    gateway = wiring.gateway
    assert [sender.name for sender in gateway.senders("sms", "+84981234567")] == ["esms", "gsm-modem"]
    assert [sender.name for sender in gateway.senders("sms", "+84912345678")] == ["gsm-modem"]
    assert not gateway.two_way("+84981234567")
    assert gateway.two_way("+84912345678")
    assert gateway.calls_back
    desk = wiring.desk
    assert (desk.sms, desk.email, desk.two_way) == (True, False, False)
    from incident.store.tables import Person

    assert desk.two_way_with(Person(phone="+84912345678"))
    assert not desk.two_way_with(Person(phone="+84981234567"))
    assert not desk.two_way_with(Person(phone=None))


def test_a_text_to_many_offers_an_answer_only_where_all_can_give_one(make: Make) -> None:
    modem = "gateways:\n" + shipped("gsm-modem")
    assert make(modem, **SECRETS).gateway.two_way_everywhere()
    assert not make(
        modem + shipped("esms"), **SECRETS
    ).gateway.two_way_everywhere()  # it may have to go by the second
    assert not make(
        "gateways:\n" + shipped("esms") + shipped("gsm-modem"), **SECRETS
    ).gateway.two_way_everywhere()


@pytest.mark.parametrize(
    ("file", "env", "said"),
    [
        ("gateways: [vonage]", SECRETS, "cong.yaml:1:12: “vonage” không dùng được"),
        (BOTH, {}, "cổng “esms” cần biến môi trường ESMS_API_KEY, ESMS_SECRET_KEY"),
        (BOTH + "  - twilio\n", SECRETS, "cần TWILIO_ACCOUNT_SID"),
    ],
)
def test_a_broken_file_is_refused_in_words(make: Make, file: str, env: dict[str, str], said: str) -> None:
    wiring = make(file, **env)
    with pytest.raises(BadSettings) as caught:
        sms_order(wiring.settings, wiring.env)
    assert said in str(caught.value)
    with pytest.raises(BadSettings):
        assert wiring.gateway


def test_a_file_that_is_not_there_is_refused(make: Make) -> None:
    wiring = make()
    wiring.settings = replace(wiring.settings, sms_gateways=Path("/nowhere.yaml"))
    with pytest.raises(BadSettings, match=r"/nowhere\.yaml:1:1: không đọc được"):
        assert wiring.gateway


def test_the_simulator_runs_when_no_carrier_is_configured_or_when_asked() -> None:
    assert _wants_simulator({})
    assert _wants_simulator({"SIMULATOR": "1", **TWILIO})
    assert _wants_simulator({"SMS_GATEWAYS": "simulator"})
    assert not _wants_simulator(TWILIO)
    assert not _wants_simulator({"SMS_GATEWAYS": "/etc/incident/cong.yaml"})


def test_the_doctor_says_what_each_can_do_and_what_is_missing(make: Make) -> None:
    found = list(_sms(make(BOTH, **TWILIO, **{k: v for k, v in SECRETS.items() if k != "ESMS_API_KEY"})))
    assert found == [
        Finding(
            "ok",
            "SMS 1: esms (chỉ đầu số +8498): một chiều (xác nhận bằng liên kết), báo đến máy, bỏ dấu, không giới hạn nhịp, "
            "phải đăng ký mẫu tin, chặn gửi trùng",
        ),
        Finding("bad", "SMS 1: esms: chưa đặt biến môi trường ESMS_API_KEY"),
        Finding(
            "ok", "SMS 2: gsm-modem: hai chiều, báo đến máy, có dấu, 0.3 phần tin mỗi giây, chặn gửi trùng"
        ),
        Finding("note", "SMS 2: gsm-modem: gọi bằng http, không mã hóa; chỉ dùng trong mạng nội bộ"),
        Finding("ok", "SMS 3: Twilio, hai chiều"),
    ]
    assert [finding.level for finding in _sms(make("gateways: [twilio]"))] == ["bad"]
    (broken,) = _sms(make("gateways: [vonage]"))
    assert broken.level == "bad"
    assert ":1:12: “vonage” không dùng được" in broken.text
    assert [finding.level for finding in _sms(make())] == ["note"]
    assert [finding.text for finding in _sms(make(**TWILIO))] == ["SMS: Twilio, hai chiều"]
