"""A night in which everything happened: one incident of every state a page can show, and every page there is.

`PAGES` names each page that can be read, with the account that reads it. A page that is not in it fails
`test_every_page`, so that a new page is looked at on a phone, on a desk, in a drill, by axe, before it is believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select

from incident.domain.actors import Role
from incident.response import (
    calls,
    course,
    drafts,
    drills,
    handover,
    merging,
    phone_approval,
    playbook_draft,
    press,
    publishing,
    statement,
    stopping,
    transferring,
)
from incident.response.calls import Heard
from incident.response.open import Opened
from incident.response.phone_approval import Call
from incident.response.press import Question
from incident.response.transferring import Transfer
from incident.store.tables import Account, Drill
from tests.incident.web.conftest import Browser, Site
from tests.stories.world import World

SPEAKER, HEAD, SECRETARY = "nguoi_phat_ngon", "pho_chu_tich_phu_trach", "so_vhttdl_chuyen_vien_bao_chi"
EXPERT, POSTER, DEPUTY = "so_nnmt_thuy_loi", "cong_ttdt_truc", "so_vhttdl_pho_phong"
TEXT = "Thông tin ban đầu\n\nHồ Suối Lạc vận hành bình thường lúc 02 giờ 20 phút."
STRANGER = "+84540777777"

ROOM = "/incidents/{room}"
TEXT_PAGE = ROOM + "/statements/{text}"
# What each address of the map is tried as: who reads it, and the page. "" = nobody is signed in.
PAGES: dict[str, tuple[str, str]] = {
    "board.index": ("truc", "/"),
    "board.wall": ("truc", "/wall"),
    "account.show": ("totruong", "/account"),
    "security.two_factor_setup": ("truc", "/account/two-factor"),
    "security.login": ("", "/sign-in"),
    "acknowledge.show": ("", "{link}"),
    "approve.show": ("", "{approval}"),
    "directory.index": ("quantri", "/directory?q=van+phong"),
    "sheets.tree": ("truc", "/directory/call-tree"),
    "sheets.duty": ("truc", "/directory/duty-sheet"),
    "sheets.incident_tree": ("truc", ROOM + "/call-tree"),
    "handover.show": ("truc", "/handover"),
    "handover.kept": ("truc", "/handover/{handover}"),
    "approval_policy.show": ("quantri", "/settings/approval"),
    "playbooks.index": ("nguoidang", "/playbooks"),
    "playbooks.show": ("thuky", "/playbooks/tin-gia-dich-benh"),
    "playbooks.version": ("totruong", "/playbooks/{playbook}/versions/1"),
    "playbook_editor.new": ("thuky", "/playbooks/new"),
    "playbook_editor.edit": ("thuky", "/playbooks/{playbook}/edit"),
    "playbook_help.show": ("thuky", "/playbooks/help"),
    "playbook_proof.draft": ("totruong", "/playbooks/{playbook}/draft"),
    "playbook_proof.used": ("theodoi", "/playbooks/goi-xac-nhan/rehearsal?level=2"),
    "opening.form": ("truc", "/incidents/new?draft={draft}"),
    "unsent.ask": ("truc", "/incidents/drafts/{draft}/discard"),
    "room.show": ("truc", ROOM),
    "room.timeline": ("truc", ROOM + "/timeline"),
    "sending.stop": ("truc", "/incidents/{leaving}/stop"),
    "sending.call_out": ("truc", "/incidents/{held}/call-out"),
    "calls.record": ("truc", ROOM + "/calls"),
    "calls.one": ("truc", ROOM + "/calls/{person}"),
    "calls.assign": ("truc", ROOM + "/replies/{reply}/assign"),
    "people.stand_in": ("truc", ROOM + "/calls/{person}/stand-in?q=pho+phong"),
    "people.add": ("truc", ROOM + "/people?q=van+phong"),
    "people.role": ("truc", ROOM + "/roles?role=phat_ngon&q=van+phong"),
    "people.number": ("truc", ROOM + "/people/{person}/number"),
    "people.participate": ("truc", "/incidents/{drilled}/drill/participants?q=van+phong"),
    "drills.show": ("truc", "/incidents/{drilled}/drill"),
    "drills.skip": ("truc", "/incidents/{drilled}/drill/injects/I2/skip"),
    "drills.stop": ("truc", "/drills/stop"),
    "actions.close": ("truc", ROOM + "/close"),
    "actions.level": ("truc", ROOM + "/level"),
    "actions.facts": ("truc", ROOM + "/facts"),
    "actions.pause": ("truc", ROOM + "/pause"),
    "actions.mask": ("thuky", ROOM + "/entries/{note}/mask/text"),
    "actions.reopen": ("truc", "/incidents/{closed}/reopen"),
    "steps.show": ("truc", ROOM + "/steps/xac_minh"),
    "steps.skip": ("truc", ROOM + "/steps/xac_minh/skip"),
    "steps.redo": ("truc", ROOM + "/steps/xac_minh/redo"),
    "steps.add": ("truc", ROOM + "/steps/new"),
    "people.reassign": ("truc", ROOM + "/steps/xac_minh/reassign?q=van+phong"),
    "merge.ask": ("truc", ROOM + "/merge?into={waiting}"),
    "transfer.ask": ("truc", ROOM + "/transfer"),
    "transfer.take_back": ("truc", "/incidents/{handed}/take-back"),
    "press.new": ("truc", ROOM + "/press/new"),
    "press.show": ("phatngon", ROOM + "/press/{question}"),
    "press.refuse": ("phatngon", ROOM + "/press/{question}/refuse"),
    "zalo.show": ("truc", ROOM + "/zalo"),
    "pictures.course": ("theodoi", ROOM + "/course"),
    "carriers.index": ("truc", "/settings/carriers"),
    "texts.index": ("truc", "/settings/texts?try=D%E1%BB%ABng+c%C3%B4ng+b%E1%BB%91%2C+ch%E1%BB%9D+b%C3%A3o+tan"),
    "texts.show": ("quantri", "/settings/texts/summon"),
    "revision.show": ("truc", ROOM + "/playbook"),
    "reached.show": ("truc", ROOM + "/delivery"),
    "report.show": ("thuky", ROOM + "/report"),
    "statement.show": ("phatngon", TEXT_PAGE),
    "phone_approval.record": ("truc", "/incidents/{waiting}/statements/{waiting_text}/phone"),
    "released.take_down": ("phatngon", TEXT_PAGE + "/take-down"),
    "released.mend": ("nguoidang", TEXT_PAGE + "/releases/{release}"),
}  # fmt: skip
# The same page in another state, or in other eyes.
ALSO: tuple[tuple[str, str], ...] = (
    ("", "/a/khong0co0co"),
    ("", "/d/khong0co0co"),
    ("truc", "/incidents/new"),
    ("truc", "/khong-co-trang-nay"),
    ("theodoi", "/incidents/new"),
    ("thuky", "/playbooks"),
    ("truc", "/playbooks/{playbook}"),
    ("phatngon", "/playbooks/{broken}/draft"),
    ("truc", "/playbooks/{broken}/edit"),
    ("truc", "/?q=suoi+lac"),
    ("truc", "/incidents/{stopped}"),
    ("truc", "/incidents/{held}"),
    ("truc", "/incidents/{closed}"),
    ("truc", "/incidents/{waiting}"),
    ("truc", "/incidents/{merged}"),
    ("truc", "/incidents/{handed}"),
    ("truc", "/incidents/{merged}/merge"),
    ("truc", "/incidents/{leaving}"),
    ("thuky", "/incidents/{writing}/statements/{writing_text}"),
    ("totruong", "/incidents/{waiting}/statements/{waiting_text}"),
    ("nguoidang", ROOM),
    ("theodoi", ROOM),
)
# Read by programs, fetched into a page, or asked for only on the way in; each is tried where it belongs.
NO_PAGE = re.compile(
    r"^(api-|health\.|hooks\.|files\.file$|security\.(static|tf_select|two_factor_rescue|mf_recovery|mf_recovery_codes"
    r"|two_factor_token_validation|verify)$|simulator\.show$|(board|room)\.live$|board\.wall_live$|opening\.counts$"
    r"|sheets\..*_pdf$|playbook_proof\..*_data$|report\.download$)"
)
OF_THE_INCIDENT = tuple(address for _who, address in PAGES.values() if address.startswith(ROOM))


@dataclass
class Night:
    """What the addresses are filled with."""

    site: Site
    names: dict[str, str]
    signed_in: dict[str, Browser] = field(default_factory=dict)

    def as_(self, who: str) -> Browser:
        """The browser of an account, signed in once."""
        if who not in self.signed_in:
            self.signed_in[who] = self.site.browser(who)
        return self.signed_in[who]

    def reads(self, who: str, address: str) -> str:
        return self.as_(who).get(self.at(address)).text

    def at(self, address: str) -> str:
        return address.format_map(self.names)

    def pages(self) -> list[tuple[str, str]]:
        """(account, address), those of one account together."""
        return sorted((who, self.at(address)) for who, address in (*PAGES.values(), *ALSO))


def a_night(site: Site, mode: str = "live") -> Night:
    """Everything at once; `mode`: of the incident {room}, in which most of it happens."""
    world = site.world
    prefix = "DT10" if mode == "drill" else "10"
    names: dict[str, str] = {}
    main = world.opens(mode=mode, key="main", source="mạng xã hội công khai")
    names["room"] = main.incident_id
    _told(world, main, prefix)
    names |= _spoken(world, main)
    names |= _asked_and_noted(world, main)
    names |= _others(site, mode)
    world.fast_forward(20)  # what nobody does becomes late
    names |= _links(site, main)
    names |= _playbooks(world)
    handed = world.person(DEPUTY).id
    names["handover"] = handover.hand_over(world.desk, handed, "Theo dõi báo chí", world.duty, world.time)
    names["drilled"] = _drilled(site, main)
    # Still leaving: opened, and nothing has gone out yet.
    names["leaving"] = _opens(world, "leaving", "Việc đang gửi", mode).incident_id
    return Night(site, names)


def _opens(world: World, key: str, title: str, mode: str, **more: object) -> Opened:
    from incident.response.open import Opening, open_incident

    values: dict[str, object] = {
        "title": title, "short_name": key, "playbook": "tin-gia-dich-benh", "level": 3, "mode": mode,
        "area": ("xa_suoi_lac",), "detected_at": world.time,
    }  # fmt: skip
    opening = Opening(**{**values, **more})  # type: ignore[arg-type]
    return open_incident(world.desk, opening, world.duty, world.time, scope="night", key=key)


def _drilled(site: Site, main: Opened) -> str:
    """A drill with injects, some given, one left out, one rated; the account of the officer on duty controls it."""
    world = site.world
    drill = _opens(world, "drilled", "Việc tập với tình huống", "drill", injects="dap-suoi-lac").incident_id
    with world.store.writing() as session:
        account = session.scalars(select(Account).where(Account.email == "truc@sonlam.example")).one()
        row = session.get_one(Drill, drill)
        row.controllers = [*row.controllers, str(account.id)]
    world.fast_forward(12)
    drills.skip(world.desk, drill, "I6", "không kịp giờ", world.duty, world.time)
    drills.remark(world.desk, drill, "phat_hien", "S", "Báo cáo chậm.", "key", world.duty, world.time)
    return drill


def _told(world: World, main: Opened, code: str) -> None:
    """Yes, not a word, out of reach, unclear, a wrong number, a stranger."""
    for post in (HEAD, EXPERT):
        world.phone(post).replies(f"OK {code}")
    world.phone(SECRETARY).replies(f"OK {code}")
    world.phone(SPEAKER).replies(f"de toi xem {code} da")
    world.receives(STRANGER, f"OK {code}")
    heard = Heard(world.person(SPEAKER).id, calls.OFF, world.time)
    calls.record(world.desk, main.incident_id, heard, world.duty, world.time)
    world.phone(POSTER).replies("nham so")
    world.answers(main, "xac_minh", "chua_ro", EXPERT)


def _spoken(world: World, main: Opened) -> dict[str, str]:
    """A statement: written, approved by link and by telephone, released, posted."""
    world.drafts(main, TEXT, SECRETARY)
    text = world.statement(main)
    world.approves(main, SPEAKER)
    code = world.statement(main).revisions[-1].code
    phone_approval.record(
        world.desk, text.id, world.statement(main).revisions[-1].id,
        Call(world.person(HEAD).id, code, "Đồng ý, cho đăng"), world.duty, world.time,
    )  # fmt: skip
    world.releases(main, SPEAKER, POSTER)
    return {"text": text.id, "release": world.statement(main).releases[-1].id}


def _asked_and_noted(world: World, main: Opened) -> dict[str, str]:
    asked = Question(
        key="night-01", outlet="Báo Sơn Lâm", name="Lê Thị Phóng Viên", phone="0540 000 777",
        question="Hồ Suối Lạc có sắp vỡ không?", deadline=world.time + timedelta(minutes=15),
    )  # fmt: skip
    question = press.ask(world.desk, main.incident_id, asked, world.duty, world.time)
    course.add_note(world.desk, main.incident_id, "Đã gọi Ban quản lý hồ.", world.duty, world.time)
    view = world.view(main)
    note = next(e.seq for e in reversed(view.timeline) if "text" in e.maskable)
    reply = next(r.inbound_id for r in view.review if r.person is None)
    return {
        "question": question,
        "note": str(note),
        "reply": reply,
        "person": world.person(SPEAKER).id,
    }


def _others(site: Site, mode: str) -> dict[str, str]:
    """A held one, a stopped one, a closed one, one whose text waits for approval and holds another that was merged, one that
    is written, one that another body leads, an unsent draft."""
    world = site.world
    held = _opens(world, "held", "Việc mới báo lãnh đạo", mode, only_leader=True)
    stopped = _opens(world, "stopped", "Việc đã dừng gửi", mode)
    stopping.stop(world.desk, stopped.incident_id, world.duty, world.time, "mở nhầm")
    closed = _opens(world, "closed", "Việc đã kết thúc", mode, level=1)
    world.closes(closed)
    waiting, writing = (_opens(world, key, "Việc chờ duyệt", mode) for key in ("waiting", "writing"))
    for one in (waiting, writing):
        code = f"DT{one.code}" if mode == "drill" and not str(one.code).startswith("DT") else str(one.code)
        for post in (HEAD, SECRETARY, EXPERT, SPEAKER):
            world.phone(post).replies(f"OK {code}")
        world.answers(one, "xac_minh", "chua_ro", EXPERT)
    world.drafts(waiting, TEXT, SECRETARY)
    writer = world.actor(SECRETARY, Role.SECRETARY)
    current = world.statement(writing)
    statement.edit(world.desk, current.id, TEXT, current.version, writer, world.time)
    merged, handed = (_opens(world, key, "Việc mở hai lần", mode, level=1) for key in ("merged", "handed"))
    course.add_note(world.desk, merged.incident_id, "Báo Sơn Lâm cũng hỏi.", world.duty, world.time)
    merging.merge(world.desk, merged.incident_id, waiting.incident_id, "cùng một tin", world.duty, world.time)
    transferring.transfer(
        world.desk,
        handed.incident_id,
        Transfer("Bộ Công an", paper="123/BCA-VP"),
        "đã khởi tố",
        world.duty,
        world.time,
    )
    typed = {"title": "Việc chưa gửi", "drill": "true" if mode == "drill" else ""}
    return {
        "held": held.incident_id,
        "merged": merged.incident_id,
        "handed": handed.incident_id,
        "stopped": stopped.incident_id,
        "closed": closed.incident_id,
        "waiting": waiting.incident_id,
        "waiting_text": world.statement(waiting).id,
        "writing": writing.incident_id,
        "writing_text": current.id,
        "draft": drafts.save(world.desk, typed, world.duty, world.time),
    }


def _playbooks(world: World) -> dict[str, str]:
    """One that two people published and of which the next version waits for a signature; one that is full of faults."""
    own, broken = "mua-lu-quet", "ro-ri-tai-lieu"
    writer, signer = world.actor(SECRETARY, Role.SECRETARY), world.actor(HEAD, Role.APPROVER)
    playbook_draft.begin_new(world.desk, own, "Mưa lớn, lũ quét", "", writer, world.time)
    publishing.ask(world.desk, own, 1, writer, world.time)
    publishing.sign(world.desk, own, 1, signer, world.time)
    playbook_draft.begin(world.desk, own, writer, world.time)
    next_one = playbook_draft.SKELETON.format(slug=own, title="Mưa lớn, lũ quét, sạt lở").replace(
        "version: 1", "version: 2"
    )
    n = playbook_draft.save(world.desk, own, next_one, "", 2, writer, world.time)
    publishing.ask(world.desk, own, n, writer, world.time)
    playbook_draft.begin_new(world.desk, broken, "Rò rỉ tài liệu", "", world.duty, world.time)
    faulty = playbook_draft.SKELETON.format(slug=broken, title="Rò rỉ tài liệu").replace("within:", "wihtin:")
    playbook_draft.save(world.desk, broken, faulty, "", 1, world.duty, world.time)
    return {"playbook": own, "broken": broken}


def _links(site: Site, main: Opened) -> dict[str, str]:
    """The newest links that stand in a mailbox and on a phone."""
    world = site.world
    world.deliver()
    sent = [m.body for m in (*world.mail.sent, *world.sms.sent)]
    found = {kind: re.findall(rf"(/{kind}/\w{{10,12}})", "\n".join(sent)) for kind in "ad"}
    return {"link": found["a"][-1], "approval": found["d"][-1]}
