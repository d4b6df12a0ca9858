"""GS4: idle minutes, hours without an end and downloads, against arithmetic by hand; an RTX 4090 costs $0.60 an
hour."""

from __future__ import annotations

from pathlib import Path

import pytest
from one_rule import found, price_list

from gpuspec.rules.lifetime.download_timeout import DownloadTimeout
from gpuspec.rules.lifetime.gated import GatedWithoutToken
from gpuspec.rules.lifetime.keep_alive import KeepAlive, _in_minutes
from gpuspec.rules.lifetime.missing_download import MissingPreDownload
from gpuspec.rules.lifetime.no_time_limit import NoTimeLimit
from gpuspec.rules.lifetime.readiness_missing import ReadinessMissing
from gpuspec.rules.lifetime.results_lost import ResultsLost
from gpuspec.rules.lifetime.scale_to_zero import NeverScalesToZero
from gpuspec.rules.lifetime.setup_every_time import SetupEveryTime
from gpuspec.rules.lifetime.unpinned_download import UnpinnedDownload
from gpuspec.testing import lint_text

QWEN = "vllm serve Qwen/Qwen2.5-7B-Instruct"


@pytest.fixture
def prices(tmp_path: Path) -> str:
    return price_list(tmp_path, ("RTX4090", 1, 0.60, None))


def test_an_idle_hour_and_what_of_it_is_for_nothing(prices: str) -> None:
    (one,) = found(KeepAlive, {"task": "batch", "keep_alive_minutes": 60}, prices=prices)
    assert "$0.60 idle at the end of each run, $0.57 of it for nothing" in one.message  # 57 / 60 × 0.60
    assert one.fix
    assert one.fix.edits[0].value == 3


@pytest.mark.parametrize(
    ("task", "longest"), [("batch", 5), ("train", 5), ("interactive", 15), ("serve", 60), (None, 60)]
)
def test_the_longest_that_is_let_pass(task: str | None, longest: int) -> None:
    fields = {"task": task} if task else {}
    assert found(KeepAlive, {**fields, "keep_alive_minutes": longest}) == []
    assert found(KeepAlive, {**fields, "keep_alive_minutes": longest + 1}) != []


def test_a_server_that_stops_between_two_requests() -> None:
    image = {"task": "serve", "image": "example.org/server:1", "run": None}
    assert found(KeepAlive, {**image, "keep_alive_minutes": 15}) == []
    (one,) = found(KeepAlive, {**image, "keep_alive_minutes": 14})
    assert "14 idle minutes are short" in one.message


def test_idle_minutes_that_nobody_acts_on(prices: str) -> None:
    def shown(**fields: object) -> bool:
        (one,) = found(KeepAlive, {"task": "interactive", **fields}, prices=prices)
        return one.confidence != "low"

    assert not shown(keep_alive_minutes=59)  # 49 minutes too many × $0.60/h = $0.49
    assert shown(keep_alive_minutes=59, schedule={"runs_per_month": 3})  # $1.47
    assert shown(keep_alive_minutes=60)


def test_a_server_in_the_foreground_is_never_idle() -> None:
    assert found(KeepAlive, {"task": "serve", "keep_alive_minutes": 1}) == []


def test_a_day_that_nobody_looks(prices: str) -> None:
    (one,) = found(NoTimeLimit, {"task": "train"}, prices=prices)
    assert "each day that nobody looks costs $14.40" in one.message  # 24 × 0.60
    assert found(NoTimeLimit, {"task": "train", "budget": {"max_hours": 5}}, prices=prices) == []


def test_a_download_at_a_hundred_megabytes_a_second() -> None:
    source = "Qwen/Qwen2.5-72B-Instruct"  # 72.7e9 × 2 bytes = 145 GB, 24 minutes at 100 MB/s
    downloads = [{"strategy": "hf", "source": source, "timeout": 600}]
    (one,) = found(DownloadTimeout, {"downloads": downloads})
    assert "145 GB, at least 1447 s" in one.message
    assert one.fix
    assert one.fix.edits[0].value == 3000  # twice 1,447 s = 48.2 minutes, up to the next 5
    assert found(DownloadTimeout, {"downloads": [{**downloads[0], "timeout": 3000}]}) == []


def test_two_replicas_for_forty_hours_a_week(prices: str) -> None:
    fields = {"task": "serve", "name": "chat-staging", "scaling": {"min": 2, "max": 4}}
    (one,) = found(NeverScalesToZero, fields, prices=prices)
    assert "$1.20/h, $876 a month" in one.message  # 2 × 0.60; × 730
    assert "76 % of it is for nothing" in one.message  # 128 of 168 hours
    assert one.saving
    assert one.saving.per_hour == pytest.approx(1.20 * 128 / 168)
    assert found(NeverScalesToZero, {**fields, "scaling": {"min": 0, "max": 4}}, prices=prices) == []


def test_a_download_of_the_command_goes_to_the_list() -> None:
    large = "vllm serve Qwen/Qwen2.5-14B-Instruct --max-model-len 4096"  # 29.55 GB ÷ 100 MB/s = 296 s
    from_zero = {"task": "serve", "run": large, "scaling": {"min": 0, "max": 1}, "gpu_types": ["L40S"]}
    (one,) = found(MissingPreDownload, from_zero)
    assert "4.9 min at 100 MB/s" in one.message
    assert one.fix
    listed = [{"strategy": "hf", "source": "Qwen/Qwen2.5-14B-Instruct"}]
    assert one.fix.edits[0].value == listed
    assert found(MissingPreDownload, {**from_zero, "downloads": listed}) == []
    # Minutes once are nothing to a server that stays, and 8 % of an hour; of half an hour they are 16 %.
    assert found(MissingPreDownload, {**from_zero, "scaling": {"min": 1, "max": 1}}) == []
    batch = {"task": "batch", "run": large, "gpu_types": ["L40S"]}
    (short,) = found(MissingPreDownload, {**batch, "budget": {"max_hours": 0.5}})
    assert "16 % of the 0.5 h" in short.message
    assert found(MissingPreDownload, {**batch, "budget": {"max_hours": 1}}) == []


def test_a_branch_is_not_pinned_and_a_commit_is() -> None:
    download = {"strategy": "hf", "source": "Qwen/Qwen2.5-7B-Instruct"}
    assert found(UnpinnedDownload, {"downloads": [download]}) != []
    assert found(UnpinnedDownload, {"downloads": [{**download, "revision": "main"}]}) != []
    assert (
        found(UnpinnedDownload, {"downloads": [{**download, "revision": "a09a35458c702b33" + "e" * 24}]})
        == []
    )


def test_a_gated_model_wants_a_token() -> None:
    run = {"run": "vllm serve meta-llama/Llama-3.1-8B-Instruct"}
    (one,) = found(GatedWithoutToken, run)
    assert one.fix
    assert one.fix.edits[0].value == ["HF_TOKEN"]
    assert found(GatedWithoutToken, {**run, "secrets": ["HF_TOKEN"]}) == []
    assert found(GatedWithoutToken, {"run": QWEN}) == []


def test_a_port_without_readiness() -> None:
    fields = {"task": "serve", "run": QWEN, "ports": [8000]}
    (one,) = found(ReadinessMissing, fields)
    assert one.fix
    assert one.fix.edits[0].value["http"] == "http://localhost:8000/health"  # vLLM's own address
    assert found(ReadinessMissing, {**fields, "readiness": {"http": "http://localhost:8000/health"}}) == []


def test_the_address_that_is_advised_has_the_port_of_the_server() -> None:
    run = "vllm serve deepseek-ai/DeepSeek-V3 --tensor-parallel-size 8 --port 9000"
    (one,) = found(ReadinessMissing, {"task": "serve", "run": run, "ports": [9000]})
    assert one.suggestion
    assert "http://localhost:9000/health" in one.suggestion  # 900 in it is no timeout


def test_results_that_go_with_the_machine() -> None:
    run = {"task": "train", "run": "python train.py --output_dir out"}
    (one,) = found(ResultsLost, run)
    assert one.fix
    assert one.fix.edits[0].value == ["out"]
    assert found(ResultsLost, {**run, "outputs": ["out"]}) == []


def test_what_is_installed_at_each_run_goes_to_setup() -> None:
    fields = {"task": "interactive", "keep_alive_minutes": 15, "run": "pip install x && python y.py"}
    (one,) = found(SetupEveryTime, fields)
    assert one.fix
    assert [(edit.pointer, edit.value) for edit in one.fix.edits] == [
        ("/run", "python y.py"),
        ("/setup", ["pip install x"]),
    ]


@pytest.mark.parametrize(
    ("example", "written"),
    [
        ("`autostop: {idle_minutes: 10, down: true}`", "`autostop: {idle_minutes: 3, down: true}`"),
        ("`idle_duration: 5m`", "`idle_duration: 3m`"),
        ("`inactivity_duration: 2h`", "`inactivity_duration: 3m`"),
        ("scaledown_window=60", "scaledown_window=180"),
        ("keep_alive_minutes", "keep_alive_minutes"),
    ],
)  # fmt: skip
def test_the_help_names_the_minutes_that_the_fix_sets(example: str, written: str) -> None:
    assert _in_minutes(example, 3) == written


def test_the_help_asks_the_port_that_the_server_listens_on() -> None:
    """`containerPort` opens nothing, and may be wrong: a probe of it would never be met."""
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: chat}\nspec:\n  containers:\n    - name: sglang\n"
        "      image: lmsysorg/sglang:v0.4.6\n      ports: [{containerPort: 30000}]\n"
        "      args: [python3, -m, sglang.launch_server, --model-path, Qwen/Qwen3-8B, --port, '8080']\n"
        "      resources: {limits: {nvidia.com/gpu: 1}}\n"
    )
    (one,) = lint_text(text, [ReadinessMissing], path="pod.yaml")
    assert one.finding.suggestion == "readinessProbe: {httpGet: {path: /health, port: 8080}}"


def test_help_and_fix_name_one_limit_in_the_words_of_the_format() -> None:
    text = "type: task\nname: a\ncommands: [python train.py --num_train_epochs 3]\nresources: {gpu: H100}\n"
    (one,) = lint_text(text, [NoTimeLimit], path="a.dstack.yml")
    assert one.finding.suggestion == "`max_duration: 24h`; set what the job takes at most"
    assert one.finding.fix is None or one.finding.fix.title == "limit it to 24 h"
