"""A session of an editor, message by message over the wire: each request gets one answer, and the server stays up."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import random
from typing import Any

from gpuspec.editor.server import build
from tests.editor.wire import framed, unframed
from tests.fuzz.commanded import Kept
from tests.fuzz.linted import registry
from tests.fuzz.seeds import garble, seeds
from tests.fuzz.shell_text import Shell
from tests.fuzz.spec_values import HOSTILE, Specs, written
from tests.fuzz.trial import Outcome, Trial

REQUESTS = ("textDocument/hover", "textDocument/completion", "textDocument/codeAction")
INTERNAL = -32603
"""JSON-RPC's code for an error of the server's own."""


class Session:
    """Writes what an editor sends. `asked` are the numbers of the requests that must be answered, all of them well
    formed."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.messages: list[Any] = []
        self.asked: list[int] = []
        self.texts: dict[str, str] = {}

    def made(self) -> bytes:
        """All messages, framed."""
        self._request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self._send("initialized", {})
        for _ in range(self.chance.randint(3, 12)):
            self.chance.choice(
                (self._open, self._change, self._ask, self._ask, self._ask, self._close, self._odd)
            )()
        self._request("shutdown", None)
        self._send("exit", None)
        return b"".join(map(self._framed, self.messages))

    def _framed(self, message: Any) -> bytes:
        body = message if isinstance(message, bytes) else json.dumps(message).encode("utf-8", "replace")
        return framed(body)

    def _send(self, method: str, params: Any) -> None:
        self.messages.append({"jsonrpc": "2.0", "method": method, "params": params})

    def _request(self, method: str, params: Any) -> None:
        self.asked.append(len(self.asked) + 1)
        self.messages.append({"jsonrpc": "2.0", "id": self.asked[-1], "method": method, "params": params})

    def _text(self) -> str:
        kind = self.chance.random()
        if kind < 0.5:
            _, data = self.chance.choice(seeds())
            data = garble(data, seeds(), self.chance) if self.chance.random() < 0.6 else data
        elif kind < 0.8:
            data = written(Specs(self.chance, wild=0.1).spec(), self.chance)
        else:
            data = Shell(self.chance).text().encode("utf-8", "replace")
        text = data.decode("utf-8", "replace")
        return text[: self.chance.randint(0, len(text))] if self.chance.random() < 0.4 else text

    def _uri(self) -> str:
        return self.chance.choice((
            "file:///w/gpu.jsonc", "file:///w/x.sh", "file:///w/a.py", "untitled:Untitled-1",
            "file:///w/%00%ff.jsonc", "file:///", "file:///w/%E6%A8%A1/job.jsonc", "x", "",
            "git:/w/gpu.jsonc?x", "file://host/share/gpu.jsonc", "file:///w/package.json",
            "vscode-notebook-cell:/a#b",
        ))  # fmt: skip

    def _open(self) -> None:
        uri, text = self._uri(), self._text()
        self.texts[uri] = text
        document = {"uri": uri, "languageId": "jsonc", "version": 1, "text": text}
        self._send("textDocument/didOpen", {"textDocument": document})

    def _change(self) -> None:
        if not self.texts:
            return self._open()
        uri = self.chance.choice(list(self.texts))
        self.texts[uri] = text = self._text()
        change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": text}]}
        self._send("textDocument/didChange", change)
        return None

    def _ask(self) -> None:
        if not self.texts:
            return self._open()
        uri = self.chance.choice(list(self.texts))
        lines = self.texts[uri].split("\n")
        line = self.chance.choice((0, self.chance.randrange(len(lines)), len(lines), 2**31 - 1))
        longest = len(lines[line]) if line < len(lines) else 0
        place = {
            "line": line,
            "character": self.chance.choice((0, self.chance.randint(0, longest), longest + 5, 2**31 - 1)),
        }
        method = self.chance.choice(REQUESTS)
        params: dict[str, Any] = {"textDocument": {"uri": uri}, "position": place}
        if method == "textDocument/codeAction":
            params |= {"range": {"start": place, "end": place}, "context": {"diagnostics": []}}
        self._request(method, params)
        return None

    def _close(self) -> None:
        if self.texts:
            uri = self.chance.choice(list(self.texts))
            del self.texts[uri]
            self._send("textDocument/didClose", {"textDocument": {"uri": uri}})

    def _odd(self) -> None:
        """What no editor sends."""
        nowhere = {"textDocument": {"uri": "file:///none"}, "position": {}}
        self.messages.append(self.chance.choice((
            b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 2000, b'{"jsonrpc":"2.0","method":"x/y"}',
            b'{"jsonrpc":"2.0","id":1e400,"method":"x"}',
            {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": self.chance.choice(HOSTILE[:12])},
            {"jsonrpc": "2.0", "id": "odd", "method": self.chance.choice(REQUESTS), "params": nowhere},
            {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": self.chance.randint(1, 9)}},
            {"jsonrpc": "2.0", "id": 10**6, "result": None},
        )))  # fmt: skip


def edited(chance: random.Random) -> Trial:
    """A session."""
    session = Session(chance)
    data = session.made()
    return Trial("session", data, lambda: served(data, session.asked))


def served(data: bytes, asked: list[int]) -> Outcome:
    """Serve a session that was written beforehand."""
    answers = Kept()
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    with contextlib.suppress(SystemExit):
        build(registry()).start_io(io.BytesIO(data), answers)
    messages = unframed(answers.getvalue())
    faults = []
    found = {message["id"]: message for message in messages if "id" in message and "method" not in message}
    for number in asked:
        answer = found.get(number)
        if answer is None:
            faults.append(f"request {number} of {len(asked)} has no answer")
        elif answer.get("error", {}).get("code") == INTERNAL:
            faults.append(f"request {number}: {str(answer['error'])[:400]}")
    for message in messages:
        if message.get("method") == "window/logMessage":
            faults.append(f"logged: {message['params']['message'][:400]}")
    told = [found[number] for number in asked if number in found]
    return Outcome(json.dumps(told, sort_keys=True).encode(), tuple(faults))
