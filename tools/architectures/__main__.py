"""Writes gpuspec/architectures/data/defaults.jsonl: what transformers' configuration classes say by default.

    pip install transformers        (torch is not needed)
    python -m tools.architectures

A config.json leaves out what equals the defaults of its class, so a reader needs them. Numbers, flags, short texts
and the configs of parts are kept; tokens, dropouts, labels and what a class works out (`layer_types`) are not: the
readers in `gpuspec/architectures/families` derive that."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "gpuspec" / "architectures" / "data" / "defaults.jsonl"
OF_NO_SHAPE = re.compile(
    r"_token(_id|_index)?s?$|token_id$|dropout|dropped|initializer|_std$|_eps$|epsilon|^id2label|^label2id|^_|loss|"
    r"temperature|^transformers_version$|^output_(attentions|hidden_states|router)|"
    r"^return_dict|^use_cache$|^problem_type$|^chunk_size_feed|^top_k$|"
    r"^architectures$|^dtype$|rope_theta|theta$|^hidden_act|activation_function|^activation|_act$|_activation$|"
    r"^pretraining_tp$|^scale_(?!factor)|_scale$|(?<!channel)_multiplier$|softcap|^logit|jitter|_coef$|"
    r"^is_composition|^finetuning|^mask_|"
    r"^apply_spec|_prob$|_lambda$|^begin_|^end_|^summary_|^norm_topk|^seq_aux|^routed_scaling|^rescale|^scoring_func$"
)


def shape_fields(config: Any) -> dict[str, Any]:
    """The fields of a default config that may decide its shape. What a class works out of other fields (its own
    default is null: `num_key_value_heads` of Llama) is left out, and "auto" (`time_step_rank` of Mamba) stays so:
    worked out, they would be wrong for other sizes."""
    from transformers import PreTrainedConfig

    fields = json.loads(config.to_json_string(use_diff=False))
    stated = getattr(type(config), "__dataclass_fields__", {})
    aliases = {name: alias for alias, name in config.attribute_map.items() if alias in stated}
    kept: dict[str, Any] = {}
    for key, value in sorted(fields.items()):
        part, field = vars(config).get(key), aliases.get(key, key)
        if value is None or OF_NO_SHAPE.search(key):
            continue
        if isinstance(part, PreTrainedConfig):
            usual = shape_fields(type(part)())
            inner = shape_fields(part)
            kept[key] = {
                "model_type": part.model_type,
                **{name: each for name, each in inner.items() if usual.get(name) != each},
            }
        elif field not in stated or stated[field].default is None:
            continue
        elif stated[field].default == "auto":
            kept[key] = "auto"
        elif isinstance(value, list) and isinstance(stated[field].default, int):
            kept[key] = stated[field].default  # the class writes it once a layer
        elif isinstance(value, list):
            if len(json.dumps(value)) < 400:
                kept[key] = value
        elif isinstance(value, dict) or not isinstance(value, str) or len(value) < 60:
            kept[key] = value
    kept.pop("model_type", None)
    return kept


def generating() -> set[str]:
    """The architectures that write text, read it into vectors, or are a part of one that does."""
    from transformers import PreTrainedConfig
    from transformers.models.auto import modeling_auto
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING, CONFIG_MAPPING_NAMES

    found: set[str] = set()
    tasks = "CAUSAL_LM IMAGE_TEXT_TO_TEXT SEQ_TO_SEQ_CAUSAL_LM MULTIMODAL_LM MASKED_LM SPEECH_SEQ_2_SEQ"
    for task in tasks.split():
        found.update(getattr(modeling_auto, f"MODEL_FOR_{task}_MAPPING_NAMES"))
    found.update(
        ("deit", "donut-swin", "swin")
    )  # inside vision-encoder-decoder, whose class names no tower but ViT
    waiting = list(found)
    while waiting:
        config_class = CONFIG_MAPPING[waiting.pop()]
        stated = getattr(config_class, "sub_configs", {}).values()
        parts = {getattr(part, "model_type", "") for part in stated}  # AutoConfig has none
        with suppress(Exception):  # main() says which
            values = vars(config_class()).values()
            parts |= {each.model_type for each in values if isinstance(each, PreTrainedConfig)}
        for part in parts - found:
            if part in CONFIG_MAPPING_NAMES:
                found.add(part)
                waiting.append(part)
    return found


def main() -> None:
    """Write the file."""
    import transformers
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING, CONFIG_MAPPING_NAMES

    lines = []
    for model_type in sorted(generating() & set(CONFIG_MAPPING_NAMES)):
        try:
            kept = shape_fields(CONFIG_MAPPING[model_type]())
        except Exception as error:  # one that wants the config of a part has no defaults
            print(f"{model_type}: {type(error).__name__}: {str(error)[:100]}")
            continue
        lines.append(f"{model_type}\t{json.dumps(kept, sort_keys=True, separators=(',', ':'))}\n")
    head = (
        f"# Defaults of the configuration classes of transformers {transformers.__version__} (Apache-2.0)\n"
    )
    TARGET.write_text(head + "".join(lines), encoding="utf-8")
    print(f"{len(lines)} architectures, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
