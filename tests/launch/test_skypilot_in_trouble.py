"""What is left of a server that was killed, and machines that the cloud does not show yet."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from gpuspec.errors import UserError
from gpuspec.launch.skypilot import api_server, provisioning
from gpuspec.launch.skypilot.client import Client


def test_what_a_killed_server_left_behind_is_named() -> None:
    """A process group whose first process is dead, and one of whose others is called as SkyPilot's workers are."""
    worker = "exec -a SkyPilot:executor:long:1 sleep 600"
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


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(provisioning.time, "sleep", lambda seconds: None)
    return tmp_path / "state"


class Cloud:
    """SkyPilot's inner functions: its store has `rows`, its provisioner shows what is in `shows`, one answer after
    the other; an exception is raised. `did` is what was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: dict[str, Any] = {}
        self.provider: dict[str, Any] = {"type": "external", "region": "us-east-1"}
        self.shows: list[Any] = []
        self.did: list[str] = []
        store = SimpleNamespace(get_cluster_from_name=self._row, get_cluster_yaml_dict=self._yaml)
        provision = SimpleNamespace(query_instances=self._query, terminate_instances=self._terminate)
        sky: Any = ModuleType("sky")
        sky.global_user_state, sky.provision = store, provision
        monkeypatch.setitem(sys.modules, "sky", sky)

    def asks_for(self, name: str, *, age: float, ever_up: bool = False) -> None:
        """SkyPilot has asked the cloud for a machine, `age` seconds ago."""

        class Lambda:
            def __repr__(self) -> str:
                return "Lambda"

        resources = SimpleNamespace(cloud=Lambda())
        handle = SimpleNamespace(
            cluster_yaml=f"~/.sky/generated/{name}.yml",
            cluster_name_on_cloud=f"{name}-ab12",
            launched_resources=resources,
        )
        self.rows[name] = {"handle": handle, "launched_at": time.time() - age, "cluster_ever_up": ever_up}

    def _row(self, name: str, **more: bool) -> Any:
        return self.rows.get(name)

    def _yaml(self, path: str) -> dict[str, Any]:
        return {"provider": self.provider}

    def _query(self, cloud: str, name: str, on_cloud: str, provider: dict[str, Any]) -> dict[str, Any]:
        self.did.append(f"looked for {on_cloud} on {cloud} in {provider['region']}")
        answer = self.shows.pop(0) if self.shows else False
        if isinstance(answer, Exception):
            raise answer
        return {"i-1": ("UP", None)} if answer else {}

    def _terminate(self, cloud: str, on_cloud: str, provider: dict[str, Any]) -> None:
        self.did.append(f"terminated {on_cloud} on {cloud}")


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, state: Path) -> Cloud:
    return Cloud(monkeypatch)


def test_it_is_waited_for_until_it_is_seen(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    cloud.asks_for("gs-x", age=10)
    cloud.shows = [False, RuntimeError("HTTP 500"), False, True, "not asked for"]
    provisioning.wait_until_visible("gs-x", provisioning.remember("gs-x"), list)
    assert cloud.shows == ["not asked for"]
    assert "gs-x was being made: looking for 50 s" in capsys.readouterr().err


def test_it_is_not_waited_for_where_its_time_is_over(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, age, ever_up in (("gs-old", 61.0, False), ("gs-up", 10.0, True)):
        cloud.asks_for(name, age=age, ever_up=ever_up)
        provisioning.wait_until_visible(name, provisioning.remember(name), list)
    # a server elsewhere: SkyPilot's own record of the machine says how long
    records = iter([[_cluster("INIT", 10)], [_cluster("INIT", 10)], [_cluster("UP", 10)]])
    assert capsys.readouterr().err == ""
    provisioning.wait_until_visible("gs-there", None, lambda: next(records))
    assert next(records, None) is None
    assert "gs-there was being made: looking for 50 s" in capsys.readouterr().err
    provisioning.wait_until_visible("gs-none", None, list)


def test_what_was_asked_for_is_written_down_without_secrets(cloud: Cloud, state: Path) -> None:
    cloud.asks_for("gs-x", age=10)
    cloud.provider |= {"docker_login_config": {"password": "hunter2"}, "iam_api_key": "k"}
    with provisioning.remembering("gs-x"):
        pass
    file = state / "machines" / "gs-x.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == {
        "name": "gs-x", "name_on_cloud": "gs-x-ab12", "cloud": "Lambda",
        "provider": {"type": "external", "region": "us-east-1"}, "asked": cloud.rows["gs-x"]["launched_at"],
    }  # fmt: skip
    cloud.rows.clear()
    assert provisioning.remember("gs-x") == provisioning.recalled("gs-x")  # SkyPilot has forgotten it
    provisioning.forget("gs-x")
    assert provisioning.recalled("gs-x") is None


@pytest.mark.parametrize("name", ["", "../runs", "a/b", "..", "x\0y", "gs-x\n"])
def test_an_odd_name_reaches_no_file(cloud: Cloud, state: Path, name: str) -> None:
    cloud.asks_for(name, age=10)
    provisioning.remember(name)
    provisioning.forget(name)
    assert provisioning.recalled(name) is None
    assert not (state / "machines").exists()


SOUND: dict[str, Any] = {
    "name": "gs-x", "name_on_cloud": "gs-x-ab12", "cloud": "Lambda", "provider": {}, "asked": 1.0,
}  # fmt: skip
NO_MEMORY = ["", "[]", "null", "{}", '{"name": "gs-x"}', "\ufeff{", "[" * 100_000]
NO_MEMORY += [
    json.dumps({**SOUND, **odd}) for odd in ({"asked": "x"}, {"provider": []}, {"name": "gs-y"}, {"b": 1})
]


@pytest.mark.parametrize("text", NO_MEMORY)
def test_a_broken_file_is_none(state: Path, text: str) -> None:
    (state / "machines").mkdir(parents=True)
    (state / "machines" / "gs-x.json").write_text(text)
    assert provisioning.recalled("gs-x") is None
    (state / "machines" / "gs-x.json").write_text(json.dumps(SOUND))
    assert provisioning.recalled("gs-x") == provisioning.Request(**SOUND)


def test_a_machine_that_skypilot_has_forgotten_is_told_of_until_it_is_away(cloud: Cloud) -> None:
    cloud.asks_for("gs-x", age=10)
    provisioning.remember("gs-x")
    cloud.shows = [False, True, RuntimeError("no\ncredentials"), True]
    said = [provisioning.still_there("gs-x") for _ in range(3)]
    assert said == [
        "its machine may still come: Lambda was asked for it, and nobody waits for it",
        "SkyPilot has forgotten its machine, and Lambda still has it",
        "SkyPilot has forgotten its machine, and Lambda cannot be asked for it (no credentials)",
    ]
    assert provisioning.forgotten({"gs-y"}) == {"gs-x": said[1]}
    assert provisioning.forgotten({"gs-x"}) == {}
    cloud.asks_for("gs-x", age=61)
    provisioning.remember("gs-x")
    assert provisioning.forgotten(set()) == {}
    assert provisioning.recalled("gs-x") is None  # it need not be asked for again


class Server:
    """SkyPilot's requests, each answered at once."""

    def __init__(self, did: list[str], *, launching: bool, known: bool) -> None:
        self.did, self.launching, self.known = did, launching, known

    def get(self, answer: Any) -> Any:
        return answer

    def status(self, names: list[str]) -> list[Any]:
        return [_cluster("INIT", 5)] if self.known else []

    def api_status(self, cluster_name: str) -> list[Any]:
        request = SimpleNamespace(request_id="r1", cluster_name="gs-x", name="sky.launch")
        return [request] if self.launching else []

    def api_cancel(self, requests: list[str], silent: bool) -> None:
        self.did.append(f"cancelled {requests[0]}")

    def down(self, name: str) -> None:
        if not self.known:
            raise KeyError(name)
        self.did.append(f"down {name}")


def client_of(server: Server) -> Client:
    client = Client.__new__(Client)
    client._sdk = server
    client._sky = SimpleNamespace(exceptions=SimpleNamespace(ClusterDoesNotExist=KeyError))
    client._health = SimpleNamespace(cache_clear=lambda: None)
    return client


LOOKED = "looked for gs-x-ab12 on Lambda in us-east-1"


def test_a_launch_is_cancelled_only_when_its_machine_is_seen(cloud: Cloud) -> None:
    """SkyPilot forgets a cluster that it sees no machine of, once no launch is under way."""
    cloud.asks_for("gs-x", age=5)
    cloud.shows = [False, False, True, True]
    client_of(Server(cloud.did, launching=True, known=True)).down("gs-x")
    assert cloud.did == [LOOKED, LOOKED, LOOKED, "cancelled r1", LOOKED, "down gs-x"]
    assert provisioning.recalled("gs-x") is None


def test_a_machine_that_skypilot_forgot_is_waited_for_and_taken_from_the_cloud(cloud: Cloud) -> None:
    cloud.asks_for("gs-x", age=5)
    cloud.shows = [False, False, True, True, True]
    client_of(Server(cloud.did, launching=False, known=False)).down("gs-x")
    assert cloud.did == [LOOKED] * 4 + ["terminated gs-x-ab12 on Lambda"] + [LOOKED] * 2
    assert provisioning.recalled("gs-x") is None


def test_one_that_the_cloud_does_not_let_go_is_named(
    cloud: Cloud, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.asks_for("gs-x", age=70)
    cloud.shows = [True, RuntimeError("HTTP 401")]
    with pytest.raises(UserError) as caught:
        client_of(Server(cloud.did, launching=False, known=False)).down("gs-x")
    assert (caught.value.code, caught.value.status) == ("left-running", 1)
    assert "whether it is gone was not seen: HTTP 401" in caught.value.message
    by_hand = "look for gs-x-ab12 in the console of Lambda, take it down there, then remove "
    assert caught.value.hint == f"{by_hand}{state / 'machines' / 'gs-x.json'}"
    assert provisioning.recalled("gs-x") is not None
    monkeypatch.setattr(provisioning, "GOING_SECONDS", 0.0)
    cloud.shows = [True] * 1000
    with pytest.raises(UserError, match="it is still there after"):
        client_of(Server(cloud.did, launching=False, known=False)).down("gs-x")
