"""A mail that comes in: what its writer wrote, what it answers, and what no person wrote."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.mail_in import NoMail, read, written

ID = "<01a1ff7a-cb80-7d39-973c-424325f94515@sonlam.example>"


def mail(text: str = "OK 27", html: bool = False, **headers: str) -> bytes:
    made = EmailMessage()
    made["From"] = headers.pop("From", "Nguyễn Văn Mẫu 01 <Mau1@Sonlam.example>")
    made["To"] = "truc@sonlam.example"
    made["Message-ID"] = headers.pop("Message_ID", "<a1@may.example>")
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text, subtype="html" if html else "plain")
    return made.as_bytes()


def test_an_answer_is_read() -> None:
    found = read(
        mail("Đã nhận\n\nTrân trọng,\nNguyễn Văn Mẫu 01", In_Reply_To=ID, References=f"<goc@x.example> {ID}")
    )
    assert found is not None
    assert found.answers == ("01a1ff7a-cb80-7d39-973c-424325f94515", "goc")
    reply = found.reply
    assert (reply.carrier, reply.sender, reply.to, reply.body) == (
        "smtp", "mau1@sonlam.example", "truc@sonlam.example", "Đã nhận",
    )  # fmt: skip
    again = read(mail("khác"))
    assert again is not None
    assert again.reply.carrier_id == reply.carrier_id, "by its Message-ID"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("OK 27", "OK 27"),
        ("OK 27\n\n> [Vụ việc 27] Mời tham gia\n> BAN 27", "OK 27"),
        ("OK 27\n\nOn Sun, 22 Nov 2026 at 02:06, Truc <truc@sonlam.example> wrote:\n> a", "OK 27"),
        (
            "OK 27\n\nVào CN, 22 thg 11, 2026 vào lúc 02:06 Cán bộ trực\n<truc@sonlam.example> đã viết:\n\n> a",
            "OK 27",
        ),
        ("OK 27\n\n-----Original Message-----\nFrom: truc@sonlam.example\nBAN 27", "OK 27"),
        ("OK 27\n________________________________\nTừ: Trực <truc@sonlam.example>\nGửi: a", "OK 27"),
        ("OK 27\nTừ: Trực <truc@sonlam.example>", "OK 27"),
        ("Kính gửi Văn phòng,\n\nTôi nhận.\n\nTrân trọng.\nMẫu\nPhó Giám đốc", "Tôi nhận."),
        ("Nhận\n-- \nMẫu 01\n0540000001", "Nhận"),
        ("BAN\n\nGửi từ iPhone của tôi", "BAN"),
        ("OK nhưng 3 giờ mới đến được", "OK nhưng 3 giờ mới đến được"),
        ("> chỉ có thư cũ", ""),
        ("Trân trọng", "Trân trọng"),
        ("", ""),
    ],
)
def test_only_what_the_writer_wrote_is_kept(text: str, words: str) -> None:
    assert written(text) == words


def test_html_is_read_without_what_it_quotes() -> None:
    page = (
        "<html><head><style>p{}</style></head><body><p>Đã <b>nhận</b></p><div>27<br>"
        "<div class='gmail_quote'>Vào CN<blockquote>BAN 27</blockquote></div></div></body></html>"
    )
    found = read(mail(page, html=True))
    assert found is not None
    assert found.reply.body.split() == ["Đã", "nhận", "27"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"}, {"List_Id": "<a.b>"},
        {"Auto_Submitted": "auto-generated"},
    ],
)  # fmt: skip
def test_no_program_answers_for_anybody(headers: dict[str, str]) -> None:
    assert read(mail("OK 27", In_Reply_To=ID, **headers)) is None


def test_a_person_may_say_that_they_are_no_program() -> None:
    assert read(mail(Auto_Submitted="no")) is not None


@pytest.mark.parametrize(
    "raw", [b"", b"x", b"\x00\xff", b"From: a@b.example\n\nOK", b"Message-ID: <a@b>\n\nOK"]
)
def test_what_is_no_mail_is_refused(raw: bytes) -> None:
    with pytest.raises(NoMail):
        read(raw)


@given(st.binary(max_size=400))
def test_nothing_that_comes_in_breaks_it(raw: bytes) -> None:
    for whole in (raw, b"From: a@b.example\nMessage-ID: <a@b.example>\n" + raw):
        try:
            found = read(whole)
        except NoMail:
            continue
        assert found is None or "\x00" not in found.reply.body


@given(st.text(alphabet=" >-:\n_OnTừwrote@", max_size=200))
def test_taking_away_what_is_quoted_is_quick_and_adds_nothing(text: str) -> None:
    assert len(written(text)) <= len(text)


PLAIN = b"From: a@x.example\r\nMessage-ID: <1@x.example>\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"From: " + b"(" * 5000 + b" a@x.example\r\nMessage-ID: <1@x.example>\r\n\r\nOK",
        PLAIN + b"To: " + b"(" * 5000 + b"\r\n\r\nOK",
        PLAIN + b"To: " + b"b@x.example," * 50_000 + b"\r\n\r\nOK",
        PLAIN + b"References: " + b"<a@b> " * 150_000 + b"\r\n\r\nOK",
        PLAIN + b"Content-Type: " + b"(" * 5000 + b"text/plain\r\n\r\nOK",
        PLAIN + b"Content-Type: text/plain" + b";a*0*=x" * 100_000 + b"\r\n\r\nOK",
        PLAIN + b"Content-Type: message/rfc822\r\n\r\n" * 3000 + b"\r\nOK",
        PLAIN + b"Content-Type: text/html\r\n\r\n" + b"<!" * 400_000,
        PLAIN + b"Content-Type: text/html\r\n\r\n" + b"<a " * 300_000,
        PLAIN + b"Content-Type: text/html\r\n\r\n<" + b"a" * 900_000,
        PLAIN + b"Content-Type: text/html\r\n\r\n" + b"<!--" * 200_000,
        PLAIN + b"Content-Type: text/html\r\n\r\n" + b"<blockquote>" * 80_000 + b"OK",
        PLAIN + b"\r\n" + (b"on " + b"w" * 199 + b"\n") * 4500,
    ],
    ids=lambda raw: str(raw[47:75]),
)
def test_a_mail_made_to_cost_time_is_read_or_refused_at_once(raw: bytes) -> None:
    """Anybody may send one: it must hold no thread of the web for long, and end as every other mail does."""
    began = time.process_time()
    try:
        read(raw)
    except NoMail:
        pass
    assert time.process_time() - began < 3


@pytest.mark.parametrize("to", [b"To: x@", b"To: nhom:; x@y"])
def test_a_mangled_header_does_not_make_the_answer_worthless(to: bytes) -> None:
    found = read(mail("OK 27", In_Reply_To=ID).replace(b"To: truc@sonlam.example", to, 1))
    assert found is not None
    assert (found.reply.body, found.answers) == ("OK 27", ("01a1ff7a-cb80-7d39-973c-424325f94515",))


def test_a_body_that_cannot_be_read_is_said_to_be_none() -> None:
    with pytest.raises(NoMail):
        read(mail().replace(b'charset="utf-8"', b'charset="utf\x008"', 1))
