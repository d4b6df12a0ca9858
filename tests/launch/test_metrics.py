"""Prometheus' text: its grammar, what is in it, and the endpoint that serves it."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE

from gpuspec.cli import metrics_endpoint
from gpuspec.cli.main import main
from gpuspec.cli.metrics_endpoint import Endpoint, address_of
from gpuspec.errors import UserError
from gpuspec.launch.alerts import month_shares
from gpuspec.launch.launcher import Run
from gpuspec.launch.metrics import MOST_RUNS, families
from gpuspec.launch.prometheus import Family, label_name, label_value, render
from gpuspec.launch.records import Records
from gpuspec.planning.monthly_budget import MonthlyBudget

NOW = 1_793_491_200.0 + 10 * 86_400
HOSTILE = 'a"b\\c\nd{x="1"} 9\n# TYPE evil gauge\x1b[31m\u202e\udc80\r'
SAMPLE = re.compile(
    r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.e+]+)'
)
"""A line of a sample, by the grammar of the page that `launch/prometheus.py` cites."""


def parsed(text: str) -> dict[str, dict[str, float]]:
    """Name → labels as written → value. Each family has its HELP and TYPE once, before its samples."""
    assert text.endswith("\n") or not text
    found: dict[str, dict[str, float]] = {}
    helped = []
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            helped.append(line.split(" ", 3)[2])
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {helped[-1]} gauge"
            found[helped[-1]] = {}
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == helped[-1]
            assert match[2] not in found[match[1]]
            found[match[1]][match[2]] = float(match[3])
    assert len(helped) == len(set(helped)) == len(found)
    return found


def run(**more: Any) -> Run:
    """On for 3 of 4 h at $2/h, of $10 at most."""
    fields: dict[str, Any] = {
        "id": "abc", "name": "nightly", "launcher": "skypilot", "spec_path": "x", "workdir": "/repo/a",
        "state": "running", "started": NOW - 3 * 3600, "actual_price": 2.0, "planned_price": 1.5, "max_hours": 4.0,
        "max_total": 10.0, "peak_memory": 31.0, "cloud": "lambda", "gpu": "A100-80GB", "gpu_count": 2, "spot": True,
        "labels": '{"team": "search", "0-x": "y"}',
    }  # fmt: skip
    return Run(**{**fields, **more})


def test_a_run_and_a_month() -> None:
    months = month_shares({"/repo/gpuspec.toml": MonthlyBudget(5000.0)}, [run()], NOW)
    found = parsed(render(families([run()], months, NOW)))
    own = 'run="abc"'
    assert found["gpuspec_run_info"] == {
        'run="abc",name="nightly",launcher="skypilot",cloud="lambda",region="",gpu="A100-80GB",gpus="2",spot="true",'
        'label_team="search",label_0_x="y"': 1
    }
    assert found["gpuspec_run_state"] == {'run="abc",state="running"': 1}
    values = {
        "active": 1, "started_timestamp_seconds": NOW - 10_800, "duration_seconds": 10_800, "limit_seconds": 14_400,
        "cost_dollars": 6, "budget_dollars": 10, "price_dollars_per_hour": 2, "gpu_memory_peak_bytes": 31 * 1024**3,
    }  # fmt: skip
    assert {name: found[f"gpuspec_run_{name}"][own] for name in values} == values
    assert "gpuspec_run_exit_code" not in found  # not known: no sample, no family
    assert "gpuspec_run_gpu_memory_planned_bytes" not in found
    of_all = 'file="/repo/gpuspec.toml",by="",name=""'
    assert found["gpuspec_month_budget_dollars"] == {of_all: 5000}
    assert found["gpuspec_month_spent_dollars"] == {of_all: 6}
    assert found["gpuspec_month_may_come_dollars"] == {of_all: 2}


def test_what_a_run_uses() -> None:
    """As its machine writes it: shares are %, memory GiB, what flows MB/s."""
    told = (
        '{"gpu": 40, "gpu_lately": 25, "gpus": [50, 0], "cpu_lately": 100, "memory_total": 80, "received": 3'
    )
    told += ', "at": 9}'
    found = parsed(render(families([run(utilization=told), run(id="b")], [], NOW)))
    values = {
        "gpu_utilization_ratio": 0.25, "gpu_utilization_mean_ratio": 0.4, "cpu_utilization_ratio": 1,
        "gpu_memory_size_bytes": 80 * 1024**3, "network_received_bytes_per_second": 3e6,
        "sampled_timestamp_seconds": 9,
    }  # fmt: skip
    assert {name: found[f"gpuspec_run_{name}"] for name in values} == {
        name: {'run="abc"': value} for name, value in values.items()
    }
    assert found["gpuspec_gpu_utilization_ratio"] == {'run="abc",index="0"': 0.5, 'run="abc",index="1"': 0}
    assert "gpuspec_run_memory_peak_bytes" not in found


def test_what_people_write_stays_a_label() -> None:
    hostile = run(name=HOSTILE, cloud=HOSTILE, labels='{"te am": "x", "te-am": "y", "": "z"}')
    text = render(families([hostile], [], NOW))
    found = parsed(text)
    (labels,) = found["gpuspec_run_info"]
    assert 'label_te_am="x",label_="z"' in labels
    assert "evil" not in found
    text.encode()  # it is text
    assert label_value('a"b\\c') == 'a\\"b\\\\c'
    assert label_value("a\nb") == "a\\\\nb"  # read back: a, backslash, n, b
    assert (label_name("0"), label_name(""), label_name("ü-ß")) == ("_0", "_", "___")
    assert len(label_value("x" * 10**6)) == 200


def test_the_same_labels_twice_are_one_sample() -> None:
    assert parsed(
        render([Family("a", "x\\y\nz", [({"k": "v"}, 1.0), ({"k": "v"}, 2.0)]), Family("b", "", [])])
    ) == {"a": {'k="v"': 1}}


def test_old_runs_and_too_many_are_left_out() -> None:
    old = run(id="old", state="succeeded", ended=NOW - 86_401)
    late = run(id="late", state="succeeded", ended=NOW - 86_399, exit_code=0)
    many = [run(id=f"r{number}", started=NOW - number) for number in range(MOST_RUNS + 9)]
    found = parsed(render(families([old, late], [], NOW)))
    assert list(found["gpuspec_run_active"].items()) == [('run="late"', 0)]
    assert found["gpuspec_run_exit_code"] == {'run="late"': 0}
    assert len(parsed(render(families(many, [], NOW)))["gpuspec_run_active"]) == MOST_RUNS


# -- the command -------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gpuspec.toml").write_text("[budget]\nmonthly = 5\n")
    now = time.time()
    Records().new(
        name="nightly", launcher="skypilot", spec_path="x", workdir=str(tmp_path), state="succeeded", started=now,
        ended=now, spent=4.5,
    )  # fmt: skip
    return tmp_path


def test_a_file_for_node_exporter(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = kept / "gpuspec.prom"
    path.write_text("old")
    assert main(["metrics", "-o", str(path)]) == 0
    found = parsed(path.read_text())
    assert list(found["gpuspec_month_spent_dollars"].values()) == [4.5]
    assert [each.name for each in kept.iterdir() if "prom" in each.name] == ["gpuspec.prom"]
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()  # another user reads it
    assert main(["metrics", "-o", str(kept / "no" / "x.prom")]) == 2
    assert "error[cannot-write]" in capsys.readouterr().err
    assert main(["metrics", "-o", "x", "--listen", "1"]) == 2
    assert "error[wrong-usage]" in capsys.readouterr().err


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("9465", ("127.0.0.1", 9465)),
        (":9465", ("127.0.0.1", 9465)),
        ("localhost:0", ("127.0.0.1", 0)),
        ("[::1]:9465", ("::1", 9465)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
        *(
            (text, None)
            for text in ("", "x", "example.com:80", "127.0.0.1:", "1.2.3.4:65536", "1:²", "1.2.3:8", "-1")
        ),
    ],
)
def test_addresses(text: str, found: tuple[str, int] | None) -> None:
    if found:
        assert address_of(text) == found
        return
    with pytest.raises(UserError) as caught:
        address_of(text)
    assert caught.value.code == "bad-address"


def test_the_endpoint_until_ctrl_c(kept: Path) -> None:
    served = subprocess.Popen(
        [sys.executable, "-m", "gpuspec", "metrics", "--listen", "0"], stderr=subprocess.PIPE, text=True
    )
    assert served.stderr
    said = served.stderr.readline()
    port = int(re.findall(r":(\d+)/metrics", said)[0])
    status, kind, body = asked(port, "/metrics")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert list(parsed(body)["gpuspec_month_budget_dollars"].values()) == [5]
    served.send_signal(signal.SIGINT)
    assert served.wait(PATIENCE) == 0
    assert served.stderr.read() == ""


def asked(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str | None, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.getheader("Content-Type"), answer.read().decode()
    connection.close()
    return found


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint("127.0.0.1", 0, lambda: "a 1\n", lambda line: None)
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize(
    ("method", "path", "host", "status"),
    [
        ("GET", "/", "127.0.0.1", 200),
        ("GET", "/metrics?x=1", "localhost:9465", 200),
        ("GET", "/metrics", "[::1]:1", 200),
        ("GET", "/metrics", "evil.example", 403),  # a name that somebody pointed here
        ("GET", "/metrics", "evil.example:9465", 403),
        ("GET", "/../../etc/passwd", "127.0.0.1", 404),
        ("POST", "/metrics", "127.0.0.1", 501),
        ("DELETE", "/metrics", "127.0.0.1", 501),
    ],
)
def test_it_is_read_only(endpoint: Endpoint, method: str, path: str, host: str, status: int) -> None:
    assert asked(endpoint.server_port, path, method, Host=host)[0] == status


def test_clients_that_say_nothing_keep_nobody_waiting_and_are_hung_up_on(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_endpoint, "PATIENCE", 60.0)
    silent = [socket.create_connection(("127.0.0.1", endpoint.server_port)) for _ in range(3)]
    assert asked(endpoint.server_port, "/metrics")[0] == 200  # within its own 5 seconds
    monkeypatch.setattr(metrics_endpoint, "PATIENCE", 0.02)
    silent.append(socket.create_connection(("127.0.0.1", endpoint.server_port)))
    silent[-1].sendall(b"GET /metrics HTT")
    assert silent[-1].recv(1) == b""
    for each in silent:
        each.close()


def test_only_so_many_clients_at_a_time(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "_free", threading.Semaphore(0))
    with socket.create_connection(("127.0.0.1", endpoint.server_port)) as late:
        assert late.recv(1) == b""


def test_records_that_cannot_be_read_are_an_error_of_one_scrape(endpoint: Endpoint) -> None:
    def fails() -> str:
        raise UserError("records-busy", "locked")

    said: list[str] = []
    endpoint.text, endpoint.say = fails, said.append
    assert asked(endpoint.server_port, "/metrics")[0] == 500
    assert said == ["a scrape failed: locked"]
    endpoint.text = lambda: "a 1\n"
    assert asked(endpoint.server_port, "/metrics")[0] == 200


def test_a_port_that_is_taken(endpoint: Endpoint, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "--listen", f"127.0.0.1:{endpoint.server_port}"]) == 2
    assert "error[bad-address]" in capsys.readouterr().err
