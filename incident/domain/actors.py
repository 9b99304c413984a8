"""Who does something: a signed-in person, a link's holder, an API token, a phone number, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    DUTY_OFFICER = "duty_officer"
    MEMBER = "member"
    SPOKESPERSON = "spokesperson"
    APPROVER = "approver"
    SECRETARY = "secretary"
    OBSERVER = "observer"


ROLE_TITLES = {
    Role.ADMIN: "Quản trị",
    Role.DUTY_OFFICER: "Cán bộ trực",
    Role.MEMBER: "Thành viên",
    Role.SPOKESPERSON: "Người phát ngôn",
    Role.APPROVER: "Người duyệt",
    Role.SECRETARY: "Thư ký",
    Role.OBSERVER: "Người theo dõi",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """kind: user | link | token | phone | system. `person_id` is None for tokens and the system."""

    kind: str
    id: str
    name: str
    roles: frozenset[Role] = frozenset()
    person_id: str | None = None

    def may(self, *roles: Role) -> bool:
        return bool(self.roles.intersection(roles))


SYSTEM = Actor("system", "system", "Hệ thống")
