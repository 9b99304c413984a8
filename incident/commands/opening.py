"""`incident open`: open an incident without the web, for tests, drills and a broken browser."""

from __future__ import annotations

import click


@click.command("open")
@click.option("--playbook", required=True, help="tên kịch bản, ví dụ tin-gia-dich-benh")
@click.option("--title", required=True, help="việc gì đang xảy ra, nêu ngắn")
@click.option("--level", required=True, type=int, help="cấp độ: 1 theo dõi, 2 sự cố, 3 nghiêm trọng")
@click.option("--drill", is_flag=True, help="diễn tập, không phải sự cố thật")
@click.option("--injects", default="", help="diễn tập: danh sách tình huống bổ sung, ví dụ dap-suoi-lac")
@click.option("--area", multiple=True, default=("toan_tinh",), help="địa bàn: khóa của xã, hoặc toan_tinh")
@click.option("--topic", default=None, help="lĩnh vực")
@click.option("--short-name", default="", help="tên ngắn dùng trong tin nhắn, không quá 20 ký tự")
@click.option("--key", default=None, help="khóa chống mở trùng; bỏ trống thì mỗi lần gọi là một vụ việc")
def command(
    playbook: str,
    title: str,
    level: int,
    drill: bool,
    injects: str,
    area: tuple[str, ...],
    topic: str | None,
    short_name: str,
    key: str | None,
) -> None:
    """Mở một vụ việc từ dòng lệnh. In ra: mã, số, địa chỉ."""
    from incident.domain.actors import Actor, Role
    from incident.domain.ids import new_token
    from incident.response.open import Opening, open_incident
    from incident.wiring import Wiring

    wiring = Wiring.from_env()
    actor = Actor("token", "cli", "Dòng lệnh", frozenset({Role.DUTY_OFFICER}))
    opening = Opening(
        title=title,
        playbook=playbook,
        level=level,
        area=area,
        short_name=short_name,
        topic=topic,
        mode="drill" if drill else "live",
        injects=injects,
    )
    opened = open_incident(wiring.desk, opening, actor, wiring.now(), scope="cli", key=key or new_token(20))
    click.echo(f"{opened.code}\t{opened.number}\t{wiring.settings.public_url}/incidents/{opened.incident_id}")
