"""Descriptions: the shipped ones are sound, and each fault of a broken one is told at its line and column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from notify.gateways.load import KEYS, SHIPPED, load, read
from notify.gateways.reading import BadGateways
from notify.gateways.templates import BadTemplate, Template, at, found, parse
from notify.message import Capabilities

ENV = {"KEY": "s3cret", "HOST": "http://127.0.0.1:9"}
SOUND = """\
gateways:
  - name: viettel
    prefixes: ["+8498", "+8497"]
    number: "84"
    sender: UBNDSONLAM
    can:
      two_way: no
      receipts: delivered
      unicode: no
    auth:
      kind: basic
      user: sonlam
      password: "{env:KEY}"
    send:
      address: https://sms.example/gui
      fields:
        to: "{to}"
        text: "{text}"
        list: [{phone: "{to}", n: 7, test: false, old: 0540}]
    answer:
      code: "{code}"
      good: ["0"]
      id: "{data.id}"
    errors:
      "5": content
    callbacks:
      proof:
        kind: signature
        header: X-Signature
        secret: "{env:KEY}"
      status:
        id: "{id}"
        status: "{status}"
        statuses: {ok: delivered, hong: failed}
"""


def test_a_sound_file_is_read() -> None:
    (entry,) = read(SOUND, "gateways.yaml", ENV)
    made = entry.description
    assert made is not None
    assert (made.name, entry.prefixes, made.sender) == ("viettel", ("+8498", "+8497"), "UBNDSONLAM")
    assert made.capabilities == Capabilities(receipts="delivered", unicode=False)
    assert made.variables == ("KEY",)
    assert made.missing == ()
    assert made.send.fields["list"] == (
        {"phone": Template((("", "to"), ("", ""))), "n": 7, "test": False, "old": Template((("0540", ""),))},
    )
    assert "s3cret" not in repr(made)


@pytest.mark.parametrize("name", ["esms", "gsm-modem"])
def test_what_is_shipped_is_sound_and_names_its_secrets(name: str) -> None:
    (entry,) = load(SHIPPED / f"{name}.yaml", {})
    made = entry.description
    assert made is not None
    assert made.name == name
    assert set(made.missing) == set(made.variables)
    assert made.listing is not None
    (full,) = load(SHIPPED / f"{name}.yaml", dict.fromkeys(made.variables, "http://10.1.2.3"))
    assert full.description is not None
    assert full.description.missing == ()


def test_the_order_of_the_file_is_kept_and_twilio_may_stand_in_it() -> None:
    other = SOUND.replace("gateways:\n", "").replace("viettel", "mobifone")
    entries = read(f"{SOUND}  - twilio\n{other}", "g", ENV)
    assert [entry.description and entry.description.name for entry in entries] == [
        "viettel",
        None,
        "mobifone",
    ]
    (first,) = read('gateways:\n  - twilio: {}\n    prefixes: ["+1"]\n', "g", {})
    assert (first.description, first.prefixes) == (None, ("+1",))


# ¦ stands where the fault must be told
BROKEN = [
    ("name: viettel", "name: ¦Viettel_1", "tên “Viettel_1” không dùng được"),
    ("name: viettel", f"name: ¦{'a' * 31}", "không dùng được"),
    ("name: viettel", "name: ¦twilio-2", "dành cho nơi khác"),
    ("  - name: viettel\n    ", "  - ¦", "thiếu mục “name”"),
    ("    sender:", "    ¦sendr:", "không có mục “sendr” ở đây. Có phải “sender”?"),
    ("    sender:", "    ¦ma:", "không có mục “ma” ở đây. Dùng được: name, prefixes"),
    ("    sender: UBNDSONLAM", "    sender: UBND\n    ¦sender: X", "mục “sender” đã có ở dòng 5"),
    ("sender: UBNDSONLAM", "sender: ¦[UBND]", "cần một giá trị"),
    ("sender: UBNDSONLAM", 'sender: "UBND ¦{to}"', "không có ô “{to}”"),
    ('number: "84"', "number: ¦084", "“084” không dùng được. Chọn một trong: 84, 0, +84"),
    ('"+8497"', '¦"097"', "đầu số phải ở dạng quốc tế"),
    ("two_way: no", "two_way: ¦co", "Chọn một trong: yes, true, no, false"),
    ("two_way: no", "two_way: ¦yes", "cổng hai chiều phải nói tin trả lời về bằng cách nào"),
    ("receipts: delivered", "receipts: ¦all", "Chọn một trong: none, sent, delivered"),
    ("unicode: no", "unicode: no\n      parts_per_second: ¦nan", "cần một số từ 0.01 đến 10000"),
    ("unicode: no", "unicode: no\n      idempotent: ¦yes", "phải được đưa khóa của tin"),
    ("    can:\n      two_way: no\n      receipts: delivered\n      unicode: no", "    can: ¦no", "cần một bảng"),
    ('password: "{env:KEY}"', "password: ¦hunter2", "bí mật không được ghi trong tệp"),
    ('password: "{env:KEY}"', 'password: ¦"x{env:KEY}"', "bí mật không được ghi trong tệp"),
    ("kind: basic", "kind: ¦digest", "Chọn một trong: none, basic, bearer"),
    ('      user: sonlam\n      password: "{env:KEY}"', '      user: x\n      token: ¦"{env:KEY}"', "không dùng mục “token”"),
    ('      kind: basic\n      user: sonlam\n      password: "{env:KEY}"', "      ¦kind: fields", "không trường nào của “send” có bí mật"),
    ("https://sms.example/gui", "¦sms.example/gui", "cần một địa chỉ http:// hoặc https://"),
    ("https://sms.example/gui", '"https://sms.example/¦{phone}"', "không có ô “{phone}”. Dùng được: to, text"),
    ("https://sms.example/gui", "https://sms.example/\n      method: GET\n      body: ¦form", "GET không có phần thân"),
    ("https://sms.example/gui", "https://x.example/\n      method: ¦HEAD", "Chọn một trong: POST, GET, PUT"),
    ('text: "{text}"', 'text: "a ¦{text"', "dấu ngoặc nhọn không thành cặp"),
    ('text: "{text}"', "text: a ¦} b", "dấu ngoặc nhọn không thành cặp"),
    ("https://sms.example/gui", "https://x.example/\n      headers: {¦X-Tên: a}", "chỉ gồm ký tự ASCII"),
    ("https://sms.example/gui\n      fields:", "https://x.example/\n      body: form\n      fields:\n        deep: ¦{a: b}", "chỉ thân JSON"),
    ("    answer:\n", "    answer:\n      accepted: [¦302]\n", "cần một số từ 200 đến 299"),
    ('      code: "{code}"\n      good:', "      ¦good:", "“code” và “good” đi với nhau"),
    ('id: "{data.id}"', 'id: "¦{data id}"', "“{data id}” không phải tên trường"),
    ('id: "{data.id}"', 'pattern: ¦"(unclosed"', "biểu thức chính quy sai"),
    ('"5": content', '"5": ¦fatal', "Chọn một trong: configuration, address"),
    ('"5": content', '"5": {kind: transient, retries: ¦99}', "cần một số từ 0 đến 7"),
    ('"5": content', '"5": ¦{retries: 1}', "thiếu mục “kind”"),
    ("      proof:\n", "      proof: ¦no\n      xx:\n", "cần một bảng"),
    ("kind: signature", "kind: ¦trust", "Chọn một trong: signature, secret, addresses"),
    ("        kind: signature\n        header: X-Signature\n", "        ¦kind: signature\n", "cần đúng một trong “header” và “field”"),
    ('        header: X-Signature\n        secret: "{env:KEY}"', "        header: X\n        algorithm: ¦sha512", "Chọn một trong: hmac-sha256"),
    ("header: X-Signature", "header: X\n        over: ¦[id, text]", "phải có dấu ngăn cách"),
    ("      status:\n", "      status:\n        ¦method: GET\n", "GET không có phần thân để ký"),
    ("kind: signature", "kind: addresses\n        allowed: [10.0.0.0/8, ¦10.0.0.1/8]", "không phải dải địa chỉ"),
    ("statuses: {ok: delivered, hong: failed}", "statuses: {ok: ¦done}", "Chọn một trong: accepted, sent, delivered, failed"),
    ("gateways:\n", "gateways:\n  - ¦vonage\n", "“vonage” không dùng được. Chọn một trong: twilio"),
    ("gateways:\n", "gateways:\n  - twilio\n  - ¦twilio\n", "“twilio” đã có ở trên"),
    ("gateways:\n", "¦gateway:\n", "Có phải “gateways”?"),
    ("sender: UBNDSONLAM", "sender: ¦&x UBND", "không dùng neo"),
    ("sender: UBNDSONLAM", "sender: ¦!!str UBND", "không dùng thẻ kiểu"),
    ("    sender: UBNDSONLAM", "    sender: a: b", "không đọc được YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("sound", "broken", "part"), BROKEN)
def test_a_fault_is_told_at_its_place(sound: str, broken: str, part: str) -> None:
    marked = SOUND.replace(sound, broken, 1)
    assert marked != SOUND
    text = marked.replace("¦", "")
    with pytest.raises(BadGateways) as caught:
        read(text, "cong.yaml", ENV)
    fault = next(fault for fault in caught.value.faults if part in f"{fault.text} {fault.hint}")
    assert str(fault).startswith(f"cong.yaml:{fault.line}:{fault.column}: ")
    if "¦" in marked:
        before = marked[: marked.index("¦")]
        assert (fault.line, fault.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    text = SOUND.replace("two_way: no", "two_way: hm").replace("content", "hm").replace("basic", "hm")
    with pytest.raises(BadGateways) as caught:
        read(text, "g", ENV)
    lines = [fault.line for fault in caught.value.faults]
    assert len(lines) >= 3
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    "text", ["", "# chưa có gì\n", "- a\n- b\n", "x", "gateways: [[[[[[[[[[[[[[a]]]]]]]]]]]]]]", "\x07", "{"]
)
def test_what_is_no_description_is_refused(text: str) -> None:
    with pytest.raises(BadGateways):
        read(text, "g", {})


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadGateways, match="không đọc được tệp"):
        load(tmp_path / "none.yaml", {})
    (tmp_path / "latin.yaml").write_bytes(b"gateways: \xff")
    with pytest.raises(BadGateways, match="không đọc được tệp"):
        load(tmp_path / "latin.yaml", {})


def test_a_variable_that_is_not_set_is_named_and_no_fault_of_the_file() -> None:
    (entry,) = read(SOUND.replace("https://sms.example/gui", '"{env:HOST}/gui"'), "g", {"KEY": "k"})
    assert entry.description is not None
    assert entry.description.missing == ("HOST",)


def test_every_key_is_explained() -> None:
    said = (Path(__file__).parents[3] / "docs" / "gateways.md").read_text()
    explained = set(re.findall(r"`([a-z_]+)`", said))
    assert {key for keys in KEYS.values() for key in keys} <= explained


def test_a_template_is_filled_and_its_braces_are_doubled() -> None:
    made = parse('{{"a": "{x}"}} {env:A}', lambda slot, place: "!" if slot == "env:A" else None)
    assert made.fill({"x": "a b"}.__getitem__, lambda value: value.replace(" ", "+")) == '{"a": "a+b"} !'
    assert made.slots() == {"x"}
    for text in ("{", "}", "a{}b", "{a{b}}"):
        with pytest.raises(BadTemplate):
            parse(text, lambda slot, place: None)


def test_values_are_found_by_path() -> None:
    data = {"a": [{"b": 1}], "a.b": "whole name", "t": True, "n": None, "f": 1.5, "s": "x\ud800\x00"}
    assert [found(data, path) for path in ("a.0.b", "a.b", "t", "n", "f", "s", "a", "a.1.b", "a.x", "t.x", "")] == [
        "1", "whole name", "true", "", "1.5", "x?", "", "", "", "", "",
    ]  # fmt: skip
    assert at([1], "") == [1]
