"""What vLLM holds while it tries how much memory a step takes, against its own start-up logs and source."""

import pytest

from gpuspec import resolve_gpu, resolve_model
from gpuspec.sizing import Need, fit, need
from gpuspec.workload import Origin, Workload


def sized(model: str, gpu: str | None, *, gpus: int = 1, **fields: object) -> Need:
    match = resolve_model(model)
    workload = Workload(
        task="serve",
        modality="text",
        engine="vllm",
        model=match.model,
        model_name=model,
        params_b=match.params_b,
        quantization=match.quantization,
    )._replace(**fields)
    found = need(workload, gpus, gpu=resolve_gpu(gpu).gpu if gpu else None)
    assert isinstance(found, Need)
    return found


def peak(found: Need) -> float:
    """Activations and workspace of the trial pass, which the log calls "PyTorch activation peak memory"."""
    trial = next(phase for phase in found.phases if phase.name == "trial pass")
    return sum(part.expected for part in trial.parts if part.name in ("activations", "workspace"))


# llm-d-planner, "empirical vLLM memory results" (vLLM 0.11.0, H100 80GB), "activation peak", GiB.
LOGGED = (
    ("Qwen/Qwen3-0.6B", 1, 5.56),
    ("meta-llama/Llama-3.1-8B-Instruct", 1, 4.76),
    ("Qwen/Qwen3-32B", 1, 5.64),
    ("Qwen/Qwen3-32B", 2, 5.64),
    ("openai/gpt-oss-20b", 1, 7.38),
)


@pytest.mark.parametrize(("model", "gpus", "logged"), LOGGED)
def test_the_sampler_decides_the_peak(model: str, gpus: int, logged: float) -> None:
    found = sized(model, "H100 SXM", gpus=gpus, engine_version="0.11.0", context=16000)
    assert peak(found) == pytest.approx(logged, rel=0.01)


def test_a_small_gpu_tries_fewer_sequences() -> None:
    # A start of 0.10.2 on an RTX 4090: 1.40 GiB (Qwen3-8B-FP8); the same on eight L40S (Qwen3-235B-A22B).
    found = sized("Qwen/Qwen3-8B", "RTX 4090", engine_version="0.10.2", context=1024)
    assert peak(found) == pytest.approx(1.40, rel=0.03)


def test_an_a100_counts_as_small_since_0_9() -> None:
    by_version = [
        peak(sized("Qwen/Qwen3-8B", "A100 80GB SXM", engine_version=version, context=4096))
        for version in ("0.8.5", "0.9.0")
    ]
    assert by_version[0] > 3 * by_version[1]


def test_since_0_17_the_sampler_does_not_sort() -> None:
    # 14 bytes instead of 38 for each of 151,936 words × 1,024 sequences.
    old, new = (
        peak(sized("Qwen/Qwen3-0.6B", "H100 SXM", engine_version=version, context=16000))
        for version in ("0.16.0", "0.17.0")
    )
    assert old - new == pytest.approx((38 - 14) * 151_936 * 1024 / 2**30, rel=0.01)


def test_v0_takes_a_whole_prompt_up_to_32k() -> None:
    # vllm-project/vllm#10517, 0.6.4 on an RTX 3090: 9,000 tokens more took 0.92 GiB more.
    short, long = (
        peak(sized("meta-llama/Llama-3.1-8B-Instruct", "RTX 3090", engine_version="0.6.4", context=context))
        for context in (20_000, 29_000)
    )
    assert long - short == pytest.approx(0.92, rel=0.03)


def test_the_flag_of_sequences_counts_and_users_do_not() -> None:
    flag = Origin("command", "--max-num-seqs 16", "/run")
    few = sized(
        "Qwen/Qwen3-0.6B", "H100 SXM", engine_version="0.11.0", concurrency=16, origins={"concurrency": flag}
    )
    plain = sized("Qwen/Qwen3-0.6B", "H100 SXM", engine_version="0.11.0", concurrency=16)
    assert peak(few) < 1 < 5 < peak(plain)


def test_graphs_are_not_recorded_where_a_flag_says_so() -> None:
    eager, usual = (sized("Qwen/Qwen3-8B", "RTX 4090", eager=eager) for eager in (True, None))
    assert "CUDA graphs" not in {part.name for part in eager.parts}
    assert usual.expected > eager.expected


def test_graphs_count_to_the_share_since_0_20() -> None:
    # CacheConfig: 0.90 before 0.20, 0.92 since; envs.py: VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS is on since then.
    gpu = resolve_gpu("RTX 4090").gpu
    assert gpu
    before, since = (
        sized("Qwen/Qwen3-8B", "RTX 4090", engine_version=version) for version in ("0.19.1", "0.20.0")
    )
    graphs = next(part for part in before.parts if part.name == "CUDA graphs")
    assert fit(since, gpu).usable == pytest.approx(0.92 * gpu.vram_gib)
    assert fit(before, gpu).usable == pytest.approx(0.90 * gpu.vram_gib + graphs.high)


def test_without_a_gpu_it_is_one_that_has_room() -> None:
    # 135 GiB of weights: no GPU of less than 70 GiB, so 1,024 sequences; 1.1 GiB: any, so 256.
    large, small = sized("Qwen/Qwen2.5-72B-Instruct", None), sized("Qwen/Qwen3-0.6B", None)
    assert peak(large) == pytest.approx(peak(sized("Qwen/Qwen2.5-72B-Instruct", "H200")))
    assert peak(small) == pytest.approx(peak(sized("Qwen/Qwen3-0.6B", "RTX 4090")))


@pytest.mark.parametrize(("model", "logged"), [("openai/gpt-oss-20b", 13.47), ("openai/gpt-oss-120b", 64.38)])
def test_experts_in_mxfp4_are_filled_up(model: str, logged: float) -> None:
    # "weights" of the same logs: 2,880 is filled up to 3,072 on one side of each expert's matrices.
    found = sized(model, "H100 SXM", engine_version="0.11.0", context=16000)
    weights = next(part for part in found.parts if part.name == "weights")
    assert weights.expected == pytest.approx(logged, rel=0.01)
    assert weights.low < logged < weights.high
