"""Serves the built files: named by content, kept for ever by the browser, sent compressed as they were built.

Must never know a page. The build itself is `incident.web.assets`.
"""

from __future__ import annotations

import json
import mimetypes
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_from_directory

VENDOR = Path(__file__).parent / "static" / "vendor"
FOR_EVER = "public, max-age=31536000, immutable"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")


class Files:
    """The table of the build. Where nothing was built pages still work, without their look."""

    def __init__(self, folder: Path = VENDOR) -> None:
        self.folder = folder
        manifest = folder / "manifest.json"
        self.names: dict[str, str] = json.loads(manifest.read_text()) if manifest.exists() else {}

    def address(self, name: str) -> str:
        return f"/static/{self.names.get(name, name)}"

    def blueprint(self) -> Blueprint:
        blueprint = Blueprint("files", __name__)
        blueprint.add_url_rule("/static/<path:name>", "file", self.serve)
        return blueprint

    def serve(self, name: str) -> Response:
        lasting = name in self.names.values()
        name = (
            name if lasting else self.names.get(name, "")
        )  # a page kept as a file knows only the plain name
        if not name:
            abort(404)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        for encoding, suffix in ENCODINGS:
            if (self.folder / (name + suffix)).exists() and request.accept_encodings[encoding]:
                response = send_from_directory(self.folder, name + suffix, mimetype=kind)
                response.headers["Content-Encoding"] = encoding
                break
        else:
            response = send_from_directory(self.folder, name, mimetype=kind)
        response.headers["Cache-Control"] = FOR_EVER if lasting else "no-cache"
        response.vary.add("Accept-Encoding")
        return response
