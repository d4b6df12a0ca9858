"""Arguments of trainers as people write them → the words of a Workload. What is not understood is None."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gpuspec.workload.values import DTYPES, number, truth, whole, word

SILENT: Any = object()
"""What an argument says nothing with, so that the field stays as it is: `gradient_checkpointing: true` says nothing
of where activations are kept, `gradient_checkpointing: offload` does."""


EMPTY_IS_NONE = frozenset({"fsdp"})
"""Kinds of which an empty text says that there is none: --fsdp ""."""


def fsdp(text: str) -> str | None:
    """HF's --fsdp "full_shard auto_wrap offload"; in a configuration file a list of these."""
    words = text.strip().lower().replace(",", " ").split()
    if not words or truth(words[0]) is False:
        return SILENT  # type: ignore[no-any-return]
    if "no_shard" in words:
        return "ddp"
    offload = "-offload" if "offload" in words else ""
    if "shard_grad_op" in words or "hybrid_shard_zero2" in words:
        return f"fsdp-grad{offload}"
    return f"fsdp{offload}" if {"full_shard", "hybrid_shard"} & {*words} or truth(words[0]) else None


def framework(text: str) -> str | None:
    """What spreads a training by the name of the library alone: how far DeepSpeed divides stands elsewhere."""
    return {"fsdp": "fsdp", "fsdp2": "fsdp", "ddp": "ddp"}.get(text.strip().lower())


def zero(text: str) -> str | None:
    """A ZeRO stage as a number: 0 is plain data parallelism."""
    return {"0": "ddp", "1": "zero1", "2": "zero2", "3": "zero3"}.get(text.strip())


def strategy(text: str) -> str | None:
    """accelerate's FSDP sharding strategy, by name or number; of FSDP2 whether weights are divided again after the
    forward pass."""
    low = text.strip().lower()
    if low in ("shard_grad_op", "hybrid_shard_zero2", "2", "5", "false"):
        return "fsdp-grad"
    if low in ("full_shard", "hybrid_shard", "1", "4", "true"):
        return "fsdp"
    return "ddp" if low in ("no_shard", "3") else None


def mixed(text: str) -> str | None:
    """Precision of training state from mixed_precision."""
    low = text.strip().lower()
    if low in ("bf16", "fp16", "bfloat16", "float16", "fp8"):
        return "amp"
    return "fp32" if low in ("no", "fp32", "float32") else None


def pure(text: str) -> str | None:
    """Precision of trainers whose dtype is that of all training state: torchtune, LitGPT."""
    low = text.strip().lower()
    if low.endswith("-mixed"):
        return "amp"
    return DTYPES.get(low.removesuffix("-true"))


def method(text: str) -> str | None:
    """full, lora or qlora, in the words of trainers. Training of some layers is full training of those."""
    return {
        "full": "full", "fft": "full", "full_parameter": "full", "lora": "lora", "qlora": "qlora", "dora": "lora",
        "rslora": "lora", "lora-plus": "lora", "none": "full", "freeze": "full", "fine_tune": "full",
        "all-weights": "full",
    }.get(text.strip().lower())  # fmt: skip


def freezes(text: str) -> bool | None:
    """Whether a method trains some layers only."""
    return text.strip().lower() == "freeze"


def stage(text: str) -> str | None:
    """LLaMA-Factory's --stage."""
    low = text.strip().lower()
    return {"rm": "reward"}.get(low, low) if low in ("sft", "pt", "dpo", "kto", "ppo", "rm") else None


def stage_of_file(text: str) -> str | None:
    """ZeRO's stage in the name of DeepSpeed's file: deepspeed_configs/zero3_bf16.json, ds_z2_offload_config.json."""
    low = text.strip().lower().rsplit("/", 1)[-1]
    stages = set(re.findall(r"(?:zero|(?<![a-z])z|stage)[-_]?(?:stage[-_]?)?([0-3])(?![0-9])", low))
    if len(stages) != 1:
        return None
    number = stages.pop()
    return "ddp" if number == "0" else f"zero{number}" + ("-offload" if offloads(low) else "")


def spread_of_file(text: str) -> str | None:
    """How a launcher's file spreads training, by its name: fsdp.yaml, multi_gpu.yaml, deepspeed_zero3.yaml."""
    low = text.strip().lower().rsplit("/", 1)[-1]
    if "fsdp" in low and "qlora" not in low:
        return "fsdp" + ("-offload" if offloads(low) else "")
    return "ddp" if re.search(r"multi[-_]?gpu|ddp", low) else stage_of_file(low)


_SHIPPED = (
    r"(?:deepspeed_configs/zero[123](?:_bf16)?\.json"
    r"|deepspeed/ds_z[0-3]_(?:bf16_)?config\.json"
    r"|accelerate_configs/(?:deepspeed_)?zero[123]\.ya?ml"
    r"|(?:^|/)zero[0-3])$"
)


def keeps_on_gpu(path: str) -> bool:
    """Whether a file that is not here leaves nothing to the host: its name says so, or it is one that a trainer
    ships: axolotl's deepspeed_configs, LLaMA-Factory's examples/deepspeed, TRL's accelerate_configs; zero3."""
    low = path.lower().replace("-", "_")
    return "no_offload" in low or re.search(_SHIPPED, low) is not None


def offloads(path: str) -> bool:
    """Whether a file's name says that it offloads: ds_z3_offload_config.json, but not ds_zero2_no_offload.json."""
    low = path.lower().replace("-", "_")
    return "offload" in low and "no_offload" not in low


def distributed(text: str) -> str | None:
    """accelerate's distributed_type; DeepSpeed's stage and Megatron's degrees stand elsewhere."""
    low = text.strip().lower()
    if low in ("deepspeed", "megatron_lm", "no", "multi_cpu"):
        return SILENT  # type: ignore[no-any-return]
    return {"fsdp": "fsdp", "multi_gpu": "ddp"}.get(low)


def by_deepspeed(text: str) -> bool | None:
    """Whether a distributed_type is DeepSpeed's."""
    return text.strip().lower() == "deepspeed" or truth(text)


def recomputes(text: str) -> bool | None:
    """Whether activations are computed again: true, "unsloth", "offload", "full", "selective", "ON"."""
    low = text.strip().lower()
    said = low in (
        "unsloth",
        "offload",
        "offload_disk",
        "cpu_offloaded",
        "full",
        "selective",
        "block",
        "uniform",
    )
    return True if said else truth(low)


def kept_away(text: str) -> str | None:
    """Where "offload" and its like keep what checkpoints hold."""
    low = text.strip().lower()
    return "activations" if low in ("offload", "offload_disk", "legacy", "cpu_offloaded") else SILENT


def if_selective(text: str) -> bool | None:
    """Whether only attention and what is cheap is computed again (Megatron, torchtitan)."""
    return text.strip().lower() == "selective"


def if_true(text: str) -> bool | None:
    """True, or nothing: what other keys say too is not denied."""
    value = truth(text)
    return SILENT if value is False else value


def activations_away(text: str) -> str | None:
    """A switch that keeps activations on the host."""
    return "activations" if truth(text) else SILENT


def optimizer_away(text: str) -> str | None:
    """A switch that keeps the optimizer's state on the host."""
    return "optimizer" if truth(text) else SILENT


def dynamo(text: str) -> bool | None:
    """Whether a backend of torch.compile is at work."""
    return text.strip().lower() != "no"


def limit(text: str) -> int | None:
    """A number of steps after which training ends; -1 and 0 say that none does."""
    return whole(text) if (number(text) or 0) > 0 else SILENT


def last(text: str) -> str | None:
    """The class at the end of a dotted path: torch.optim.AdamW."""
    return word(text.rpartition(".")[2])


def targets(text: str) -> str | None:
    """The matrices that carry adapters: "all", or their names joined by commas; None of a pattern."""
    names = re.sub(r"[\[\]'\"]", " ", text).replace(",", " ").split()
    if any(name in ("all", "all-linear", "all_linear", "*") for name in names):
        return "all"
    known = all(re.fullmatch(r"[A-Za-z_][\w.]*", name) for name in names)
    return ",".join(names) if names and known and len(text) <= 1000 else None


def all_linear(text: str) -> str | None:
    """A switch that puts adapters to all linear layers."""
    return "all" if truth(text) else SILENT


def cuts_loss(text: str) -> bool | None:
    """axolotl's plugins: Cut Cross Entropy never makes the logits. Liger's has a switch for it."""
    return True if "cutcrossentropy" in text.lower().replace("_", "") else SILENT


def over_gpus(text: str) -> bool | None:
    """Whether a device_map lays the layers out over the GPUs there are."""
    return True if text.strip() in ("auto", "balanced", "balanced_low_0") else SILENT


def on_host(text: str) -> bool | None:
    """Whether a device_map puts all on the host, from which it goes to the GPU later."""
    return True if text.strip() == "cpu" else SILENT


def largest(text: str) -> int | None:
    """The largest of several resolutions: [512, 768, 1024]."""
    sizes = [whole(part) for part in text.replace("x", ",").split(",")]
    return max((size for size in sizes if size), default=None) if None not in sizes else None


def pixels(text: str) -> int | None:
    """SimpleTuner's resolution: pixels of an edge, or as "1.0" megapixels of 1,024² of an area."""
    value = number(text)
    return None if value is None else round(1024 * value**0.5) if value < 10 else whole(text)


def weight_dtype(text: str) -> str | None:
    """How a trainer of pictures holds frozen weights: NFLOAT_4, FLOAT_8, int8-quanto; nothing where in 16 bit."""
    low = text.strip().lower().replace("_", "").replace("-", "")
    if low.startswith(("nfloat4", "nf4")):
        return "nf4"
    if low.startswith(("float8", "fp8")):
        return "fp8"
    if low.startswith("int8"):
        return "int8"
    return None if low.startswith(("int", "uint")) else SILENT


def unknown(text: str) -> str | None:
    """What an argument gives cannot be known from it: axolotl's unfrozen_parameters, a file of which only the name is
    here."""
    return None


def shards(text: str) -> bool | None:
    """A setting of FSDP, which is at work then."""
    return True


def reshards(text: str) -> str | None:
    """torchtitan's fsdp_reshard_after_forward, whose "default" divides the weights again."""
    return "fsdp-grad" if text.strip().lower() == "never" else "fsdp"


def if_distributed(text: str) -> bool | None:
    """Whether NeMo's optimizer divides its state over the copies: distributed_fused_adam."""
    return text.strip().lower().startswith("distributed")


def titan_file(text: str) -> str | None:
    """The model in the name of torchtitan's file: llama3_8b.toml."""
    return text.strip().lower().rpartition("/")[2].removesuffix(".toml")


_TITAN = {
    "llama3": "Llama-3.1", "llama4": "Llama-4", "qwen3": "Qwen3", "deepseek_v3": "DeepSeek-V3",
}  # fmt: skip


def titan_model(text: str) -> str | None:
    """The model of torchtitan's "llama3_8b"."""
    found = re.fullmatch(r"([a-z0-9_]*?)_(\d+(?:\.\d+)?b)", text)
    family = _TITAN.get(found[1]) if found else None
    return f"{family}-{found[2].upper()}" if found and family else None


_FAMILIES = {
    "llama2": "Llama-2", "llama3": "Llama-3", "llama3_1": "Llama-3.1", "llama3_2": "Llama-3.2",
    "llama3_3": "Llama-3.3", "qwen2": "Qwen2", "qwen2_5": "Qwen2.5", "qwen3": "Qwen3", "gemma": "Gemma",
    "gemma2": "Gemma-2", "mistral": "Mistral", "code_llama2": "CodeLlama",
}  # fmt: skip


def builder(text: str) -> str | None:
    """The model of a torchtune name: `torchtune.models.llama3_1.lora_llama3_1_8b`, `llama3_1/8B_lora`."""
    low = text.strip().lower().removesuffix(".yaml")
    size = r"(?<![0-9.])(\d+(?:[_.]\d+)?)b(?:_|$)"
    # A builder repeats its module's name before the size, which may end in a number of its own: llama3_1_8b.
    found = re.search(rf"(?:^|\.)([a-z][a-z0-9_]*)\.(?:q?lora_)?\1_(?:reward_)?{size}", low) or re.search(
        rf"(?:^|[./])([a-z][a-z0-9_]*)[./][a-z0-9_]*?{size}", low
    )
    family = _FAMILIES.get(found[1]) if found else None
    return f"{family}-{found[2].replace('_', '.')}B" if found and family else None


def builder_method(text: str) -> str | None:
    """The method in a torchtune name."""
    low = text.lower().rpartition(".")[2].rpartition("/")[2]
    return "qlora" if "qlora" in low else "lora" if "lora" in low else None


CONVERSIONS: dict[str, Callable[[str], Any]] = {
    "fsdp": fsdp,
    "zero": zero,
    "framework": framework,
    "strategy": strategy,
    "mixed": mixed,
    "pure": pure,
    "method": method,
    "freezes": freezes,
    "stage": stage,
    "stage_of_file": stage_of_file,
    "spread_of_file": spread_of_file,
    "distributed": distributed,
    "by_deepspeed": by_deepspeed,
    "recomputes": recomputes,
    "kept_away": kept_away,
    "if_selective": if_selective,
    "if_true": if_true,
    "activations_away": activations_away,
    "optimizer_away": optimizer_away,
    "dynamo": dynamo,
    "limit": limit,
    "last": last,
    "targets": targets,
    "all_linear": all_linear,
    "cuts_loss": cuts_loss,
    "over_gpus": over_gpus,
    "on_host": on_host,
    "unknown": unknown,
    "largest": largest,
    "pixels": pixels,
    "weight_dtype": weight_dtype,
    "shards": shards,
    "reshards": reshards,
    "if_distributed": if_distributed,
    "titan_file": titan_file,
    "builder": builder,
    "builder_method": builder_method,
}
"""The kinds of which only trainers' tables speak."""
