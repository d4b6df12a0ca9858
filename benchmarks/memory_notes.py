"""What rows of published measurements say of training, in their fields and in words of their notes."""

from __future__ import annotations

import re
from typing import Any

ALGORITHMS = ("orpo", "dpo", "kto", "ppo", "grpo")
OPTIMIZERS = ("galore", "apollo", "adalomo", "lomo", "badam", "lisa", "adafactor", "muon", "lion", "came")
"""Words by which a method or a note names an optimizer that is not AdamW."""


def trained(row: dict[str, Any], method: str, note: str) -> dict[str, Any]:
    """The fields of a Workload that are about training."""
    found: dict[str, Any] = {
        "method": _method(method),
        "algorithm": next((name for name in ALGORITHMS if name in method), None),
        "optimizer": _optimizer(row, method, note),
        "precision": _precision(method, note, row),
        "gradient_checkpointing": _checkpointing(row, method, note),
        "lora_rank": whole(row.get("lora_r")) or _rank(method + " " + note),
        "sharding": _sharding(row, note),
        "fused_loss": _fused(row),
        "target_modules": _targets(row, note),
        "trained_layers": 4 if re.search(r"llama-?pro", method) else None,  # its own default of added blocks
        "packing": True if re.search(r"\bpacked\b|packing", note) else None,
        "compiled": False if "no compile" in note else True if re.search(r"\bcompile", note) else None,
    }
    if re.search(r"cached? (?:latents|text)|latents \+ ?text|cached latents", note):
        found["caches_latents"] = "latents" in note or None
        found["caches_text"] = "text" in note or None
    if re.search(
        r"same setup|training part", note
    ):  # as the row before it; what was encoded before is not in it
        found["caches_latents"] = found["caches_text"] = True
    if re.search(r"text encoders? (?:resident|placed|kept)", note):
        found["caches_text"] = False
    return found


def _targets(row: dict[str, Any], note: str) -> str | None:
    """The matrices with adapters: of a field, or of the name of a PEFT comparison."""
    if row.get("target_modules"):
        said = row["target_modules"]
        return said if isinstance(said, str) else ",".join(said)
    return "gate_proj,up_proj,down_proj" if "target-mlp" in note else None


def whole(value: Any) -> int | None:
    """A count, however it is written; None where there is none."""
    digits = re.match(r"\d+", str(value if value is not None else "").replace(",", ""))
    return int(digits.group()) if digits else None


def _rank(text: str) -> int | None:
    found = re.search(r"\b(?:r|rank)\s*=?\s*(\d+)\b", text)
    return int(found.group(1)) if found and int(found.group(1)) <= 1024 else None


def _method(method: str) -> str:
    if "qlora" in method:
        return "qlora"
    return "lora" if "lora" in method or "adapter" in method else "full"


def _optimizer(row: dict[str, Any], method: str, note: str) -> str | None:
    if row.get("optimizer"):
        return str(row["optimizer"])
    own = f"{method} {row.get('note') or ''} {row.get('source') or ''}".lower()
    named = next((name for name in OPTIMIZERS if re.search(rf"\b{name}\b", own)), None)
    if named:
        return named
    if "paged" in note:
        return "paged_adamw"
    return "adamw_8bit" if re.search(r"8-?bit adam", note) else None


def _precision(method: str, note: str, row: dict[str, Any]) -> str | None:
    if "fp32" in method:
        return "fp32"
    if "amp" in method or "mixed" in note:
        return "amp"
    if method == "full" and row.get("quant") in ("bf16", "fp16"):
        return "bf16"
    return "bf16" if "bf16-true" in note or "pure bf16" in note or "bf16 adamw" in note else None


def _checkpointing(row: dict[str, Any], method: str, note: str) -> bool | None:
    if row.get("grad_ckpt") is not None:
        return bool(row["grad_ckpt"])
    return True if "ckpt" in method or "checkpointing" in note else None


def _sharding(row: dict[str, Any], note: str) -> str | None:
    if row.get("shard"):
        return str(row["shard"])
    stages = re.findall(r"zero-?([123])(?: \((\w+)\))?", note)
    own = [stage for stage, method in stages if method in ("", str(row.get("method") or "").lower())]
    if len(own) == 1:
        return f"zero{own[0]}"
    return "fsdp" if "fsdp" in note else None


def _fused(row: dict[str, Any]) -> bool | None:
    loss = str(row.get("loss") or "")
    if loss in ("fused", "liger", "cut"):
        return True
    return False if loss == "full" else None
