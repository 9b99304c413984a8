"""Wrong use of the command line, said in Vietnamese: click speaks English alone. Must never know a command."""

from __future__ import annotations

import click
from click.exceptions import NoArgsIsHelpError, NoSuchCommand

EXTRA = "Got unexpected extra argument"


def show(error: click.ClickException, english: bool) -> None:
    """To standard error, as click would show it."""
    if english or isinstance(error, NoArgsIsHelpError):
        error.show()
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        use = " ".join(context.command.collect_usage_pieces(context))
        click.echo(f"Cách dùng: {context.command_path} {use}", err=True)
        click.echo(f"Xem thêm: {context.command_path} --help", err=True)
    click.echo(f"Lỗi: {words(error)}", err=True)


def words(error: click.ClickException) -> str:
    """What is wrong; words of our own are left as they are."""
    if isinstance(error, click.MissingParameter):
        return f"thiếu {_name(error)}."
    if isinstance(error, click.BadParameter):
        name = _name(error)
        return f"{name}: {_value(error)}" if name else _value(error)
    if isinstance(error, NoSuchCommand):
        return f"không có lệnh “{error.command_name}”."
    if isinstance(error, click.NoSuchOption):
        return f"không có tùy chọn {error.option_name}."
    if isinstance(error, click.BadOptionUsage):
        return f"tùy chọn {error.option_name} dùng chưa đúng."
    if isinstance(error, click.UsageError) and error.message.startswith(EXTRA):
        return f"thừa tham số {error.message.partition('(')[2].rstrip(').')}."
    return error.format_message()


def _name(error: click.BadParameter) -> str:
    hint = error.param_hint
    if hint is None and error.param is not None:
        hint = error.param.get_error_hint(error.ctx)
    return (hint if isinstance(hint, str) else ", ".join(hint or ())).replace("'", "")


def _value(error: click.BadParameter) -> str:
    """By the kind of the parameter; the text of a parameter's own check is ours already."""
    kind = error.param.type if error.param is not None else None
    if isinstance(kind, click.Choice):
        return f"chỉ nhận {', '.join(str(choice) for choice in kind.choices)}."
    if isinstance(kind, click.IntRange) and (kind.min is not None or kind.max is not None):
        low = f" từ {kind.min}" if kind.min is not None else ""
        high = f" đến {kind.max}" if kind.max is not None else ""
        return f"cần một số nguyên{low}{high}."
    if kind is click.INT:
        return "cần một số nguyên."
    if isinstance(kind, click.Path) and not any(ord(letter) > 127 for letter in error.message):
        what = "thư mục" if not kind.file_okay else "tệp hoặc thư mục" if kind.dir_okay else "tệp"
        return f"không có {what} này, hoặc không đọc được."
    return error.message
