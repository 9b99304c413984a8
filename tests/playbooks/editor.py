"""An editor with a language server behind it: opens a text, reads what is marked in it, asks for completion and hover.

Speaks the Language Server Protocol over stdio, as an editor does. Positions count from 0.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import IO, Any

WAIT = 60.0


class Editor:
    """`schema` is the file that every text is checked with. Close it after use."""

    def __init__(self, command: list[str], schema: Path) -> None:
        self._server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._server.stdin
        assert self._server.stdout
        self._in, self._out = self._server.stdin, self._server.stdout
        self._heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self._settings = {
            "schemas": {schema.as_uri(): "*.yaml"},
            "validate": True,
            "hover": True,
            "completion": True,
            "schemaStore": {"enable": False},
        }
        self._ids = 0
        self._files = 0
        threading.Thread(target=self._listen, daemon=True).start()
        self._ask("initialize", {"processId": None, "rootUri": None, "capabilities": CAPABILITIES})
        self._tell("initialized", {})
        self._tell("workspace/didChangeConfiguration", {"settings": {"yaml": self._settings}})

    def close(self) -> None:
        try:
            self._ask("shutdown", None)
            self._tell("exit", None)
            self._server.wait(10)
        finally:
            self._server.kill()
            self._server.wait()
            self._in.close()
            self._out.close()

    # ------------------------------------------------------------ what an editor does

    def opens(self, text: str, place: Path | None = None) -> str:
        """The address of a document with this text: a new one, or the file at `place`."""
        self._files += 1
        uri = place.as_uri() if place else f"file:///kich-ban/{self._files}.yaml"
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def marks(self, uri: str) -> list[dict[str, Any]]:
        """What is marked as wrong in the document, once the server has looked at it."""
        while True:
            said = self._heard.get(timeout=WAIT)
            if said.get("method") == "textDocument/publishDiagnostics" and said["params"]["uri"] == uri:
                found: list[dict[str, Any]] = said["params"]["diagnostics"]
                return found

    def completes(self, uri: str, line: int, column: int) -> dict[str, str]:
        """What is offered at a place, with its explanation."""
        found = self._ask("textDocument/completion", _at(uri, line, column))
        items = found["items"] if isinstance(found, dict) else found or []
        return {item["label"]: _words(item.get("documentation")) for item in items}

    def hovers(self, uri: str, line: int, column: int) -> str:
        found = self._ask("textDocument/hover", _at(uri, line, column))
        return _words(found["contents"]) if found else ""

    # ------------------------------------------------------------ the protocol

    def _ask(self, method: str, params: Any) -> Any:
        self._ids += 1
        asked = self._ids
        self._send({"id": asked, "method": method, "params": params})
        kept: list[dict[str, Any]] = []
        while True:
            said = self._heard.get(timeout=WAIT)
            if said.get("id") == asked and "method" not in said:
                for other in kept:
                    self._heard.put(other)
                assert "error" not in said, said
                return said["result"]
            kept.append(said)

    def _tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0"} | message).encode()
        self._in.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._in.flush()

    def _listen(self) -> None:
        while (said := _read(self._out)) is not None:
            if "method" in said and "id" in said:
                self._answer(said)
            else:
                self._heard.put(said)

    def _answer(self, asked: dict[str, Any]) -> None:
        """The server asks for its settings, and tells what it can do."""
        result = None
        if asked["method"] == "workspace/configuration":
            result = [
                self._settings if item.get("section") == "yaml" else {} for item in asked["params"]["items"]
            ]
        self._send({"id": asked["id"], "result": result})


CAPABILITIES = {
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
        "hover": {"contentFormat": ["markdown"]},
        "publishDiagnostics": {},
    },
    "workspace": {"configuration": True},
}


def _read(out: IO[bytes]) -> dict[str, Any] | None:
    size = 0
    while line := out.readline():
        if line == b"\r\n":
            said: dict[str, Any] = json.loads(out.read(size))
            return said
        name, _, value = line.partition(b":")
        size = int(value) if name.lower() == b"content-length" else size
    return None


def _at(uri: str, line: int, column: int) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}


def _words(contents: Any) -> str:
    if isinstance(contents, dict):
        return str(contents.get("value", ""))
    return str(contents or "")
