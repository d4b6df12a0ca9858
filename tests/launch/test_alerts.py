"""Alerts: when one is due, whom it goes to, that it goes once, and that no address is ever said."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE, until

from gpuspec.cli.main import main
from gpuspec.launch import notify
from gpuspec.launch.alert_watch import AlertWatch, Notified, due, note_notified, notified_of, tell
from gpuspec.launch.alerts import month_alert, month_shares, run_alert, run_share
from gpuspec.launch.launcher import Run
from gpuspec.launch.notify import Addressee, NotSent, send, targets_of
from gpuspec.launch.records import ALERT_AGAIN, ALERT_TRIES, Records, process_start
from gpuspec.planning.monthly_budget import MonthlyBudget

from .rented import change, gpuspec, prepare
from .rented import run as launch

BEGINS = 1_793_491_200.0  # `date -ud 2026-11-01 +%s`
NOW = BEGINS + 10 * 86_400
HOUR = 3600.0
PATH = "/services/T0000/B0000/very-secret"
FILE = "/repo/gpuspec.toml"


class Hook:
    """A webhook on this machine: what was posted to it, and with what status it answers."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, Any]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posted.append((self.path, json.loads(body)))
                self.send_response(hook.status)
                self.send_header("Location", "http://localhost:1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{PATH}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    @property
    def texts(self) -> list[str]:
        return [body["text"] for _, body in self.posted]


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    return tmp_path


def run(**more: Any) -> Run:
    """Up for 3 h at $2/h."""
    fields: dict[str, Any] = {
        "id": "abc", "name": "nightly", "launcher": "skypilot", "spec_path": "x", "workdir": "/repo/a",
        "state": "running", "started": NOW - 3 * HOUR, "actual_price": 2.0,
    }  # fmt: skip
    return Run(**{**fields, **more})


# -- when ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({}, None),  # no budget
        ({"max_total": 9.0}, None),  # 67 %
        ({"max_total": 8.0}, "nightly (abc) has used 75 % of its budget: $6.00 of $8.00"),
        ({"max_total": 8.0, "max_hours": 3.2}, "nightly (abc) has used 94 % of its time: 3 of 3.2 h"),
        ({"max_total": 6.0, "max_hours": 3.2}, "nightly (abc) has used 100 % of its budget: $6.00 of $6.00"),
        ({"launcher": "local", "max_total": 1.0}, None),  # costs nothing
        ({"actual_price": None, "max_total": 1.0}, None),  # what it costs is not known
        # ended by itself, within its time; by its limit; over its dollars; too long ago
        ({"state": "succeeded", "ended": NOW, "max_hours": 3.0}, None),
        ({"state": "timeout", "ended": NOW, "max_hours": 3.0},
         "nightly (abc) has used 100 % of its time: 3 of 3 h; its time limit ended it"),
        ({"state": "failed", "ended": NOW, "max_total": 7.0}, None),
        ({"state": "failed", "ended": NOW, "max_total": 5.0},
         "nightly (abc) has used 120 % of its budget: $6.00 of $5.00"),
        ({"state": "timeout", "started": NOW - 99 * HOUR, "ended": NOW - 90 * HOUR, "max_hours": 9.0}, None),
    ],
)  # fmt: skip
def test_a_run(more: dict[str, Any], text: str | None) -> None:
    alert = run_alert(run(**more), now=NOW)
    assert (alert.text if alert else None) == text


def test_steps_of_ones_own_and_those_below() -> None:
    """The ladder 70 warn, 85, 90, 95, 100: $6 of $6.50 is 92 %."""
    alert = run_alert(run(max_total=6.5), (0.7, 0.85, 0.9, 0.95, 1.0), NOW)
    assert alert is not None
    assert (alert.key, alert.below) == ("run abc 0.9", ("run abc 0.7", "run abc 0.85"))
    share = run_share(run(max_total=6.5), NOW)
    assert share is not None
    assert share.share == pytest.approx(12 / 13)


def test_a_month() -> None:
    budget = MonthlyBudget(8.0, (("team", "ads", 5.0), ("team", "search", 100.0)))
    mine = run(labels='{"team": "ads"}', max_hours=4.0)
    found = [month_alert(each) for each in month_shares({FILE: budget}, [mine], NOW)]
    assert [each.text if each else None for each in found] == [
        f"75 % of this month's budget is spent: $6.00 of $8.00 (2026-11, {FILE}); 1 run going on may take $2.00 more",
        f"120 % of this month's budget of team ads is spent: $6.00 of $5.00 (2026-11, {FILE}); "
        "1 run going on may take $2.00 more",
        None,
    ]
    assert found[0] is not None
    assert found[0].key == f"month {FILE} 2026-11   8 0.7"


# -- how -----------------------------------------------------------------------------------------


def test_what_slack_takes(hook: Hook) -> None:
    """Mentions and links are marked by <, > and &: a job's name makes none."""
    send(Addressee(webhook=hook.url), "job <!channel> & \u202ehf_aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cD3e")
    assert hook.posted == [(PATH, {"text": "gpuspec: job &lt;!channel&gt; &amp; \\u202e" + "*" * 37})]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_yes(hook: Hook, status: int) -> None:
    hook.status = status
    with pytest.raises(NotSent, match=f"^127.0.0.1 answered {status}$"):
        send(Addressee(webhook=hook.url), "x")
    assert len(hook.posted) == 1  # no redirect is followed


@pytest.mark.parametrize(
    ("webhook", "value", "why"),
    [
        ("$HOOK", "", r"\$HOOK is not set here"),
        ("$HOOK", "http://example.com" + PATH, r"\$HOOK holds no https address"),
        ("$HOOK", "$OTHER", r"\$HOOK holds no https address"),
        ("file:///etc/passwd", "", "its address is none by https"),
        ("http://127.0.0.1:1" + PATH, "", r"it was not reached \(ConnectionRefusedError\)"),
    ],
)
def test_no_address_is_said(webhook: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", value)
    with pytest.raises(NotSent, match=f"^{why}$") as caught:
        send(Addressee(webhook=webhook), "x")
    assert "secret" not in str(caught.value) + Addressee(webhook=webhook).in_words


def test_a_command_gets_it_on_standard_input_and_only_where_its_folder_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "gpuspec.toml")
    setting = {"command": [sys.executable, "-c", "import sys; open('got', 'w').write(sys.stdin.read())"]}
    found, said = targets_of(setting, file)
    assert (found, said.startswith(f"notify.command of {file} is not run: set GPUSPEC_LOCAL_RULES")) == (
        [],
        True,
    )
    monkeypatch.setenv("GPUSPEC_LOCAL_RULES", str(tmp_path))
    (target,), said = targets_of(setting, file)
    assert said == ""
    send(target, "$(touch pwned); 90 %")
    assert (tmp_path / "got").read_text() == "$(touch pwned); 90 %\n"
    with pytest.raises(NotSent, match=r"^it ended with exit status 3$"):
        send(target._replace(command=("sh", "-c", "exit 3")), "x")
    with pytest.raises(NotSent, match=r"could not be started \(FileNotFoundError\)"):
        send(target._replace(command=("./is-not-there",)), "x")


# -- once ----------------------------------------------------------------------------------------


def test_who_answers_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter every little while: no wait for the next is ever long."""
    monkeypatch.setattr(notify, "SECONDS", 0.2)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            client, _ = server.accept()
            with client, suppress(OSError):
                client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not over.wait(0.02):
                    client.sendall(b"x")

        answering = threading.Thread(target=drip, daemon=True)
        answering.start()
        try:
            with pytest.raises(NotSent, match="no answer"):
                send(Addressee(webhook=f"http://localhost:{server.getsockname()[1]}/"), "hello")
        finally:
            over.set()
            answering.join(PATIENCE)


def test_a_command_that_hangs_goes_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "SECONDS", 0.2)
    hangs = "sleep 600 & echo $! > pid; wait"
    with pytest.raises(NotSent, match="did not end"):
        send(Addressee(command=("sh", "-c", hangs), folder=str(tmp_path)), "hello")
    until(lambda: process_start(int((tmp_path / "pid").read_text())) is None)


def test_each_goes_once_to_each_and_one_that_failed_again(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Records().new(
        name="a", launcher="skypilot", spec_path="x", workdir="/w", actual_price=2.0, max_total=8.0,
        started=time.time() - 3 * HOUR, boot=None,
    ).run  # fmt: skip
    note_notified(kept.id, Notified(webhook=hook.url))
    assert notified_of(kept) == Notified(webhook=hook.url)

    def look() -> tuple[int, list[str]]:
        said: list[str] = []
        return tell(due([kept], {}, [], time.time()), said.append), said

    hook.status = 500
    assert look() == (0, ["an alert could not be sent to the webhook: 127.0.0.1 answered 500"])
    assert look() == (0, [])  # not at once
    hook.status = 200
    real = time.time()
    monkeypatch.setattr(
        "gpuspec.launch.alert_watch.time", type("T", (), {"time": lambda: real + ALERT_AGAIN + 1})
    )
    assert look() == (1, [])
    assert look() == (0, [])
    assert len(hook.posted) == 2
    assert hook.texts[1] == f"gpuspec: a ({kept.id}) has used 75 % of its budget: $6.00 of $8.00"


def test_an_alert_that_never_arrives_is_given_up() -> None:
    tried = [Records().claim_alert("k", ALERT_AGAIN * n) for n in range(9)]
    assert tried == [True] * ALERT_TRIES + [False] * (9 - ALERT_TRIES)
    assert Records().claim_alert("other", NOW)
    assert not Records().claim_alert("other", NOW - 1)  # two that look at once
    assert Records().claim_alert("other", NOW - 86_400)  # the clock was set back: not a day later


def test_what_is_kept_of_whom_to_tell_is_for_its_owner(tmp_path: Path) -> None:
    kept = Records().new(name="a", launcher="local", spec_path="x", workdir="/w").run
    note_notified(kept.id, Notified(webhook="https://x/secret"))
    (path,) = tmp_path.glob("state/runs/*/notify.json")
    assert path.stat().st_mode & 0o777 == 0o600
    for broken in ("[", "[]", '{"file": 3}', "[" * 9999):
        path.write_text(broken)
        assert notified_of(kept) == Notified()


def test_nothing_that_goes_wrong_disturbs_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with AlertWatch("is-not-there", said.append, wanted=True):
        pass
    assert said == ["budgets cannot be watched: there is no run 'is-not-there'"]


# -- who watches -----------------------------------------------------------------------------------


def test_every_minute_while_it_goes_on(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpuspec.launch.alert_watch.EVERY", 0.01)
    kept = Records().new(
        name="a", launcher="skypilot", spec_path="x", workdir="/w", actual_price=2.0, max_total=8.0,
        started=time.time() - 3 * HOUR, boot=None,
    ).run  # fmt: skip
    note_notified(kept.id, Notified(webhook=hook.url))
    said: list[str] = []
    with AlertWatch(kept.id, said.append, wanted=True):
        until(lambda: bool(hook.posted))
    assert said == [f"a ({kept.id}) has used 75 % of its budget: $6.00 of $8.00"]
    assert hook.texts == [f"gpuspec: {said[0]}"]


def test_the_supervisor_of_a_run_here(tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """0.0002 h are 0.7 s."""
    monkeypatch.setenv("HOOK", hook.url)
    spec = {
        "name": "j",
        "task": "batch",
        "run": "sleep 60",
        "keep_alive_minutes": 0,
        "notify": {"webhook": "$HOOK"},
    }
    (tmp_path / "job.jsonc").write_text(json.dumps({**spec, "budget": {"max_hours": 0.0002}}))
    done = subprocess.run(
        [sys.executable, "-m", "gpuspec", "run", "--yes", str(tmp_path / "job.jsonc")],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    (kept,) = Records().all()
    assert kept.state == "timeout"
    (text,) = hook.texts
    assert text.startswith(f"gpuspec: j ({kept.id}) has used ")
    assert text.endswith("; its time limit ended it")
    everything = (
        done.stdout
        + done.stderr
        + "".join(
            path.read_text(errors="replace")
            for path in tmp_path.rglob("*")
            if path.is_file() and path.suffix != ".pyz"
        )
    )
    assert "very-secret" not in everything


def test_gpuspec_run_tells_of_the_month_and_alerts_does_the_rest_once(
    tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path, monkeypatch)
    file = tmp_path / "gpuspec.toml"
    file.write_text(f'[budget]\nmonthly = 5\n[notify]\nwebhook = "{hook.url}"\n')
    now = time.time()
    Records().new(
        name="before", launcher="skypilot", spec_path="b", workdir=str(tmp_path), state="succeeded",
        started=now, ended=now, spent=4.40,
    )  # fmt: skip
    assert launch(tmp_path).returncode == 0
    (text,) = hook.texts
    assert text.startswith("gpuspec: 88 % of this month's budget is spent: $4.40 of $5.00 (")
    # $4.40 and what is left of the run's idle minutes; another spends $0.20 more: 92 %
    Records().new(
        name="after", launcher="skypilot", spec_path="b", workdir=str(tmp_path), state="succeeded",
        started=now, ended=now, spent=0.20, budget_file=str(file),
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    first = gpuspec("alerts", "--send")
    assert (first.returncode, first.stderr) == (0, "")
    assert "$4.60 of $5.00" in first.stdout
    assert first.stdout.endswith("\n\n1 sent\n")
    assert "\n92 % of this month's budget is spent: $4.60 of $5.00 (" in gpuspec("ps").stdout
    assert hook.texts[1].startswith("gpuspec: 92 % of this month's budget is spent: $4.60 of $5.00 (")
    assert "sent" not in gpuspec("alerts", "--send").stdout
    assert len(hook.posted) == 2
    file.write_text("[budget]\nmonthly = 4\n")
    assert main(["alerts", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["budgets"][0]["file"], found["budgets"][0]["reached"]) == (str(file), 1.0)
    assert found["budgets"][0]["spent"] == pytest.approx(4.6, abs=0.01)
    assert os.path.basename(found["budgets"][0]["file"]) == "gpuspec.toml"


def test_ps_counts_all_runs_of_the_month_not_only_those_it_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gpuspec.toml"
    file.write_text("[budget]\nmonthly = 10\n")
    now = time.time()
    for number in range(13):
        Records().new(
            name=f"n{number}", launcher="skypilot", spec_path="b", workdir=str(tmp_path), state="succeeded",
            started=now, ended=now, spent=1.0, gone=True, budget_file=str(file),
        )  # fmt: skip
    assert main(["ps"]) == 0
    assert "\n130 % of this month's budget is spent: $13.00 of $10.00 (" in capsys.readouterr().out


def test_a_trial(
    tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["alerts", "--test"]) == 2
    assert "error[nobody-to-tell]" in capsys.readouterr().err
    monkeypatch.setenv("HOOK", hook.url)
    (tmp_path / "gpuspec.toml").write_text('[notify]\nwebhook = "$HOOK"\ncommand = ["true"]\n')
    assert main(["alerts", "--test"]) == 0
    done = capsys.readouterr()
    assert done.out == "the webhook in $HOOK: sent\n"
    assert "is not run: set GPUSPEC_LOCAL_RULES" in done.err
    assert hook.texts == ["gpuspec: a trial: this is where alerts about budgets go"]
    hook.status = 403
    assert main(["alerts", "--test"]) == 1
    assert capsys.readouterr().out == "the webhook in $HOOK: not sent: 127.0.0.1 answered 403\n"


def test_a_detached_run_is_said_to_be_watched_by_nobody(
    tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(tmp_path, monkeypatch)
    monkeypatch.setenv("HOOK", hook.url)
    change(tmp_path, notify={"webhook": "$HOOK"})
    done = launch(tmp_path, "--detach")
    assert done.returncode == 0, done.stderr
    assert "detached: nobody watches its budget here; `gpuspec alerts --send`" in done.stderr
    assert hook.posted == []


def test_the_address_of_a_webhook_is_no_setting_to_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for address in ("https://hooks.example/very-secret", "https://hooks.example?very-secret"):
        (tmp_path / "gpuspec.toml").write_text(f'[notify]\nwebhook = "{address}"\n')
        for words in ([], ["--format", "json"]):
            assert main(["config", "show", *words]) == 0
            said = capsys.readouterr().out
            assert "https://hooks.example/…" in said
            assert "secret" not in said


def test_the_spec_may_name_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path, monkeypatch)
    change(tmp_path, notify={"command": ["touch", str(tmp_path / "pwned")]})
    refused = launch(tmp_path)
    assert refused.returncode == 1
    assert "command" in refused.stdout + refused.stderr
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("name", ["localhost:2375", "127.0.0.1", "[::1]:9200"])
def test_the_spec_may_write_to_no_program_of_this_machine(name: str, tmp_path: Path) -> None:
    spec = tmp_path / "gpu.jsonc"
    spec.write_text(json.dumps({"run": "true", "notify": {"webhook": f"http://{name}/_shutdown"}}))
    assert main(["lint", str(spec), "--select", "GS001,GS003"]) == 1
