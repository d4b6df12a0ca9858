"""GS8 on jobs made by hand: where each rule speaks, and where it is silent."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.rules.deployment.asked_model import AskedModelDiffers
from gpuspec.rules.deployment.fewer_gpus import FewerGpusWouldDo
from gpuspec.rules.deployment.gpu_requests import GpuRequestsDiffer
from gpuspec.rules.deployment.idle_command import IdleCommand
from gpuspec.rules.deployment.image_tag import FloatingImageTag
from gpuspec.rules.deployment.installs_at_start import InstallsAtStart
from gpuspec.rules.deployment.killed_loading import KilledWhileLoading
from gpuspec.rules.deployment.literal_variable import LiteralVariable
from gpuspec.rules.deployment.no_offer import NoSuchOffer
from gpuspec.rules.deployment.overbooked import OverbookedGpu
from gpuspec.rules.deployment.refetched import ModelRefetched
from gpuspec.rules.deployment.scaled_by_cpu import ScaledByCpu
from gpuspec.rules.deployment.shared_memory import SharedMemorySmall
from gpuspec.rules.deployment.tiny_model import GpuForASmallModel
from gpuspec.rules.lifetime.no_time_limit import NoTimeLimit
from tests.deployed import FORMAT, found

SERVER = {"task": "serve", "run": "vllm serve Qwen/Qwen2.5-7B-Instruct"}
SPLIT = {"run": "vllm serve Qwen/Qwen2.5-7B-Instruct -tp 2", "gpu_count": 2}


def job(base: dict[str, Any] = SERVER, **deployment: Any) -> dict[str, Any]:
    return {**base, "deployment": deployment}


def test_shared_memory() -> None:
    assert found(SharedMemorySmall, job(SPLIT))
    assert found(SharedMemorySmall, job(SPLIT, shm_gb=0.125))
    assert not found(SharedMemorySmall, job(SPLIT, shm_gb=float("inf")))
    assert not found(SharedMemorySmall, job(SERVER))
    assert not found(SharedMemorySmall, job({**SPLIT, "gpu_count": 1}))  # the other half runs elsewhere
    assert not found(SharedMemorySmall, job(SPLIT), cannot_say=frozenset({"deployment.shm_gb"}))


@pytest.mark.parametrize(
    ("image", "floats"),
    [
        ("vllm/vllm-openai", True),
        ("vllm/vllm-openai:latest", True),
        ("docker:nvcr.io/nvidia/pytorch", True),
        ("localhost:5000/a", True),
        ("ghcr.io/ggml-org/llama.cpp:server-cuda", True),
        ("acme/api:main", True),
        ("acme/api:main-4f2", False),
        ("acme/api:gpu", False),
        ("vllm/vllm-openai:v0.11.0", False),
        ("localhost:5000/a:3", False),
        ("a@sha256:00", False),
        ("a:${TAG}", False),
        ("{{ image }}", False),
        ("ami-0123456789", False),
        ("projects/x/global/images/y", False),
    ],
)
def test_image_tags(image: str, floats: bool) -> None:
    assert bool(found(FloatingImageTag, {"image": image, **job()})) == floats


def test_a_probe_that_kills_what_loads() -> None:
    # 15.2 GB: 76 s at 200 MB/s, 15 s at 1 GB/s, 30 s for the server
    assert found(KilledWhileLoading, job(liveness_seconds=115))
    assert not found(KilledWhileLoading, job(liveness_seconds=125))
    assert not found(KilledWhileLoading, job(liveness_seconds=30, startup_seconds=600))
    kept = [{"path": "/root/.cache", "lasts": True}]
    assert not found(KilledWhileLoading, job(liveness_seconds=60, mounts=kept))
    waits = {**job(), "readiness": {"http": "http://localhost:8000/", "timeout": 5}}
    assert not found(KilledWhileLoading, waits)
    assert found(KilledWhileLoading, waits, format=FORMAT._replace(replaces_unready=True))


def test_requests_and_limits() -> None:
    assert found(GpuRequestsDiffer, job(gpu_requests=1))
    assert found(GpuRequestsDiffer, job(gpu_requests=1, gpu_limits=2))
    assert not found(GpuRequestsDiffer, job(gpu_limits=2))
    assert not found(GpuRequestsDiffer, job(gpu_requests=2, gpu_limits=2))


def test_variables_that_nothing_fills_in() -> None:
    format = FORMAT._replace(env_reference="$(NAME)")
    literal = {**job(), "env": {"HF_TOKEN": "$HF_TOKEN"}}
    (said,) = found(LiteralVariable, literal, format=format)
    assert "secret" in (said.suggestion or "")
    assert not found(LiteralVariable, literal)  # there a shell's form may be the right one
    assert not found(LiteralVariable, literal, format=format, text="  image: a:${TAG}\n")
    other = {**job(), "env": {"A": "$(B)", "C": "$5", "D": "a $B", "E": "${B:-c}"}}
    assert not found(LiteralVariable, other, format=format)


def test_autoscalers() -> None:
    assert found(ScaledByCpu, job(scaled_by=["cpu"]))
    assert not found(ScaledByCpu, job(scaled_by=["cpu", "vllm:num_requests_waiting"]))
    assert not found(ScaledByCpu, job())


def share(amount: float, *devices: str) -> dict[str, Any]:
    run = f"vllm serve Qwen/Qwen2.5-7B-Instruct --gpu-memory-utilization {amount}"
    return {"run": run, "deployment": {"gpu_devices": list(devices)}}


def test_services_on_one_gpu() -> None:
    (said,) = found(OverbookedGpu, share(0.9, "0"), share(0.9, "1"), share(0.3, "0"))
    assert "1.20" in said.message
    assert not found(OverbookedGpu, share(0.6, "0"), share(0.4, "0"))
    assert not found(OverbookedGpu, share(0.9, "0"), share(0.9, "1"))
    assert not found(OverbookedGpu, share(0.9), share(0.9))


def test_models_fetched_again() -> None:
    assert found(ModelRefetched, job())
    assert found(ModelRefetched, job(mounts=[{"path": "/cache", "lasts": False}]))
    assert not found(ModelRefetched, job(mounts=[{"path": "/cache", "lasts": None}]))
    assert not found(ModelRefetched, job(mounts=[{"path": "/data", "lasts": True}]))
    assert found(ModelRefetched, job(mounts=[{"path": "/dev/shm", "lasts": True}]))
    small = {"task": "serve", "run": "vllm serve Qwen/Qwen2.5-0.5B-Instruct"}  # 1 GB
    assert not found(ModelRefetched, job(small))
    assert not found(ModelRefetched, job({"task": "batch", "run": SERVER["run"]}))


def test_names_that_are_asked_for() -> None:
    assert found(AskedModelDiffers, job(model_name="Qwen/Qwen2.5-7B-Instruct-AWQ"))
    assert not found(AskedModelDiffers, job(model_name="Qwen/Qwen2.5-7B-Instruct"))
    named = {"run": f"{SERVER['run']} --served-model-name chat other"}
    assert found(AskedModelDiffers, job(named, model_name="Qwen/Qwen2.5-7B-Instruct"))
    assert not found(AskedModelDiffers, job(named, model_name="other"))
    open_name = {"run": "vllm serve $MODEL"}
    assert not found(AskedModelDiffers, job(open_name, model_name="chat"))
    # TGI answers to any name
    tgi = {"run": "text-generation-launcher --model-id Qwen/Qwen2.5-7B-Instruct"}
    assert not found(AskedModelDiffers, job(tgi, model_name="tgi"))


def test_offers() -> None:
    assert found(NoSuchOffer, job(instance_type="Standard_NC12s_v3"))
    assert not found(NoSuchOffer, job(instance_type="Standard_NC24ads_A100_v4"))


def test_clouds_that_never_had_a_gpu() -> None:
    def on(cloud: str, *gpus: str) -> list[Any]:
        return found(NoSuchOffer, {**job(), "gpu_types": list(gpus), "clouds": [cloud]})

    assert on("gcp", "A10G")
    assert on("aws", "RTX 4090")
    assert not on("gcp", "T4")
    assert not on("gcp", "A10G", "L4")  # one of them is there
    assert not on("azure", "A100")  # whichever is meant
    assert not on("aws", "B300")  # new: it may be rented by now
    assert not on("runpod", "T4")  # nobody knows all that it has


@pytest.mark.parametrize(
    ("run", "idles"),
    [
        ("sleep infinity", True),
        ("sleep 2h", True),
        ("nvidia-smi && tail -f /dev/null", True),
        ("sleep 60", False),
        ("sleep $TIME", False),
        ("python a.py; sleep infinity", False),
        ("tail -f log", False),
    ],
)
def test_idle_commands(run: str, idles: bool) -> None:
    assert bool(found(IdleCommand, job({"run": run}))) == idles
    assert not found(IdleCommand, {"run": run, "deployment": {}, "task": "interactive"})


def test_a_time_limit_is_asked_for_without_a_price() -> None:
    train = {"task": "train", "run": "torchrun train.py", "gpu_count": 1}
    (said,) = found(NoTimeLimit, job(train))
    assert "$" not in said.message
    assert not found(NoTimeLimit, {**job(train), "budget": {"max_hours": 2}})


def test_several_machines_for_what_one_gpu_holds() -> None:
    # 15.2 GB of weights and a cache of 0.4 GiB: a card of 24 GB
    run = "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 -tp 2"
    split = {"task": "serve", "run": run, "gpu_count": 1, "nodes": 2}
    assert found(FewerGpusWouldDo, job(split))
    assert not found(FewerGpusWouldDo, job({**split, "nodes": 1, "gpu_count": 2}))
    assert not found(
        FewerGpusWouldDo, job({**split, "run": run.replace("-7B", "-32B") + " --quantization fp8"})
    )
    assert not found(FewerGpusWouldDo, job({**split, "run": run + " -dp 2"}))


def test_small_models() -> None:
    tiny = {"task": "serve", "run": "text-embeddings-router --model-id BAAI/bge-small-en-v1.5"}
    assert found(GpuForASmallModel, job(tiny))
    beside = job(SERVER, gpu_devices=["0"])
    assert not found(GpuForASmallModel, job(tiny, gpu_devices=["0"]), beside)
    assert found(GpuForASmallModel, job(tiny, gpu_devices=["1"]), beside)


def test_installs() -> None:
    run = "pip install vllm && vllm serve Qwen/Qwen2.5-7B-Instruct"
    assert found(InstallsAtStart, job({"task": "serve", "run": run}))
    assert not found(InstallsAtStart, job({"task": "train", "run": run}))
    assert not found(InstallsAtStart, job({"task": "serve", "run": "pip list; vllm serve x/y"}))


def test_no_price_is_said_where_the_file_cannot_say_a_cloud() -> None:
    from gpuspec.rules.sizing.over_provisioned import OverProvisionedGpu

    large = {**job({**SERVER, "run": f"{SERVER['run']} --max-model-len 8192"}), "gpu_types": ["H100 SXM"]}
    assert found(OverProvisionedGpu, large)
    (shared,) = found(OverProvisionedGpu, large, cannot_say=frozenset({"clouds"}))
    assert "$" not in shared.message
    # seed-2025: L4 $0.35, H100 $3.19.
    assert "L4 (24 GB) holds it with the same settings at 11 % of the price on seed-2025" in shared.message


def test_an_operator_spreads_the_model_itself() -> None:
    from gpuspec.rules.sizing.under_provisioned import UnderProvisionedGpu

    run = "vllm serve Qwen/Qwen2.5-72B-Instruct --max-model-len 8192"
    large = job({"task": "serve", "run": run, "gpu_types": ["L4"], "nodes": 6})
    assert found(UnderProvisionedGpu, {**large, "nodes": 1})
    assert not found(UnderProvisionedGpu, {**large, "nodes": 1}, cannot_say=frozenset({"nodes"}))
    assert not found(UnderProvisionedGpu, large, cannot_say=frozenset({"run"}))


def test_money_is_of_all_machines() -> None:
    # seed-2025: an RTX 4090 at $0.44 an hour; 3 machines, a day: 3 × 24 × $0.44
    train = {
        "task": "train",
        "run": "torchrun train.py",
        "gpu_types": ["RTX 4090"],
        "gpu_count": 1,
        "nodes": 3,
    }
    (said,) = found(NoTimeLimit, job(train))
    assert "$1.32/h" in said.message
    assert "$31.68" in said.message
