"""`gpuspec show`: what was understood of a file, each value and its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main
from gpuspec.formats import read
from gpuspec.planning.case import Case
from gpuspec.report.show import FIELDS, as_text, understood

SPEC = """\
{
  "name": "demo",
  "gpu_types": ["A100", {"type": "H100 SXM", "count": 2}],
  "image": "vllm/vllm-openai:v0.11.0",
  "budget": {"max_hours": 4},
  "run": "vllm serve ./weights --max-model-len 8192 -tp $N"
}
"""
WIDE = """\
job.jsonc: demo (gpuspec)
  name              demo                                          job.jsonc:2:11
  gpus              A100, 2 × H100 SXM                            job.jsonc:3:16
  engine            vllm                                          job.jsonc:6:11
  model             ./weights                                     job.jsonc:6:22
  tp                unknown (-tp …)                               job.jsonc:6:53
  context           8192                                          job.jsonc:6:32
  task              serve                                         job.jsonc:6:11
  image             vllm/vllm-openai:v0.11.0                      job.jsonc:4:12
  time_limit_hours  4                                             job.jsonc:5:27

not stated, but derived or assumed:
  gpus              A100: A100 40GB, A100 80GB       the name means several GPUs
  gpu_count         1                          one GPU, where no number is given
  nodes             1                  one machine, where nothing says otherwise
  spot              never                                            the default
  hosts             secure                                           the default
  memory_gib        unknown
                      the number of parameters of ./weights is not known; give
                      model.params_b (billions)
"""
NARROW = """\
job.jsonc: demo (gpuspec)
  name
    demo                  job.jsonc:2:11
  gpus
    A100, 2 × H100 SXM    job.jsonc:3:16
  engine
    vllm                  job.jsonc:6:11
  model
    ./weights             job.jsonc:6:22
  tp
    unknown (-tp …)       job.jsonc:6:53
  context
    8192                  job.jsonc:6:32
  task
    serve                 job.jsonc:6:11
  image
    vllm/vllm-openai:v0.11.0
      job.jsonc:4:12
  time_limit_hours
    4                     job.jsonc:5:27

not stated, but derived or assumed:
  gpus
    A100: A100 40GB, A100 80GB
      the name means several GPUs
  gpu_count
    1  one GPU, where no number is given
  nodes
    1
      one machine, where nothing says
      otherwise
  spot
    never                    the default
  hosts
    secure                   the default
  memory_gib
    unknown
      the number of parameters of
      ./weights is not known; give
      model.params_b (billions)
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def show(text: str, *options: str, name: str = "job.jsonc") -> int:
    Path(name).write_text(text, encoding="utf-8")
    return main(["show", name, *options])


def shown(
    text: str, capsys: pytest.CaptureFixture[str], *options: str, name: str = "job.jsonc"
) -> dict[str, Any]:
    assert show(text, "--json", *options, name=name) == 0
    (job,) = json.loads(capsys.readouterr().out)["jobs"]
    return dict(job)


@pytest.mark.parametrize(("columns", "expected"), [(80, WIDE), (40, NARROW)])
def test_text(
    columns: int, expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert show(SPEC) == 0
    assert capsys.readouterr().out == expected
    assert max(len(line) for line in expected.splitlines()) <= columns


def test_json_has_every_field_and_null_where_the_file_does_not_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = shown(SPEC, capsys)
    assert list(job) == ["place", "format", *FIELDS, "derived", "where", "left_out", "not_read"]
    stated = {field: job[field] for field in FIELDS if job[field] is not None}
    assert stated == {
        "name": "demo",
        "gpus": [{"gpu": "A100", "count": None}, {"gpu": "H100 SXM", "count": 2}],
        "engine": "vllm",
        "model": "./weights",
        "context": 8192,
        "task": "serve",
        "image": "vllm/vllm-openai:v0.11.0",
        "time_limit_hours": 4,
    }
    assert (job["place"], job["format"], job["left_out"]) == ("", "gpuspec", [])
    assert job["derived"]["gpus"]["value"] == {"A100": ["A100 40GB", "A100 80GB"]}
    assert job["where"]["context"] == {
        "pointer": "/run",
        "path": "job.jsonc",
        "line": 6,
        "column": 32,
        "text": "--max-model-len 8192",
    }


def test_names_of_gpus_are_the_catalogue_s_where_they_mean_one(capsys: pytest.CaptureFixture[str]) -> None:
    text = '{"gpu_types": ["NVIDIA A100-SXM4-80GB", "a10g:4", "H100:8", "nonsense 9000"], "gpu_count": 2}'
    assert shown(text, capsys)["gpus"] == [
        {"gpu": "A100 80GB SXM4", "count": 2},
        {"gpu": "A10G", "count": 4},
        {"gpu": "H100", "count": 8},
        {"gpu": "nonsense 9000", "count": 2},
    ]
    assert shown('{"gpu_count": 3}', capsys)["gpus"] == [{"gpu": None, "count": 3}]
    assert shown('{"run": "x"}', capsys)["gpus"] == []


def test_what_a_name_or_a_checkpoint_says_is_derived(capsys: pytest.CaptureFixture[str]) -> None:
    job = shown('{"run": "vllm serve TheBloke/Llama-2-13B-AWQ"}', capsys)
    assert (job["model"], job["quantization"]) == ("TheBloke/Llama-2-13B-AWQ", "awq")
    assert job["where"]["quantization"] == job["where"]["model"]
    job = shown('{"run": "vllm serve openai/gpt-oss-20b"}', capsys)
    assert job["derived"]["context"]["value"] == 131072  # max_position_embeddings of its config.json
    assert job["derived"]["quantization"] == {"value": "mxfp4", "reason": "the checkpoint's own"}
    job = shown(
        '{"run": "vllm serve x/y --quantization awq -tp $SKYPILOT_NUM_GPUS_PER_NODE", "gpu_count": 4}', capsys
    )
    assert (job["quantization"], job["tp"]) == ("awq", 4)
    job = shown(
        '{"run": "vllm serve x/y -tp $SKYPILOT_NUM_GPUS_PER_NODE", "gpu_types": ["L4:2", "L4:4"]}', capsys
    )
    assert job["tp"] is None


@pytest.mark.parametrize(
    ("resources", "spot", "derived"),
    [
        ("use_spot: true", True, "only"),
        ("use_spot: false", False, "never"),
        ("any_of: [{use_spot: true}, {use_spot: false}]", "allowed", None),
    ],
)
def test_spot_is_in_the_words_of_the_file(
    resources: str, spot: object, derived: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    task = f"resources:\n  accelerators: L4:1\n  {resources}\nrun: nvidia-smi\n"
    job = shown(task, capsys, name="task.yaml")
    assert (job["spot"], job["derived"].get("spot", {}).get("value")) == (spot, derived)
    dstack = "type: task\ncommands: [nvidia-smi]\nspot_policy: auto\nresources: {gpu: 1}\n"
    job = shown(dstack, capsys, name="task.dstack.yml")
    assert (job["spot"], job["derived"]["spot"]["value"]) == ("auto", "allowed")


def test_the_settings_of_the_folder_are_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    Path("gpuspec.toml").write_text('default-task = "batch"\n')
    job = shown('{"gpu_types": ["L4"]}', capsys)
    assert job["task"] is None
    assert job["derived"]["task"] == {"value": "batch", "reason": "default-task of the settings"}


TOKEN = "hf_" + "Ab3dEfGh1jKlMnOpQrStUvWxYz0123456789"


@pytest.mark.parametrize("columns", ["40", "80"])
def test_a_token_is_never_shown(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it stands: in a name, an address, a command, an unknown key; on one line or wrapped."""
    monkeypatch.setenv("COLUMNS", columns)
    spec = {
        "name": TOKEN,
        "model": {"id": f"https://u:{TOKEN}@huggingface.co/Qwen/Qwen3-8B"},
        "run": f"vllm serve x/y --dtype {TOKEN}",
        TOKEN: 1,
    }
    for options in ((), ("--json",)):
        show(json.dumps(spec), *options)
        printed = capsys.readouterr().out
        assert "*" * len(TOKEN) in "".join(printed.split())
        assert TOKEN[3:20] not in "".join(printed.split())


def test_clouds_of_the_command_and_of_the_settings_are_derived(capsys: pytest.CaptureFixture[str]) -> None:
    text = '{"gpu_types": ["L4"], "clouds": ["lambda"]}'
    Path("gpuspec.toml").write_text('clouds = ["vast"]\n')
    assert shown(text, capsys)["derived"]["clouds"]["value"] == ["vast"]
    job = shown(text, capsys, "--cloud", "runpod")
    assert (job["clouds"], job["derived"]["clouds"]["value"]) == (["lambda"], ["runpod"])


def test_a_value_from_a_file_beside_it_has_its_place_there(capsys: pytest.CaptureFixture[str]) -> None:
    Path("start.sh").write_text("set -e\nvllm serve Qwen/Qwen2.5-7B-Instruct\n")
    job = shown('{"run": "bash start.sh"}', capsys)
    assert job["model"] == "Qwen/Qwen2.5-7B-Instruct"
    assert [job["where"]["model"][key] for key in ("path", "line", "column")] == ["start.sh", 2, 12]


def test_a_file_of_gpu_cli(capsys: pytest.CaptureFixture[str]) -> None:
    text = '{"provider": "runpod", "project_id": "p", "gpu_type": "RTX 4090",\n "docker_image": "i", "startup": "x"}'
    job = shown(text, capsys, name="gpu.jsonc")
    assert (job["format"], job["name"], job["image"]) == ("gpu-cli", "p", "i")
    assert job["gpus"] == [{"gpu": "RTX 4090", "count": None}]
    assert [job["where"]["image"][key] for key in ("pointer", "line")] == ["/docker_image", 2]
    assert "spot" not in job["derived"]  # it cannot be said there, so it is not the default either


def test_what_the_schema_refuses_is_left_out_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert show('{"run": "x", "min_vram": -1}') == 1
    assert "left out, since the schema refuses it: /min_vram" in capsys.readouterr().out


def test_a_scheme_is_shown_in_the_file_s_word_and_what_it_means_is_derived(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = {
        "Qwen/Qwen2.5-7B-Instruct-AWQ --quantization awq_marlin": ("awq_marlin", "awq"),
        "/models/Qwen2.5-7B-Instruct-GPTQ-Int8 --quantization gptq": ("gptq", "gptq-int8"),
        "Qwen/Qwen2.5-7B-Instruct --quantization gptq": ("gptq", "gptq-int4"),
        "Qwen/Qwen2.5-7B-Instruct-AWQ": ("awq", None),
        "nvidia/Llama-3.3-70B-Instruct-FP4": ("fp4", "nvfp4"),
        "bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M": ("q4_k_m", "gguf:Q4_K_M"),
    }
    for command, (word, scheme) in words.items():
        job = shown(json.dumps({"run": f"vllm serve {command}"}), capsys)
        assert job["quantization"] == word
        derived = job["derived"].get("quantization")
        assert derived == (scheme and {"value": scheme, "reason": "the scheme that it means"})
    tuned = """\
apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: w}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {a: b}}}
tuning: {preset: {name: falcon-7b}, method: qlora}
"""
    job = shown(tuned, capsys, name="w.yaml")
    assert (job["quantization"], job["derived"]["quantization"]["value"]) == ("qlora", "nf4")


def test_a_server_that_is_switched_off_has_no_copies(capsys: pytest.CaptureFixture[str]) -> None:
    text = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: it}
spec:
  replicas: 0
  template: {spec: {containers: [{name: a, image: b, resources: {limits: {nvidia.com/gpu: 1}}}]}}
"""
    assert shown(text, capsys, name="x.yaml")["replicas"] == [0, 0]


def test_a_file_without_a_gpu_job_holds_none(capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "services: {web: {image: nginx}}": "x.yaml (compose) holds no job: no service in it asks for a GPU",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: nginx}]}":
            "x.yaml (kubernetes) holds no job: no container in it asks for a GPU",
        "run: echo hi": "x.yaml (skypilot) holds no job: no `accelerators` stand under `resources`",
    }  # fmt: skip
    for text, said in files.items():
        assert show(text, name="x.yaml") == 0
        assert capsys.readouterr().out == f"{said}\n"
        assert show(text, "--json", name="x.yaml") == 0
        assert json.loads(capsys.readouterr().out) == {"jobs": []}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("compose.yml", "services: {}", "formats that are read: "),
        ("serve.sh", "vllm serve x/y", "formats that are read: "),
        ("job.jsonc", '{"run": ', "job.jsonc:1:8"),
        ("job.jsonc", "[]", "no-job"),
    ],
)
def test_what_is_no_job_is_refused(
    name: str, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(text, "--json", name=name) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err


def test_several_jobs_stand_one_after_the_other() -> None:
    (document,) = read("x.jsonc", b'{"gpu_types": ["L4"]}')
    cases = [Case(document._replace(place=place)) for place in ("/a", "/b")]
    text = as_text("x.jsonc", [understood(case) for case in cases], 80)
    assert [line for line in text.splitlines() if line.startswith("x.")] == [
        "x.jsonc: unnamed job (gpuspec, /a)",
        "x.jsonc: unnamed job (gpuspec, /b)",
    ]


def test_a_spec_of_which_only_a_part_is_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "job.gpu.jsonc"
    listed = ", ".join(f'"o{number}/"' for number in range(1_001))
    path.write_text(f'{{"run": "python a.py", "keep_alive_minutes": 3, "outputs": [{listed}]}}')
    for command in ("show", "plan", "export"):
        assert main([command, str(path)]) == 2
        assert "`outputs` has 1,001 elements; the first 1,000 are read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("replicas", "said"),
    [([3, 3], "3"), ([0, 4], "0 to 4"), ([None, 2], "up to 2"), ([1, None], "at least 1")],
)
def test_replicas_are_said_as_one_says_them(replicas: list[int | None], said: str) -> None:
    from gpuspec.report.show import _value

    assert _value("replicas", replicas) == said


@pytest.mark.parametrize(
    ("run", "engine", "task", "context"),
    [
        ("torchrun --nproc_per_node 4 main.py 50 10", None, "train", None),
        ("torchrun --nproc_per_node 4 example_chat_completion.py", None, None, None),
        ("horovodrun -np 4 -H a,b python keras_mnist.py", None, "train", None),
        ("accelerate launch train_sft.py --max_seq_length 4096", None, "train", 4096),
        ("accelerate launch trl/scripts/sft.py --max_length 1024", "trl", "train", 1024),
    ],
)
def test_what_a_launcher_and_the_name_of_a_script_say(
    run: str, engine: str | None, task: str | None, context: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    job = shown(json.dumps({"run": run}), capsys)
    assert (job["engine"], job["task"], job["context"]) == (engine, task, context)


def test_what_setup_pulls_is_what_run_serves(capsys: pytest.CaptureFixture[str]) -> None:
    job = shown('{"setup": "ollama pull llama3.2", "run": "ollama serve"}', capsys)
    assert (job["model"], job["task"]) == ("llama3.2", "serve")
