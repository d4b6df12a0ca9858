"""More work never needs less memory, and what is shared never more; phases, sizes and ranges are in order."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gpuspec import resolve_model
from gpuspec.catalog import Model
from gpuspec.engines import ENGINES as KNOWN
from gpuspec.sizing import Need, need
from gpuspec.sizing.memory import SIZES
from gpuspec.workload import Origin, Workload

ENGINES = ("vllm", "sglang", "tgi", "transformers", "llama.cpp", "ollama", "litgpt", "exllama", "lmdeploy")
TRAINERS = ("hf-trainer", "torchtune", "unsloth", "deepspeed", "litgpt", "axolotl")
MODELS = tuple(
    resolve_model(name).model
    for name in ("Qwen3-8B", "Llama-3.1-70B", "Qwen3-30B-A3B", "gemma-3-27b-it", "DeepSeek-V3", "Qwen2.5-7B")
)
"""Dense, tied and untied, mixtures, windows, latent attention."""
BITS = ("gguf:Q2_K", "awq", "nf4", "gguf:Q8_0", "bf16", "fp32")
"""In order of bits."""
quick = settings(max_examples=60, deadline=None)


def sized(workload: Workload, gpus: int = 1) -> Need:
    """A Need whose phases, sizes and ranges are in order."""
    answer = need(workload, gpus)
    assert isinstance(answer, Need), answer
    for phase in answer.phases:
        for part in phase.parts:
            assert 0 <= part.low <= part.expected * 1.0001 <= part.high * 1.0003, (phase.name, part)
        for size in SIZES:
            low, expected, high = phase.of(size)
            assert low <= expected * 1.0001 <= high * 1.0003, (phase.name, size)
        for less, more in pairwise(SIZES):
            assert all(a <= b for a, b in zip(phase.of(less), phase.of(more), strict=True)), phase.name
    largest = max(phase.of()[1] for phase in answer.phases)
    assert answer.deciding.of()[1] == largest == answer.expected
    assert answer.low <= answer.expected * 1.0001 <= answer.high * 1.0003
    return answer


def never_less(small: Need, large: Need) -> None:
    """In each size, no bound and no estimate of the larger work is below that of the smaller."""
    for size in SIZES:
        for name, less, more in zip(("low", "expected", "high"), small.of(size), large.of(size), strict=True):
            assert more >= less * (1 - 1e-9), (size, name, less, more)


sizes = st.floats(0.1, 900)
tokens = st.integers(1, 200_000)
models = st.sampled_from(MODELS)


@quick
@given(a=sizes, b=sizes, engine=st.sampled_from(ENGINES), scheme=st.sampled_from(BITS), context=tokens)
def test_more_parameters(a: float, b: float, engine: str, scheme: str, context: int) -> None:
    one = Workload(task="serve", engine=engine, quantization=scheme, context=context)
    never_less(sized(one._replace(params_b=min(a, b))), sized(one._replace(params_b=max(a, b))))


@quick
@given(params=sizes, i=st.integers(0, 5), j=st.integers(0, 5), context=tokens)
def test_more_bits(params: float, i: int, j: int, context: int) -> None:
    one = Workload(task="serve", engine="vllm", params_b=params, context=context)
    low, high = sorted((i, j))
    never_less(sized(one._replace(quantization=BITS[low])), sized(one._replace(quantization=BITS[high])))


@quick
@given(
    model=models,
    engine=st.sampled_from(ENGINES),
    a=tokens,
    b=tokens,
    m=st.integers(1, 64),
    n=st.integers(1, 64),
)
def test_more_context_and_sequences(model: Model | None, engine: str, a: int, b: int, m: int, n: int) -> None:
    one = Workload(task="serve", engine=engine, model=model)
    small = one._replace(context=min(a, b), concurrency=min(m, n))
    never_less(sized(small), sized(one._replace(context=max(a, b), concurrency=max(m, n))))


@quick
@given(
    model=models,
    engine=st.sampled_from(ENGINES),
    context=tokens,
    m=st.integers(1, 300),
    n=st.integers(1, 300),
)
def test_more_users(model: Model | None, engine: str, context: int, m: int, n: int) -> None:
    one = Workload(task="serve", engine=engine, model=model, context=context)
    never_less(sized(one._replace(users=min(m, n))), sized(one._replace(users=max(m, n))))


@quick
@given(
    model=models,
    engine=st.sampled_from(("vllm", "sglang", "tgi")),
    context=tokens,
    seqs=st.integers(1, 2048),
    more=st.integers(0, 2048),
    chunk=st.sampled_from([None, 512, 8192, 65536]),
)
def test_more_at_once(
    model: Model | None, engine: str, context: int, seqs: int, more: int, chunk: int | None
) -> None:
    """The most sequences that a server takes, as its flag says."""
    said = {"concurrency": Origin("command", "--max-num-seqs")}
    one = Workload(task="serve", engine=engine, model=model, context=context, origins=said)
    one = one._replace(max_batched_tokens=chunk)
    never_less(sized(one._replace(concurrency=seqs)), sized(one._replace(concurrency=seqs + more)))


@quick
@given(
    model=models,
    engine=st.sampled_from(ENGINES),
    context=tokens,
    few=st.sampled_from([2, 4]),
    times=st.sampled_from([2, 4]),
    split=st.booleans(),
)
def test_more_gpus_that_share(
    model: Model | None, engine: str, context: int, few: int, times: int, split: bool
) -> None:
    """From two GPUs on: what they need to talk to each other one alone does not."""
    one = Workload(task="serve", engine=engine, model=model, context=context)
    fewer, more = ({"tensor_parallel": n} if split else {} for n in (few, few * times))
    never_less(sized(one._replace(**more), few * times), sized(one._replace(**fewer), few))


@quick
@given(
    a=sizes,
    b=sizes,
    engine=st.sampled_from(TRAINERS),
    method=st.sampled_from(["full", "lora", "qlora"]),
    tokens_each=st.tuples(st.integers(1, 32768), st.integers(1, 32768)),
    batch=st.tuples(st.integers(1, 32), st.integers(1, 32)),
    rank=st.tuples(st.integers(1, 256), st.integers(1, 256)),
    ckpt=st.booleans(),
    gpus=st.sampled_from([1, 2, 8]),
    sharding=st.sampled_from([None, "zero1", "zero2", "zero3", "fsdp", "fsdp-offload"]),
)
def test_more_training(
    a: float,
    b: float,
    engine: str,
    method: str,
    tokens_each: tuple[int, int],
    batch: tuple[int, int],
    rank: tuple[int, int],
    ckpt: bool,
    gpus: int,
    sharding: str | None,
) -> None:
    one = Workload(task="train", engine=engine, method=method, gradient_checkpointing=ckpt, sharding=sharding)
    small = one._replace(params_b=min(a, b), sequence=min(tokens_each), batch=min(batch), lora_rank=min(rank))
    large = one._replace(params_b=max(a, b), sequence=max(tokens_each), batch=max(batch), lora_rank=max(rank))
    never_less(sized(small, gpus), sized(large, gpus))


@quick
@given(
    model=models,
    engine=st.sampled_from(TRAINERS),
    method=st.sampled_from(["full", "lora", "qlora"]),
    sequence=st.integers(1, 32768),
    sharding=st.sampled_from(["zero1", "zero2", "zero3", "fsdp"]),
    few=st.sampled_from([2, 4]),
)
def test_more_gpus_that_shard(
    model: Model | None, engine: str, method: str, sequence: int, sharding: str, few: int
) -> None:
    one = Workload(task="train", engine=engine, method=method, model=model, sequence=sequence)
    one = one._replace(sharding=sharding)
    never_less(sized(one, few * 2), sized(one, few))


@quick
@given(
    w=st.integers(256, 2048),
    h=st.integers(256, 2048),
    n=st.integers(1, 8),
    method=st.sampled_from([None, "lora", "full"]),
    name=st.sampled_from(["SDXL", "FLUX.1-dev", "SD3.5-Large"]),
    offload=st.sampled_from([None, "cpu"]),
)
def test_larger_pictures(w: int, h: int, n: int, method: str | None, name: str, offload: str | None) -> None:
    one = Workload(task="train" if method else "serve", method=method, modality="image", model_name=name)
    small = one._replace(width=w, height=h, batch=n, cpu_offload=offload)
    never_less(sized(small), sized(small._replace(width=w + 64, height=h + 64, batch=n + 1)))


@quick
@given(
    w=st.integers(256, 1280),
    h=st.integers(256, 720),
    frames=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    offload=st.sampled_from([None, "cpu"]),
    name=st.sampled_from(["HunyuanVideo", "CogVideoX-5B", "Wan2.1-T2V-14B"]),
)
@example(w=417, h=593, frames=(1, 2), offload=None, name="CogVideoX-5B")
def test_longer_videos(w: int, h: int, frames: tuple[int, int], offload: str | None, name: str) -> None:
    one = Workload(task="serve", modality="video", model_name=name, width=w, height=h, cpu_offload=offload)
    never_less(sized(one._replace(sequence=min(frames))), sized(one._replace(sequence=max(frames))))


def test_every_engine_that_serves_has_an_order() -> None:
    for engine in KNOWN:
        if engine.kind == "server":
            sized(Workload(task="serve", engine=engine.name, model=MODELS[0], context=4096))
