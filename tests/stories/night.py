"""A whole night, told by the clock on the wall: what the three stories of a night share.

Everything goes through the same use cases as the pages; the leader's link is read from the SMS on his phone, as he
would. At the end of a night the record is held against what must be true of every night.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import select

from incident.commands.verify import command as verify_command
from incident.directory.queries import VIETNAM
from incident.domain.actors import Role
from incident.report.naming import PARTS
from incident.report.record import StatementView
from incident.report.rendering import render
from incident.response import approval_link, calls, handover, people, phone_approval, press, statement, task
from incident.response.calls import Heard
from incident.response.open import Opened, Opening, open_incident
from incident.response.phone_approval import Call
from incident.response.press import Question
from incident.store.tables import Handover, Message
from tests.stories.world import Phone, World

LEAD, STAND_IN = "pho_chu_tich_phu_trach", "giam_doc_so_vhttdl"
SECRETARY, DEPUTY = "so_vhttdl_chuyen_vien_bao_chi", "so_vhttdl_pho_phong"
SPEAKER, POSTER = "nguoi_phat_ngon", "cong_ttdt_truc"
FIRST_HOUR, MOST_IN_FIRST_HOUR = timedelta(hours=1), 5
COUNTED_APART = (
    "approve",
    "approve_phone",
    "reply",
)  # a text to approve always goes; who writes gets an answer


class Night:
    """One incident and the people it wakes. `at("02:06")` lets the world run until then. `opened`: it is open already."""

    def __init__(self, world: World, opening: Opening | None = None, opened: Opened | None = None) -> None:
        self.world, self.opening = world, opening
        self.duty = world.duty
        self._opened = opened

    @property
    def opened(self) -> Opened:
        assert self._opened is not None, "not opened yet"
        return self._opened

    @property
    def id(self) -> str:
        return self.opened.incident_id

    # ------------------------------------------------------------ time

    def at(self, clock: str) -> None:
        """Everything that falls due before this minute happens."""
        hour, minute = (int(part) for part in clock.split(":"))
        here = self.world.time.astimezone(VIETNAM)
        then = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
        assert then >= here, f"{clock} is past"
        self.world.fast_forward(to=then.astimezone(self.world.time.tzinfo))

    # ------------------------------------------------------------ people

    def opens(self) -> Opened:
        assert self.opening is not None
        self._opened = open_incident(
            self.world.desk, self.opening, self.duty, self.world.time, scope=self.duty.id, key="night"
        )
        self.world.deliver()
        return self.opened

    def expects(self, post: str, *words: str) -> Phone:
        return self.world.phone(post).expects_sms(*words)

    def new_number(self, post: str) -> Phone:
        """The phone of this person since their number was corrected; the old one stays with whoever has it."""
        person = self.world.person(post)
        return self.world.phones.setdefault(f"{person.id} {person.phone}", Phone(self.world, person))

    def decides(self, step: str, choice: str, post: str = "", reason: str = "") -> None:
        """A question of the playbook; without a post the officer on duty writes down what was said by telephone."""
        actor = self.world.actor(post, Role.MEMBER) if post else self.duty
        task.complete(self.world.desk, self.id, step, actor, self.world.time, answer=choice, reason=reason)
        self.world.deliver()

    def does(self, step: str, post: str = "", proof: str = "") -> None:
        """A task of the playbook, with all its items."""
        actor = self.world.actor(post, Role.MEMBER) if post else self.duty
        items = next(s.items for s in self.world.view(self.opened).steps if s.id == step)
        task.complete(
            self.world.desk,
            self.id,
            step,
            actor,
            self.world.time,
            items=tuple(range(len(items))),
            proof=proof,
        )
        self.world.deliver()

    def calls(self, post: str, outcome: str, text: str = "") -> None:
        """The officer on duty has telephoned and writes down what it came to."""
        heard = Heard(self.world.person(post).id, outcome, self.world.time, text=text)
        calls.record(self.world.desk, self.id, heard, self.duty, self.world.time)
        self.world.deliver()

    def asked_by_press(self, outlet: str, question: str, minutes: int) -> str:
        asked = Question(
            f"form-{self.world.time:%H%M}-{len(outlet)}", outlet, question, "Lê Thị Phóng Viên", "0540 000 777",
            self.world.time + timedelta(minutes=minutes),
        )  # fmt: skip
        return press.ask(self.world.desk, self.id, asked, self.duty, self.world.time)

    def answers_press(self, request: str, text: str) -> None:
        speaker = self.world.actor(SPEAKER, Role.SPOKESPERSON)
        press.answer(self.world.desk, request, text, "", speaker, self.world.time)

    def takes_seat(self, role: str, post: str, why: str) -> None:
        """Who stands in is given the role: what waits for it waits for them from now on."""
        who = self.world.person(post).id
        people.change_role(self.world.desk, self.id, role, who, why, self.duty, self.world.time)
        self.world.deliver()

    def takes_over(self) -> None:
        """The officer whose turn it is now accepts the shift, and answers for it from here on."""
        with self.world.store.reading() as session:
            pending = session.scalars(select(Handover.id).where(Handover.accepted_at.is_(None))).one()
        self.duty = self.world.duty
        handover.accept(self.world.desk, pending, self.duty, self.world.time)
        self.world.deliver()

    # ------------------------------------------------------------ texts

    def text(self, step: str = "du_thao_1") -> StatementView:
        return self.world.statement(self.opened, step)

    def drafts(self, text: str, step: str = "du_thao_1", post: str = SECRETARY) -> None:
        writer, current = self.world.actor(post, Role.SECRETARY), self.text(step)
        statement.edit(self.world.desk, current.id, text, current.version, writer, self.world.time)
        statement.submit(self.world.desk, current.id, writer, self.world.time)
        self.world.deliver()

    def link(self, post: str) -> str:
        """The newest link to approve that stands on this phone."""
        self.world.deliver()
        bodies = [m.body for m in self.world.phone(post).messages()]
        return [found[1] for body in bodies if (found := re.search(r"/d/(\w+)", body))][-1]

    def approves_by_link(self, post: str, returned_because: str = "") -> None:
        do = "return" if returned_because else "approve"
        approval_link.act(self.world.desk, self.link(post), do, returned_because, self.world.time)
        self.world.deliver()

    def approves_by_phone(self, post: str, words: str, step: str = "du_thao_1") -> None:
        """Read aloud by the officer on duty, with its three characters; what was said stands on the record."""
        current = self.text(step)
        revision = current.revisions[-1]
        phone_approval.record(
            self.world.desk, current.id, revision.id,
            Call(self.world.person(post).id, revision.code, words), self.duty, self.world.time,
        )  # fmt: skip
        self.world.deliver()

    def releases(self, step: str = "du_thao_1") -> None:
        speaker = self.world.actor(SPEAKER, Role.SPOKESPERSON)
        statement.release(self.world.desk, self.text(step).id, speaker, self.world.time)
        self.world.deliver()

    def posts(self, *channels: str, step: str = "du_thao_1") -> None:
        for channel in channels:
            statement.post(
                self.world.desk, self.text(step).id, self.world.actor(POSTER, Role.MEMBER), self.world.time,
                channel=channel, link=f"https://sonlam.example/{channel}/1",
            )  # fmt: skip
        self.world.deliver()

    # ------------------------------------------------------------ when it is over

    def ends_well(self, tmp_path: Path, *never: str) -> None:
        """True of every night, however it went: `never` are words that must stand nowhere that leaves the room."""
        self._every_sms_was_expected()
        self._nobody_got_too_many()
        assert self.world.verify(self.opened).ok
        for part in PARTS:
            for words in (self._exported(part, tmp_path), *self._papers(part)):
                for name in never:
                    assert name not in words, f"{name!r} stands in the part {part}"
        for message in (*self.world.sms.sent, *self.world.mail.sent):
            for name in never:
                assert name not in f"{message.subject} {message.body}"

    def _every_sms_was_expected(self) -> None:
        looked_at = {phone.person.phone for phone in self.world.phones.values()}
        strangers = {m.to: m.body for m in self.world.sms.sent if m.to not in looked_at}
        assert not strangers, strangers
        self.world.no_unexpected_message()
        assert all(len(m.body) <= 160 and m.body.isascii() for m in self.world.sms.sent)

    def _nobody_got_too_many(self) -> None:
        """The first hour of each: five at most, three minutes between what is neither call-up nor answer."""
        members = {m.person_id for m in self.world.view(self.opened).task_force if m.request_id}
        with self.world.store.reading() as session:
            rows = session.execute(
                select(Message.person_id, Message.kind, Message.not_before)
                .where(
                    Message.person_id.in_(members), Message.channel == "sms", Message.status != "cancelled"
                )
                .order_by(Message.not_before)
            ).all()
        for person in members:
            told = [(row.kind, row.not_before) for row in rows if row.person_id == person]
            early = [kind for kind, at in told if at - told[0][1] < FIRST_HOUR and kind not in COUNTED_APART]
            assert len(early) <= MOST_IN_FIRST_HOUR, (person, early)

    def _exported(self, part: str, folder: Path) -> str:
        """The file of the record, held against itself by `incident verify`."""
        raw, _ = render(self.world.view(self.opened), "json", part, self.world.time, settings_words={})
        path = folder / f"{part}.json"
        path.write_bytes(raw)
        said = CliRunner().invoke(verify_command, [str(path)], env={"DATA_DIR": str(folder)})
        assert said.exit_code == 0, said.output
        assert "nguyên vẹn" in said.output
        return json.dumps(json.loads(raw), ensure_ascii=False)

    def _papers(self, part: str) -> Iterator[str]:
        html, _ = render(self.world.view(self.opened), "html", part, self.world.time, settings_words={})
        yield html.decode()

    def told_at(self, post: str, words: str) -> datetime:
        """When an SMS with these words left for this phone."""
        message = next(m for m in self._messages(post) if words in m.body)
        assert message.status not in ("created", "cancelled"), message.status
        return message.not_before

    def _messages(self, post: str) -> list[Message]:
        with self.world.store.reading() as session:
            query = select(Message).where(
                Message.person_id == self.world.person(post).id, Message.channel == "sms"
            )
            return list(session.scalars(query.order_by(Message.created_at)))
