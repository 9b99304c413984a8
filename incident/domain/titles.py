"""What a step is called where people read it."""

from __future__ import annotations

from playbooks.language import Playbook, Step, Verb

_BY_VERB = {
    Verb.ASSIGN: "Lập Tổ công tác: ",
    Verb.NOTIFY: "Thông báo: ",
    Verb.APPROVE: "Duyệt: ",
    Verb.PUBLISH: "Công bố: ",
}


def step_title(playbook: Playbook, step: Step) -> str:
    """A task's or question's own text; for the other verbs what is done to whom or what."""
    match step.verb:
        case Verb.TASK | Verb.ASK:
            return step.text
        case Verb.DRAFT:
            return f"Soạn {draft_title(playbook, step)}"
        case Verb.APPROVE | Verb.PUBLISH:
            drafted = next((s for s in playbook.steps if s.id == step.text), None)
            return _BY_VERB[step.verb] + (draft_title(playbook, drafted) if drafted else step.text)
        case _:
            names = [playbook.roles[r].title for r in step.target if r in playbook.roles]
            return _BY_VERB[step.verb] + ", ".join(names)


def draft_title(playbook: Playbook, step: Step) -> str:
    """The heading of the draft's template, in lower case: "thông tin ban đầu"."""
    for line in playbook.templates.get(step.text, "").splitlines():
        heading = line.strip("# ").rstrip()
        if heading:
            return heading.lower() if "{" not in heading and len(heading) <= 80 else "nội dung phát ngôn"
    return "nội dung phát ngôn"
