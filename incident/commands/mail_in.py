"""`incident mail-in`: one mail from standard input, as a mail server pipes it in, kept as an answer.

Ends with 75 when it could not be kept: a mail server tries again then. What is no answer is taken and forgotten.
"""

from __future__ import annotations

import sys

import click

TRY_AGAIN = 75


@click.command("mail-in", short_help="Nhận một thư trả lời từ máy chủ thư")
def command() -> None:
    """Đọc một thư (nguyên dạng RFC 5322) từ đầu vào chuẩn và ghi lại như một tin trả lời. Máy chủ thư gọi lệnh này cho mỗi
    thư gửi tới hộp thư của hệ thống; gọi lại với cùng một thư không đổi gì."""
    from sqlalchemy.exc import SQLAlchemyError

    from incident.settings import Settings
    from incident.wiring import Wiring, now
    from notify import mail_in

    raw = sys.stdin.buffer.read(mail_in.MOST_BYTES + 1)
    if len(raw) > mail_in.MOST_BYTES:
        raise click.ClickException("Thư quá lớn.")
    try:
        found = mail_in.read(raw)
    except mail_in.NoMail as bad:
        raise click.ClickException(f"Không phải thư có người gửi và Message-ID ({bad}).") from bad
    if found is None:
        click.echo("Thư tự động, không ghi.")
        return
    wiring = Wiring(Settings.from_env(), now)
    try:
        kept = wiring.outbox.store_mail(found, now())
    except SQLAlchemyError as fault:
        click.echo(f"Chưa ghi được: {type(fault).__name__}", err=True)
        sys.exit(TRY_AGAIN)
    finally:
        wiring.store.dispose()
    click.echo("Đã ghi." if kept else "Thư này đã ghi từ trước.")
