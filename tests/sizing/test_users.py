"""Users: sequences that must be served at once, so that the caches of all of them must fit.

Llama-3.1-8B keeps 32 layers × 2 × 8 heads × 128 × 2 bytes = 131,072 bytes a token (its config.json): 8,192 tokens are
1 GiB."""

from typing import Any

import pytest

from gpuspec import resolve_gpu, resolve_model
from gpuspec.catalog import Catalog
from gpuspec.job.job import Job, Scaling, Traffic
from gpuspec.planning.traffic import load
from gpuspec.sizing import Need, need
from gpuspec.workload import Origin, Workload
from gpuspec.workload.at_once import under_load
from gpuspec.workload.read import read

CATALOG = Catalog()
LLAMA = Workload(task="serve", engine="vllm", model=resolve_model("Llama-3.1-8B").model, context=8192)


def sized(gpus: int = 1, **fields: Any) -> Need:
    found = need(LLAMA._replace(**fields), gpus)
    assert isinstance(found, Need)
    return found


def commanded(limit: int) -> dict[str, Any]:
    """As `vllm serve … --max-num-seqs` is read."""
    return {
        "concurrency": limit,
        "origins": {"concurrency": Origin("command", f"--max-num-seqs {limit}", "/run")},
    }


def test_the_caches_of_all_users_must_fit_and_those_of_a_declared_concurrency_may_wait() -> None:
    assert sized(users=8).kv_cache == pytest.approx(8)
    assert sized(concurrency=8).kv_cache == pytest.approx(1)
    assert sized(users=8, concurrency=64).kv_cache == pytest.approx(8)


@pytest.mark.parametrize("engine", ["transformers", "koboldcpp"])
def test_an_engine_that_does_not_queue_holds_them_all_as_well(engine: str) -> None:
    assert sized(users=8, engine=engine).kv_cache == pytest.approx(8)


def test_a_server_without_a_name_holds_all_users_surely() -> None:
    part = next(part for part in sized(users=8, engine=None).parts if part.name == "KV cache")
    assert part.low == pytest.approx(8)


def test_users_beyond_the_servers_limit_wait_and_that_is_said() -> None:
    answer = sized(users=8, **commanded(4))
    assert answer.kv_cache == pytest.approx(4)
    said = "4 of 8 users served at once, the others wait: the server takes `--max-num-seqs 4`"
    assert said in answer.assumptions
    assert not any("wait" in text for text in sized(users=4, **commanded(4)).assumptions)


def test_what_the_author_expects_is_no_limit() -> None:
    spec = {"concurrency": Origin("spec", "4", "/model/concurrency")}
    assert sized(users=8, concurrency=4, origins=spec).kv_cache == pytest.approx(8)
    worker = {"concurrency": Origin("spec", "MAX_NUM_SEQS=4", "/serverless/env/MAX_NUM_SEQS")}
    assert sized(users=8, concurrency=4, origins=worker).kv_cache == pytest.approx(4)


def test_copies_share_the_users_and_each_has_a_limit_of_its_own() -> None:
    assert sized(2, users=7, data_parallel=2).kv_cache == pytest.approx(4)
    assert sized(2, users=12, data_parallel=2, **commanded(4)).kv_cache == pytest.approx(4)


def test_traffic_and_speed_count_the_same_users() -> None:
    gpu = resolve_gpu("L40S").gpu
    assert gpu
    assert under_load(LLAMA._replace(users=8, **commanded(4)), gpu) == 4
    assert under_load(LLAMA._replace(users=8), gpu) == 8
    day = Traffic(requests_per_day=1000, input_tokens=100, output_tokens=100)
    found = load(LLAMA._replace(users=8), gpu, 1, day)
    assert found
    assert "8 at once" in found.why


def test_places_that_share_a_cache_by_default_are_no_limit() -> None:
    """llama.cpp's server has 4 of them (`-np` auto): 8 users have 8 caches, and `--parallel 8` lets them in."""
    answer = sized(users=8, engine="llama.cpp")
    assert answer.kv_cache == pytest.approx(8)
    assert "llama.cpp lets in 4 at once unless --parallel says otherwise" in answer.assumptions
    assert sized(users=8, engine="llama.cpp", **commanded(2)).kv_cache == pytest.approx(2)


def test_the_replicas_of_a_service_share_the_users() -> None:
    """50 users on up to four machines are 13 on one; without `scaling` all are on one."""
    spec = Job(task="serve", users=50, scaling=Scaling(min=1, max=4))
    assert read(spec, (), catalog=CATALOG).users == 13
    assert read(spec._replace(scaling=None), (), catalog=CATALOG).users == 50
    assert read(spec._replace(task="batch"), (), catalog=CATALOG).users == 50
