"""The bodies and queries the API takes, call by call."""

from __future__ import annotations

from incident.web.api.fields import (
    Area,
    Choice,
    Flag,
    Incoming,
    Many,
    Moment,
    Whole,
    Words,
    key,
)

TITLE, SHORT_NAME, SUMMARY, TEXT, REASON, SOURCE = 300, 20, 5_000, 20_000, 300, 300
PAGE = 1_000


def reason(required: bool = True) -> Words:
    return (
        Words(longest=REASON, shortest=1, required=True)
        if required
        else Words(longest=REASON, load_default="")
    )


class Opening(Incoming):
    title = Words(longest=TITLE, shortest=1, required=True)
    summary = Words(longest=SUMMARY, lines=True, load_default="")
    short_name = Words(longest=SHORT_NAME, load_default="")
    playbook = key(required=True)
    level = Whole(low=1, high=9, required=True)
    kinds = Many(key(), most=10, load_default=list)
    occurred_at = Moment(allow_none=True, load_default=None)
    detected_at = Moment(allow_none=True, load_default=None)
    accepted_at = Moment(allow_none=True, load_default=None)
    assessed_at = Moment(allow_none=True, load_default=None)
    area = Area(required=True)
    topic = key(allow_none=True, load_default=None)
    mode = Choice("live", "drill", load_default="live")
    source = Words(longest=SOURCE, load_default="")
    injects = Words(longest=60, load_default="")


class IncidentsAsked(Incoming):
    status = Choice("open", "closed", "cancelled", load_default=None)
    mode = Choice("live", "drill", load_default=None)
    limit = Whole(low=1, high=PAGE, from_address=True, load_default=100)
    after = key(load_default=None)


class IncidentAsked(Incoming):
    """`grouped`: whether `acknowledgements` names the members of groups too, who may be thousands."""

    grouped = Choice("true", "false", load_default="true")


class TimelineAsked(Incoming):
    after = Whole(low=0, high=2**31 - 1, from_address=True, load_default=0)
    limit = Whole(low=1, high=PAGE, from_address=True, load_default=100)


class PeopleAsked(Incoming):
    """`after`: how many to pass over."""

    q = Words(longest=100, load_default="")
    unit = key(load_default=None)
    limit = Whole(low=1, high=PAGE, from_address=True, load_default=100)
    after = Whole(low=0, high=1_000_000, from_address=True, load_default=0)


class UnitsAsked(Incoming):
    limit = Whole(low=1, high=PAGE, from_address=True, load_default=PAGE)
    after = Whole(low=0, high=1_000_000, from_address=True, load_default=0)


class ReportAsked(Incoming):
    part = Choice("ban-gui", "noi-bo", load_default="ban-gui")


class Note(Incoming):
    text = Words(longest=TEXT, shortest=1, lines=True, required=True)
    occurred_at = Moment(allow_none=True, load_default=None)
    kind = Choice("note", "directive", "call_recorded", load_default="note")


class Acknowledgement(Incoming):
    person_id = key(required=True)
    answer = Choice("accept", "decline", "wrong_number", required=True)
    via = Choice("phone", load_default="phone")
    reason = reason()
    occurred_at = Moment(allow_none=True, load_default=None)


class StepDone(Incoming):
    answer = key(allow_none=True, load_default=None)
    items = Many(Whole(low=0, high=99), most=100, load_default=list)
    proof = Words(longest=TEXT, lines=True, load_default="")
    reason = reason(required=False)


class WithReason(Incoming):
    reason = reason()


class NewStep(Incoming):
    """A task beside the playbook's. `due`: until when, null for no limit."""

    title = Words(longest=TITLE, shortest=1, required=True)
    person_id = key(required=True)
    due = Moment(allow_none=True, load_default=None)
    reason = reason()


class Reassignment(Incoming):
    person_id = key(required=True)
    reason = reason()


class MayHaveReason(Incoming):
    reason = reason(required=False)


class NewStatement(Incoming):
    title = Words(longest=200, load_default="")
    text = Words(longest=TEXT, shortest=1, lines=True, required=True)
    step = key(load_default=None)


class Edit(Incoming):
    text = Words(longest=TEXT, shortest=1, lines=True, required=True)
    version = Whole(low=1, high=2**31 - 1, required=True)


class Submission(Incoming):
    """With a text it is put in place first; `version` then guards against another's edit."""

    text = Words(longest=TEXT, shortest=1, lines=True, load_default=None)
    version = Whole(low=1, high=2**31 - 1, load_default=None)


class OnRevision(Incoming):
    revision_id = key(load_default=None)


class ReturnOf(Incoming):
    revision_id = key(load_default=None)
    reason = reason()


class ReleaseOf(Incoming):
    revision_id = key(load_default=None)
    channel = key(load_default=None)
    form = key(load_default=None)
    link = Words(longest=500, load_default="")
    released_at = Moment(allow_none=True, load_default=None)


class Correction(Incoming):
    text = Words(longest=TEXT, shortest=1, lines=True, required=True)
    reason = reason()


class Level(Incoming):
    level = Whole(low=1, high=9, required=True)
    reason = reason()


class Facts(Incoming):
    """Only the fields given are changed; null takes a time away."""

    kinds = Many(key(), most=10)
    topic = key(allow_none=True)
    occurred_at = Moment(allow_none=True)
    detected_at = Moment(allow_none=True)
    accepted_at = Moment(allow_none=True)
    assessed_at = Moment(allow_none=True)
    reason = reason()


class Pause(Incoming):
    until = Moment(required=True)
    reason = reason()


class Merge(Incoming):
    into = key(required=True)
    reason = reason()


class Transfer(Incoming):
    """`unit`: a key of the directory, or `to`: the name of another body. `at`: since when, null for now. `paper`: number and
    symbol, empty while there is none. `keep`: ids of the steps that stay here."""

    to = Words(longest=200, load_default="")
    unit = key(allow_none=True, load_default=None)
    short_name = Words(longest=SHORT_NAME, load_default="")
    at = Moment(allow_none=True, load_default=None)
    paper = Words(longest=120, load_default="")
    keep = Many(key(), most=200, load_default=list)
    reason = reason()


class Closing(Incoming):
    outcome = key(required=True)
    reason = reason()
    stand_down = Flag(load_default=True)
