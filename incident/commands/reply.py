"""`incident reply TEXT`: how a reply would be understood, as one JSON line. Imports nothing heavy."""

from __future__ import annotations

import json

import click

from incident.domain.replies import understand


@click.command("reply", short_help="Cho biết một tin trả lời được hiểu thế nào")
@click.argument("text")
def command(text: str) -> None:
    """In ra một dòng JSON: means là accept, decline, wrong_number, dispute, optout hoặc review; code là mã vụ việc."""
    meaning = understand(text)
    click.echo(json.dumps({"means": meaning.means, "code": meaning.code}, ensure_ascii=False))
