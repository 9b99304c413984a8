"""Who does something: a signed-in person, a link's holder, an API token, a phone number, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from incident.domain.words import said


class Role(StrEnum):
    ADMIN = "admin"
    DUTY_OFFICER = "duty_officer"
    MEMBER = "member"
    SPOKESPERSON = "spokesperson"
    APPROVER = "approver"
    SECRETARY = "secretary"
    OBSERVER = "observer"


ROLE_TITLES = {
    Role.ADMIN: said("Quản trị"),
    Role.DUTY_OFFICER: said("Cán bộ trực"),
    Role.MEMBER: said("Thành viên"),
    Role.SPOKESPERSON: said("Người phát ngôn"),
    Role.APPROVER: said("Người duyệt"),
    Role.SECRETARY: said("Thư ký"),
    Role.OBSERVER: said("Người theo dõi"),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """kind: user | link | token | phone | mail | system. `person_id` is None for tokens and the system."""

    kind: str
    id: str
    name: str
    roles: frozenset[Role] = frozenset()
    person_id: str | None = None

    def may(self, *roles: Role) -> bool:
        return bool(self.roles.intersection(roles))


SYSTEM = Actor("system", "system", "Hệ thống")
