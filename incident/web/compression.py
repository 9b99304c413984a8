"""Sends pages compressed. Must never know a page.

A page carries the token of its forms, and compression can betray a secret that stands beside words an attacker chooses
(BREACH). Why that holds no danger here is decision 0012: the token differs with every second, and no foreign site's
request carries the cookie.
"""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

KINDS = ("text/html", "image/svg+xml")
WORTH_BYTES = 1_000
EFFORT = 5


def register(app: Flask) -> None:
    app.after_request(compressed)


def compressed(response: Response) -> Response:
    if response.mimetype not in KINDS:
        return response
    response.vary.add("Accept-Encoding")
    if (
        request.accept_encodings["gzip"]
        and "Content-Encoding" not in response.headers
        and not response.direct_passthrough
        and not response.is_streamed
        and response.status_code not in (204, 304)
        and len(response.get_data()) >= WORTH_BYTES
    ):
        response.set_data(gzip.compress(response.get_data(), EFFORT, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
