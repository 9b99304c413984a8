"""Who may do what. The words of refusal are for people; the rules are those of the house (docs/architecture.md)."""

from __future__ import annotations

from incident.domain.actors import Actor, Role
from incident.domain.errors import Forbidden

COMMAND = (Role.DUTY_OFFICER, Role.ADMIN)


def require(actor: Actor, *roles: Role) -> None:
    """Raises Forbidden unless the actor holds one of the roles."""
    if actor.kind != "system" and not actor.may(*roles):
        raise Forbidden("not_allowed", "Tài khoản của đồng chí không có quyền làm việc này.")


def require_person(actor: Actor) -> str:
    """The actor's person. An API token has none: it never approves, releases or answers for someone."""
    if actor.person_id is None:
        raise Forbidden(
            "no_person",
            "Việc này phải do một người cụ thể thực hiện; mã truy cập máy và tài khoản không gắn với "
            "cán bộ trong danh bạ thì không được.",
        )
    return actor.person_id


def sees_phones(actor: Actor) -> bool:
    return actor.may(*COMMAND)


def reads_all(actor: Actor) -> bool:
    return actor.may(
        Role.DUTY_OFFICER, Role.ADMIN, Role.OBSERVER, Role.APPROVER, Role.SPOKESPERSON, Role.SECRETARY
    )
