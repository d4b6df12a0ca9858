"""dstack's configurations. Expected values: by hand from dstack's documentation, and from its own models where they
are installed."""

from __future__ import annotations

import copy

import pytest

from gpuspec.formats import Document, Source, read, recognised
from gpuspec.formats.dstack.resources import gpu_of
from gpuspec.job import Job
from gpuspec.job.job import MinUtilization
from gpuspec.text import Edit


def documents(text: str) -> tuple[Document, ...]:
    return read("x.yaml", text.encode(), guess=False)


def one(text: str) -> Document:
    (document,) = documents(text)
    return document


def job(text: str) -> Job:
    found = one(text).job
    assert found is not None
    return found


def asking(gpu: str) -> str:
    return f"type: task\ncommands: [nvidia-smi]\nresources:\n  gpu: {gpu}\n"


GPUS = {
    # gpu: names, count, GB of each at least
    "L4": (["L4"], 1, None),
    "A100:2": (["A100"], 2, None),
    "A100:80GB:2": (["A100-80GB"], 2, 80),
    "'2:40GB:A100'": (["A100-40GB"], 2, 40),
    "A100:40GB..": (["A100"], 1, 40),
    "'nvidia: A100, H100 : 4'": (["A100", "H100"], 4, None),
    "AMD:MI300X:8": (["MI300X"], 8, None),
    "24GB": ([], 1, 24),
    "24GB..": ([], 1, 24),
    "16GB..24GB:2": ([], 2, 16),
    "..24GB": ([], 1, None),
    "1": ([], 1, None),
    "4": ([], 4, None),
    "2..8": ([], 2, None),
    "A10:1..": (["A10"], 1, None),
    "nvidia": ([], 1, None),
    "RTX 4090:24 GB": (["RTX4090"], 1, 24),
    "{name: [A100, H100], count: 2, memory: 80GB..}": (["A100", "H100"], 2, 80),
    "{name: A100, memory: {min: 40GB}}": (["A100"], 1, 40),
    "{memory: 512}": ([], 1, 512),
    "{count: {min: 2, max: 4}}": ([], 2, None),
    "{total_memory: 160GB.., count: 2}": ([], 2, 80),
    "{total_memory: 160GB.., count: 2..4}": ([], 2, None),
    "{vendor: tpu, name: v5litepod-8}": (["tpu-v5litepod-8"], 1, None),
    "tpu-v5litepod-8": (["tpu-v5litepod-8"], 1, None),
}


@pytest.mark.parametrize("written", GPUS)
def test_gpus(written: str) -> None:
    found = job(asking(written))
    names, count, memory = GPUS[written]
    assert [gpu.name for gpu in found.gpu_types] == names
    assert {gpu.gpu_count for gpu in found.gpu_types} or {found.gpu_count} == {count}
    assert found.min_vram == memory


@pytest.mark.parametrize(
    "written",
    [
        "0",
        "0..1",
        "null",
        "",
        "true",
        "[]",
        "'::'",
        "{count: 0}",
        "{count: many}",
        "'..'",
        "1.5",
        "{count: -1}",
    ],
)
def test_no_gpu_is_no_job(written: str) -> None:
    assert documents(asking(written)) == ()
    assert documents("type: task\ncommands: [x]") == ()


SERVICE = """\
type: service
name: chat
image: vllm/vllm-openai:v0.10.0
env:
  - MODEL=Qwen/Qwen3-8B
  - HF_TOKEN
  - WANDB_API_KEY=${{ secrets.wandb }}
commands:
  - pip install -q hf_transfer
  - >-
    vllm serve $MODEL
    --tensor-parallel-size $DSTACK_GPUS_NUM
    --max-model-len 4096
port: 80:8000
model: {type: chat, name: qwen, format: openai}
replicas: 0..4
scaling: {metric: rps, target: 10}
probes: [{type: http, url: /health, interval: 30s}]
resources: {gpu: "H100:2", disk: 200GB.., shm_size: 16GB}
volumes:
  - models:/models
  - /cache:/root/.cache
spot_policy: auto
max_price: 10
backends: [vastai, aws]
regions: [us-east-1]
max_duration: off
"""


def test_service() -> None:
    document = one(SERVICE)
    found = document.job
    assert found is not None
    assert (found.name, found.task, found.image, found.spot, found.max_price, found.disk_gb) == (
        "chat", "serve", "vllm/vllm-openai:v0.10.0", "allowed", 10, 200,
    )  # fmt: skip
    assert dict(found.env) == {"MODEL": "Qwen/Qwen3-8B"}
    assert found.secrets == ("HF_TOKEN", "WANDB_API_KEY")
    assert (found.clouds, found.regions) == (("vast", "aws"), ("us-east-1",))
    assert [port.port for port in found.ports] == [8000]
    assert found.scaling is not None
    assert (found.scaling.min, found.scaling.max) == (0, 4)
    assert found.readiness is not None
    assert (found.readiness.http, found.readiness.interval) == ("http://localhost:8000/health", 30)
    assert (found.budget, found.model) == (None, None)  # the commands say the model
    assert found.run is not None
    assert found.run.splitlines()[1].startswith("vllm serve $MODEL --tensor-parallel-size")
    places = {found.run[one.start : one.end]: document.tree.position(document.tree.span(one.pointer).start)[0]
              for one in found.pieces["/commands"]}  # fmt: skip
    assert (places["hf_transfer"], places["serve"], places["4096"]) == (9, 11, 13)


def test_the_endpoints_model_where_nothing_else_names_one() -> None:
    text = "type: service\nport: 8000\nmodel: {}\nresources: {{gpu: L4}}\n{}"
    for model in ("org/name", "{type: chat, name: org/name, format: openai}"):
        found = job(text.format(model, "commands: [python serve.py]"))
        assert found.model is not None
        assert found.model.id == "org/name"
    assert job(text.format("ensemble", "commands: [python serve.py]")).model is None
    assert job(text.format("x/y", "commands: [vllm serve org/other]")).model is None
    assert job(text.format("x/y", "commands: [tgi]\nenv: {MODEL_ID: org/other}")).model is None


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("2h", 2),
        ("90m", 1.5),
        ("1d", 24),
        ("1w", 168),
        ("7200", 2),
        ("'7200'", 2),
        ("off", None),
        ("-1", None),
    ],
)
def test_time_limit(written: str, hours: float | None) -> None:
    found = job(asking("L4") + f"max_duration: {written}\n")
    assert (found.budget and found.budget.max_hours) == hours


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("{min_gpu_utilization: 40, time_window: 1h}", MinUtilization(40, 60, "end")),
        ("{min_gpu_utilization: 0, time_window: 1h}", None),
        ("{min_gpu_utilization: x, time_window: 1h}", None),
        ("{min_gpu_utilization: 40}", None),
        ("{min_gpu_utilization: 40, time_window: [1]}", None),
        ("3", None),
    ],
)
def test_how_much_a_gpu_has_to_be_used(policy: str, wanted: MinUtilization | None) -> None:
    assert job(asking("L4") + f"utilization_policy: {policy}\n").min_utilization == wanted


def test_what_ends_a_run() -> None:
    """An idle machine goes after 5 minutes unless told otherwise; a dev environment stays until it is left."""
    task = one(asking("L4"))
    assert (task.can_say("keep_alive_minutes"), task.can_say("budget.max_hours")) == (False, True)
    open_end = "type: dev-environment\nide: vscode\nresources: {gpu: L4}\n"
    assert one(open_end).can_say("keep_alive_minutes")
    assert one(open_end).format.spelled("keep_alive_minutes") == "inactivity_duration"
    assert not one(open_end + "max_duration: 8h").can_say("keep_alive_minutes")
    left = one(open_end + "inactivity_duration: 2h")
    assert left.job is not None
    assert (left.job.keep_alive_minutes, left.job.task) == (120, "interactive")
    assert not one(SERVICE).can_say("budget.max_hours")


GROUPS = """\
type: service
port: 8000
image: lmsysorg/sglang:v0.5.0
groups:
  - replicas: 1
    resources: {cpu: 4}
    commands: [python -m sglang_router.launch_router]
  - name: prefill
    count: 1..2
    scaling: {metric: rps, target: 3}
    resources: {gpu: "H200:8"}
    commands: [sglang serve --model-path org/a]
  - replicas: 2
    image: vllm/vllm-openai:v0.10.0
    resources: {gpu: H100}
"""


def test_machines_of_ones_own_have_no_price() -> None:
    assert not one(asking("L4") + "backends: [kubernetes]").can_say("clouds")
    assert one(asking("L4") + "backends: [kubernetes, aws]").can_say("clouds")
    assert one(asking("L4")).can_say("clouds")


def test_groups() -> None:
    """A group inherits no resources; the one without a GPU is no job."""
    prefill, decode = documents(GROUPS)
    assert (prefill.called, decode.called) == ("/groups/1", "/groups/2")
    assert prefill.job is not None
    assert decode.job is not None
    assert (prefill.job.image, decode.job.image) == ("lmsysorg/sglang:v0.5.0", "vllm/vllm-openai:v0.10.0")
    assert [each.job.scaling and each.job.scaling.replicas for each in (prefill, decode) if each.job] == [
        (1, 2), (2, 2),
    ]  # fmt: skip
    assert decode.job.run == "vllm serve"  # what the image starts
    task = documents("type: task\ngroups: [{nodes: 2, resources: {gpu: L4}, commands: [x]}]")
    assert [each.job.nodes for each in task if each.job] == [2]


@pytest.mark.parametrize("kind", ["fleet", "volume", "gateway"])
def test_what_runs_nothing_holds_no_job(kind: str) -> None:
    text = f"type: {kind}\nname: x\nbackend: aws\nresources: {{gpu: L4}}\n"
    found = recognised(Source("x.yaml", text.encode()))
    assert found is not None
    assert (found.name, documents(text)) == ("dstack", ())


NOT_DSTACK = {
    "another type": "type: object\nresources: {gpu: 1}",
    "nothing of dstack's beside it": "type: service\nname: x\nspec: {}",
    "a list": "- type: task\n  resources: {gpu: 1}",
    "within": "jobs: {a: {type: task, resources: {gpu: 1}}}",
    "type is no text": "type: [task]\nresources: {gpu: 1}",
    "unreadable": "type: task\nresources: {gpu: [",
}


@pytest.mark.parametrize("name", NOT_DSTACK)
def test_other_files_are_not_taken_for_configurations(name: str) -> None:
    assert recognised(Source("x.yaml", NOT_DSTACK[name].encode())) is None


ODD = [
    None,
    7,
    -1,
    1.5,
    True,
    "",
    "x" * 3000,
    [],
    [[]],
    [None],
    {},
    {"x": {}},
    {7: 8},
    "$(rm -rf /)",
    "..",
    "1..0",
]


def test_odd_values_anywhere_break_nothing() -> None:
    import yaml

    whole = yaml.safe_load(SERVICE)
    for field in (*whole, *(("resources", part) for part in whole["resources"])):
        for odd in ODD:
            changed = copy.deepcopy(whole)
            inner = changed if isinstance(field, str) else changed[field[0]]
            inner[field if isinstance(field, str) else field[1]] = odd
            for document in documents(yaml.dump(changed, Dumper=yaml.CSafeDumper)):
                assert document.job is not None


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        ("task", Edit("set", "/budget", {"max_hours": 24}), ("/max_duration", "24h")),
        ("task", Edit("set", "/keep_alive_minutes", 10), ("/idle_duration", "10m")),
        ("dev-environment", Edit("set", "/keep_alive_minutes", 10), ("/inactivity_duration", "10m")),
        ("task", Edit("set", "/spot", "allowed"), ("/spot_policy", "auto")),
        ("task", Edit("set", "/max_price", 2), None),
        ("task", Edit("set", "/budget", "x"), None),
        ("task", Edit("remove", "/spot"), None),
    ],
)
def test_how_a_fix_is_written(kind: str, change: Edit, expected: tuple[str, str] | None) -> None:
    document = one(asking("L4").replace("type: task", f"type: {kind}"))
    found = [(edit.pointer, edit.value) for edit in document.format.written(document, change)]
    assert found == ([expected] if expected else [])


def test_against_dstacks_own_models() -> None:
    """Every shape of `gpu`, read by dstack itself."""
    models = pytest.importorskip("dstack._internal.core.models.resources")
    import yaml

    for written in GPUS:
        value = yaml.safe_load(written)
        theirs = models.GPUSpec.model_validate(value)
        ours = gpu_of(value, "/gpu")
        assert ours is not None
        assert [name for name, _ in ours.names] == (theirs.name or []), written
        for mine, other in (
            (ours.number, theirs.count),
            (ours.memory, theirs.memory),
            (ours.total, theirs.total_memory),
        ):
            assert (mine and tuple(mine)) == (other and (other.min, other.max)), written


def test_a_byte_order_mark_hides_nothing() -> None:
    assert [document.place for document in documents("\ufeff" + asking("L4"))] == [""]
