"""Messages that no editor should send: the server answers what can be answered, and the next one is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .wire import framed, unframed

Sent = dict[str, Any]


def message(method: str, params: object, number: object = None) -> bytes:
    found: Sent = {"jsonrpc": "2.0", "method": method, "params": params}
    return framed(json.dumps(found if number is None else {**found, "id": number}).encode())


START = message("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, 1) + message(
    "initialized", {}
)
END = message("shutdown", None, 99) + message("exit", None)


def session(folder: Path, *sent: bytes) -> tuple[int, dict[object, Sent], str]:
    """(exit status, the answers by their number, standard error) of a server that is sent these messages."""
    command = [sys.executable, "-m", "gpuspec", "lsp"]
    ran = subprocess.run(
        command, input=START + b"".join(sent) + END, cwd=folder, capture_output=True, timeout=300, check=False
    )
    answers = {answer.get("id"): answer for answer in unframed(ran.stdout)}
    return ran.returncode, answers, ran.stderr.decode()


def opened(uri: str, text: str) -> bytes:
    return message(
        "textDocument/didOpen",
        {"textDocument": {"uri": uri, "languageId": "jsonc", "version": 1, "text": text}},
    )


def hover(uri: str, number: object, line: object = 0, character: object = 4) -> bytes:
    place = {"line": line, "character": character}
    return message("textDocument/hover", {"textDocument": {"uri": uri}, "position": place}, number)


def test_what_cannot_be_understood_is_passed_over(tmp_path: Path) -> None:
    uri = (tmp_path / "job.jsonc").as_uri()
    odd = [
        framed(b"no JSON"), framed(b"\xff\xfe\x00"), framed(b"[1, 2]"), framed(b"3"), framed(b"null"),
        framed(b"[" * 100_000), framed(b'{"jsonrpc": "2.0", "id": %s}' % (b"1" * 5000)),
        b"Content-Length: -5\r\n\r\n", b"Content-Length: 0\r\n\r\n", b"Nonsense: yes\r\n\r\n",
        message("no/such", {}, 10), message("textDocument/hover", {"textDocument": 3}, 11),
        message("textDocument/hover", {}, {"a": 1}), message("textDocument/didOpen", [1]),
        message("$/cancelRequest", {"id": 12345}), hover(uri, 12, -1, -1), hover(uri, 13, 0, 10**30),
        opened("http://[::1", "{}"), opened("", "{}"), opened("file:///a%00b.gpu.jsonc", "{}"),
        opened((tmp_path / "half.gpu.jsonc").as_uri(), '{ "name": "\ud800" }'),
    ]  # fmt: skip
    status, answers, _ = session(
        tmp_path, *odd, opened(uri, '{ "run": "true" }'), hover(uri, 20), hover(uri, 21, 10**9, 10**9)
    )
    assert status == 0
    assert "**`run`**" in answers[20]["result"]["contents"]["value"]
    assert answers[21]["result"] is None
    assert answers[10]["error"]["code"] == -32601  # "method not found" of JSON-RPC 2.0
    assert [answers[number]["error"]["code"] for number in (11, 12, 13)] == [-32602] * 3  # "invalid params"
    assert 99 in answers


def test_requests_for_what_was_not_opened_read_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "job.jsonc")
    uri = (tmp_path / "job.jsonc").as_uri()
    document, place = {"uri": uri}, {"line": 0, "character": 0}
    status, answers, said = session(
        tmp_path,
        hover(uri, 2),
        message("textDocument/completion", {"textDocument": document, "position": place}, 3),
        message(
            "textDocument/codeAction",
            {
                "textDocument": document,
                "range": {"start": place, "end": place},
                "context": {"diagnostics": []},
            },
            4,
        ),
        message("textDocument/didSave", {"textDocument": document}),
        message("textDocument/didClose", {"textDocument": document}),
        hover("file:///dev/zero", 5),
    )
    assert (status, said) == (0, "")
    assert [answers[number]["result"] for number in (2, 4, 5)] == [None, [], None]
    assert answers[3]["result"]["items"] == []


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"Content-Length: 99999999999999999999\r\n\r\n{}", "larger than 64 MiB"),
        (b"Content-Length: 10000000000\r\n\r\n{}", "larger than 64 MiB"),
        (b"X: a\r\n" * 10_000, "the header of a message is longer than 4,096 bytes"),
        (b"A" * 1_000_000, "the header of a message is longer than 4,096 bytes"),
    ],
)
def test_a_message_without_bounds_ends_the_server(sent: bytes, why: str, tmp_path: Path) -> None:
    status, answers, said = session(tmp_path, sent)
    assert (status, 99 in answers) == (2, False)
    assert "error[editor-message]" in said
    assert why in said


def test_a_flood_and_requests_taken_back(tmp_path: Path) -> None:
    uri = (tmp_path / "job.jsonc").as_uri()
    asked = [
        hover(uri, number) + message("$/cancelRequest", {"id": number}) if number % 2 else hover(uri, number)
        for number in range(100, 400)
    ]
    typed = [
        message(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": number},
                "contentChanges": [{"text": '{ "run": "true" }' + " " * number}],
            },
        )
        for number in range(2, 300)
    ]
    status, answers, _ = session(tmp_path, opened(uri, "{}"), *typed, *asked)
    assert status == 0
    assert set(answers) >= {*range(100, 400, 2), 99}
