# ruff: noqa: E501 (commands and files stand as they are written)
"""What trainers, their launchers and their files say: how training is spread, what is trained, what is kept."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.catalog import Catalog
from gpuspec.commands.steps import read_steps
from gpuspec.job.job import GpuChoice, Job
from gpuspec.workload import Workload
from gpuspec.workload import read as read_workload

CATALOG = Catalog()


def read(run: str, files: dict[str, str] | None = None, setup: str | None = None) -> Workload:
    job = Job(
        run=run,
        setup=(setup,) if setup else (),
        gpu_types=(GpuChoice("A100-80GB", 4, ""),),
        pointers={"run": "/run", "setup": "/setup"},
    )
    return read_workload(job, read_steps(job, "spec.jsonc", dict(files or {}).get), catalog=CATALOG)


def check(workload: Workload, expected: dict[str, Any]) -> None:
    assert {field: getattr(workload, field) for field in expected} == expected


def unknown(workload: Workload, field: str) -> bool:
    """Whether a field was given, but cannot be known."""
    return getattr(workload, field) is None and field in workload.origins


TRAIN = "train.py --model_name_or_path Qwen/Qwen2.5-7B --per_device_train_batch_size 1"


@pytest.mark.parametrize(
    ("run", "sharding"),
    [
        (f"torchrun --nproc_per_node 4 {TRAIN}", None),
        (f"accelerate launch --num_processes 4 {TRAIN}", None),
        (f"accelerate launch --multi_gpu --num_processes 4 {TRAIN}", "ddp"),
        (f"accelerate launch --use_fsdp {TRAIN}", "fsdp"),
        (f"accelerate launch --use_fsdp --fsdp_sharding_strategy SHARD_GRAD_OP {TRAIN}", "fsdp-grad"),
        (f"accelerate launch --use_fsdp --fsdp_reshard_after_forward false {TRAIN}", "fsdp-grad"),
        (f"accelerate launch --use_fsdp --fsdp_offload_params true {TRAIN}", "fsdp-offload"),
        (f"accelerate launch --use_deepspeed {TRAIN}", "zero2"),
        (f"accelerate launch --use_deepspeed --zero_stage 3 {TRAIN}", "zero3"),
        (f"accelerate launch --use_deepspeed --zero_stage 3 --offload_param_device cpu {TRAIN}", "zero3-offload"),
        (f'torchrun --nproc_per_node 4 {TRAIN} --fsdp "full_shard auto_wrap"', "fsdp"),
        (f'torchrun --nproc_per_node 4 {TRAIN} --fsdp "shard_grad_op auto_wrap"', "fsdp-grad"),
        (f'torchrun --nproc_per_node 4 {TRAIN} --fsdp "full_shard offload"', "fsdp-offload"),
        (f'torchrun --nproc_per_node 4 {TRAIN} --fsdp ""', None),
        (f"deepspeed {TRAIN} --deepspeed LLaMA-Factory/deepspeed/ds_z3_config.json", "zero3"),
        (f"deepspeed {TRAIN} --deepspeed LLaMA-Factory/deepspeed/ds_z0_config.json", "ddp"),
        ("swift sft --model Qwen/Qwen2.5-7B --deepspeed zero3", "zero3"),
        ("swift sft --model Qwen/Qwen2.5-7B --deepspeed zero2_offload", "zero2-offload"),
        ("swift sft --model Qwen/Qwen2.5-7B", "layers"),
        ("NPROC_PER_NODE=4 swift sft --model Qwen/Qwen2.5-7B", None),
        ("CUDA_VISIBLE_DEVICES=0 swift sft --model Qwen/Qwen2.5-7B", None),
        ("tune run --nproc_per_node 4 full_finetune_distributed --config llama3_1/8B_full", "fsdp"),
        ("litgpt finetune_lora Qwen/Qwen2.5-7B --devices 4", "fsdp"),
        ("megatron sft --model Qwen/Qwen2.5-7B --tensor_model_parallel_size 2", "zero1"),
    ],
)  # fmt: skip
def test_state_is_divided_only_where_something_divides_it(run: str, sharding: str | None) -> None:
    workload = read(run)
    assert workload.sharding == sharding
    assert not unknown(workload, "sharding")


@pytest.mark.parametrize(
    "run",
    [
        f"deepspeed {TRAIN} --deepspeed ds.json",
        f"accelerate launch --config_file default.yaml {TRAIN}",
        f"accelerate launch --use_deepspeed --deepspeed_config_file my.json {TRAIN}",
    ],
)
def test_a_file_that_is_not_here_leaves_unknown_how_training_is_spread(run: str) -> None:
    assert unknown(read(run), "sharding")


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        # recipes/configs/llama3_1/8B_full_single_device.yaml of torchtune 0.6.1
        ("tune run full_finetune_single_device --config llama3_1/8B_full_single_device",
         {"batch": 2, "optimizer": "pagedadamw8bit_in_backward", "method": "full", "processes": 1, "gradient_checkpointing": True}),
        ("tune run full_finetune_single_device --config llama3_1/8B_full_single_device optimizer_in_bwd=False batch_size=1",
         {"batch": 1, "optimizer": "pagedadamw8bit"}),
        # llama3_2/1B_lora.yaml
        ("tune run --nproc_per_node 2 lora_finetune_distributed --config llama3_2/1B_lora dataset.max_seq_len=2048 compile=True",
         {"batch": 4, "lora_rank": 64, "gradient_checkpointing": False, "sequence": 2048, "compiled": True, "sharding": "fsdp", "processes": 2}),
        # llama3_1/8B_qlora_single_device.yaml: "tune run lora_finetune_single_device --config …", as its head says
        ("tune run lora_finetune_single_device --config llama3_1/8B_qlora_single_device",
         {"model_name": "Llama-3.1-8B", "method": "qlora", "quantization": "nf4"}),
        ("tune run lora_finetune_single_device --config llama3_1/8B_lora_single_device "
         "model._component_=torchtune.models.llama3_1.qlora_llama3_1_8b",
         {"model_name": "Llama-3.1-8B", "method": "qlora"}),
    ],
)  # fmt: skip
def test_torchtunes_own_files_are_known_by_name(run: str, expected: dict[str, Any]) -> None:
    check(read(run), {"engine": "torchtune", **expected})


@pytest.mark.parametrize(
    ("builder", "model", "method"),
    [
        # names that torchtune 0.6.1 exports from torchtune.models
        ("llama3_1.qlora_llama3_1_8b", "Llama-3.1-8B", "qlora"),
        ("llama3_2.lora_llama3_2_3b", "Llama-3.2-3B", "lora"),
        ("qwen2_5.lora_qwen2_5_1_5b_base", "Qwen2.5-1.5B", "lora"),
        ("qwen2.lora_qwen2_0_5b", "Qwen2-0.5B", "lora"),
        ("llama2.lora_llama2_reward_7b", "Llama-2-7B", "lora"),
    ],
)
def test_a_file_of_torchtune_names_its_model_by_the_builder(builder: str, model: str, method: str) -> None:
    file = f"model:\n  _component_: torchtune.models.{builder}\n"
    workload = read("tune run lora_finetune_single_device --config my.yaml", {"my.yaml": file})
    assert (workload.model_name, workload.method) == (model, method)


ACCELERATE = """\
compute_environment: LOCAL_MACHINE
distributed_type: {kind}
num_processes: 4
mixed_precision: bf16
{more}
"""


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("MULTI_GPU", "", {"sharding": "ddp", "processes": 4, "precision": "amp"}),
        ("FSDP", "fsdp_config:\n  fsdp_sharding_strategy: FULL_SHARD\n  fsdp_activation_checkpointing: true",
         {"sharding": "fsdp", "gradient_checkpointing": True}),
        ("FSDP", "fsdp_config:\n  fsdp_version: 2\n  fsdp_reshard_after_forward: false\n  fsdp_offload_params: true",
         {"sharding": "fsdp-grad-offload"}),
        ("DEEPSPEED", "deepspeed_config:\n  zero_stage: 3\n  offload_optimizer_device: cpu\n  offload_param_device: none",
         {"sharding": "zero3-offload", "cpu_offload": None}),
        ("DEEPSPEED", "", {"sharding": "zero2"}),
        ("DEEPSPEED", "deepspeed_config:\n  deepspeed_config_file: ds.json\n  zero3_init_flag: true",
         {"sharding": "zero3-offload", "cpu_offload": "params", "optimizer": "adamw"}),
        ("MEGATRON_LM", "megatron_lm_config:\n  megatron_lm_tp_degree: 2\n  megatron_lm_use_distributed_optimizer: true",
         {"tensor_parallel": 2, "sharding": "zero1"}),
    ],
)  # fmt: skip
def test_accelerates_file(kind: str, more: str, expected: dict[str, Any]) -> None:
    deepspeed = '{"optimizer": {"type": "AdamW"}, "zero_optimization": {"stage": 3, "offload_param": {"device": "cpu"}}}'
    files = {"a.yaml": ACCELERATE.format(kind=kind, more=more), "ds.json": deepspeed}
    check(read(f"accelerate launch --config_file a.yaml {TRAIN}", files), expected)


AXOLOTL = """\
base_model: meta-llama/Llama-3.1-8B
plugins:
  - axolotl.integrations.liger.LigerPlugin
  - axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin  # no logits
load_in_4bit: true
adapter: qlora
lora_r: 32
lora_target_modules:
  - q_proj
  - v_proj   # only these
datasets:
  - path: tatsu-lab/alpaca
    type: alpaca
sequence_len: 4096
sample_packing: true
micro_batch_size: 2
optimizer: adamw_bnb_8bit
bf16: auto
"""


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", {"method": "qlora", "fused_loss": True, "target_modules": "q_proj,v_proj", "lora_rank": 32, "packing": True,
              "optimizer": "adamw_bnb_8bit", "gradient_checkpointing": False, "sharding": None}),
        ("gradient_checkpointing: true\n", {"gradient_checkpointing": True, "cpu_offload": None}),
        ("gradient_checkpointing: offload\n", {"gradient_checkpointing": True, "cpu_offload": "activations"}),
        ("fsdp:\n  - full_shard\n  - auto_wrap\n", {"sharding": "fsdp"}),
        ("fsdp_version: 2\nfsdp_config:\n  offload_params: true\n  auto_wrap_policy: TRANSFORMER_BASED_WRAP\n",
         {"sharding": "fsdp-offload"}),
        ("fsdp_version: 2\nfsdp_config:\n  reshard_after_forward: false\n  offload_params: false\n", {"sharding": "fsdp-grad"}),
        ("deepspeed: deepspeed_configs/zero3_bf16.json\n", {"sharding": "zero3", "cpu_offload": None}),
        ("deepspeed: deepspeed_configs/zero3_bf16_cpuoffload_all.json\n", {"sharding": "zero3-offload"}),
        ("lora_target_linear: true\nlora_target_modules:\n", {"target_modules": "all"}),
        ("deepspeed:\n", {"sharding": None}),
    ],
)  # fmt: skip
def test_axolotls_file(more: str, expected: dict[str, Any]) -> None:
    text = (
        AXOLOTL.replace("lora_target_modules:\n  - q_proj\n  - v_proj   # only these\n", "")
        if "linear" in more
        else AXOLOTL
    )
    check(read("axolotl train c.yml", {"c.yml": text + more}), expected)


def test_axolotl_without_an_adapter_trains_what_it_loaded() -> None:
    text = "base_model: Qwen/Qwen2.5-7B\nsequence_len: 2048\nmicro_batch_size: 1\nbf16: true\n"
    check(read("axolotl train c.yml", {"c.yml": text}), {"precision": "amp", "method": None})
    assert unknown(
        read("axolotl train c.yml", {"c.yml": text + "unfrozen_parameters:\n  - lm_head\n"}), "method"
    )


FACTORY = "--stage sft --do_train --model_name_or_path Qwen/Qwen2.5-7B --cutoff_len 1024 --per_device_train_batch_size 2"
FACTORY_FILE = """\
model_name_or_path: Qwen/Qwen2.5-7B
stage: sft
do_train: true
finetuning_type: {method}
{more}
per_device_train_batch_size: 1
"""


@pytest.mark.parametrize(
    "start",
    [
        "llamafactory-cli train",
        "torchrun --nproc_per_node 4 src/train.py",
        "python src/train_bash.py",
        "accelerate launch src/train.py",
    ],
)
@pytest.mark.parametrize("method", ["full", "lora"])
def test_llama_factory_is_the_same_by_command_and_by_script(start: str, method: str) -> None:
    expected = {"engine": "llama-factory", "task": "train", "method": method, "sequence": 1024, "batch": 2,
                "gradient_checkpointing": True, "algorithm": "sft", "model_name": "Qwen/Qwen2.5-7B",
                "lora_rank": 8 if method == "lora" else None}  # fmt: skip
    check(read(f"{start} {FACTORY} --finetuning_type {method}"), expected)


@pytest.mark.parametrize("start", ["llamafactory-cli train", "torchrun --nproc_per_node 4 src/train.py"])
@pytest.mark.parametrize(
    ("method", "more", "expected"),
    [
        ("full", "deepspeed: ../deepspeed/ds_z3_config.json", {"method": "full", "sharding": "zero3", "lora_rank": None}),
        ("lora", "quantization_bit: 4\nlora_target: q_proj,v_proj", {"method": "qlora", "quantization": "nf4", "target_modules": "q_proj,v_proj"}),
        ("freeze", "freeze_trainable_layers: 8", {"method": "full", "trained_layers": 8}),
        ("freeze", "", {"method": "full", "trained_layers": 2}),
        ("full", "use_galore: true\npure_bf16: true", {"optimizer": "galore", "precision": "bf16", "trained_layers": None}),
        ("full", "use_badam: true", {"optimizer": "badam"}),
        ("full", "use_badam: false", {"optimizer": None}),
    ],
)  # fmt: skip
def test_llama_factorys_file(start: str, method: str, more: str, expected: dict[str, Any]) -> None:
    files = {"c.yaml": FACTORY_FILE.format(method=method, more=more)}
    check(
        read(f"{start} c.yaml", files), {"engine": "llama-factory", "batch": 1, "sequence": 2048, **expected}
    )


def test_llama_factorys_own_train_py_without_its_file() -> None:
    workload = read("cd LLaMA-Factory && torchrun --nproc_per_node 4 src/train.py examples/train_lora/x.yaml")
    assert workload.engine == "llama-factory"
    assert unknown(workload, "batch")


def test_a_persona_is_no_model() -> None:
    run = "swift sft --model Qwen/Qwen2.5-7B-Instruct --model_author swift --model_name swift-robot --max_length 2048"
    check(
        read(run),
        {
            "model_name": "Qwen/Qwen2.5-7B-Instruct",
            "method": "lora",
            "lora_rank": 8,
            "batch": 1,
            "sequence": 2048,
        },
    )


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("NPROC_PER_NODE=8 megatron sft --model Qwen/Qwen3-30B-A3B --tensor_model_parallel_size 4 --expert_model_parallel_size 8 "
         "--sequence_parallel true --micro_batch_size 2 --max_length 8192 --recompute_granularity full --packing true",
         {"engine": "megatron-lm", "method": "full", "tensor_parallel": 4, "expert_parallel": 8, "sequence_parallel": True, "batch": 2,
          "sequence": 8192, "gradient_checkpointing": True, "selective_checkpointing": False, "packing": True, "processes": 8}),
        ("torchrun --nproc_per_node 8 pretrain_gpt.py --tensor-model-parallel-size 2 --pipeline-model-parallel-size 2 --num-layers 32 "
         "--hidden-size 4096 --num-attention-heads 32 --seq-length 4096 --micro-batch-size 1 --bf16 --recompute-activations",
         # 32 × 12 × 4096² + 50,304 × 4096
         {"params_b": 6.648, "tensor_parallel": 2, "pipeline_parallel": 2, "sequence": 4096, "selective_checkpointing": True,
          "precision": "amp", "sharding": None}),
        ("torchrun --nproc_per_node 8 pretrain_gpt.py --num-layers 32 --hidden-size 4096 --num-attention-heads 32 --group-query-attention "
         "--num-query-groups 8 --ffn-hidden-size 14336 --swiglu --untie-embeddings-and-output-weights --vocab-size 128256 "
         "--seq-length 8192 --micro-batch-size 1 --use-distributed-optimizer --bf16",
         # Llama 3 8B, whose norms are not counted: 8.030 B
         {"params_b": 8.030, "sharding": "zero1"}),
        ("python megatron_gpt_finetuning.py trainer.devices=8 model.restore_from_path=llama-3-8b.nemo model.micro_batch_size=1 "
         "model.tensor_model_parallel_size=4 model.data.train_ds.max_seq_length=2048 model.peft.peft_scheme=lora",
         {"engine": "nemo", "processes": 8, "tensor_parallel": 4, "sequence": 2048, "batch": 1, "method": "lora"}),
        ("uv run run_sft.py policy.model_name=Qwen/Qwen2.5-7B policy.train_micro_batch_size=1 cluster.gpus_per_node=8",
         {"engine": "nemo-rl", "model_name": "Qwen/Qwen2.5-7B", "processes": 8, "batch": 1, "sharding": "fsdp"}),
        ("CONFIG_FILE=./train_configs/llama3_8b.toml NGPU=8 ./run_train.sh",
         {"engine": "torchtitan", "model_name": "Llama-3.1-8B", "processes": 8, "sharding": "fsdp", "batch": None}),
    ],
)  # fmt: skip
def test_trainers_for_many_gpus(run: str, expected: dict[str, Any]) -> None:
    check(read(run), expected)


def test_torchtitans_file() -> None:
    text = (
        "[model]\nname = 'llama3'\nflavor = '8B'\n[training]\nlocal_batch_size = 1\nseq_len = 8192\n[compile]\nenable = true\n"
        "[parallelism]\ntensor_parallel_degree = 2\ndata_parallel_shard_degree = -1\n"
        "[activation_checkpoint]\nmode = 'selective'\nselective_ac_option = 'op'\n"
    )
    pytest.importorskip("tomllib")
    run = "torchrun --nproc_per_node 8 -m torchtitan.train --job.config_file t.toml"
    expected = {"model_name": "Llama-3.1-8B", "batch": 1, "sequence": 8192, "compiled": True, "tensor_parallel": 2,
                "sharding": "fsdp", "selective_checkpointing": True, "dtype": "fp32", "method": "full"}  # fmt: skip
    check(read(run, {"t.toml": text}), expected)


@pytest.mark.parametrize(
    ("pin", "checkpoints"), [("trl==0.19.1", False), ("trl==0.20.0", True), ("trl", True)]
)
def test_trl_checkpoints_from_a_version_on(pin: str, checkpoints: bool) -> None:
    """SFTConfig turned it on with huggingface/trl#3510, released in 0.20."""
    workload = read("trl sft --model_name_or_path Qwen/Qwen2.5-7B", setup=f"pip install {pin}")
    check(workload, {"gradient_checkpointing": checkpoints, "batch": 8, "sequence": 1024})


SCRIPT = """\
from transformers import AutoModelForCausalLM, TrainingArguments, Trainer
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
import torch
model = AutoModelForCausalLM.from_pretrained("Qwen/Qwen2.5-7B", torch_dtype=torch.bfloat16{load})
{between}
args = TrainingArguments(per_device_train_batch_size=2{more})
Trainer(model=model, args=args).train()
"""


@pytest.mark.parametrize(
    ("run", "load", "between", "more", "expected"),
    [
        ("python t.py", "", "", "", {"dtype": "bf16", "sharding": None, "gradient_checkpointing": False, "method": None}),
        ("python t.py", ', device_map="auto"', "", "", {"sharding": "layers"}),
        ("torchrun --nproc_per_node 4 t.py", ', device_map="auto"', "", "", {"sharding": None, "processes": 4}),
        ("python t.py", "", "model.gradient_checkpointing_enable()", "", {"gradient_checkpointing": True}),
        ("python t.py", "", "model = prepare_model_for_kbit_training(model)", "", {"gradient_checkpointing": True}),
        ("python t.py", "", "", ", gradient_checkpointing=True, optim='galore_adamw'",
         {"gradient_checkpointing": True, "optimizer": "galore_adamw"}),
        ("python t.py", "", "model = get_peft_model(model, LoraConfig(r=64, target_modules=['q_proj', 'o_proj']))", "",
         {"method": "lora", "lora_rank": 64, "target_modules": "q_proj,o_proj"}),
        ("python t.py", "", "model = get_peft_model(model, LoraConfig(target_modules='all-linear'))", "",
         {"lora_rank": 8, "target_modules": "all"}),
        ("python t.py", "", "model = get_peft_model(model, LoraConfig())", "", {"lora_rank": 8, "target_modules": "q_proj,v_proj"}),
        ("torchrun --nproc_per_node 4 t.py", "", "", ", fsdp='full_shard auto_wrap'", {"sharding": "fsdp"}),
        ("torchrun --nproc_per_node 4 t.py", "", "", ", deepspeed='ds_zero3.json'", {"sharding": "zero3"}),
    ],
)  # fmt: skip
def test_a_python_script(run: str, load: str, between: str, more: str, expected: dict[str, Any]) -> None:
    workload = read(run, {"t.py": SCRIPT.format(load=load, between=between, more=more)})
    check(workload, {"task": "train", "model_name": "Qwen/Qwen2.5-7B", "batch": 2, **expected})


def test_unsloth_in_python() -> None:
    text = (
        "from unsloth import FastLanguageModel\nfrom trl import SFTTrainer, SFTConfig\n"
        "model, tokenizer = FastLanguageModel.from_pretrained('unsloth/Qwen3-14B', max_seq_length=4096, load_in_4bit=True)\n"
        "model = FastLanguageModel.get_peft_model(model, r=32, target_modules=['q_proj', 'k_proj'], use_gradient_checkpointing=False)\n"
        "SFTTrainer(model=model, args=SFTConfig(per_device_train_batch_size=4, optim='adamw_8bit')).train()\n"
    )
    expected = {"engine": "unsloth", "method": "qlora", "sequence": 4096, "lora_rank": 32, "target_modules": "q_proj,k_proj",
                "gradient_checkpointing": False, "batch": 4, "optimizer": "adamw_8bit"}  # fmt: skip
    check(read("python t.py", {"t.py": text}), expected)


def test_the_authors_own_script_with_a_file_of_everybodys_names() -> None:
    text = "model_name_or_path: Qwen/Qwen2.5-7B\nbf16: true\nfsdp: [full_shard, auto_wrap]\nper_device_train_batch_size: 4\nlora_r: 8\n"
    workload = read("torchrun --nproc_per_node 4 train.py configs/run.yaml", {"configs/run.yaml": text})
    check(
        workload,
        {"model_name": "Qwen/Qwen2.5-7B", "sharding": "fsdp", "batch": 4, "lora_rank": 8, "method": "lora"},
    )


FLUX = "--pretrained_model_name_or_path black-forest-labs/FLUX.1-dev"


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        # train_dreambooth_lora_flux.py: --resolution 512, --train_batch_size 4, --rank 4, no checkpointing
        (f"accelerate launch train_dreambooth_lora_flux.py {FLUX} --instance_data_dir=img",
         {"engine": "diffusers", "method": "lora", "width": 512, "batch": 4, "lora_rank": 4, "gradient_checkpointing": False,
          "trains_text_encoder": None, "caches_latents": None}),
        (f"accelerate launch train_dreambooth_lora_flux.py {FLUX} --gradient_checkpointing --cache_latents --train_text_encoder",
         {"gradient_checkpointing": True, "caches_latents": True, "trains_text_encoder": True}),
        # collate_fn of the script: beside each picture one of its class
        (f"accelerate launch train_dreambooth_lora_flux.py {FLUX} --train_batch_size=1 --with_prior_preservation", {"batch": 2}),
        (f"accelerate launch train_dreambooth_lora_flux.py {FLUX} --with_prior_preservation", {"batch": 8}),
        ("accelerate launch train_text_to_image_sdxl.py --pretrained_model_name_or_path stabilityai/stable-diffusion-xl-base-1.0",
         {"method": "full", "width": 1024, "batch": 16, "gradient_checkpointing": False}),
        ("accelerate launch flux_train_network.py --pretrained_model_name_or_path flux1-dev.safetensors --fp8_base "
         "--cache_latents_to_disk --cache_text_encoder_outputs --network_train_unet_only --resolution 768,512",
         {"engine": "kohya", "quantization": "fp8", "caches_latents": True, "caches_text": True, "trains_text_encoder": False,
          "batch": 1, "lora_rank": 4, "gradient_checkpointing": False, "width": 768, "height": 512}),
        ("accelerate launch wan_train_network.py --dit wan2.1_t2v_14B.safetensors --network_dim 32 --blocks_to_swap 20 --fp8_base",
         {"modality": "video", "lora_rank": 32, "cpu_offload": "weights", "caches_text": True}),
    ],
)  # fmt: skip
def test_trainers_of_pictures(run: str, expected: dict[str, Any]) -> None:
    check(read(run), {"task": "train", **expected})


def test_kohyas_files() -> None:
    pytest.importorskip("tomllib")
    settings = '[model]\npretrained_model_name_or_path = "sd_xl_base_1.0.safetensors"\n[training]\ngradient_checkpointing = true\nnetwork_dim = 64\n'
    data = "[general]\nflip_aug = true\n[[datasets]]\nresolution = 1024\nbatch_size = 4\n[[datasets.subsets]]\nimage_dir = 'img'\n"
    run = "accelerate launch sdxl_train_network.py --config_file c.toml --dataset_config d.toml"
    expected = {
        "gradient_checkpointing": True,
        "lora_rank": 64,
        "width": 1024,
        "height": 1024,
        "batch": 4,
        "method": "lora",
    }
    check(read(run, {"c.toml": settings, "d.toml": data}), expected)
    assert unknown(read(run, {"c.toml": settings}), "batch")


AI_TOOLKIT = """\
job: extension
config:
  name: mine
  process:
    - type: 'sd_trainer'
      network:
        type: "lora"
        linear: 16
      datasets:
        - folder_path: "/img"
          cache_latents_to_disk: true
          resolution: [ 512, 768, 1024 ]
      train:
        batch_size: 2
        train_text_encoder: false
        gradient_checkpointing: true  # or much VRAM
        optimizer: "adamw8bit"
        dtype: bf16
      model:
        name_or_path: "black-forest-labs/FLUX.1-dev"
        quantize: true
"""


@pytest.mark.parametrize("run", ["cd ai-toolkit && python run.py c.yaml", "python run.py c.yaml"])
def test_ai_toolkits_file(run: str) -> None:
    expected = {"engine": "ai-toolkit", "task": "train", "model_name": "black-forest-labs/FLUX.1-dev", "method": "lora", "lora_rank": 16,
                "width": 1024, "batch": 2, "gradient_checkpointing": True, "optimizer": "adamw8bit", "dtype": "bf16",
                "quantization": "fp8", "caches_latents": True, "trains_text_encoder": False}  # fmt: skip
    check(read(run, {"c.yaml": AI_TOOLKIT, "ai-toolkit/c.yaml": AI_TOOLKIT}), expected)


def test_files_of_other_picture_trainers() -> None:
    one = ('{"base_model_name": "black-forest-labs/FLUX.1-dev", "training_method": "LORA", "batch_size": 1, "resolution": "768", '
           '"gradient_checkpointing": "CPU_OFFLOADED", "lora_rank": 32, "optimizer": {"optimizer": "ADAMW_8BIT"}, '
           '"transformer": {"weight_dtype": "NFLOAT_4"}}')  # fmt: skip
    expected = {"engine": "onetrainer", "method": "qlora", "width": 768, "lora_rank": 32, "quantization": "nf4",
                "gradient_checkpointing": True, "cpu_offload": "activations", "optimizer": "adamw_8bit"}  # fmt: skip
    check(read("python scripts/train.py --config-path c.json", {"c.json": one}), expected)
    simple = ('{"--model_family": "flux", "--model_type": "lora", "--pretrained_model_name_or_path": "black-forest-labs/FLUX.1-dev", '
              '"--resolution": "1024", "--base_model_precision": "int8-quanto", "--train_batch_size": 2, "--gradient_checkpointing": "true"}')  # fmt: skip
    expected = {"engine": "simpletuner", "method": "lora", "width": 1024, "batch": 2, "quantization": "int8",
                "gradient_checkpointing": True, "lora_rank": 16}  # fmt: skip
    check(read("accelerate launch train.py --config config.json", {"config.json": simple}), expected)
