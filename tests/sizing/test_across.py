"""Jobs on several machines: memory of each GPU, and speed of each machine. Arithmetic by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gpuspec.catalog import Catalog, Gpu
from gpuspec.cli.export import command as export
from gpuspec.cli.run import command as run
from gpuspec.commands.steps import read_steps
from gpuspec.errors import UserError
from gpuspec.formats import read
from gpuspec.job.job import GpuChoice, Job
from gpuspec.planning.case import Case
from gpuspec.sizing import Need, Unsized, need
from gpuspec.sizing.speed.links import link_between, link_of
from gpuspec.sizing.speed.text import speed
from gpuspec.sizing.speed.training import training_rate
from gpuspec.workload import Workload
from gpuspec.workload import read as read_workload
from gpuspec.workload.workload import gpus_together, machines_together

CATALOG = Catalog()
GIB = 2**30
TRAINED = Workload(
    task="train",
    modality="text",
    engine="torchtune",
    model=CATALOG.resolve_model("meta-llama/Llama-3.1-8B-Instruct").model,
    method="full",
    sharding="fsdp",
    sequence=2048,
    batch=2,
    precision="bf16",
    optimizer="adamw",
)
SERVED = Workload(
    task="serve",
    modality="text",
    engine="vllm",
    model=CATALOG.resolve_model("deepseek-ai/DeepSeek-R1").model,
    model_name="deepseek-ai/DeepSeek-R1",
    tensor_parallel=8,
    pipeline_parallel=2,
    context=8192,
)


def gpu(name: str) -> Gpu:
    found = CATALOG.resolve_gpu(name).gpu
    assert found is not None
    return found


def sized(workload: Workload, gpus: int) -> Need:
    found = need(workload, gpus)
    assert isinstance(found, Need), found
    return found


@pytest.mark.parametrize(
    ("fields", "together", "machines"),
    [
        ({}, 8, 1),  # nothing tells the engine of more than one machine
        ({"tensor_parallel": 8}, 8, 1),
        ({"tensor_parallel": 8, "pipeline_parallel": 2}, 16, 2),
        ({"tensor_parallel": 16}, 16, 2),
        ({"tensor_parallel": 32}, 24, 3),  # no more than there are
        ({"data_parallel": 24}, 24, 3),
        ({"tensor_parallel": 2, "follows_gpus": ("tensor_parallel",), "pipeline_parallel": 3}, 24, 3),
    ],
)
def test_as_many_gpus_as_the_command_says_work_together(
    fields: dict[str, Any], together: int, machines: int
) -> None:
    workload = Workload(task="serve", nodes=3, **fields)
    assert (gpus_together(workload, 8), machines_together(workload, 8)) == (together, machines)
    assert gpus_together(workload._replace(nodes=None), 8) == 8


def test_a_server_over_two_machines_has_half_of_it_on_each() -> None:
    there = sized(SERVED._replace(nodes=2), 8)
    weights = next(part for part in there.parts if part.name == "weights")
    assert there.gpus == 16
    assert weights.expected == pytest.approx(671e9 / 16 / GIB, rel=0.1)  # FP8, a byte each
    assert "16 GPUs on 2 machines of 8" in there.assumptions
    assert sized(SERVED._replace(pipeline_parallel=None, nodes=2), 8).expected == pytest.approx(
        sized(SERVED._replace(pipeline_parallel=None), 8).expected
    )


def test_a_training_is_divided_over_the_gpus_of_all_machines() -> None:
    there = {part.name: part.expected for part in sized(TRAINED._replace(nodes=2), 8).parts}
    alone = {part.name: part.expected for part in sized(TRAINED, 8).parts}
    assert there["weights"] == pytest.approx(alone["weights"] / 2)
    copies = TRAINED._replace(sharding="ddp")
    assert sized(copies._replace(nodes=2), 8).expected == pytest.approx(sized(copies, 8).expected)


def test_how_many_machines_may_not_be_known() -> None:
    job = Job(
        gpu_types=(GpuChoice("H100 SXM", 8, ""),), run="torchrun --nnodes=$N --nproc_per_node=8 train.py"
    )
    found = need(read_workload(job, read_steps(job), catalog=CATALOG), 8)
    assert isinstance(found, Unsized)
    assert "how many is not known" in found.reason


def test_an_engine_that_is_told_of_machines_and_splits_over_one_is_not_sized() -> None:
    job = Job(
        gpu_types=(GpuChoice("H100 SXM", 8, ""),),
        run="vllm serve Qwen/Qwen3-32B -tp 4 --nnodes 2 --node-rank 0",
    )
    found = need(read_workload(job, read_steps(job), catalog=CATALOG), 8)
    assert isinstance(found, Unsized)
    assert "2 machines" in found.reason


def test_the_network_is_slower_than_the_machine() -> None:
    board, card = gpu("H100 SXM"), gpu("L4")
    assert link_between(board, 8, 8) == link_of(board)
    assert link_between(board, 16, 8).gbs.expected == 20  # of the 270 in the machine
    assert link_between(card, 2, 1).gbs.expected == 3


def test_machines_that_wait_for_each_other_do_less_each() -> None:
    alone, each = (training_rate(TRAINED._replace(nodes=nodes), gpu("H100 SXM"), 8) for nodes in (None, 2))
    assert not isinstance(alone, Unsized)
    assert not isinstance(each, Unsized)
    assert 0.2 * alone.per_second.expected < each.per_second.expected < alone.per_second.expected
    near = speed(SERVED._replace(tensor_parallel=16, pipeline_parallel=None), gpu("H100 SXM"), 16)
    far = speed(SERVED._replace(tensor_parallel=16, pipeline_parallel=None, nodes=2), gpu("H100 SXM"), 8)
    assert not isinstance(near, Unsized)
    assert not isinstance(far, Unsized)
    assert near.each
    assert far.each
    assert far.each.expected < near.each.expected


def spec(**more: Any) -> dict[str, Any]:
    return {
        "name": "x", "gpu_types": ["L4"], "clouds": ["gcp"], "min_vram": 10, "keep_alive_minutes": 6, "run": "./a",
        "budget": {"max_hours": 4}, **more,
    }  # fmt: skip


def planned(**more: Any) -> Case:
    (document,) = read("a.jsonc", json.dumps(spec(**more)).encode())
    return Case(document, on_disk=False)


def test_every_machine_is_paid_for() -> None:
    one, three = planned().plan, planned(nodes=3).plan
    assert one.cost
    assert three.cost
    assert one.cost.total
    assert one.choice
    assert three.cost.total == pytest.approx(3 * one.cost.total)
    assert sum((three.cost.run or 0, three.cost.idle, three.cost.billing, three.cost.disk)) == pytest.approx(
        3 * sum((one.cost.run or 0, one.cost.idle, one.cost.billing, one.cost.disk))
    )
    assert any("3 machines" in note for note in three.notes)
    short, long = (planned(nodes=nodes, budget={"max_total": 30}).plan.max_hours for nodes in (3, 1))
    assert short
    assert long
    assert (short + 0.1) * 3 == pytest.approx(long + 0.1, rel=0.02)  # 6 idle minutes are paid for, too


def test_a_run_is_on_one_machine_and_a_task_on_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.job.jsonc").write_text(json.dumps(spec(nodes=2, workdir="w")))
    (tmp_path / "w").mkdir()
    done = CliRunner().invoke(export, ["a.job.jsonc", "--isolated"])
    assert "num_nodes: 2" in done.output, done.output
    refused = CliRunner().invoke(run, ["a.job.jsonc", "--yes", "--dry-run", "--isolated"])
    assert isinstance(refused.exception, UserError)
    assert refused.exception.code == "several-machines"
