"""The launcher `fleet` over real ssh: what runs, what comes back, what is ended, what is told when things fail."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from as_installed import command, needs
from machines import LISTENING, PATIENCE, Here, Machine, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if os.geteuid() != 0:
        pytest.skip("needs root, to make throw-away accounts")
    needs("sshd", "ssh", "rsync")
    folder = tmp_path_factory.mktemp("keys")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "client")], check=True)
    return folder


@pytest.fixture(scope="module")
def alpha(keys: Path) -> Iterator[Machine]:
    made = Machine("alpha", keys)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def beta(keys: Path, alpha: Machine) -> Iterator[Machine]:
    made = Machine("beta", keys)
    yield made
    made.remove()


@pytest.fixture
def here(tmp_path: Path, keys: Path, alpha: Machine, beta: Machine) -> Here:
    return Here(tmp_path, keys)


def test_a_run_from_workdir_to_outputs(here: Here, alpha: Machine) -> None:
    (here.work / "input.txt").write_text("from here")
    (here.work / "big.bin").write_text("not to be copied")
    (here.work / ".gitignore").write_text("*.bin\n")
    status, said = here.run(
        downloads=[
            {"strategy": "script", "source": "mkdir models; echo weights > models/w", "target": "models/"}
        ],
        setup=["cat models/w > seen", "export KEPT=1", "echo $KEPT >> seen"],
        run="ls; cat seen; mkdir -p results; cat input.txt > results/out; whoami; echo $COLOR",
        env={"COLOR": "blue"},
        outputs=["results/"],
    )
    assert status == 0, said
    assert "alpha is free, $0.40/h" in said
    assert f"input.txt\njob.gpu.jsonc\nmodels\nseen\nweights\n1\n{alpha.user}\nblue\n" in said
    assert (here.work / "results" / "out").read_text() == "from here"
    run = here.runs()[0]
    assert (run["state"], run["exit_code"], run["launcher"], run["machine"]) == (
        "succeeded",
        0,
        "fleet",
        "alpha",
    )
    assert (run["gpu"], run["gpu_count"], run["planned_price"], run["actual_price"]) == (
        "RTX 4090",
        1,
        0.4,
        0.4,
    )
    assert run["keep_alive_minutes"] == 0
    assert "weights\n1\n" in here.gpuspec("logs", run["id"])[1]
    assert "predicted at most $0.40" in here.gpuspec("cost", run["id"])[1]
    status, said = here.run(
        downloads=[
            {"strategy": "script", "source": "mkdir models; echo weights > models/w", "target": "models/"}
        ],
        run="cat results/out",
    )
    assert (status, "1 of 1 already there" in said, "from here" in said) == (0, True, True), said
    assert "No such file" in here.run("--fresh", run="cat models/w")[1]


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"run": "exit 7"}, 7, "run ended with exit status 7"),
        ({"run": "kill -9 $$"}, 137, "run ended with exit status 137"),
        ({"setup": ["false", "touch never"], "run": "touch never"}, 1, "setup ended with exit status 1"),
        (
            {"downloads": [{"strategy": "script", "source": "exit 3"}], "run": "touch never"},
            1,
            "download ended with exit status 1",
        ),
    ],
)
def test_a_failing_job_is_reported_as_failing(
    here: Here, alpha: Machine, fields: dict[str, object], code: int, message: str
) -> None:
    status, said = here.run(**fields)
    assert (status, f"failed: {message}" in said) == (1, True), said
    run = here.runs()[0]
    assert (run["state"], run["exit_code"], run["message"]) == ("failed", code, message)
    assert not [work for work in (alpha.home / ".gpuspec-fleet/work").iterdir() if (work / "never").exists()]


def test_readiness_is_awaited_on_the_machine(here: Here, alpha: Machine) -> None:
    wait = {"command": ["test", "-e", "ready"], "timeout": PATIENCE, "interval": 0.1}
    client = here.start(run="touch ready; while [ ! -e told ]; do sleep 0.05; done", readiness=wait)
    ready = re.compile(r"^gpuspec: ready after \d+ s: test -e ready$", re.MULTILINE)
    until(lambda: here.recorded().get("state") == "running")
    until(lambda: ready.search(here.gpuspec("logs", "test")[1]))
    (alpha.work(here.recorded()["id"]) / "told").touch()
    said = client.communicate(timeout=PATIENCE)[0]
    assert (client.returncode, bool(ready.search(said))) == (0, True), said
    status, said = here.run("--fresh", run="sleep 600", readiness={**wait, "timeout": 1})
    assert (status, "failed: not ready within 1 s (test -e ready: exit status 1)" in said) == (1, True), said
    until(lambda: not alpha.processes())


def test_items_and_resume(here: Here) -> None:
    fields = {"items": ["a", "b b", "c"], "outputs": ["out/"], "gpu_types": ["RTX 4090"]}
    work = "mkdir -p out; [ {item} = c ] && [ ! -e mended ] && exit 1; echo {item} >> out/all"
    status, said = here.run(run=work, **fields)
    assert (status, "2 of 3 done" in said) == (1, True), said
    assert (here.work / "out" / "all").read_text() == "a\nb b\n"
    (here.work / "mended").touch()
    status, said = here.run("--resume", run=work, **fields)
    assert (status, "2 of 3 were done before" in said) == (0, True), said
    assert (here.work / "out" / "all").read_text() == "a\nb b\nc\n"


def test_one_job_at_a_time_on_each_machine(here: Here, alpha: Machine, beta: Machine) -> None:
    first = here.start(run="while [ ! -e done ]; do sleep 0.05; done")
    until(lambda: here.recorded().get("state") == "running")
    second = here.start(run="while [ ! -e done ]; do sleep 0.05; done")
    until(lambda: here.recorded().get("machine") == "beta" and here.recorded()["state"] == "running")
    status, said = here.run(run="true")
    assert status == 1
    assert "error[fleet-busy]" in said
    ids = {run["machine"]: run["id"] for run in here.runs() if run["state"] == "running"}
    for name in ("alpha", "beta"):
        assert f"{name} is busy with test of" in said
        assert f"(run {ids[name]})" in said
    assert here.runs()[0]["state"] == "failed"
    for machine in (alpha, beta):
        for work in (machine.home / ".gpuspec-fleet/work").iterdir():
            (work / "done").touch()
    assert (first.communicate(timeout=PATIENCE)[0], first.returncode)[1] == 0
    assert "alpha is busy with test of" in second.communicate(timeout=PATIENCE)[0]
    assert second.returncode == 0


def test_a_machine_that_does_not_answer_is_passed_over(here: Here, alpha: Machine) -> None:
    alpha.down()
    try:
        status, said = here.run(run="whoami")
    finally:
        alpha.up()
    assert (status, "beta is free, $0.60/h" in said) == (0, True), said
    assert "alpha (alpha): " in said
    assert "Connection refused" in said


ENDLESS = "trap 'echo told; exit 0' TERM; echo begun; while :; do sleep 0.05; done & sleep 600 & wait"


@pytest.mark.parametrize("how", ["stop", "down", "ctrl-c", "term"])
def test_a_job_is_ended_with_all_it_started(here: Here, alpha: Machine, how: str) -> None:
    client = here.start(run=ENDLESS, outputs=["x"])
    until(
        lambda: (
            "begun" in here.gpuspec("logs", "test")[1] if here.recorded().get("state") == "running" else False
        )
    )
    run = here.recorded()["id"]
    if how in ("stop", "down"):
        status, said = here.gpuspec(how, run)
        assert (status, "interrupted" in said) == (0, True), said
        assert "its machine is gone" not in said
    else:
        client.send_signal(signal.SIGINT if how == "ctrl-c" else signal.SIGTERM)
    said = client.communicate(timeout=PATIENCE)[0]
    assert client.returncode == 130, said
    assert here.runs()[0]["state"] == "interrupted"
    assert alpha.state(run)["state"] == "interrupted"
    until(lambda: not alpha.processes())


def test_the_machine_keeps_the_time_limit_when_the_client_is_killed(here: Here, alpha: Machine) -> None:
    client = here.start("--max-hours", "0.001", run=ENDLESS)  # 3.6 s
    until(lambda: here.recorded().get("state") == "running")
    run = here.recorded()["id"]
    os.killpg(client.pid, signal.SIGKILL)
    client.communicate(timeout=PATIENCE)
    assert here.runs()[0]["state"] in ("running", "setup")
    until(lambda: alpha.state(run).get("state") == "timeout")
    shown = here.runs()[0]
    assert (shown["state"], shown["exit_code"]) == ("timeout", 124)
    assert "ended at its time limit of 0.001 h; what it wrote is on alpha in /" in shown["message"]
    assert 0 < shown["hours"] * 3600 < 60
    assert "begun" in here.gpuspec("logs", run)[1]
    until(lambda: not alpha.processes())
    assert here.run(run="true")[0] == 0


def test_a_client_killed_while_it_copies_leaves_the_machine_free(
    here: Here, alpha: Machine, tmp_path: Path
) -> None:
    shims = tmp_path / "shims"
    shims.mkdir()
    (shims / "rsync").write_text(f"#!/bin/sh\ntouch {tmp_path}/copying\nexec sleep 600\n")
    (shims / "rsync").chmod(0o755)
    path = here.env["PATH"]
    here.env["PATH"] = f"{shims}:{path}"
    client = here.start(run="touch never")
    until((tmp_path / "copying").exists)
    run = here.recorded()["id"]
    assert here.runs()[0]["state"] == "starting"
    os.killpg(client.pid, signal.SIGKILL)
    client.communicate(timeout=PATIENCE)
    until(lambda: alpha.state(run).get("state") == "interrupted")
    shown = here.runs()[0]
    assert (shown["state"], "before the job was started" in shown["message"]) == ("interrupted", True)
    here.env["PATH"] = path
    assert here.run(run="test ! -e never")[0] == 0


def test_secrets_are_nowhere_but_in_the_job(here: Here, alpha: Machine) -> None:
    canary = "canary-7b1f0c"
    here.env["HF_TOKEN"] = canary
    client = here.start(
        secrets=["HF_TOKEN"],
        run="echo got $HF_TOKEN | tee /dev/stderr; while [ ! -e done ]; do sleep 0.05; done",
    )
    until(lambda: here.recorded().get("state") == "running")
    shown = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            shown.append(Path(f"/proc/{name}/cmdline").read_bytes())
        except OSError:
            continue
    assert len(shown) > 5
    assert not [line for line in shown if canary.encode() in line]
    (alpha.work(here.recorded()["id"]) / "done").touch()
    said = client.communicate(timeout=PATIENCE)[0]
    assert client.returncode == 0, said
    assert said.count("got ***") == 2
    assert canary not in said
    files = [path for root in (alpha.folder, here.folder) for path in root.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if canary.encode() in path.read_bytes()]
    assert (alpha.home / ".gpuspec-fleet").stat().st_mode & 0o077 == 0


def test_a_job_without_its_secret_asks_no_machine(here: Here) -> None:
    here.env.pop("HF_TOKEN", None)
    status, said = here.run(run="true", secrets=["HF_TOKEN"])
    assert (status, "error[missing-secret]" in said) == (2, True), said


def test_what_the_machine_lost_is_reaped(here: Here, alpha: Machine) -> None:
    client = here.start(run=ENDLESS)
    until(lambda: here.recorded().get("state") == "running")
    run = here.recorded()["id"]
    pid = until(lambda: alpha.state(run).get("pid"))
    os.killpg(client.pid, signal.SIGKILL)
    client.communicate(timeout=PATIENCE)
    os.kill(pid, signal.SIGKILL)
    shown = until(lambda: [run for run in here.runs() if run["state"] == "lost"])[0]
    assert "the process that looked after it is gone" in shown["message"]
    assert "of its processes still run" in shown["message"]
    status, said = here.gpuspec("reap", "--yes")
    assert (status, "interrupted" in said) == (0, True), said
    until(lambda: not alpha.processes())
    assert here.gpuspec("reap", "--yes")[1].strip().endswith("nothing to reap")


def test_detached_it_needs_no_client(here: Here, alpha: Machine) -> None:
    status, said = here.run("--detach", run="echo begun; while [ ! -e done ]; do sleep 0.05; done; echo over")
    assert (status, "running on alpha" in said) == (0, True), said
    assert here.runs()[0]["state"] == "running"
    logs = subprocess.Popen(
        command("logs", "-f", "test"), cwd=here.work, env=here.env, stdout=subprocess.PIPE, text=True
    )
    assert logs.stdout
    assert logs.stdout.readline() == "begun\n"
    (alpha.work(here.recorded()["id"]) / "done").touch()
    assert logs.communicate(timeout=PATIENCE)[0] == "over\n"
    assert logs.returncode == 0
    assert here.runs()[0]["state"] == "succeeded"


def test_a_log_that_is_cut_off_goes_on_where_it_was(here: Here, alpha: Machine) -> None:
    text = "for n in 1 2 3 4 5 6; do echo line $n; done; while [ ! -e done ]; do sleep 0.05; done; echo end"
    client = here.start(run=text)
    until(lambda: here.recorded().get("state") == "running")
    until(lambda: "line 6" in here.gpuspec("logs", "test")[1])
    following = until(lambda: [pid for pid in children(client.pid) if b" follow " in cmdline(pid)])
    os.kill(following[0], signal.SIGKILL)
    (alpha.work(here.recorded()["id"]) / "done").touch()
    said = client.communicate(timeout=PATIENCE)[0]
    assert client.returncode == 0, said
    assert [line for line in said.splitlines() if line.startswith(("line", "end"))] == [
        *(f"line {number}" for number in range(1, 7)),
        "end",
    ]


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cmdline(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")


RELAY = """
import os, socket, sys, threading
if len(sys.argv) == 2:  # ssh's ProxyCommand, in a network of its own
    far = socket.socket(socket.AF_UNIX)
    far.connect(sys.argv[1])
    near = 0, 1
else:
    wait = socket.socket(socket.AF_UNIX)
    wait.bind(sys.argv[1])
    wait.listen()
    near = None
    while True:
        at, _ = wait.accept()
        far = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
        for one, other in ((at, far), (far, at)):
            def copy(one=one, other=other):
                try:
                    while block := one.recv(65536):
                        other.sendall(block)
                    other.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
            threading.Thread(target=copy, daemon=True).start()
def back():
    while block := far.recv(65536):
        os.write(1, block)
    os._exit(0)
threading.Thread(target=back).start()
while block := os.read(0, 65536):
    far.sendall(block)
"""
"""Machine and client are one host here, and a port can be had once. So the client gets a network of its own, and
reaches the machine's sshd through a socket file."""


def test_ports_answer_here(here: Here, alpha: Machine) -> None:
    relay, path = here.folder / "relay.py", here.folder / "relay.sock"
    relay.write_text(RELAY)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = f"echo hello > index.html; exec python3 -m http.server {port} --bind 127.0.0.1"
    assert here.run("--detach", run=serve, ports=[port])[0] == 0
    relaying = subprocess.Popen([sys.executable, str(relay), str(path), str(alpha.port)])
    until(path.exists)
    config = here.folder / "ssh.config"
    as_ever = config.read_text()
    config.write_text(f"Host alpha\n  ProxyCommand {sys.executable} {relay} {path}\n{as_ever}")
    apart = [*LISTENING, "unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    attach = subprocess.Popen(
        [*apart, *command("attach", "test")],
        cwd=here.work,
        env=here.env,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert attach.stderr
        assert attach.stderr.readline() == f"forwarded: http://localhost:{port}\n"
        assert until(lambda: fetched(attach.pid, port)) == b"hello\n"
    finally:
        os.killpg(attach.pid, signal.SIGINT)
        attach.communicate(timeout=PATIENCE)
        relaying.kill()
        relaying.wait()
        config.write_text(as_ever)
        assert here.gpuspec("stop", "test")[0] == 0


def fetched(pid: int, port: int) -> bytes:
    """The page, asked for in the network of a process."""
    page = f"http://127.0.0.1:{port}/index.html"
    ask = f"import urllib.request as u; print(u.urlopen('{page}').read().decode(), end='')"
    words = ["nsenter", "--net", "--target", str(pid), sys.executable, "-c", ask]
    return subprocess.run(words, capture_output=True).stdout


def test_the_fleet_is_taken_where_it_is_cheapest(here: Here) -> None:
    here.spec(run="whoami")
    status, said = here.gpuspec("run", "job.gpu.jsonc", "--dry-run")
    assert status == 0, said
    assert (
        "on the first of these that is free:\n  alpha  $0.40/h\n  beta  $0.60/h\n  run       whoami" in said
    )
    assert "ended after 1 h at the latest, by the machine itself" in said


def test_the_name_is_known_everywhere(here: Here) -> None:
    assert "--on [skypilot|local|fleet]" in here.gpuspec("run", "--help")[1]
    here.spec(run="true")
    status, said = here.gpuspec("run", "job.gpu.jsonc", "--on", "fleat")
    assert (status, "did you mean fleet?" in said) == (2, True), said
    here.env.update(_GPUSPEC_COMPLETE="bash_complete", COMP_WORDS="gpuspec run --on fl", COMP_CWORD="3")
    assert here.gpuspec()[1] == "plain,fleet\n"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"image": "acme/train:1"}, "fleet-image"),
        ({"gpu_types": ["H100 SXM"]}, "fleet-no-machine"),
        ({"clouds": ["lambda"]}, "fleet-no-machine"),
    ],
)
def test_what_cannot_run_is_said_before_a_machine_is_asked(
    here: Here, fields: dict[str, object], code: str
) -> None:
    status, said = here.run(run="true", **fields)
    assert (status, f"error[{code}]" in said) == (2, True), said
    assert here.runs() == []
