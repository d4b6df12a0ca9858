"""`gpuspec run` for real: SkyPilot rents from a private Slurm, the job runs, the machine goes; then machines used
again, clients and servers killed, and what is left cleared up.

The tests run in the order they stand: the first leaves its machine to its timer, and the second sees it go. They
stand in one file because one worker must run them all (`--dist loadfile`): a host bears one stack at a time.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from .driving import (
    arguments_with,
    cluster,
    files_with,
    gpuspec,
    launch,
    listed,
    record,
    spec,
    start_run,
    up,
)
from .fresh_prices import fresh_prices
from .killed_items import EACH, at_most_one_is_done_twice
from .slurm_stack import NODES, Stack

pytestmark = pytest.mark.e2e
CANARY = "canary-7f3a91"


left_to_its_timer: dict[str, Any] = {}


def test_the_cheapest_runs_with_downloads_setup_secrets_and_outputs(
    stack: Stack, site: str, tmp_path: Path
) -> None:
    folder = tmp_path / "a 'b' \u00e9"
    folder.mkdir()
    (folder / "input.txt").write_text("from the workdir\n")
    path = spec(
        folder,
        keep_alive_minutes=1,
        downloads=[{"strategy": "http", "source": f"{site}/weights.bin", "target": "models/"}],
        setup=["test -s models/weights.bin", "echo 'set up' > ready.txt"],
        env={"GREETING": "hello 'there' $HOME"},
        secrets=["E2E_TOKEN"],
        outputs=["results/"],
        run='cat input.txt ready.txt; wc -c < models/weights.bin; echo "$GREETING"; echo "token ${#E2E_TOKEN}";'
        ' echo "gpus $CUDA_VISIBLE_DEVICES"; mkdir -p "results/a b"; echo done > "results/a b/out.txt"',
    )
    with arguments_with(CANARY) as arguments:
        done = launch(stack, path, E2E_TOKEN=CANARY)
    left_to_its_timer.update(record(stack), finished=time.monotonic())
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"from the workdir\nset up\n7000\nhello 'there' $HOME\ntoken {len(CANARY)}\ngpus 0\n"
    )
    assert (folder / "results" / "a b" / "out.txt").read_text() == "done\n"
    run = record(stack)
    assert (run["state"], run["gpu"], run["gpu_count"], run["cloud"]) == ("succeeded", "RTX4090", 1, "slurm")
    assert (run["planned_price"], run["actual_price"]) == (0.44, 0.44)
    assert cluster(stack, run["machine"]) == {"autostop": 1, "down": True, "labels": {"gpuspec": run["id"]}}
    assert CANARY not in done.stdout + done.stderr
    assert arguments == []
    # our records and logs, SkyPilot's own database, its requests and its logs, and what was exported
    exported = gpuspec(stack, "export", str(path), "--prices", str(stack.prices), E2E_TOKEN=CANARY)
    assert CANARY not in exported.stdout + exported.stderr
    assert (stack.home / ".sky" / "state.db").exists()
    assert files_with(CANARY, stack.home, tmp_path) == []


def test_then_its_machine_goes_by_itself(stack: Stack) -> None:
    name = left_to_its_timer["machine"]
    while up(stack, name):
        assert time.monotonic() - left_to_its_timer["finished"] < 300, "its timer did not fire"
        time.sleep(1)
    assert cluster(stack, name) is None


def test_a_failing_run_fails_over_first_and_is_reported_as_failing(stack: Stack, tmp_path: Path) -> None:
    stack.drain("n4090")
    try:
        done = launch(stack, spec(tmp_path, outputs=["out.txt"], run="echo tried > out.txt; exit 3"))
    finally:
        stack.resume("n4090")
    run = record(stack)
    assert done.returncode == 1, done.stderr
    assert "the job failed with exit status 3" in done.stderr
    assert (run["state"], run["exit_code"], run["gpu"]) == ("failed", 3, "A100-80GB")
    assert (run["planned_price"], run["actual_price"]) == (0.44, 1.19)
    assert (tmp_path / "out.txt").read_text() == "tried\n"
    stack.run("sky", "down", "-y", run["machine"])


def test_items_and_the_time_limit_that_the_machine_keeps(stack: Stack, tmp_path: Path) -> None:
    path = spec(
        tmp_path,
        items=["one", "two $(touch pwned) 'x'", "three"],
        run='echo "item: {item}"; case {item} in three) sleep 600;; esac',
        budget={"max_hours": 0.005},
    )
    done = launch(stack, path)
    run = record(stack)
    assert done.returncode == 1, done.stderr
    assert run["state"] == "timeout", run
    assert "item: two $(touch pwned) 'x'" in done.stdout
    assert "ended by its time limit" in done.stderr
    assert not list(tmp_path.rglob("pwned"))
    ended = [
        json.loads(line)
        for line in next((tmp_path / ".gpuspec").glob("items-*.jsonl")).read_text().splitlines()
    ]
    assert [entry["item"] for entry in ended if entry["exit"] == 0] == [
        "one",
        "two $(touch pwned) 'x'",
    ]
    stack.run("sky", "down", "-y", run["machine"])


def test_a_detached_run_is_listed_shown_stopped_and_taken_down(stack: Stack, tmp_path: Path) -> None:
    done = launch(stack, spec(tmp_path, gpu_types=["RTX 4090"], run="echo begun; sleep 600"), "--detach")
    assert done.returncode == 0, done.stderr
    run = record(stack)
    (shown,) = (
        row for row in json.loads(gpuspec(stack, "ps", "--json").stdout)["runs"] if row["id"] == run["id"]
    )
    assert shown["state"] in ("setup", "running")
    while "begun" not in (logged := gpuspec(stack, "logs", run["id"])).stdout:
        assert logged.returncode == 0, logged.stderr
    stopped = gpuspec(stack, "stop", run["id"])
    assert stopped.returncode == 0, stopped.stderr
    assert up(stack, run["machine"])
    down = gpuspec(stack, "down", run["id"])
    assert down.returncode == 0, down.stderr
    assert record(stack)["state"] == "interrupted"
    assert cluster(stack, run["machine"]) is None
    assert not up(stack, run["machine"])


def test_ctrl_c_during_launch_leaves_nothing(stack: Stack, tmp_path: Path) -> None:
    path = spec(tmp_path, run="sleep 600")
    # A test session in the background ignores Ctrl-C, and so would what it starts.
    attentive = ["env", "--default-signal=INT"]
    command = [
        *attentive,
        f"{stack.venv}/bin/gpuspec",
        "run",
        str(path),
        "--yes",
        "--prices",
        str(stack.prices),
    ]
    with subprocess.Popen(
        command, env=stack.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if "Launching on" in line:
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
    assert process.returncode == 130, "".join(seen) + rest
    run = record(stack)
    assert "no machine is left" in rest
    assert run["state"] == "interrupted"
    assert cluster(stack, run["machine"]) is None
    assert not up(stack, run["machine"])


def test_sold_out_everywhere_says_so_and_leaves_nothing(stack: Stack, tmp_path: Path) -> None:
    for node in NODES:
        stack.drain(node.name)
    try:
        done = launch(stack, spec(tmp_path, gpu_types=["RTX 4090"], run="true"))
    finally:
        for node in NODES:
            stack.resume(node.name)
    assert done.returncode == 2, done.stderr
    assert "error[sold-out]" in done.stderr
    assert record(stack)["state"] == "failed"
    assert cluster(stack, record(stack)["machine"]) is None


def test_a_price_above_the_limit_rents_nothing(stack: Stack, tmp_path: Path) -> None:
    stale = tmp_path / "stale.csv"
    stale.write_text(stack.prices.read_text().replace("0.44", "0.20"))
    path = spec(tmp_path, gpu_types=["RTX 4090"], max_price=0.3, run="true")
    before = stack.machines()
    done = gpuspec(stack, "run", str(path), "--yes", "--prices", str(stale))
    assert done.returncode == 2, done.stderr
    assert "error[over-max-price]: the cheapest now costs $0.44/h, max_price is $0.30/h" in done.stderr
    assert stack.machines() == before


def test_a_price_that_moved_is_asked_about(stack: Stack, tmp_path: Path) -> None:
    stale = tmp_path / "stale.csv"
    stale.write_text(stack.prices.read_text().replace("0.44", "0.20"))
    path = spec(tmp_path, gpu_types=["RTX 4090"], run="true")
    terminal = ["script", "-qec", f"gpuspec run {path} --prices {stale}", "/dev/null"]
    answers = "y\nn\n"
    done = subprocess.run(
        terminal, env=stack.environment(), input=answers, capture_output=True, text=True, timeout=120
    )
    assert "the plan says $0.20/h (undated), SkyPilot says $0.44/h now" in done.stdout
    assert "error[declined]" in done.stdout


def test_fresh_prices_come_from_skypilots_catalogue(stack: Stack, tmp_path: Path) -> None:
    fresh_prices(stack, tmp_path)


def test_a_dead_api_server_is_a_clear_error(stack: Stack, tmp_path: Path) -> None:
    done = launch(stack, spec(tmp_path, run="true"), SKYPILOT_API_SERVER_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 2
    assert "error[api-server-down]" in done.stderr
    assert "Traceback" not in done.stderr
    assert record(stack)["state"] == "failed"


def test_what_export_writes_is_what_skypilot_reads(stack: Stack, tmp_path: Path) -> None:
    awkward = "echo 'a\"b' \\\n  && cat <<'X'\n\t$(no)\nX\n# ü 🚀 \n"
    path = spec(tmp_path, run=awkward, secrets=["E2E_TOKEN"], disk_gb=100, env={"A": "1", "B": "x: y #z"})
    done = gpuspec(stack, "export", str(path), "--prices", str(stack.prices), E2E_TOKEN=CANARY)
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stdout
    exported = tmp_path / "task.yaml"
    exported.write_text(done.stdout)
    ask = (
        "import json, sys, sky, yaml; config = yaml.safe_load(open(sys.argv[1]));"
        "task = sky.Task.from_yaml_config(dict(config), secrets_overrides=[('E2E_TOKEN', 'v')]);"
        "print(json.dumps([task.run, sorted(str(r.accelerators) for r in task.resources), task.envs]))"
    )
    answer = stack.run(str(stack.venv / "bin" / "python"), "-c", ask, str(exported)).splitlines()[-1]
    run, accelerators, envs = json.loads(answer)
    assert awkward.rstrip("\n") in run
    assert accelerators == ["{'A100-80GB': 1}", "{'H100': 1}", "{'RTX4090': 1}"]
    assert (envs["A"], envs["B"]) == ("1", "x: y #z")


ONE = ["RTX 4090"]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, site: str) -> dict[str, Any]:
    """What the jobs that share a machine have in common."""
    return {
        "folder": tmp_path_factory.mktemp("again"),
        "gpu_types": ONE,
        "keep_alive_minutes": 5,
        "downloads": [{"strategy": "http", "source": f"{site}/weights.bin", "target": "models/"}],
        "setup": ["echo once >> setups.txt"],
        "outputs": ["setups.txt"],
    }


def test_a_second_run_uses_the_machine_again_and_downloads_nothing(
    stack: Stack, served: list[int], job: dict[str, Any]
) -> None:
    folder = job["folder"]
    path = spec(
        **job,
        items=["one", "two", "three"],
        run="wc -c < models/weights.bin; sleep 0.2; echo item {item}; [ {item} != two ] || [ -e mended ]",
    )
    before = sum(served)
    first = launch(stack, path)
    machine = record(stack)["machine"]
    assert first.returncode == 1, first.stderr
    assert sum(served) - before == 7000
    (folder / "mended").touch()
    second = launch(stack, path, "--resume")
    assert second.returncode == 0, second.stderr
    assert record(stack)["machine"] == machine
    assert sum(served) - before == 7000, "downloaded again"
    assert [line for line in second.stdout.splitlines() if line.startswith("item ")] == ["item two"]
    assert re.search(r"items: \$0\.\d{4} each, at \$0\.44/h", second.stderr)
    assert 0.1 < record(stack)["item_seconds"] < 30
    # what it has measured, the plan reckons with
    assert f"run {record(stack)['id']}, 1 × RTX 4090" in stack.run(
        "gpuspec", "plan", str(path), "--prices", str(stack.prices)
    )
    assert (folder / "setups.txt").read_text() == "once\n"


def test_items_that_are_killed_are_done_once(stack: Stack, job: dict[str, Any]) -> None:
    """Each by a command of its own; by one command for all, see `test_on_vm.py`."""
    at_most_one_is_done_twice(stack, **job, run=EACH)


def test_a_machine_without_a_record_is_found_and_reaped(stack: Stack, tmp_path: Path) -> None:
    machine = record(stack)["machine"]
    assert up(stack, machine)
    elsewhere = {"GPUSPEC_STATE_DIR": str(tmp_path)}
    unasked = gpuspec(stack, "reap", **elsewhere)
    assert unasked.returncode == 2
    assert f"{machine} ($0.44/h): no run here knows it" in unasked.stdout
    assert up(stack, machine)
    reaped = gpuspec(stack, "reap", "--yes", **elsewhere)
    assert reaped.returncode == 0, reaped.stderr
    assert cluster(stack, machine) is None
    assert not up(stack, machine)


def test_a_client_killed_while_it_rents_and_its_run_taken_down(stack: Stack, tmp_path: Path) -> None:
    with start_run(stack, spec(tmp_path, gpu_types=ONE, run="sleep 600")) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "Launching on" in line:
                process.kill()
                break
    run = record(stack)
    assert run["state"] == "provisioning"
    assert listed(stack, run["id"])["state"] == "provisioning"
    down = gpuspec(stack, "down", run["id"])
    assert down.returncode == 0, down.stderr
    assert record(stack)["state"] == "interrupted"
    assert cluster(stack, run["machine"]) is None
    assert not up(stack, run["machine"])


def test_jobs_services_and_caches_are_what_skypilot_reads(stack: Stack, tmp_path: Path) -> None:
    """Read, not run: a Slurm has neither spot machines, nor ports, nor buckets."""
    ask = (
        "import json, sys, sky; task = sky.Task.from_yaml(sys.argv[1]); policy = task.service;"
        "print(json.dumps([[str(r.accelerators) for r in task.resources], policy and policy.max_replicas,"
        " [r.job_recovery for r in task.resources], list(task.storage_mounts), task.envs.get('HF_HOME')]))"
    )

    def exported(kind: str, **fields: Any) -> Any:
        done = gpuspec(
            stack,
            "export",
            "--to",
            kind,
            str(spec(tmp_path, run="true", **fields)),
            "--prices",
            str(stack.prices),
        )
        assert done.returncode == 0, done.stderr
        (tmp_path / "task.yaml").write_text(done.stdout)
        return json.loads(
            stack.run(
                str(stack.venv / "bin" / "python"), "-c", ask, str(tmp_path / "task.yaml")
            ).splitlines()[-1]
        )

    kept = {"spot": "allowed", "checkpoint": {"path": "s3://bucket/ckpt"}, "cache": "s3://bucket/models"}
    gpus, _, recovery, mounts, home = exported("skypilot-jobs", **kept)
    assert gpus == ["{'RTX4090': 1}", "{'A100-80GB': 1}", "{'H100': 1}"]  # $0.44, $1.19, $2.69
    assert [each["strategy"] for each in recovery] == ["EAGER_NEXT_REGION"] * 3
    assert (mounts, home) == (["/gpuspec-cache"], "/gpuspec-cache/models/huggingface")
    scaled = {"scaling": {"min": 0, "max": 3}, "traffic": {"requests_per_day": 259200}, "ports": [8000]}
    ready = {"readiness": {"http": "http://localhost:8000/health"}}
    assert exported("skypilot-serve", task="serve", budget={}, **scaled, **ready)[1] == 3


@pytest.fixture(scope="module")
def bare_job(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the jobs that are in the middle of their work when something is killed have in common."""
    return {"folder": tmp_path_factory.mktemp("killed"), "gpu_types": ONE, "keep_alive_minutes": 5}


def until_begun(process: subprocess.Popen[str]) -> None:
    """Read on, over what the downloads say, to the job's own first line."""
    assert process.stdout is not None
    seen = []
    while not seen or seen[-1] != "begun\n":
        seen.append(process.stdout.readline())
        assert seen[-1], ("".join(seen), process.communicate())


def test_the_server_killed_in_the_middle_of_a_job(stack: Stack, bare_job: dict[str, Any]) -> None:
    """The job goes on; the client takes its log up again and brings the results; `ps` and `logs` are right."""
    count = "for n in $(seq 20); do sleep 1; echo $n; done"
    path = spec(
        **{**bare_job, "outputs": ["counted.txt"]}, run=f"echo begun; ({count}) | tee counted.txt; echo ended"
    )
    with start_run(stack, path) as process:
        until_begun(process)
        stack.kill_api_server()
        stack.run("sky", "api", "start")
        rest, errors = process.communicate()
    expected = "".join(f"{n}\n" for n in range(1, 21))
    assert process.returncode == 0, errors
    assert rest == expected + "ended\n"  # nothing twice, nothing missing
    assert "the log broke off" in errors
    assert (bare_job["folder"] / "counted.txt").read_text() == expected
    run = record(stack)
    assert listed(stack, run["id"])["state"] == "succeeded"
    assert gpuspec(stack, "logs", run["id"]).stdout.endswith(f"begun\n{expected}ended\n")
    assert cluster(stack, run["machine"])["autostop"] == 5  # type: ignore[index]


def test_client_and_server_killed_in_the_middle_of_a_job(stack: Stack, bare_job: dict[str, Any]) -> None:
    """The machine keeps its timer, and `ps`, `logs`, `stop` find the run again."""
    with start_run(stack, spec(**bare_job, run="echo begun; sleep 600")) as process:
        until_begun(process)
        process.kill()
        stack.kill_api_server()
    run = record(stack)
    assert run["state"] == "running"
    assert listed(stack, run["id"])["state"] == "running"  # which starts the server again
    assert gpuspec(stack, "logs", run["id"]).stdout.endswith("begun\n")
    assert cluster(stack, run["machine"])["autostop"] == 5  # type: ignore[index]
    stopped = gpuspec(stack, "stop", run["id"])
    assert stopped.returncode == 0, stopped.stderr
    assert record(stack)["state"] == "interrupted"


def test_setup_that_fails_is_told_and_its_machine_has_its_timer(stack: Stack, tmp_path: Path) -> None:
    path = spec(tmp_path, gpu_types=ONE, setup=["echo preparing", "false", "echo never"], run="echo never")
    done = launch(stack, path)
    assert done.returncode == 1, done.stderr
    assert "downloads or setup failed: see the log above" in done.stderr
    assert "preparing" in done.stderr
    assert "never" not in done.stdout + done.stderr.replace("'never'", "")
    run = record(stack)
    assert run["state"] == "failed"
    assert cluster(stack, run["machine"])["autostop"] == 3  # type: ignore[index]
    assert gpuspec(stack, "down", run["id"]).returncode == 0
    assert not up(stack, run["machine"])
