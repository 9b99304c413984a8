"""The plan a rehearsal shows: who would do what, when, if everybody acts in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from playbooks.language import Playbook
from playbooks.load import load
from playbooks.plan import planned

LIBRARY = Path(__file__).parents[2] / "playbooks" / "library"


@pytest.fixture(scope="module")
def rumour() -> Playbook:
    found = load(LIBRARY / "tin-gia-dich-benh.yaml").playbook
    assert found
    return found


def test_steps_come_in_the_order_they_begin(rumour: Playbook) -> None:
    plan = planned(rumour, 3)
    starts = [step.start for step in plan.steps]
    assert starts == sorted(starts)
    place = {step.id: n for n, step in enumerate(plan.steps)}
    assert place["du_thao_1"] < place["duyet_1"] < place["cong_bo_1"]
    assert all(step.end >= step.start for step in plan.steps)


def test_only_roles_with_something_to_do_have_a_row(rumour: Playbook) -> None:
    plan = planned(rumour, 3)
    acting = {role for step in plan.steps for role in step.roles}
    assert [slug for slug, _ in plan.roles] == [slug for slug in rumour.roles if slug in acting]


def test_the_deadline_of_the_law_is_on_it(rumour: Playbook) -> None:
    law = [limit for limit in planned(rumour, 3).limits if limit.law]
    assert [limit.due for limit in law] == [24 * 3600]


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_playbook_of_the_library_has_a_plan_at_every_level(path: Path) -> None:
    playbook = load(path).playbook
    assert playbook
    for level in playbook.levels:
        assert planned(playbook, level).level == level
