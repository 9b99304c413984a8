"""`python -m tests.playbooks.long_night`: writes the log of one long run as this engine keeps it.

Run once when an engine is new; the files of older engines are never written again. What they say is a promise: a run that
began under them goes on. The playbook is the one of the newest of them.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from playbooks.compiled import compile, from_compiled
from playbooks.events import event_to_json
from playbooks.language import Playbook
from playbooks.run import ENGINE, to_json
from playbooks.signals import (
    Acknowledged,
    Added,
    Answered,
    Approved,
    AudienceFrozen,
    Cancelled,
    Declined,
    Edited,
    FactChanged,
    HandedOver,
    Holders,
    Joined,
    LawClock,
    LevelChanged,
    Paused,
    Published,
    Reassigned,
    Redone,
    Reopened,
    Resumed,
    Returned,
    Skipped,
    Started,
    Submitted,
    TakenBack,
    Ticked,
    Unreachable,
)
from playbooks.wire import encode
from tests.playbooks.conversation import Talk
from tests.playbooks.flood import T0, at

FOLDER = Path(__file__).parent / "stored"


def long_night(playbook: Playbook) -> Talk:
    """Almost everything that can happen to a run, once."""
    roles = {
        slug: Holders(group=True) if role.is_group else Holders((f"{slug}_1",), (f"{slug}_2",))
        for slug, role in playbook.roles.items()
    }
    talk = Talk(playbook, first=Started(2, {"opened_at": T0, "accepted_at": T0}, roles, LAWS))
    talk.says(Acknowledged("lap_to", 1, "thu_ky_1"), 2)
    talk.says(Declined("lap_to", 1, "phat_ngon_1"), 3)
    talk.says(Unreachable("lap_to", 1, "nguoi_dang_1", reason="no_number"), 3)
    talk.says(Answered("xin_y_kien", "truc_ban_1", "da_bao_cao"), 4)
    talk.says(LevelChanged(3, "lan rộng"), 5)
    talk.sleeps_until(40)
    talk.says(Acknowledged("lap_to", 1, "phat_ngon_2"), 41)
    talk.says(Answered("xac_minh", "co_quan_cm_2", "mot_phan"), 42)
    talk.says(Submitted("du_thao_1", "thu_ky_1", "r1", "1" * 64, ("thu_ky_1",)), 50)
    talk.says(Approved("duyet_1", "phat_ngon_1", "r1", "1" * 64), 51)
    talk.says(Returned("duyet_1", "to_truong_1", "sửa câu 2"), 52)
    talk.says(Submitted("du_thao_1", "thu_ky_1", "r2", "2" * 64, ("thu_ky_1",)), 55)
    talk.says(Approved("duyet_1", "phat_ngon_1", "r2", "2" * 64), 56)
    talk.says(Approved("duyet_1", "to_truong_1", "r2", "2" * 64), 57)
    talk.says(AudienceFrozen("bao_cac_xa", 1, 4), 57)
    talk.says(Acknowledged("bao_cac_xa", 1, count=3), 58)
    talk.says(Edited("du_thao_1", "thu_ky_1"), 59)
    talk.says(Submitted("du_thao_1", "thu_ky_1", "r3", "3" * 64, ("thu_ky_1",)), 61)
    talk.says(Paused(at(120), "chờ cuộc họp"), 62)
    talk.says(Resumed(), 75)
    talk.says(Reassigned("luu_bang_chung", "nguoi_khac"), 76)
    talk.says(Ticked("luu_bang_chung", "nguoi_khac", (0, 1), True), 77)
    talk.says(Approved("duyet_1", "phat_ngon_1", "r3", "3" * 64), 78)
    talk.says(Approved("duyet_1", "to_truong_1", "r3", "3" * 64), 79)
    talk.says(Published("cong_bo_1", "phat_ngon_1", "3" * 64, at(80)), 80)
    talk.says(Published("cong_bo_1", "nguoi_dang_1", "3" * 64, at(81)), 82)
    talk.says(FactChanged(anchors={"accepted_at": at(-60)}, roles={"thu_ky": Holders(("thu_ky_3",))}), 90)
    talk.says(Added("them_1", "Gọi lại báo", "thu_ky_3", 1200), 91)
    talk.says(Redone("an_toan_truoc", "chưa đủ"), 92)
    talk.says(Skipped("cap_nhat", "không cần"), 93)
    talk.says(Joined("lap_to", "nguoi_vu_kia", True), 94)
    talk.says(HandedOver(at(95), ("luu_bang_chung",)), 95)
    talk.says(TakenBack(), 125)
    talk.says(Cancelled("xong"), 200)
    talk.says(Reopened("chưa xong"), 230)
    talk.waits_until(300)
    return talk


LAWS = {"thong_tin_ban_dau": LawClock("accepted_at", 24, "NĐ 244/2026/NĐ-CP")}


def written(talk: Talk) -> str:
    log = [[encode(moment), json.loads(event_to_json(event))] for event, moment in talk.log]
    data = {
        "playbook": json.loads(compile(talk.playbook)),
        "log": log,
        "state": json.loads(to_json(talk.run)),
        "keys": talk.keys,
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def files() -> list[Path]:
    return sorted(FOLDER.glob("engine-*.json"), key=lambda path: int(path.stem.removeprefix("engine-")))


def stored(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return data


def playbook_of(path: Path) -> Playbook:
    return from_compiled(json.dumps(stored(path)["playbook"]))


if __name__ == "__main__":
    night = long_night(playbook_of(files()[-1]))
    (FOLDER / f"engine-{ENGINE}.json").write_text(written(night), "utf-8")
