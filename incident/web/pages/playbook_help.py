"""The page beside the editor: the words of the language, and the posts, templates and fragments that this province has."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, render_template
from sqlalchemy import select

from incident.response.library import BUILT_IN
from incident.response.playbook_draft import SKELETON
from incident.store.tables import Post, Unit
from incident.web.pages.access import signed_in, wiring
from playbooks.templates import VARIABLES
from playbooks.verbs import MEANING, STEPS

pages = Blueprint("playbook_help", __name__)

# Picks that are no posts of the directory.
PICKS = ("on_duty", "lanh_dao_truc", "theo_chu_de", "theo_chu_de_lanh_dao", "nguoi_phat_ngon", "nguoi_dung_dau",
         "nhom_dia_ban", "moi_nguoi_dia_ban")  # fmt: skip


@pages.get("/playbooks/help")
@signed_in
def show() -> str:
    query = select(Post.key, Post.title, Unit.short_name).join(Unit, Unit.key == Post.unit)
    with wiring().store.reading() as session:
        posts = session.execute(query.where(Unit.area.is_(None)).order_by(Unit.short_name, Post.key)).all()
    return render_template(
        "playbooks/help.html", posts=posts, picks=PICKS, verbs={verb.value: part.keys for verb, part in STEPS.items()},
        meaning=MEANING, papers=_named("mau/*"), fragments=[name.removesuffix(".yaml") for name in _named("_chung/*.yaml")],
        variables={name: one.meaning for name, one in VARIABLES.items()},
        example=SKELETON.format(slug="mua-lu-quet", title='"Mưa lớn, lũ quét"'),
    )  # fmt: skip


def _named(pattern: str) -> list[str]:
    folders = [folder for folder in (wiring().settings.playbooks_dir, BUILT_IN) if folder is not None]
    return sorted({_within(path, folder) for folder in folders for path in folder.glob(pattern)})


def _within(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
