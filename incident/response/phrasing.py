"""What one person, or a group, is told: the texts of SMS and email for the effects of one transaction.

Responsible for choosing the text, filling its slots and making the links it carries. Must never decide whether, when or
how often somebody is told: `telling` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from incident import spoken, wording
from incident.domain.address import called
from incident.domain.titles import step_title
from incident.response import casting, direct
from incident.response.desk import Desk
from incident.store.tables import Incident, Person, Revision
from playbooks import templates
from playbooks.language import Playbook, Verb
from playbooks.messages import Personal
from playbooks.run import Run
from playbooks.signals import AskApproval, Notify, OpenDraft, OpenTask, Remind, Summon, Warn

NEXT_DAY = timedelta(hours=23)  # an hour so far away may be read as today's


@dataclass(slots=True)
class Phrasing:
    """The words of one transaction of one incident. `run` is the state after it; `person` finds somebody by id."""

    session: Session
    desk: Desk
    incident: Incident
    playbook: Playbook
    house: wording.House
    case: wording.Case
    now: datetime
    person: Callable[[str], Person]
    run: Run | None = None

    def sms(self, effect: Personal, reader: wording.Reader, person: Person) -> tuple[str, wording.Sms, str]:
        def say(kind: str, **slots: object) -> wording.Sms:
            return wording.sms(kind, self.house, self.case, reader, **slots)

        two_way = self.desk.two_way_with(person)
        match effect:
            case AskApproval():
                return self._approval(self.session.get_one(Revision, effect.revision), reader, person)
            case Summon() if effect.instead_of:
                link = self._link(person, "ack") if not two_way else ""
                kind = "stand_in" if two_way else "stand_in.one_way"
                return "stand_in", say(kind, instead=self.named(effect.instead_of), link=link), link
            case Summon():
                link = self._link(person, "ack") if not two_way else ""
                return "summon", say(wording.summon_kind(reader, two_way), link=link), link
            case Notify():
                values = self.values(
                    unit=wording.unit_in_sms(reader.unit),
                    recipient=reader.name,
                    due=wording.clock(effect.due),
                )
                body = templates.render(self.playbook.templates[effect.message], values)
                link = self._link(person, "ack") if not two_way and effect.ack else ""
                if not two_way:
                    body = wording.one_way(body, link, self.house)
                return "notify", wording.registered(body, self.case), link
            case Remind() if (waiting := self._to_approve(effect)) is not None:
                return self._approval(waiting, reader, person)
            case Remind():
                link = self._link(person, "ack") if not two_way else ""
                kind = wording.remind_kind(reader, two_way, another=self._has_stand_in(effect))
                return "remind", say(kind, due=wording.clock(effect.due), link=link), link
            case OpenTask() | OpenDraft():
                return self._task_sms(effect, reader, person)
            case Warn():
                kind = {"missed": "missed", "approaching": "approaching", "unanswered": "unanswered"}.get(
                    effect.reason, "overdue"
                )
                if kind == "overdue" and reader.rank == "len":
                    kind = "overdue.len"
                due = self._due(effect)
                at = wording.clock(self.now)
                return "warn", self._say_what(f"warn.{kind}", effect, reader, due=due, at=at), ""

    def voice(
        self, effect: Personal, reader: wording.Reader, person: Person, *, landline: bool
    ) -> tuple[str, str]:
        """The kind, and what a call reads aloud."""

        def say(kind: str, **slots: str) -> str:
            return spoken.voice(kind, self.house, self.case, reader, landline=landline, **slots)

        revision = self._to_approve(effect)
        if revision is not None:
            what = direct.text_meant(self.session, revision)
            number, mark = spoken.number(revision.n), spoken.digits(revision.code)
            return "approve", say("approve", what=what, n=number, mark=mark)
        match effect:
            case Summon() if effect.instead_of:
                other = self.person(effect.instead_of)
                return "stand_in", say("stand_in", instead=f"{spoken.address(other.xung_ho)} {other.name}")
            case Notify():
                return "notify", say("notify")
            case Remind():
                asked = spoken.hour(effect.due) if effect.due else ""
                then = ", sẽ mời người thay" if self._has_stand_in(effect) else ", cán bộ trực sẽ gọi"
                return "remind", say("remind", before=f". Đến {asked} chưa có trả lời{then}" if asked else "")
        return "summon", say("summon")

    def _approval(
        self, revision: Revision, reader: wording.Reader, person: Person
    ) -> tuple[str, wording.Sms, str]:
        link = self._approval_link(person, revision.id)
        what = direct.text_meant(self.session, revision)
        text = wording.sms_with_room(
            "approve", self.house, self.case, reader, what, n=revision.n, mark=revision.code, link=link
        )
        return "approve", text, link

    def _task_sms(
        self, effect: OpenTask | OpenDraft, reader: wording.Reader, person: Person
    ) -> tuple[str, wording.Sms, str]:
        link = self._link(person, "room")
        step = next((s for s in self.playbook.steps if s.id == effect.step), None)
        due = self._due(effect)
        if step is not None and step.verb is Verb.PUBLISH and due:
            return "publish", wording.sms(
                "publish", self.house, self.case, reader, due=due, link=link
            ), link  # fmt: skip
        kind = wording.task_kind(reader, timed=bool(due))
        return "task", self._say_what(kind, effect, reader, due=due, link=link), link

    def _due(self, effect: OpenTask | OpenDraft | Warn) -> str:
        """The hour it falls due, with the day where the hour alone would be taken for the next one."""
        hour = wording.clock(effect.due)
        if effect.due is None or abs(effect.due - self.now) < NEXT_DAY:
            return hour
        return f"{hour} {effect.due.astimezone(wording.VIETNAM):%d/%m}"

    def _say_what(self, kind: str, effect: Personal, reader: wording.Reader, **slots: object) -> wording.Sms:
        return wording.sms_with_room(kind, self.house, self.case, reader, self._what(effect), **slots)

    def email(
        self, effect: Personal, reader: wording.Reader, person: Person, link: str, also: tuple[str, ...]
    ) -> tuple[str, wording.Email]:
        revision = self._to_approve(effect)
        if revision is not None:
            link = link or self._approval_link(person, revision.id)
        link = link or self._link(person, "ack")
        due = effect.due
        match effect:
            case AskApproval() | Remind() if revision is not None:
                what = direct.text_meant(self.session, revision)
                extra: dict[str, object] = {"what": what, "n": revision.n, "mark": revision.code}
                facts = self._facts(asks=("đọc toàn văn và duyệt, hoặc trả lại, nêu ý kiến", *also), due=due)
                facts = replace(facts, unknown=f"Toàn văn tại {link} (dùng trong 60 phút)", extra=extra)
                return "approve", wording.email("approve", self.house, self.case, reader, facts)
            case Summon() if effect.instead_of:
                facts = self._facts(asks=("xác nhận tham gia", *also), link=link, due=due)
                facts = replace(facts, extra={"instead": self.named(effect.instead_of)})
                return "stand_in", wording.email("stand_in", self.house, self.case, reader, facts)
            case Summon():
                kind = f"summon.{reader.rank}" if reader.rank in ("len", "dang") else "summon"
                facts = self._facts(asks=("xác nhận tham gia Tổ công tác", *also), link=link, due=due)
                return "summon", wording.email(kind, self.house, self.case, reader, facts)
            case Remind():
                facts = self._facts(asks=("xác nhận", *also), link=link, due=due)
                return "remind", wording.email("remind", self.house, self.case, reader, facts)
            case Notify():
                facts = self._facts(asks=("theo dõi, báo ngay khi có diễn biến", *also), link=link, due=due)
                return "notify", wording.email("notify", self.house, self.case, reader, facts)
            case _:
                what = self._what(effect)
                kind = "warn" if isinstance(effect, Warn) else "task"
                asks = (what + (f", trước {wording.spoken(due)}" if due else ""),)
                facts = replace(
                    self._facts(asks=(*asks, *also), due=due), extra={"what": wording.shorten(what, 90)}
                )
                return kind, wording.email(kind, self.house, self.case, reader, facts)

    def also(self, effects: Sequence[Personal], primary: Personal) -> tuple[str, ...]:
        """What else waits for the person, so that one email says all of it."""
        return tuple(
            dict.fromkeys(
                self._what(effect) + (f", trước {wording.spoken(effect.due)}" if effect.due else "")
                for effect in effects
                if effect is not primary and isinstance(effect, OpenTask | OpenDraft)
            )
        )

    def to_group(self, effect: Summon | Notify | Remind) -> str:
        return group_text(effect, self.playbook, self.house, self.case, self.desk.two_way, self.values()).body

    def group_email(self, effect: Summon | Notify | Remind) -> wording.Email:
        reader = wording.Reader(name="{ten}", unit="{donvi}")
        kind = "remind" if isinstance(effect, Remind) else "notify"
        facts = self._facts(asks=("xác nhận đã nhận thông báo",), link="{link}", due=effect.due)
        return wording.email(kind, self.house, self.case, reader, facts)

    def group_voice(self, effect: Summon | Notify | Remind) -> str:
        """What a call to a group reads aloud; the name stands as {ten}."""
        reader = wording.Reader(name="{ten}")
        if isinstance(effect, Remind):
            asked = (
                f". Đến {spoken.hour(effect.due)} chưa có trả lời, cán bộ trực sẽ gọi" if effect.due else ""
            )
            return spoken.voice("remind", self.house, self.case, reader, before=asked)
        kind = "told" if isinstance(effect, Notify) else "confirm"
        return spoken.voice(kind, self.house, self.case, reader)

    def _link(self, person: Person, purpose: str) -> str:
        return direct.personal_address(self.session, self.desk, self.incident, person.id, purpose, self.now)

    def _approval_link(self, person: Person, revision_id: str) -> str:
        return direct.approval_address(
            self.session, self.desk, self.incident, person.id, revision_id, self.now
        )

    def _to_approve(self, effect: Personal) -> Revision | None:
        """The revision this person is asked, or reminded, to approve."""
        if isinstance(effect, AskApproval):
            return self.session.get(Revision, effect.revision)
        step = next((s for s in self.playbook.steps if s.id == getattr(effect, "step", "")), None)
        if not isinstance(effect, Remind) or step is None or step.verb is not Verb.APPROVE or not self.run:
            return None
        return self.session.get(Revision, self.run.steps[step.text].revision)

    def named(self, person_id: str) -> str:
        person = self.person(person_id)
        return called(person.xung_ho, person.name)

    def _has_stand_in(self, effect: Remind) -> bool:
        holders = self.run.roles.get(effect.role) if self.run else None
        return holders is not None and bool(holders.standins)

    def _what(self, effect: Personal) -> str:
        if isinstance(effect, Warn) and effect.about == "deadline":
            return next((d.title for d in self.playbook.deadlines if d.id == effect.id), effect.id)
        step_id = effect.id if isinstance(effect, Warn) else effect.step
        added = next((a.text for a in self.run.added if a.id == step_id), None) if self.run else None
        if added is not None:
            return added
        return step_title(self.playbook, self.playbook.step(step_id))

    def _facts(self, asks: tuple[str, ...], link: str = "", due: datetime | None = None) -> wording.Facts:
        return wording.Facts(
            known=self.incident.summary or self.incident.title,
            as_of=wording.stamp(self.now),
            source=self.incident.source,
            asks=asks,
            link=link,
            before=wording.spoken(due) if due else "",
        )

    def values(self, **more: str) -> dict[str, str]:
        areas = casting.area_names(self.session, self.incident.area)
        return {**template_values(self.incident, self.playbook, self.house, areas, self.now), **more}


def reader_of(
    person: Person, seen: Mapping[str, str], playbook: Playbook, effect: Personal
) -> wording.Reader:
    """Who reads a text, in which register: whoever leads tonight is reported to, whatever his post."""
    role = playbook.roles.get(effect.role)
    leads = isinstance(effect, Summon) and role is not None and role.pick == "lanh_dao_truc"
    return wording.Reader(
        name=person.name,
        post=seen.get("post", ""),
        unit=seen.get("unit", ""),
        xung_ho=person.xung_ho,
        rank="len" if leads else seen.get("rank", "ngang"),
    )


def group_text(
    effect: Summon | Notify | Remind,
    playbook: Playbook,
    house: wording.House,
    case: wording.Case,
    two_way: bool,
    values: dict[str, str],
) -> wording.Sms:
    """The skeleton of a message to a group: what differs by recipient stands as {donvi}, {ten}, {link}."""
    reader = wording.Reader()
    due = wording.clock(effect.due)
    if isinstance(effect, Notify):
        own = {"unit": "{donvi}", "recipient": "{ten}", "link": "{link}", "due": due}
        body = templates.render(playbook.templates[effect.message], {**values, **own})
        return wording.registered(body if two_way else wording.one_way(body, "{link}", house), case)
    if isinstance(effect, Remind):
        kind = wording.remind_kind(reader, two_way, another=False)
        return wording.sms(kind, house, case, reader, due=due, link="{link}")
    return wording.sms("confirm" if two_way else "summon.one_way", house, case, reader, link="{link}")


def template_values(
    incident: Incident, playbook: Playbook, house: wording.House, areas: list[str], now: datetime
) -> dict[str, str]:
    """A value for every variable a template may use (`playbooks.templates.VARIABLES`)."""
    case = wording.Case(incident.code, incident.mode, incident.short_name)
    return {
        "code": case.shown,
        "short_name": incident.short_name,
        "title": incident.title,
        "summary": incident.summary or incident.title,
        "area": ", ".join(areas),
        "province": house.province,
        "agency": house.agency,
        "duty_phone": house.duty_phone,
        "opened_at": _moment(incident.opened_at),
        "occurred_at": _moment(incident.occurred_at or incident.detected_at or incident.opened_at),
        "detected_at": _moment(incident.detected_at or incident.opened_at),
        "level_name": playbook.levels.get(incident.level, str(incident.level)),
        "unit": "",
        "recipient": "",
        "next_update": _moment(now + timedelta(hours=4)),
        "hotline": house.hotline,
        "portal_url": house.portal_url,
        "link": "",
        "due": "",
    }


def _moment(moment: datetime) -> str:
    return f"{wording.spoken(moment)} ngày {wording.day(moment)}"
