"""A SkyPilot that answers nonsense, dies in the middle or logs without end: words, never a traceback, and every
machine that can be told of is."""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gpuspec.errors import UserError
from gpuspec.launch.records import Records
from gpuspec.launch.skypilot import job_log
from gpuspec.launch.skypilot.client import Client, Machine, machine_of
from gpuspec.launch.skypilot.controllers import Controllers
from gpuspec.launch.skypilot.explained import explained
from gpuspec.launch.skypilot.job_log import JobLog

from . import drive_rented as cloud
from .rented import gpuspec, run

NONSENSE: tuple[Any, ...] = (
    None, 5, -1, math.nan, "text", b"\xff", [], [None], [5], ["text"], {}, {"job_id": "x"}, [{"name": 5}], [[]],
    (1, 2, 3), object(), [SimpleNamespace(name=5, status=None)], {1: None}, {"1": 5},
)  # fmt: skip


class Mad:
    """A server that has one answer to everything."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __getattr__(self, verb: str) -> Any:
        return lambda *arguments, **more: self.answer


def client_of(answer: Any, kind: type[Client] = Client) -> Any:
    client: Any = kind.__new__(kind)
    client._sdk = client._jobs = client._serve = Mad(answer)
    client._sky = SimpleNamespace(
        Dag=lambda: SimpleNamespace(add=lambda task: None),
        Task=Mad(answer),
        StatusRefreshMode=SimpleNamespace(FORCE=1),
        exceptions=SimpleNamespace(ClusterDoesNotExist=KeyError),
    )
    client._health = SimpleNamespace(cache_clear=lambda: None)
    client._wait_for_jobs = 1
    return client


VERBS: dict[str, tuple[Any, ...]] = {
    "enabled_clouds": (), "task": ({"run": "x"}, {}), "quote": (None,), "launch": (None, "gs-x"), "machines": (),
    "run_again": (None, "gs-x"), "wait": ("r", io.StringIO()), "machine": ("gs-x",), "pending": ("gs-x",),
    "newest_job": ("gs-x",), "job_state": ("gs-x", 1), "home": ("gs-x",), "rsync_options": ("gs-x",),
    "set_timer": ("gs-x", 5), "cancel_request": ("r",), "cancel_job": ("gs-x", 1), "down": ("gs-x",),
    "jobs": (), "job": ("gs-x",), "wait_job": ("r", io.StringIO()), "services": (), "service": ("gs-x",),
    "scaling": ("gs-x",), "wait_service": ("r", io.StringIO()), "end_service": ("gs-x",), "controlled": (),
    "spent": ("gs-x",), "is_submitting": ("jobs.launch",), "end_job": (1,),
}  # fmt: skip


READ_NOTHING = {
    "task", "quote", "launch", "run_again", "set_timer", "cancel_request", "cancel_job", "end_job", "end_service",
}  # fmt: skip


def refusal(ask: Any, *arguments: Any, **more: Any) -> UserError | None:
    """Why an answer was not taken. Any other exception is a fault."""
    try:
        ask(*arguments, **more)
    except UserError as error:
        return error
    return None


@pytest.mark.parametrize("verb", VERBS)
def test_no_answer_ends_in_a_traceback(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "sky", None)  # its own store cannot be read
    said = []
    for answer in NONSENSE:
        for more in ({}, {"refresh": True}) if verb == "machine" else ({},):
            said.append(refusal(getattr(client_of(answer, Controllers), verb), *VERBS[verb], **more))
    refused = [error for error in said if error]
    assert {error.code for error in refused} <= {"skypilot-failed", "no-cloud"}
    assert all(error.message for error in refused)
    assert bool(refused) == (verb not in READ_NOTHING)


def test_the_logs_of_a_mad_server() -> None:
    for answer in NONSENSE:
        client = client_of(answer, Controllers)
        for error in (
            refusal(client.logs, "gs-x", 1, io.StringIO(), follow=True),
            refusal(client.job_log, 1, io.StringIO(), follow=True),
        ):
            assert error is None or "SkyPilot gave an answer that cannot be read" in error.message


def status(name: Any = "gs-a", **odd: Any) -> Any:
    """A cluster as SkyPilot tells of it."""
    resources = SimpleNamespace(
        accelerators={"A10": 1}, cloud="Lambda", region="us", instance_type="gpu_1x_a10", use_spot=False,
        get_cost=lambda seconds: 0.75,
    )  # fmt: skip
    told = {
        "handle": SimpleNamespace(launched_resources=resources), "status": SimpleNamespace(value="UP"), "autostop": 5,
        "to_down": True, "labels": {"gpuspec": "abc"}, "cluster_ever_up": True, "launched_at": 1.0,
    }  # fmt: skip
    return SimpleNamespace(name=name, **{**told, **odd})


SOUND = Machine("gs-a", True, 5, True, "lambda", "us", "gpu_1x_a10", "A10", 1, False, 0.75, "abc", True)


def test_what_cannot_be_read_of_a_machine_is_unknown_and_hides_neither_it_nor_others() -> None:
    assert machine_of(status()) == SOUND
    for odd in (None, 5, "text", [], {}, object()):
        for field in ("handle", "status", "autostop", "to_down", "labels", "cluster_ever_up"):
            machine = machine_of(status(**{field: odd}))
            assert machine.name == "gs-a"
            assert machine.price in (None, 0.75)
    assert machine_of(status(autostop="x")) == SOUND._replace(idle_minutes=-1)
    assert machine_of(status(labels=["gpuspec"])) == SOUND._replace(label=None)
    assert machine_of(status(status=None)) == SOUND._replace(up=False)
    for price in (math.nan, math.inf, -1.0, "x"):
        told = status()
        told.handle.launched_resources.get_cost = lambda seconds, price=price: price
        assert machine_of(told).price is None
    sane = client_of([status("gs-a"), status("gs-b", autostop=None)])
    assert [each.name for each in sane.machines()] == ["gs-a", "gs-b"]


def raised_by(module: str, error: Exception) -> None:
    """Raise it in the code of that module."""
    exec("raise error", {"__name__": module, "error": error})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("request_id"), "SkyPilot gave an answer that cannot be read (KeyError: 'request_id')"),
        (TypeError("no\nlist"), "SkyPilot gave an answer that cannot be read (TypeError: no list)"),
        (AttributeError("x"), "SkyPilot gave an answer that cannot be read (AttributeError: x)"),
        (IndexError(), "SkyPilot gave an answer that cannot be read (IndexError: IndexError)"),
        (PermissionError(13, "Permission denied", "/x"), "[Errno 13] Permission denied: '/x'"),
        (RuntimeError("its own words"), "its own words"),
    ],
)
def test_what_fails_in_skypilot_is_said_in_words(error: Exception, said: str) -> None:
    with pytest.raises(UserError) as caught, explained():
        raised_by("sky.client.sdk", error)
    assert (caught.value.code, caught.value.message) == ("skypilot-failed", said)


def test_a_server_s_errors_are_told_apart() -> None:
    """Names of requests' and pydantic's exceptions."""
    base = type("RequestException", (Exception,), {"__module__": "requests.exceptions"})
    wrong = type("JSONDecodeError", (base, ValueError), {"__module__": "requests.exceptions"})
    refused = type("HTTPError", (base,), {"__module__": "requests.exceptions"})
    shape = type("ValidationError", (ValueError,), {"__module__": "pydantic_core"})
    for error, code, said in (
        (
            wrong("Expecting value"),
            "api-server-down",
            "an answer that cannot be read (JSONDecodeError: Expecting",
        ),
        (refused("502 Bad Gateway"), "api-server-down", "server answers with an error (502 Bad Gateway)"),
        (base("cut"), "api-server-down", "server does not answer (cut)"),
        (shape("11 errors"), "skypilot-failed", "an answer that cannot be read (ValidationError: 11 errors)"),
    ):
        with pytest.raises(UserError) as caught, explained():
            raised_by("sky.server.common", error)
        assert caught.value.code == code
        assert said in caught.value.message


def test_what_fails_in_our_own_code_is_not_skypilot_s_fault() -> None:
    for error in (KeyError("x"), OSError(28, "No space left on device")):
        with pytest.raises(type(error)) as caught, explained():
            raised_by("gpuspec.launch.skypilot.job_log", error)
        assert caught.value is error


def test_reap_does_not_say_that_nothing_is_left_where_nobody_could_be_asked(rented: Path) -> None:
    assert run(rented, "--detach").returncode == 0
    said = gpuspec("reap", "--yes", MUTE="1")
    assert said.returncode == 1
    assert said.stdout == "nothing to reap among those that could be asked\n"
    assert f"{Records().get('job').id} (job) cannot be asked: nobody answers" in said.stderr
    assert "skypilot cannot be asked for its machines: nobody answers" in said.stderr
    assert len(cloud.read()) == 1
    assert gpuspec("reap", "--yes").stdout == "nothing to reap\n"


def shown(text: str, size: int) -> tuple[str, str, JobLog]:
    """What a log shows of `text`, which comes in pieces of this size; on standard output, beside it."""
    out, aside = io.StringIO(), io.StringIO()
    log = JobLog(out, aside)
    for at in range(0, len(text), size):
        log.write(text[at : at + size])
        assert len(log._line) <= job_log.LONGEST
    log.finish()
    return out.getvalue(), aside.getvalue(), log


def test_a_line_without_end_is_shown_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_log, "LONGEST", 50)
    text = "(job, pid=1) " + "x" * 200 + "\n(job, pid=1) short\n"
    for size in (1, 7, 64, 1000):
        out, aside, log = shown(text, size)
        assert out.replace("\n", "") == "x" * 200 + "short"
        assert max(map(len, out.splitlines())) <= 50
        assert aside == ""
        assert (
            log.lines_shown == 7
        )  # 37 of the 200 fit beside the 13 of the prefix: 5 and a rest, and the short one


@pytest.mark.parametrize(
    "line",
    [
        f"{job_log.ENDED} " + "9" * 5000,
        f'{job_log.NOTED} {{"memory": ' + "9" * 5000 + "}",
        f'{job_log.NOTED} {{"memory": 1e999, "gpu": -1, "gpus": ["x"], "cpu": true, "ended": 3}}',
        f"{job_log.NOTED} " + "{" * 9000,
        "(job, pid=1) items: 1 of 1 done in 1.2.3 s",
        "(job, pid=1) items: " + "9" * 5000 + " of 5 done in 1.0 s",
        "job failed, return code list: [1-2, - 5, " + "7" * 5000 + "]",
        "return code list: [-, ,]",
    ],
)
def test_a_number_that_is_none_ends_nothing(line: str) -> None:
    log = shown(line + "\n", 4096)[2]
    assert (log.utilization, log.item_seconds) == (None, None)
    assert log.exit_code in (None, 1)
