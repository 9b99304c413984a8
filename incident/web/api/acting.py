"""What people do to an open incident: answers taken by telephone, steps, level, facts, pause, close, reopen."""

from __future__ import annotations

from typing import Any

from incident.report.cards import gather_list
from incident.response import answer, course, merging, task, transferring
from incident.web.api import incoming, outgoing
from incident.web.api.door import Calls, actor, must_see, person, wiring
from incident.web.api.keys import KEY_OF_MERGE, key_sent, no_key

calls = Calls("acting", "Vụ việc: trả lời thay, bước việc, cấp độ, tạm dừng, kết thúc")


def summary(incident_id: str) -> dict[str, Any]:
    """How the incident stands after a call."""
    with wiring().store.reading() as session:
        (card,) = gather_list(session, wiring().now(), only=incident_id)
    return outgoing.card(card)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/acknowledgements",
    summary="Ghi trả lời của một người qua điện thoại",
    body=incoming.Acknowledgement,
    gives=outgoing.AcknowledgedOut(),
    status=201,
)
def acknowledge(body: dict[str, Any], incident_id: str) -> Any:
    caller = person()
    must_see(incident_id)
    state = answer.acknowledge(
        wiring().desk,
        incident_id,
        body["person_id"],
        body["answer"],
        body["via"],
        caller,
        wiring().now(),
        reason=body["reason"],
        occurred_at=body["occurred_at"],
    )
    return {"incident_id": incident_id, "person_id": body["person_id"], "state": state}


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/steps/<key:step>/complete",
    summary="Hoàn thành một việc hoặc trả lời một câu hỏi",
    body=incoming.StepDone,
    gives=outgoing.CardOut(),
)
def complete(body: dict[str, Any], incident_id: str, step: str) -> Any:
    must_see(incident_id)
    task.complete(
        wiring().desk,
        incident_id,
        step,
        actor(),
        wiring().now(),
        answer=body["answer"],
        items=tuple(body["items"]),
        proof=body["proof"],
        reason=body["reason"],
    )
    return summary(incident_id)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/steps/<key:step>/skip",
    summary="Bỏ qua một bước, có lý do",
    body=incoming.WithReason,
    gives=outgoing.CardOut(),
)
def skip(body: dict[str, Any], incident_id: str, step: str) -> Any:
    must_see(incident_id)
    task.skip(wiring().desk, incident_id, step, body["reason"], actor(), wiring().now())
    return summary(incident_id)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/steps/<key:step>/redo",
    summary="Làm lại một bước, có lý do",
    body=incoming.WithReason,
    gives=outgoing.CardOut(),
)
def redo(body: dict[str, Any], incident_id: str, step: str) -> Any:
    must_see(incident_id)
    task.redo(wiring().desk, incident_id, step, body["reason"], actor(), wiring().now())
    return summary(incident_id)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/steps",
    summary="Thêm một việc ngoài kịch bản, giao cho một người",
    body=incoming.NewStep,
    gives=outgoing.NewStepOut(),
    status=201,
)
def add_step(body: dict[str, Any], incident_id: str) -> Any:
    must_see(incident_id)
    step = task.add(
        wiring().desk, incident_id, body["title"], body["person_id"], body["reason"], actor(), wiring().now(),
        due=body["due"],
    )  # fmt: skip
    return {"incident_id": incident_id, "step": step}


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/steps/<key:step>/reassign",
    summary="Chuyển một việc đang mở cho người khác, có lý do",
    body=incoming.Reassignment,
    gives=outgoing.CardOut(),
)
def reassign(body: dict[str, Any], incident_id: str, step: str) -> Any:
    must_see(incident_id)
    task.reassign(
        wiring().desk, incident_id, step, body["person_id"], body["reason"], actor(), wiring().now()
    )
    return summary(incident_id)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/level",
    summary="Nâng hoặc hạ cấp độ",
    body=incoming.Level,
    gives=outgoing.CardOut(),
)
def level(body: dict[str, Any], incident_id: str) -> Any:
    must_see(incident_id)
    course.change_level(wiring().desk, incident_id, body["level"], body["reason"], actor(), wiring().now())
    return summary(incident_id)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/facts",
    summary="Sửa loại vụ việc, các mốc thời gian, lĩnh vực",
    body=incoming.Facts,
    gives=outgoing.CardOut(),
)
def facts(body: dict[str, Any], incident_id: str) -> Any:
    must_see(incident_id)
    reason = body.pop("reason")
    course.change_facts(wiring().desk, incident_id, body, reason, actor(), wiring().now())
    return summary(incident_id)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/pause",
    summary="Tạm dừng nhắc đến một giờ",
    body=incoming.Pause,
    gives=outgoing.CardOut(),
)
def pause(body: dict[str, Any], incident_id: str) -> Any:
    must_see(incident_id)
    course.pause(wiring().desk, incident_id, body["until"], body["reason"], actor(), wiring().now())
    return summary(incident_id)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/resume",
    summary="Tiếp tục sau khi tạm dừng",
    body=incoming.MayHaveReason,
    gives=outgoing.CardOut(),
)
def resume(body: dict[str, Any], incident_id: str) -> Any:
    must_see(incident_id)
    course.resume(wiring().desk, incident_id, actor(), wiring().now(), reason=body["reason"])
    return summary(incident_id)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/merge",
    summary="Gộp vụ việc này vào một vụ việc khác đang mở; không hoàn tác được",
    body=incoming.Merge,
    gives=outgoing.MergedOut(),
    parameters=[KEY_OF_MERGE],
)
def merge(body: dict[str, Any], incident_id: str) -> Any:
    must_see(incident_id)
    key, caller = key_sent(), actor()
    if not key:
        return no_key()
    merged = merging.merge(
        wiring().desk, incident_id, body["into"], body["reason"], caller, wiring().now(),
        scope=f"{caller.kind}:{caller.id}", key=key,
    )  # fmt: skip
    url = outgoing.incident_url(merged.into)
    return {"id": incident_id, "status": "closed", "into": merged.into, "url": url, "done": merged.done}


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/transfer",
    summary="Chuyển cơ quan khác chủ trì",
    body=incoming.Transfer,
    gives=outgoing.CardOut(),
)
def transfer(body: dict[str, Any], incident_id: str) -> Any:
    must_see(incident_id)
    what = transferring.Transfer(
        body["to"], body["unit"], body["short_name"], body["at"], body["paper"], tuple(body["keep"])
    )
    transferring.transfer(wiring().desk, incident_id, what, body["reason"], actor(), wiring().now())
    return summary(incident_id)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/take-back",
    summary="Nhận lại, tiếp tục chủ trì",
    body=incoming.WithReason,
    gives=outgoing.CardOut(),
)
def take_back(body: dict[str, Any], incident_id: str) -> Any:
    must_see(incident_id)
    transferring.take_back(wiring().desk, incident_id, body["reason"], actor(), wiring().now())
    return summary(incident_id)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/close",
    summary="Kết thúc xử lý",
    body=incoming.Closing,
    gives=outgoing.CardOut(),
)
def close(body: dict[str, Any], incident_id: str) -> Any:
    must_see(incident_id)
    course.close(
        wiring().desk,
        incident_id,
        body["outcome"],
        body["reason"],
        actor(),
        wiring().now(),
        stand_down=body["stand_down"],
    )
    return summary(incident_id)


@calls.call(
    "POST",
    "/incidents/<key:incident_id>/reopen",
    summary="Mở lại vụ việc đã kết thúc",
    body=incoming.WithReason,
    gives=outgoing.CardOut(),
)
def reopen(body: dict[str, Any], incident_id: str) -> Any:
    must_see(incident_id)
    course.reopen(wiring().desk, incident_id, body["reason"], actor(), wiring().now())
    return summary(incident_id)
