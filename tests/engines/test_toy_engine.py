"""An engine is one row: a toy one, brought by a plugin, is read, sized and judged, and nothing else is touched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from gpuspec import Engine, Tool, hookimpl
from gpuspec.engines import Defaults, Memory, Quantizing, Server, engine_of
from gpuspec.sizing import Need, need
from gpuspec.sizing.fitting import usable
from gpuspec.testing import lint_text, plugged, workload_of
from gpuspec.workload.readers import readers

MODEL = "Qwen/Qwen2.5-7B-Instruct"
SERVE = Tool(
    "toy", "serve", {"model": "model_name:name", "length": "context:int", "shards": "tensor_parallel:int"}
)
TOY = Engine(
    "toy",
    "server",
    SERVE,
    programs={("toy-server",): SERVE},
    aliases=("toy-llm",),
    images={"toys/toy": SERVE},
    packages=("toy-serve",),
    module="toy",
    loaders={"ToyModel": SERVE._replace(task="batch")},
    defaults=(Defaults(utilization=0.5, chunk=2048),),
    memory=Memory(context=(0.2, 0.2, 0.2), workspace=(0.7, 0.7, 0.7), queues=True),
    server=Server(7000, "/alive", loopback=False, key_flags=("--token",), key_variable="TOY_TOKEN"),
    quantizing=Quantizing(refuses=frozenset({"AWQ"}), reads="GPTQ"),
    one_gpu_by_default=True,
)


def bringing(*rows: object) -> SimpleNamespace:
    return SimpleNamespace(gpuspec_engines=hookimpl(lambda: list(rows)))


@pytest.fixture
def toy() -> Iterator[None]:
    with plugged(bringing(TOY)):
        yield


def codes(**job: object) -> dict[str, str]:
    text = json.dumps({"name": "toy", "keep_alive_minutes": 5, "gpu_types": ["A100-80GB"], **job})
    return {
        each.finding.code: each.finding.message + (each.finding.suggestion or "") for each in lint_text(text)
    }


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    "run",
    [
        f"toy-server --model {MODEL} --length 4096 --shards 2",
        f"docker run --gpus all toys/toy:1.2 --model {MODEL} --length 4096 --shards 2",
    ],
)
def test_its_command_is_read(run: str) -> None:
    work = workload_of(json.dumps({"run": run}))
    assert (work.engine, work.task, work.model_name) == ("toy", "serve", MODEL)
    assert (work.context, work.tensor_parallel) == (4096, 2)


@pytest.mark.usefixtures("toy")
def test_its_package_and_its_python_are_read() -> None:
    code = f"import toy\\nmodel = toy.ToyModel(model='{MODEL}', length=4096)"
    job = {"setup": ["pip install toy-serve==3.1"], "run": f'python -c "{code}"'.replace("\\n", "\n")}
    work = workload_of(json.dumps(job))
    assert (work.engine, work.engine_version, work.task) == ("toy", "3.1", "batch")
    assert (work.model_name, work.context) == (MODEL, 4096)


@pytest.mark.usefixtures("toy")
def test_its_memory_is_its_own() -> None:
    work = workload_of(json.dumps({"run": f"toy-server --model {MODEL} --length 4096"}))
    needed = need(work, 1)
    assert isinstance(needed, Need)
    parts = {part.name: part.expected for part in needed.parts}
    assert parts["workspace"] == 0.7
    assert parts["CUDA context"] == 0.2
    assert "fragmentation" not in parts
    # 7.62 B parameters × 2 bytes
    assert parts["weights"] == pytest.approx(7.62 * 2e9 / 2**30, rel=0.01)
    card = SimpleNamespace(name="a card", vram_gib=80.0)
    assert usable(card, needed.engine) == 40.0  # type: ignore[arg-type]


@pytest.mark.usefixtures("toy")
def test_rules_know_its_port_its_keys_and_its_flag() -> None:
    run = f"toy-server --model {MODEL} --length 4096 --host 0.0.0.0"
    found = codes(task="serve", run=run, ports=[{"port": 7000, "public": True}], gpu_count=2)
    assert "http://localhost:7000/alive" in found["GS410"]
    assert "--token" in found["GS704"]
    assert "TOY_TOKEN" in found["GS704"]
    assert "the command uses 1" in found["GS105"]
    quiet = codes(
        task="serve", run=f"{run} --token $T --shards 2", ports=[{"port": 7000, "public": True}], gpu_count=2
    )
    assert not {"GS704", "GS105"} & quiet.keys()


@pytest.mark.usefixtures("toy")
def test_rules_know_what_it_refuses() -> None:
    found = codes(run="toy-server --model Qwen/Qwen2.5-7B-Instruct-AWQ --length 4096")
    assert "toy cannot load AWQ" in found["GS203"]
    assert "GPTQ" in found["GS203"]


@pytest.mark.usefixtures("toy")
def test_it_has_its_alias() -> None:
    assert engine_of("Toy_LLM") is TOY


def test_a_row_may_be_built_on_a_shipped_one() -> None:
    def rows() -> list[Engine]:
        return [engine_of("tgi")._replace(name="toy", aliases=(), programs={}, images={})]

    with plugged(SimpleNamespace(gpuspec_engines=hookimpl(rows))):
        assert engine_of("toy").memory == engine_of("tgi").memory


def test_without_the_plugin_it_is_not_known() -> None:
    with plugged():
        assert engine_of("toy").server is None
        assert workload_of(json.dumps({"run": f"toy-server --model {MODEL}"})).engine is None


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("toy", "'toy' is no Engine with a name"),
        (TOY._replace(name="vllm"), "the engine 'vllm' is there already"),
        (TOY._replace(name="text-generation-inference"), "'text-generation-inference' is there already"),
        (TOY._replace(name="Toy"), "the engine 'Toy' is written in small letters"),
        (TOY._replace(memory=None), "'toy': memory is None"),
        (TOY._replace(defaults=()), "'toy': defaults is ()"),
        (TOY._replace(programs={("vllm", "serve"): SERVE}), "the program 'vllm serve' is there already"),
        (TOY._replace(programs={("toy-server",): None}), "'toy-server' gave None, which is no Tool"),
        (
            TOY._replace(loaders={"ToyModel": SERVE._replace(flags={"length": "context:nit"})}),
            "the flag 'length' has a value of kind 'nit'; did you mean int?",
        ),
    ],
)
def test_what_is_wrong_with_a_row_is_said(row: object, wrong: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(wrong)), plugged(bringing(row)):
        readers()
