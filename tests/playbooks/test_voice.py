"""A call is a channel of what waits for an answer, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from playbooks.load import load

PLAYBOOK = """\
playbook: goi-ca-nhom
version: 1
title: "Gọi cả nhóm"
levels: {1: Theo dõi, 2: Sự cố, 3: Nghiêm trọng}
topics: [chung]
roles:
  truc_ban: {title: Cán bộ trực, pick: on_duty}
  moi_nguoi: {title: Mọi người trong địa bàn, pick: moi_nguoi_dia_ban}
steps:
  - id: goi
    notify: [moi_nguoi]
    message: mau/tin.txt
    via: [sms, voice]
    after: start
    ack: ACK
"""
WAITS = """\
    within: 15 phút
    else: [{to: truc_ban, after: 15 phút}]
"""


@pytest.mark.parametrize(("ack", "more", "fault"), [("all", WAITS, False), ("none", "", True)])
def test_a_call_waits_for_a_key(tmp_path: Path, ack: str, more: str, fault: bool) -> None:
    (tmp_path / "mau").mkdir()
    (tmp_path / "mau" / "tin.txt").write_text("Vu viec {{ code }}. Tra loi OK {{ code }}", encoding="utf-8")
    path = tmp_path / "goi-ca-nhom.yaml"
    path.write_text(PLAYBOOK.replace("ACK", ack) + more, encoding="utf-8")
    found = load(path, library=tmp_path)
    told = [one for one in found.faults if "voice" in str(one)]
    assert bool(told) is fault, found.faults
    if not fault:
        assert found.playbook is not None
        assert found.playbook.step("goi").via == ("sms", "voice")
