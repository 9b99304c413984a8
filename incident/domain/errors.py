"""What a use case answers when it will not do what was asked. Words are Vietnamese; `code` is for machines."""

from __future__ import annotations


class Refusal(Exception):
    """A request that was understood and refused. Nothing has been changed."""

    status = 409

    def __init__(self, code: str, text: str, errors: dict[str, list[str]] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.errors = errors or {}


class NotFound(Refusal):
    status = 404


class Forbidden(Refusal):
    status = 403


class Invalid(Refusal):
    """The fields at fault are in `errors`."""

    status = 422


class Conflict(Refusal):
    status = 409
