"""What still runs when a job's commands are through. What the shell does is bash's manual's."""

from __future__ import annotations

import pytest
from one_rule import found

from gpuspec.launch.on_machine.readiness import DEFAULT_TIMEOUT
from gpuspec.rules.lifetime import starting
from gpuspec.rules.lifetime.background_server import BackgroundServer
from gpuspec.rules.lifetime.never_idle import NeverIdle
from gpuspec.rules.lifetime.readiness_short import ReadinessTooShort

SERVER = "vllm serve Qwen/Qwen3-8B --max-model-len 8192"


@pytest.mark.parametrize(
    "run",
    [
        f"({SERVER} &)",
        f"{SERVER} & disown",
        f"setsid {SERVER} > log 2>&1 &",
        f"setsid --fork {SERVER}",
        f"screen -dmS s {SERVER}",
        f"tmux new -d -s s; tmux send-keys -t s '{SERVER}' Enter",
        f"cd /models && nohup {SERVER} &",
        f"{SERVER} > log & tail -n 20 log",
        f"bash -c '{SERVER} &'",
        f"{SERVER} &\nfor i in $(seq 60); do curl -s localhost:8000/health && break; sleep 5; done",
        f"{SERVER} &\nwhile ! nc -z localhost 8000; do sleep 1; done; nvidia-smi",
        "docker run -dit -p 8000:8000 vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-8B",
    ],
)
def test_it_returns_at_once(run: str) -> None:
    assert found(BackgroundServer, {"task": "serve", "run": run})


@pytest.mark.parametrize(
    "run",
    [
        SERVER,
        f"nohup {SERVER} > log 2>&1",
        f"setsid {SERVER}",  # in a script it is no group leader, and stays in the foreground
        f"{SERVER} & wait $!",
        f"{SERVER} & fg",
        f"{SERVER} > log & tail -f log",
        f"{SERVER} & ./run_tests.sh",
        f"{SERVER} & python client.py",
        f'if [ -n "$BACKGROUND" ]; then {SERVER} & else {SERVER}; fi',
        "docker run -it -p 8000:8000 vllm/vllm-openai:v0.11.0 --model Qwen/Qwen3-8B",
        f"tmux new -d -s s '{SERVER}'; tmux attach -t s",
        f"start() {{ {SERVER} & }}\n{SERVER}",
    ],
)
def test_something_holds_it(run: str) -> None:
    assert not found(BackgroundServer, {"task": "serve", "run": run})


@pytest.mark.parametrize("run", ["a.sh; tail -F log", "python a.py; while :; do sleep 9; done", "sleep 30d"])
def test_it_waits_for_ever(run: str) -> None:
    assert found(NeverIdle, {"run": run})
    assert not found(NeverIdle, {"run": run, "budget": {"max_total": 5}})


@pytest.mark.parametrize(
    "run", ["tail -100 log", "sleep 59m", "sleep infinity & python a.py", "python tail.py"]
)
def test_it_ends(run: str) -> None:
    assert not found(NeverIdle, {"run": run})


def test_seconds_until_a_server_is_up() -> None:
    assert starting.DEFAULT_TIMEOUT == DEFAULT_TIMEOUT
    job = {"gpu_types": ["H100 SXM"], "gpu_count": 4, "ports": [8000]}
    job["run"] = "vllm serve Qwen/Qwen2.5-72B-Instruct -tp 4 --max-model-len 8192"
    # 72.7e9 parameters of 2 bytes: 145.4 GB × 8 ÷ 10 Gbit/s = 116.3 s, ÷ 5 GB/s + 5 s = 34.1 s
    # × 8 ÷ 3 Gbit/s = 387.7 s, ÷ 1.5 GB/s + 10 s = 106.9 s: 494.6 s as a rule, a fifth less of that 396 s
    for seconds, severity in ((149, "error"), (152, "warning"), (380, "warning"), (397, None)):
        ready = {"http": "http://localhost:8000/health", "timeout": seconds}
        said = found(ReadinessTooShort, {**job, "readiness": ready})
        assert [one.severity for one in said] == [severity] * bool(severity)
