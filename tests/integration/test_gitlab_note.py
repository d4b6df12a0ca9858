"""The script of docs/how-to/ci.md that keeps one note on a merge request, against an API on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "ci.md"
NOTES = "/api/v4/projects/12/merge_requests/7/notes"


class GitLab(BaseHTTPRequestHandler):
    """The notes of one merge request, two a page; the token is that of user 5."""

    notes: list[dict[str, Any]]
    seen: list[str]

    def _answer(self, status: int, content: Any, next_page: str = "") -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("X-Next-Page", next_page)  # https://docs.gitlab.com/api/rest/#pagination, 2026-11-30
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> str:
        type(self).seen.append(f"{self.command} {self.path}")
        return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

    def do_GET(self) -> None:
        if self.headers["PRIVATE-TOKEN"] != "secret-token":
            self._answer(401, {"message": "401 Unauthorized"})
        elif self.path == "/api/v4/user":
            self._answer(200, {"id": 5})
        else:
            page = int(self.path.rpartition("=")[2])
            left = len(self.notes) > 2 * page
            self._answer(200, self.notes[2 * page - 2 : 2 * page], str(page + 1) if left else "")

    def do_POST(self) -> None:
        body = self._body()
        self.notes.append({"id": len(self.notes) + 1, "body": body, "author": {"id": 5}})
        self._answer(201, {})

    def do_PUT(self) -> None:
        body = self._body()
        self.notes[int(self.path.rpartition("/")[2]) - 1]["body"] = body
        self._answer(200, {})

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def gitlab() -> Iterator[tuple[str, type[GitLab]]]:
    class Fresh(GitLab):
        notes: list[dict[str, Any]] = []
        seen: list[str] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Fresh)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api/v4", Fresh
    server.shutdown()
    server.server_close()


def test_one_note_is_kept_up_to_date(tmp_path: Path, gitlab: tuple[str, type[GitLab]]) -> None:
    url, server = gitlab
    script = (
        PAGE.read_text(encoding="utf-8")
        .split('```python title=".gitlab/gpuspec_note.py"\n')[1]
        .split("```")[0]
    )
    (tmp_path / "note.py").write_text(script)
    environment = {
        "PATH": os.environ["PATH"],
        "CI_API_V4_URL": url,
        "CI_PROJECT_ID": "12",
        "CI_MERGE_REQUEST_IID": "7",
        "GPUSPEC_TOKEN": "secret-token",
    }

    def say(text: str, **other: str) -> str:
        (tmp_path / "gpuspec.md").write_text(text)
        command = [sys.executable, "-I", "note.py", "gpuspec.md"]
        done = subprocess.run(
            command, cwd=tmp_path, env={**environment, **other}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    marked = {"body": "<!-- gpuspec -->\nsays who?", "author": {"id": 6}}
    server.notes += [{**marked, "id": 1}, {"id": 2, "body": "hi", "author": {"id": 5}}]
    assert say("nothing changes\n") == ""
    assert server.seen == []  # no note where there is nothing to tell
    assert say("### gpuspec\n\n+$11\n") == say("### gpuspec\n\n+$12\n") == say("nothing changes\n") == ""
    assert server.seen == [f"POST {NOTES}", *[f"PUT {NOTES}/3"] * 2]
    assert [note["body"] for note in server.notes[2:]] == ["<!-- gpuspec -->\nnothing changes\n"]
    # Without the right to write: what it would say stands in the log, and nothing fails.
    for token, why in {"": "GPUSPEC_TOKEN is not set", "wrong": "GitLab answers 401"}.items():
        said = say("### gpuspec\n\n+$13\n", GPUSPEC_TOKEN=token)
        assert ("+$13" in said, why in said, "wrong" in said) == (True, True, False)
