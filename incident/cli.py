"""The command line: `incident …`. Each command's module is imported when it is called, so that the quick ones are quick.

Exit codes: 0 fine, 1 the thing checked is not right, 2 wrong usage or settings. Errors go to standard error, in
Vietnamese (English with LANG=en).
"""

from __future__ import annotations

import importlib
import os
import sys

import click

# name -> (where it lives, what it does in one line)
COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("up:up", "chạy toàn bộ dịch vụ trên máy này"),
    "serve": ("up:serve", "chạy trang web"),
    "worker": ("up:worker", "chạy tiến trình gửi tin; --papers: tiến trình làm báo cáo"),
    "clock": ("up:clock", "chạy đồng hồ: đến hạn, nhắc, chuyển người thay"),
    "simulator": ("up:simulator", "chạy bộ mô phỏng điện thoại và hộp thư"),
    "migrate": ("up:migrate", "đưa cơ sở dữ liệu về phiên bản của chương trình"),
    "open": ("opening:command", "mở một vụ việc từ dòng lệnh"),
    "playbook": ("playbook:group", "kiểm tra, diễn thử, xem lược đồ kịch bản"),
    "report": ("report:command", "xuất báo cáo kết quả xử lý"),
    "verify": ("verify:command", "kiểm tra nhật ký không bị sửa"),
    "directory": ("directory:group", "danh bạ: nhập, xuất, rà soát, dữ liệu mẫu"),
    "reply": ("reply:command", "một tin trả lời sẽ được hiểu thế nào"),
    "mail-in": ("mail_in:command", "nhận một thư trả lời từ máy chủ thư"),
    "user": ("accounts:user", "tài khoản đăng nhập"),
    "token": ("accounts:token", "mã truy cập cho phần mềm khác"),
    "backup": ("safekeeping:backup", "sao lưu cơ sở dữ liệu ra một tệp"),
    "restore": ("safekeeping:restore", "khôi phục từ bản sao lưu"),
    "doctor": ("doctor:command", "đã cấu hình gì, còn thiếu gì"),
}


class Lazy(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name][0].split(":")
        found: click.Command = getattr(importlib.import_module(f"incident.commands.{module}"), attribute)
        return found

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Lệnh"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def incident() -> None:
    """Dịch vụ ứng phó sự cố, khủng hoảng truyền thông."""


def english() -> bool:
    """Whether the environment asks for English: LANG=en and nothing longer, which many machines have unasked."""
    return os.environ.get("LANG") == "en"


def main() -> None:
    """Entry point. Refusals, wrong use and bad settings are said in few lines, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    from incident.settings import BadSettings

    try:
        ended = incident(prog_name="incident", standalone_mode=False)
    except click.ClickException as error:
        from incident.commands import usage

        usage.show(error, english())
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(1)
    except BadSettings as error:
        _fail(("Settings: " if english() else "Cấu hình: ") + str(error), 2)
    except Exception as error:
        from incident.domain.errors import Refusal

        if _of_database(error):
            _fail(_database_text(error), 2)
        if not isinstance(error, Refusal):
            raise
        details = [f"  {field}: {text}" for field, texts in error.errors.items() for text in texts]
        _fail("\n".join([error.text, *details]), 1)
    sys.exit(ended if isinstance(ended, int) else 0)


def _of_database(error: Exception) -> bool:
    """Not there, not reached, or of another version: whoever sits at the keyboard can mend that."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    return isinstance(error, OperationalError | ProgrammingError)


def _database_text(error: Exception) -> str:
    cause = str(getattr(error, "orig", error)).splitlines()[0]
    if english():
        return f"The database is not ready: {cause}\n  Run `incident migrate`, or see `incident doctor`."
    return f"Cơ sở dữ liệu chưa sẵn sàng: {cause}\n  Chạy `incident migrate`, hoặc xem `incident doctor`."


def _fail(text: str, code: int) -> None:
    click.echo(text, err=True)
    sys.exit(code)
