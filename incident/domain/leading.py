"""Who leads the handling of an incident. Pure: must never know what a head may do."""

from __future__ import annotations

from playbooks.run import Run

# The head of the task force; in a playbook without one, the leader.
HEADS = ("to_truong", "lanh_dao")


def heads(run: Run) -> tuple[str, ...]:
    """The ids of those who lead this run, their stand-ins after them."""
    role = next((run.roles[slug] for slug in HEADS if slug in run.roles), None)
    return (*role.people, *role.standins) if role else ()
