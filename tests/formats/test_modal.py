"""Modal apps. Expected values: Modal's reference and guides of 2026-11, and arithmetic by hand."""

from __future__ import annotations

import pytest

from gpuspec.formats import Document, read
from gpuspec.lint.files import lint_data
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import Case
from gpuspec.report.show import understood
from gpuspec.rules import collect
from tests.operations import lines_run

HEAD = "import modal\nfrom modal import gpu\napp = modal.App('x')\nMINUTES = 60\nN = 2\nCARD = 'L40S'\n"


def documents(text: str, path: str = "app.py") -> tuple[Document, ...]:
    return read(path, text.encode(), guess=False)


def jobs(text: str) -> list[dict[str, object]]:
    return [understood(Case(document, on_disk=False)) for document in documents(text)]


def facts(keywords: str, body: str = "    pass\n", above: str = "", before: str = "") -> dict[str, object]:
    """What is understood of a function with these keywords."""
    (job,) = jobs(f"{HEAD}{before}@app.function({keywords})\n{above}def work():\n{body}")
    return job


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('"H200"', [("H200 SXM", 1)]),
        ('"a100-80gb:4"', [("A100 80GB", 4)]),
        ('"A100"', [("A100 40GB", 1)]),  # on Modal it has 40 GB
        ('"H200!:8"', [("H200 SXM", 8)]),
        ('["L40S:2", "l4"]', [("L40S", 2), ("L4", 1)]),
        ('"any"', [(None, 1)]),
        ('["L4", "any"]', [("L4", 1)]),
        ("CARD", [("L40S", 1)]),
        ('f"{CARD}:{N}"', [("L40S", 2)]),
        ('CARD + ":4"', [("L40S", 4)]),
        ('os.environ.get("CARD", "T4")', [("T4", 1)]),
        ('"T4" if N > 1 else "L4"', [("T4", 1)]),
        ("gpu.A100(count=N, size='80GB')", [("A100 80GB", 2)]),
        ("modal.gpu.A100()", [("A100 40GB", 1)]),
        ("modal.gpu.L4(count=4)", [("L4", 4)]),
        ("modal.gpu.Any()", [(None, 1)]),
        ("pick()", []),  # the file does not say
    ],
)
def test_gpus(said: str, expected: object) -> None:
    found = facts(f"gpu={said}")["gpus"]
    assert isinstance(found, list)
    assert [(each["gpu"], each["count"]) for each in found] == expected


def test_what_is_an_app() -> None:
    assert documents(f"{HEAD}@app.function(gpu=None)\ndef f(): pass\n") == ()
    assert documents("import beam\n@app.function(gpu='T4')\ndef f(): pass\n") == ()
    assert documents(f"{HEAD}image = modal.Image.debian_slim().run_function(f, gpu='T4')\n") == ()
    assert documents(f"{HEAD}@app.function(gpu='T4'\ndef f(): pass\n") == ()  # no Python
    assert documents("'''\nimport modal\n@app.function(gpu='T4')\n'''\n") == ()


def test_each_function_and_class_is_a_job() -> None:
    text = (
        f"{HEAD}OPTIONS = dict(gpu='T4', max_containers=3)\n@app.function(**OPTIONS)\ndef a(): pass\n"
        "@app.cls(gpu='L4', min_containers=1)\nclass B:\n  @modal.method()\n  def m(self): pass\n"
        "def c(): pass\nc = app.function(gpu='L40S')(c)\n@app.function()\ndef cpu(): pass\n"
        "@app.local_entrypoint()\ndef main():\n  B.with_options(gpu='H200:2')().m.remote()\n"
    )
    found = jobs(text)
    assert [job["place"] for job in found] == ["/a", "/B", "/c", "/B.with_options"]
    assert [job["replicas"] for job in found] == [[None, 3], [1, None], None, [1, None]]


def test_limits() -> None:
    found = facts('gpu="T4", timeout=30 * MINUTES, scaledown_window=5 * MINUTES')
    assert (found["time_limit_hours"], found["keep_alive_minutes"]) == (0.5, 5)
    web = facts('gpu="T4", timeout=600', above="@modal.web_server(port=8000)\n")
    assert (web["task"], web["ports"]) == ("serve", [8000])
    assert web["time_limit_hours"] is None  # it is one request's
    old = facts('gpu="T4", container_idle_timeout=120, concurrency_limit=4, keep_warm=1')
    assert (old["keep_alive_minutes"], old["replicas"]) == (2, [1, 4])


def test_several_machines() -> None:
    assert facts('gpu="H100:8"', above="@modal.experimental.clustered(size=2 * N)\n")["nodes"] == 4


def test_an_image_is_followed() -> None:
    text = (
        "base = modal.Image.from_registry('nvidia/cuda:12.8.0-devel-ubuntu22.04', add_python='3.12')\n"
        "base = base.apt_install('git')\nbase = base.uv_pip_install('vllm==0.10.1', 'torch>=2').env({'A': 'b'})\n"
    )
    (document,) = documents(
        f"{HEAD}{text}@app.function(gpu='L4', image=base)\ndef f():\n    from vllm import LLM\n"
        "    LLM('Qwen/Qwen3-8B')\n"
    )
    case = Case(document, on_disk=False)
    assert case.job.image == "nvidia/cuda:12.8.0-devel-ubuntu22.04"
    assert case.job.setup == ("pip install vllm==0.10.1 'torch>=2'",)
    assert dict(case.job.env) == {"A": "b"}
    assert case.workload.engine_version == "0.10.1"


def test_commands_of_a_function_stand_at_their_arguments() -> None:
    body = (
        '    cmd = ["vllm", "serve", MODEL,\n           "--port", str(8000)]\n'
        '    if N > 1:\n        cmd += ["--tensor-parallel-size",\n                str(N)]\n'
        '    if unknown():\n        cmd.append("--enforce-eager")\n'
        '    subprocess.Popen(" ".join(cmd), shell=True)\n'
    )
    text = f"{HEAD}MODEL = 'Qwen/Qwen3-8B'\n@app.function(gpu='L4:2')\ndef f():\n{body}"
    (job,) = jobs(text)
    assert (job["engine"], job["model"], job["tp"]) == ("vllm", "Qwen/Qwen3-8B", 2)
    where = job["where"]
    assert isinstance(where, dict)
    assert (where["engine"]["line"], where["model"]["line"], where["tp"]["line"]) == (10, 10, 13)


def test_texts_of_commands() -> None:
    found = facts('gpu="L4"', '    subprocess.run(f"vllm serve Qwen/Qwen3-8B -tp {N}", shell=True)\n')
    assert (found["model"], found["tp"]) == ("Qwen/Qwen3-8B", 2)
    found = facts(
        'gpu="L4"', "    os.system('''\n    vllm serve Qwen/Qwen3-4B \\\\\n      --max-model-len 4096''')\n"
    )
    assert (found["model"], found["context"]) == ("Qwen/Qwen3-4B", 4096)


def test_models_that_it_loads() -> None:
    text = (
        f"{HEAD}ID = 'Qwen/Qwen3-8B'\ndef load():\n    return AutoModelForCausalLM.from_pretrained(ID)\n"
        "def other():\n    return AutoModelForCausalLM.from_pretrained('microsoft/phi-2')\n"
        "with image.imports():\n    from transformers import AutoModelForCausalLM\n"
        "@app.cls(gpu='L4')\nclass M:\n    @modal.enter()\n    def up(self):\n        self.m = load()\n"
    )
    (job,) = jobs(text)
    assert (job["model"], job["engine"]) == ("Qwen/Qwen3-8B", "transformers")


def test_a_folder_is_the_model_that_is_fetched_into_it() -> None:
    text = (
        f"{HEAD}DIR = '/model'\nBASE = 'mistralai/Mistral-7B-Instruct-v0.3'\ndef fetch():\n"
        "    from huggingface_hub import snapshot_download\n    snapshot_download(BASE, local_dir=DIR)\n"
        "image = modal.Image.debian_slim().run_function(fetch)\n@app.cls(gpu='L4', image=image)\nclass M:\n"
        "    @modal.enter()\n    def up(self):\n        from vllm import AsyncEngineArgs, AsyncLLMEngine\n"
        "        args = AsyncEngineArgs(model=DIR, max_model_len=4096)\n"
        "        self.engine = AsyncLLMEngine.from_engine_args(args)\n"
    )
    (job,) = jobs(text)
    assert (job["engine"], job["model"], job["context"]) == (
        "vllm",
        "mistralai/Mistral-7B-Instruct-v0.3",
        4096,
    )


def test_findings_stand_in_the_file_and_can_be_silenced() -> None:
    text = (
        f"# Modèle: 模型\r\n{HEAD}@app.function(image='é', gpu='L4', timeout=60)  # 模型\r\ndef f():\n"
        "    from vllm import LLM\n    LLM('meta-llama/Llama-3.1-70B-Instruct')\n"
    )
    linter = Linter(collect(), debug=True)
    (small,) = [
        each
        for each in lint_data(linter, "a.py", text.encode(), Settings(), on_disk=False)
        if each.finding.code == "GS102"
    ]
    assert (small.place.line, small.place.column) == (8, 30)
    silenced = text.replace("# 模型", "# gpuspec: ignore[GS102] as asked")
    codes = {
        each.finding.code for each in lint_data(linter, "a.py", silenced.encode(), Settings(), on_disk=False)
    }
    assert "GS102" not in codes


def test_secrets_that_only_modal_knows() -> None:
    (document,) = documents(
        f"{HEAD}@app.function(gpu='T4', secrets=[modal.Secret.from_name('hf', required_keys=['HF_TOKEN'])])\n"
        "def f(): pass\n"
    )
    assert document.job is not None
    assert document.job.secrets == ("HF_TOKEN",)
    (document,) = documents(
        f"{HEAD}@app.function(gpu='T4', secrets=[modal.Secret.from_name('hf')])\ndef f(): 1\n"
    )
    assert not document.can_say("secrets")


@pytest.mark.parametrize(
    "before",
    [
        "X = {**X}\n",
        "A = 1 if A > 0 else 2\n",
        "X0 = 'aaaa'\n" + "".join(f"X{n + 1} = f'{{X{n}}}{{X{n}}}{{X{n}}}{{X{n}}}'\n" for n in range(60)),
        "cmd = ['a']\n" + "cmd = cmd + cmd\n" * 200,
        "".join(f"app.function(gpu='T4')(f{n})\n" for n in range(300)),
    ],
)
def test_hostile_python(before: str) -> None:
    text = (
        f"{HEAD}{before}@app.function(gpu=X60, timeout=A, **X)\ndef f():\n    x = ['a']\n"
        + "    x += x\n" * 60
        + "    subprocess.run(x)\n"
    )
    assert lines_run(lambda: documents(text)) < 3_000_000


def test_launches_in_a_loop_are_still_found() -> None:
    text = (
        f"{HEAD}import sky\n@app.function(gpu='T4')\ndef f(): pass\n"
        "for x in items:\n    sky.launch(task, cluster_name=f'c-{x}')\n"
    )
    codes = {
        each.finding.code
        for each in lint_data(Linter(collect(), debug=True), "a.py", text.encode(), Settings(), on_disk=False)
    }
    assert "GS301" in codes


IN_A_CLASS = """
import modal
from dataclasses import dataclass
app = modal.App("x")
GPU = modal.gpu.A100(count=2)
@dataclass
class Settings:
    name: str = "unsloth/Qwen3-14B"
    length: int = 32768
@app.cls(gpu=GPU)
class Generator:
    @modal.enter()
    def load(self):
        from vllm import LLM
        self.llm = LLM("mistralai/Mistral-7B-v0.1", tensor_parallel_size=GPU.count)
    @modal.method()
    def generate(self, prompts): return self.llm.generate(prompts)
@app.function(gpu="L40S")
def tune(settings: Settings):
    from unsloth import FastLanguageModel
    model, _ = FastLanguageModel.from_pretrained(settings.name, max_seq_length=settings.length)
    from trl import SFTTrainer
    SFTTrainer(model=model).train()
@app.function(gpu="T4")
def detect():
    from ultralytics import YOLO
    model = YOLO("yolov9c.pt")
    model.train(data="data.yaml")
@app.function(gpu="T4")
def tokens(folder: str):
    import subprocess
    command = f"vllm serve {'a/b'} -tp 1"
    subprocess.call(command.split(), cwd=folder)
"""


def test_what_python_of_its_own_says() -> None:
    found = [
        tuple(job[field] for field in ("engine", "model", "tp", "context", "task"))
        for job in jobs(IN_A_CLASS)
    ]
    assert found == [
        ("vllm", "mistralai/Mistral-7B-v0.1", 2, None, "serve"),
        ("unsloth", "unsloth/Qwen3-14B", None, 32768, "train"),
        ("ultralytics", "yolov9c.pt", None, None, "train"),
        ("vllm", "a/b", 1, None, "serve"),
    ]
