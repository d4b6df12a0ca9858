"""What is left of a server that was killed, and machines that the cloud does not show yet."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import SimpleNamespace
from typing import Any

import pytest

from gpuspec.launch.skypilot import api_server, provisioning
from gpuspec.launch.skypilot.client import Client


def test_what_a_killed_server_left_behind_is_named() -> None:
    """A process group whose first process is dead, and one of whose others is called as SkyPilot's workers are."""
    worker = "exec -a SkyPilot:executor:long:1 sleep 60"
    leader = (
        f"import subprocess; subprocess.Popen(['bash', '-c', '{worker}']); print('up', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", leader], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as first:
        assert first.stdout
        try:
            first.stdout.readline()
            assert first.pid not in groups(api_server.leftover_processes())  # it has its server yet
            first.kill()
            first.wait()
            while first.pid not in groups(api_server.leftover_processes()):  # bash becomes the worker
                pass
        finally:
            os.killpg(first.pid, signal.SIGKILL)


def groups(said: str) -> list[int]:
    """Those that `kill` is given; other servers may have been killed on this machine."""
    named = re.search(r"`kill -9 -- (.*)` ends that, then try again", said)
    return [-int(word) for word in named[1].split()] if named else []


def test_a_failed_request_in_few_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(urllib.error.URLError) as caught:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/")
    assert api_server.root_cause(caught.value) == "Connection refused"


def _cluster(status: str, age: float) -> Any:
    return SimpleNamespace(
        name="gs-x", status=SimpleNamespace(value=status), launched_at=time.time() - age, handle=None
    )


def test_only_a_machine_that_was_just_asked_for_may_be_unseen() -> None:
    assert provisioning.seconds_until_visible(_cluster("UP", 1)) == 0
    assert provisioning.seconds_until_visible(_cluster("INIT", 61)) == 0
    assert 49 < provisioning.seconds_until_visible(_cluster("INIT", 10)) <= 50
    assert provisioning.seconds_until_visible(_cluster("INIT", -864000)) == 60  # the clock was set back


def test_it_is_waited_for_until_it_is_seen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter([False, False, True])
    monkeypatch.setattr(provisioning, "_visible", lambda status: next(answers))
    monkeypatch.setattr(provisioning.time, "sleep", lambda seconds: None)
    provisioning.wait_until_visible(lambda: [_cluster("INIT", 10)])
    assert next(answers, None) is None
    assert "gs-x was being made: looking for" in capsys.readouterr().err
    monkeypatch.setattr(provisioning, "_visible", lambda status: pytest.fail("it is up"))
    provisioning.wait_until_visible(lambda: [_cluster("UP", 10)])
    provisioning.wait_until_visible(list)


def test_a_launch_is_cancelled_only_when_its_machine_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """SkyPilot forgets a cluster that it sees no machine of, once no launch is under way."""
    did: list[str] = []
    seen = iter([False, False, True, True])
    monkeypatch.setattr(provisioning.time, "sleep", lambda seconds: did.append("waited"))
    monkeypatch.setattr(provisioning, "_visible", lambda status: next(seen))

    class Server:
        """The requests, each answered at once."""

        def get(self, answer: Any) -> Any:
            return answer

        def status(self, names: list[str]) -> list[Any]:
            return [_cluster("INIT", 5)]

        def api_status(self, cluster_name: str) -> list[Any]:
            return [SimpleNamespace(request_id="r1", cluster_name="gs-x", name="sky.launch")]

        def api_cancel(self, requests: list[str], silent: bool) -> None:
            did.append(f"cancelled {requests[0]}")

        def down(self, name: str) -> None:
            did.append(f"down {name}")

    client = Client.__new__(Client)
    client._sdk = Server()
    client._sky = SimpleNamespace(exceptions=SimpleNamespace(ClusterDoesNotExist=KeyError))
    client._health = SimpleNamespace(cache_clear=lambda: None)
    client.down("gs-x")
    assert did == ["waited", "waited", "cancelled r1", "down gs-x"]
