# ruff: noqa: E501 (Python texts stand as they are written)
"""What stands first, where values come from, and the files that commands name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gpuspec import text as jsonc
from gpuspec.catalog import Catalog
from gpuspec.commands.steps import read_steps
from gpuspec.formats.job_spec import job_of
from gpuspec.job.job import Download, Job, ModelSpec
from gpuspec.workload import Origin, Workload
from gpuspec.workload import read as read_workload

CATALOG = Catalog()

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "gpu-jsonc"


def job(run: str | None = None, **more: Any) -> Job:
    pointers = {"run": "/run", "setup": "/setup", "model": "/model", "items": "/items", "task": "/task"}
    return Job(run=run, pointers=pointers, **more)


def read(job: Job, path: str | None = None, read_file: Any = None) -> Workload:
    return read_workload(job, read_steps(job, path, read_file), catalog=CATALOG)


def files(**texts: str) -> Any:
    return {name.replace("__", "/").replace("_DOT_", "."): text for name, text in texts.items()}.get


def test_nothing_said_is_nothing_known() -> None:
    workload = read(job())
    assert all(not value for value in workload)


@pytest.mark.parametrize(
    ("fetch", "path", "expected"),
    [
        ("git clone https://huggingface.co/org/model /m", "/m", "org/model"),
        ("git clone --depth 1 https://huggingface.co/org/model.git ./m", "m", "org/model"),
        ("git clone https://github.com/org/model /m", "/m", "/m"),
        ("modelscope download --model org/model --local_dir /m", "/m", "org/model"),
        ("wget -q -O /m/a.gguf https://huggingface.co/org/model-GGUF/resolve/main/model-7b-q8_0.gguf?download=true", "/m/a.gguf", "model-7b-q8_0.gguf"),
        ("curl -L https://huggingface.co/org/model/resolve/main/model.safetensors -o w.safetensors", "w.safetensors", "org/model"),
        ("curl -o /m https://example.com/org/model", "/m", "/m"),
        ("python -c \"from huggingface_hub import snapshot_download; snapshot_download('org/model', local_dir='/m')\"", "/m", "org/model"),
        ("python -c \"import huggingface_hub as h; h.snapshot_download(repo_id='org/model', local_dir='/m')\"", "/m", "org/model"),
        ("python -c \"from huggingface_hub import snapshot_download; snapshot_download('org/model')\"", "/m", "/m"),
        ("python fetch.py", "/m", "org/model"),
    ],
)  # fmt: skip
def test_a_path_is_the_model_that_a_command_fetched_there(fetch: str, path: str, expected: str) -> None:
    fetching = "import os\nfrom huggingface_hub import snapshot_download\nD = '/m'\nsnapshot_download('org/model', local_dir=D)\n"
    found = read(job(f"{fetch}\nvllm serve {path}"), read_file=files(fetch_DOT_py=fetching))
    assert found.model_name == expected


def test_a_spec_without_commands_loads_no_parser() -> None:
    code = (
        "import sys; from gpuspec.job.job import Job; from gpuspec.catalog import Catalog;"
        "from gpuspec.workload import read; read(Job(), catalog=Catalog());"
        "print([m for m in ('ast', 'tree_sitter', 'gpuspec.commands.shell', 'gpuspec.engines', 'pathlib') "
        "if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_spec_stands_above_the_command() -> None:
    model = ModelSpec(id="Qwen/Qwen2.5-7B", quantization="fp8", context=4096)
    workload = read(job("vllm serve Qwen/Qwen2.5-7B --max-model-len 8192 -tp 2", model=model))
    assert (workload.context, workload.quantization, workload.tensor_parallel) == (4096, "fp8", 2)
    assert workload.origin("context") == Origin("spec", "4096", "/model")
    assert workload.origin("tensor_parallel") == Origin("command", "-tp 2", "/run")
    assert workload.origin("kv_dtype").kind == "default"


@pytest.mark.parametrize(
    ("command", "own", "scheme"),
    [
        ("vllm serve ./models/foo --served-model-name Qwen/Qwen3-8B-AWQ", "Qwen3-8B", "awq"),
        ("vllm serve /data/foo --served-model-name gpt-4", None, None),
        ("vllm serve ./models/Qwen3-32B --served-model-name Qwen/Qwen3-8B", "Qwen3-32B", None),
        ("vllm serve acme/foo --served-model-name Qwen/Qwen3-8B", None, None),
    ],
)
def test_a_folder_that_nobody_knows_is_what_it_is_served_as(
    command: str, own: str | None, scheme: str | None
) -> None:
    workload = read(job(command))
    assert (workload.model.id if workload.model else None) == own
    assert workload.quantization == scheme


def test_a_quantized_dtype_of_the_spec_is_a_quantization() -> None:
    workload = read(job(model=ModelSpec(id="Qwen/Qwen2.5-7B", dtype="int4")))
    assert (workload.quantization, workload.dtype) == ("int4", None)


def test_a_task_comes_from_the_spec_then_items_then_the_command() -> None:
    assert read(job("vllm serve a/b-7b", task="interactive")).task == "interactive"
    assert read(job("vllm serve a/b-7b", items="*.wav")).task == "batch"
    assert read(job("axolotl train c.yml", items="*.yml")).task == "train"
    assert read(job("vllm serve a/b-7b")).task == "serve"
    assert read(job("python train.py", usual_task="serve")).task == "train"
    assert read(job("python app.py", usual_task="serve")).task == "serve"


def test_a_job_that_waits_is_there_for_whoever_comes_in() -> None:
    for waits in (
        "sleep infinity",
        "stdbuf -o0 bash -c 'sleep 1000000'",
        "pip install x && tail -f /dev/null",
    ):
        assert read(job(waits)).task == "interactive"
    for other in ("sleep 60", "vllm serve a/b-7b & sleep infinity", "python app.py; sleep infinity"):
        assert read(job(other)).task != "interactive", other


def test_who_wrote_a_script_s_trainer_is_what_is_usual() -> None:
    workload = read(job("python train.py"))
    assert (workload.task, workload.origins["task"].kind) == ("train", "command")
    assert (workload.engine, workload.origins["engine"].kind) == ("hf-trainer", "default")
    assert read(job("python app.py", ports=())).task is None


def test_a_name_tells_the_quantization_and_says_so() -> None:
    workload = read(job("vllm serve TheBloke/Llama-2-13B-AWQ"))
    assert workload.quantization == "awq"
    assert workload.origin("quantization") == Origin("name", "TheBloke/Llama-2-13B-AWQ", "/run")
    spliced = read(job('vllm serve TheBloke/Llama-2-13B-AWQ --quantization "$Q"'))
    assert spliced.quantization is None, "said, and not known"


def test_the_specs_environment_is_the_commands() -> None:
    run = "vllm serve $MODEL --max-model-len ${LEN:-1024} --dtype $TOKEN"
    workload = read(job(run, env={"MODEL": "Qwen/Qwen2.5-7B", "LEN": "2048"}, secrets=("TOKEN",)))
    assert (workload.model_name, workload.context, workload.dtype) == ("Qwen/Qwen2.5-7B", 2048, None)


def test_a_download_names_its_folder() -> None:
    download = Download("hf", "Qwen/Qwen2.5-7B-Instruct", target="models/qwen/")
    assert (
        read(job("vllm serve ./models/qwen", downloads=(download,))).model_name == "Qwen/Qwen2.5-7B-Instruct"
    )


def test_a_script_beside_the_spec_is_followed() -> None:
    texts = files(start_DOT_sh='exec vllm serve "$1" --max-model-len 512')
    workload = read(job("bash ./start.sh Qwen/Qwen2.5-7B"), "spec.jsonc", texts)
    assert (workload.engine, workload.model_name, workload.context) == ("vllm", "Qwen/Qwen2.5-7B", 512)
    assert workload.origin("context") == Origin("file", "--max-model-len 512", "/run", "start.sh")


PYTHON = [
    (
        "from vllm import LLM\nLLM(model='Qwen/Qwen2.5-7B', tensor_parallel_size=2, max_model_len=2048, dtype='half')",
        {"engine": "vllm", "task": "batch", "model_name": "Qwen/Qwen2.5-7B", "tensor_parallel": 2, "context": 2048,
         "dtype": "fp16"},
    ),
    (
        "import torch\nfrom transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig\n"
        "NAME = 'mistralai/Mistral-7B-v0.1'\n"
        "q = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_use_double_quant=True)\n"
        "AutoTokenizer.from_pretrained('other/tokenizer')\n"
        "AutoModelForCausalLM.from_pretrained(NAME, quantization_config=q, torch_dtype=torch.bfloat16)",
        {"engine": "transformers", "model_name": "mistralai/Mistral-7B-v0.1", "quantization": "nf4-dq", "dtype": "bf16"},
    ),
    (
        "import argparse, diffusers, torch\nfrom diffusers import FluxPipeline\np = argparse.ArgumentParser()\n"
        "p.add_argument('--model', default='black-forest-labs/FLUX.1-schnell')\na = p.parse_args()\n"
        "pipe = FluxPipeline.from_pretrained(a.model, torch_dtype=torch.bfloat16)\npipe.enable_model_cpu_offload()",
        {"engine": "diffusers", "model_name": "black-forest-labs/FLUX.1-dev", "dtype": "bf16", "cpu_offload": "model"},
    ),
    (
        "import torch\nfrom diffusers import CogVideoXPipeline\n"
        "pipe = CogVideoXPipeline.from_pretrained('zai-org/CogVideoX-5b', torch_dtype=torch.bfloat16, device_map='cpu')\n"
        "pipe.enable_sequential_cpu_offload()\npipe.vae.enable_tiling()",
        {"engine": "diffusers", "model_name": "zai-org/CogVideoX-5b", "dtype": "bf16", "cpu_offload": "sequential",
         "tiles_vae": True, "loaded_on_host": True},
    ),
    (
        "from unsloth import FastLanguageModel\nfrom trl import SFTTrainer, SFTConfig\n"
        "m, t = FastLanguageModel.from_pretrained('unsloth/llama-3-8b-bnb-4bit', max_seq_length=2048, load_in_4bit=True)\n"
        "m = FastLanguageModel.get_peft_model(m, r=16)\n"
        "SFTTrainer(model=m, args=SFTConfig(per_device_train_batch_size=2, gradient_accumulation_steps=4, optim='adamw_8bit'))",
        {"engine": "unsloth", "task": "train", "model_name": "unsloth/llama-3-8b-bnb-4bit", "method": "qlora",
         "lora_rank": 16, "sequence": 2048, "batch": 2, "gradient_accumulation": 4, "optimizer": "adamw_8bit",
         "algorithm": "sft", "quantization": "nf4", "gradient_checkpointing": True,
         "target_modules": "all"},
    ),
    (
        "import whisper\nwhisper.load_model('large-v3')",
        {"engine": "openai-whisper", "task": "batch", "model_name": "large-v3"},
    ),
    (
        "from faster_whisper import WhisperModel\nWhisperModel('large-v3', compute_type='int8_float16')",
        {"engine": "faster-whisper", "task": "batch", "model_name": "large-v3", "quantization": "int8"},
    ),
    (
        "import gradio as gr\nfrom transformers import pipeline\np = pipeline('text-generation', model='gpt2')\n"
        "gr.Interface(fn=p).launch()",
        {"engine": "transformers", "task": "interactive", "model_name": "gpt2"},
    ),
    (
        "import os\nfrom sentence_transformers import SentenceTransformer\n"
        "SentenceTransformer(os.environ.get('EMBED', 'BAAI/bge-m3'))",
        {"engine": "transformers", "model_name": "BAAI/bge-m3"},
    ),
    (
        "from vllm import LLM\nORG = 'Qwen'\nLEN = 2048\nLLM(f'{ORG}/' + 'Qwen2.5-7B', max_model_len=LEN)",
        {"engine": "vllm", "task": "batch", "model_name": "Qwen/Qwen2.5-7B", "context": 2048},
    ),
    ("from vllm import LLM\nLLM(model=f'{pick()}/x')", {"engine": "vllm", "task": "batch"}),
    ("from vllm import LLM\nLLM(model=pick())", {"engine": "vllm", "task": "batch"}),
    ("this is not python", {}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PYTHON, ids=[str(n) for n in range(len(PYTHON))])
def test_python_beside_the_spec(text: str, expected: dict[str, Any]) -> None:
    run = "python app.py" + (" --model black-forest-labs/FLUX.1-dev" if "argparse" in text else "")
    workload = read(job(run), "spec.jsonc", files(app_DOT_py=text))
    skipped = ("model", "params_b", "modality", "origins")
    said = {k: v for k, v in workload._asdict().items() if v not in (None, ()) and k not in skipped}
    assert said == expected


def test_python_in_the_command() -> None:
    text = "from vllm import LLM; LLM('Qwen/Qwen2.5-7B')"
    assert read(job(f'python -c "{text}"')).model_name == "Qwen/Qwen2.5-7B"
    assert read(job(f"python3 - <<'EOF'\n{text}\nEOF")).model_name == "Qwen/Qwen2.5-7B"
    assert read(job(f"cat > b.py <<'EOF'\n{text}\nEOF\npython b.py")).model_name == "Qwen/Qwen2.5-7B"


AXOLOTL = """\
base_model: NousResearch/Meta-Llama-3-8B   # a comment
load_in_4bit: true
adapter: qlora
datasets:
  - path: tatsu-lab/alpaca
    type: alpaca
sequence_len: 4096
sample_packing: true
lora_r: 32
micro_batch_size: 2
gradient_accumulation_steps: 4
optimizer: paged_adamw_32bit
gradient_checkpointing: true
deepspeed: deepspeed_configs/zero2.json
"""


def test_configuration_files() -> None:
    workload = read(job("axolotl train c.yml"), "spec.jsonc", files(c_DOT_yml=AXOLOTL))
    assert (workload.model_name, workload.method, workload.quantization) == (
        "NousResearch/Meta-Llama-3-8B", "qlora", "nf4",
    )  # fmt: skip
    assert (workload.sequence, workload.lora_rank, workload.batch, workload.gradient_accumulation) == (
        4096,
        32,
        2,
        4,
    )
    assert (workload.packing, workload.gradient_checkpointing, workload.sharding) == (True, True, "zero2")
    assert workload.optimizer == "paged_adamw_32bit"
    assert workload.origin("sequence") == Origin("file", "sequence_len: 4096", "/run", "c.yml")

    stage = '{"zero_optimization": {"stage": 3, "offload_optimizer": {"device": "cpu"}}}'
    run = "deepspeed --num_gpus 4 train.py --model_name_or_path gpt2 --deepspeed ds.json"
    assert read(job(run), "s.jsonc", files(ds_DOT_json=stage)).sharding == "zero3-offload"

    accelerate = (
        "compute_environment: LOCAL_MACHINE\ndistributed_type: FSDP\nnum_processes: 8\nnum_machines: 2\n"
    )
    run = "accelerate launch --config_file a.yaml train.py --model_name_or_path gpt2"
    workload = read(job(run), "s.jsonc", files(a_DOT_yaml=accelerate))
    assert (workload.sharding, workload.processes) == ("fsdp", 4)


def test_only_files_under_the_specs_folder_are_read(tmp_path: Path) -> None:
    spec = tmp_path / "job"
    spec.mkdir()
    (spec / "spec.jsonc").write_text("{}")
    (tmp_path / "out.sh").write_text("vllm serve Qwen/Qwen2.5-7B")
    (spec / "link.sh").symlink_to(tmp_path / "out.sh")
    (spec / "in.sh").write_text("vllm serve Qwen/Qwen2.5-7B")
    (spec / "long.sh").write_text("vllm serve Qwen/Qwen2.5-7B\n" + "#" * (1 << 20))
    here = str(spec / "spec.jsonc")
    assert read(job("bash in.sh"), here).engine == "vllm"
    for run in (
        "bash ../out.sh",
        "bash link.sh",
        f"bash {tmp_path}/out.sh",
        "bash long.sh",
        "bash .",
        "bash a\0b",
    ):
        assert read(job(run), here).engine is None, run
    assert read(job("bash in.sh")).engine is None


def test_a_script_that_calls_itself_ends() -> None:
    assert read(job("bash a.sh"), "s.jsonc", files(a_DOT_sh="bash a.sh")).engine is None


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
@pytest.mark.parametrize(
    "path", sorted(CORPUS.glob("*.jsonc")) if CORPUS.is_dir() else [], ids=lambda path: path.stem
)
def test_corpus(path: Path) -> None:
    spec = job_of(jsonc.parse(path.read_text()))
    assert spec is not None
    workload = read(spec, str(path))
    if path.name.startswith("vllm-models"):
        assert (workload.engine, workload.task, workload.model_name) == (
            "vllm",
            "serve",
            "Qwen/Qwen2.5-7B-Instruct",
        )
        assert workload.origin("model_name").pointer == "/serverless/runpod/env/MODEL_NAME"
    else:  # their scripts are not beside them
        assert (workload.engine, workload.model_name) == (None, None)


@pytest.mark.parametrize(
    ("version", "load", "dtype"),
    [
        # transformers 4, modeling_utils: without torch_dtype, weights are loaded in torch's default, 32 bit; 5: "auto".
        ("==4.40.0", "AutoModelForCausalLM.from_pretrained('meta-llama/Llama-2-7b-hf').cuda()", "fp32"),
        ("==5.1.0", "AutoModelForCausalLM.from_pretrained('meta-llama/Llama-2-7b-hf').cuda()", None),
        ("", "AutoModelForCausalLM.from_pretrained('meta-llama/Llama-2-7b-hf').cuda()", None),
        ("==4.40.0", "AutoModelForCausalLM.from_pretrained('meta-llama/Llama-2-7b-hf').half().cuda()", None),
        ("==4.40.0", "AutoModelForCausalLM.from_pretrained('meta-llama/Llama-2-7b-hf', **how)", None),
    ],
)
def test_a_model_loaded_without_a_dtype_is_32_bit_before_transformers_5(
    version: str, load: str, dtype: str | None
) -> None:
    run = f'python -c "from transformers import AutoModelForCausalLM; m = {load}"'
    pip = f"pip install transformers{version}"
    asked = Job(run=run, setup=(pip,), pointers={"run": "/run", "setup": "/setup"})
    assert read(asked).dtype == dtype
