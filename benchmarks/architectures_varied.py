"""Configs that nobody has written yet: a class's own, with other sizes, flags and lists of layers.

A reader that were right of a default config alone would be a table. So each class is asked for variations that it
accepts: widths, heads, layers, experts, windows, ranks, intervals and flags drawn at random (with a seed, so that two
runs draw the same), small, since transformers then makes thousands of them in minutes. Each is written twice: as
transformers saves it, and bare, with nothing but what differs from the class's defaults. `HABITS` are what people's
files do beside: they leave the model as it is."""

from __future__ import annotations

import copy
import json
import random
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import FrameType
from typing import Any

Fields = dict[str, Any]

_OF_NO_SHAPE = re.compile(
    r"token|(?<!or)_ids?$|_index$|dropout|initializer|_std$|eps|id2label|label2id|^_|loss|temperature|version$|"
    r"^output_|return_dict|use_cache|problem_type|chunk_size_feed|^top_|architectures|dtype|rope|theta|softcap|logit|"
    r"jitter|_coef$|is_composition|finetuning|^mask_|apply_spec|_prob$|^begin_|^end_|^summary_|scoring|is_decoder|"
    r"is_encoder_decoder|cross_attention$|tie_encoder|checkpoint|model_type|implementation|sampling|n_group|topk_group|"
    r"num_beams|max_length|transformers|_multiplier$|_scale$|scaling|add_cross|image_size|patch_size|stride|rotary_dim|"
    r"time_step|^(mamba_)?expand$|^mamba_(n_heads|d_head|d_ssm|n_groups)$|^n_groups$"
)
_BETWEEN = re.compile(
    r"interval|_step$|period|every|freq$|offset$|first_k_dense|dense_layers$|max_window|pattern$"
)
_SECONDS, _TRIES = 30, 16


class Refused(Exception):
    """The class, or its model, does not accept a variation."""


class at_most:
    """What runs inside may take so many seconds; what fails there is `Refused`."""

    def __init__(self, seconds: int = _SECONDS) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        def stop(number: int, frame: FrameType | None) -> None:
            raise TimeoutError(f"more than {self.seconds} s")

        signal.signal(signal.SIGALRM, stop)
        signal.alarm(self.seconds)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        signal.alarm(0)
        if isinstance(error, Exception):
            raise Refused(f"{type(error).__name__}: {error}"[:200]) from error


def varied(
    config_class: Any, counted: Callable[[Any], Any], number: int, seed: str
) -> Iterator[tuple[Fields, Fields, Any]]:
    """(as transformers saves it, bare, what `counted` makes of it), `number` times, or fewer of a class that refuses
    many. `counted` makes the model; what it raises is a refusal."""
    with at_most():
        usual = config_class()
    for turn in range(number):
        draw = random.Random(f"{seed} {turn}")
        for attempt in range(_TRIES):
            bare = _changes(usual, draw, share=0.9 * (1 - attempt / _TRIES))
            bare["model_type"] = usual.model_type
            try:
                with at_most():
                    saved = json.loads(config_class.from_dict(copy.deepcopy(bare)).to_json_string())
                    saved.pop("time_step_limit", None)  # its class wants a tuple, which JSON has not
                    again = config_class.from_dict(
                        copy.deepcopy(saved)
                    )  # what is saved decides, not what was meant
                    found = counted(again)
            except Refused:
                continue
            saved.pop("transformers_version", None)
            # Files of before transformers 5 that say nothing meant the text model's default, later ones the whole's.
            bare |= {name: saved[name] for name in ("tie_word_embeddings",) if name in saved}
            yield saved, bare, found
            break


def _changes(usual: Any, draw: random.Random, share: float) -> Fields:
    """Fields of a class, about `share` of those that shape it, with other values, and those of its parts."""
    from transformers import PreTrainedConfig

    stated = {**vars(usual)}
    for name in getattr(type(usual), "__dataclass_fields__", {}):
        with suppress(Exception):  # what differs from layer to layer cannot be asked for
            stated.setdefault(name, getattr(usual, name, None))
    parts = {name: part for name, part in stated.items() if isinstance(part, PreTrainedConfig)}
    plain = {name: value for name, value in stated.items() if name not in parts}
    changed = _sizes(plain, draw, share)
    for name, value in plain.items():
        if name in changed or _OF_NO_SHAPE.search(name) or draw.random() > share:
            continue
        other = _other(name, value, draw)
        if other is not None and draw.random() < 0.5:
            changed[name] = other
    listed = [name for name, value in plain.items() if _one_a_layer(name, value)]
    layers = next((changed[name] for name in changed if _is(name, "layers")), 0)
    for name in listed if layers and draw.random() < 0.4 else ():
        kinds = sorted(set(plain[name]))
        changed[name] = [draw.choice(kinds) for _ in range(layers)]
    for name, part in parts.items():
        changed[name] = {**_changes(part, draw, share), "model_type": part.model_type}
        changed[name].pop("tie_word_embeddings", None)  # the whole decides it
        if not part.model_type:
            del changed[name]["model_type"]
    return changed


_NAMES = {
    "layers": r"(num_hidden_layers|n_layers?|num_layers|(num_)?(en|de)coder_layers|depth|num_blocks)",
    "heads": r"(num_attention_heads|n_heads?|num_heads|((en|de)coder_)?attention_heads)",
    "kv": r"(num_key_value_heads|n_head_kv|num_kv_heads)",
    "head": r"(head_dim|attention_head_dim|d_kv|kv_channels)",
    "hidden": r"(hidden_size|d_model|n_embd|embed_dim|dim)",
    "inner": r".*(intermediate_size|ffn_dim|ffn_hidden_size|mlp_dim)|d_ff|n_inner",
    "experts": r"(num_experts|n_routed_experts|num_local_experts|moe_num_experts)",
    "used": r"(num_experts_per_tok(en)?|moe_(topk|k))",
    "vocabulary": r"(?!type_).*vocab_size",
}


def _is(name: str, what: str) -> bool:
    return re.fullmatch(_NAMES[what], name) is not None


def _sizes(plain: Mapping[str, Any], draw: random.Random, share: float) -> Fields:
    """Sizes that must fit one another: heads divide the width, and key heads the heads. Small ones."""
    heads = draw.choice([2, 4, 4, 6, 8, 12])
    head = draw.choice([16, 32, 32, 64])
    own_head = any(_is(name, "head") for name in plain)
    experts = draw.choice([4, 6, 8, 16])
    values = {
        "layers": draw.choice([1, 2, 3, 4, 5, 6, 7, 9, 12]),
        "heads": heads,
        "kv": draw.choice([each for each in (1, 2, 3, 4, 6, 8, 12) if heads % each == 0]),
        "head": head,
        "hidden": head * heads * (draw.choice([1, 1, 2, 3]) if own_head else 1),
        "inner": 0,
        "experts": experts,
        "used": draw.choice([1, 2, 3]),
        "vocabulary": 0,
    }
    together = "mamba_n_heads" in plain or "expand" in plain or draw.random() < share + 0.2
    found: Fields = {}
    for name, value in plain.items():
        what = next((each for each in values if _is(name, each)), "")
        if what == "inner" and isinstance(value, int) and draw.random() < 0.8:
            found[name] = 32 * draw.randint(2, 20)
        elif what == "vocabulary" and isinstance(value, int) and draw.random() < 0.6:
            found[name] = value + 8 * draw.randint(1, 60)
        elif what == "experts" and isinstance(value, int):
            found[name] = experts
        elif what in ("layers", "used") and isinstance(value, int):
            found[name] = values[what]
        elif together and (isinstance(value, int) or (value is None and draw.random() < 0.5)):
            found |= {name: values[what]} if what in ("heads", "kv", "head", "hidden") else {}
    return found | _state_space(plain, found, head, draw)


def _state_space(plain: Mapping[str, Any], found: Fields, head: int, draw: random.Random) -> Fields:
    """Heads of Mamba-2, which must fill its width; the layers of LFM2 that attend, which its class does not draw."""
    if plain.get("layer_types", ()) is None and "conv_L_cache" in plain:
        return {
            "layer_types": [
                draw.choice(["conv", "full_attention"]) for _ in range(found["num_hidden_layers"])
            ]
        }
    expand = plain.get("mamba_expand", plain.get("expand"))
    if ("mamba_n_heads" not in plain and "expand" not in plain) or not isinstance(expand, int):
        return {}
    width = expand * found["hidden_size"]
    if "expand" in plain:
        return {"head_dim": head, "num_heads": width // head, "n_groups": draw.choice([1, 2])}
    sizes = {"mamba_n_heads": width // head, "mamba_d_head": head, "mamba_d_ssm": width, "mamba_n_groups": 1}
    return {name: size for name, size in sizes.items() if name in plain}


def _one_a_layer(name: str, value: Any) -> bool:
    """`layer_types`, `mlp_layer_types` and their like."""
    return (
        isinstance(value, list)
        and len(value) > 2
        and "layer" in name
        and all(isinstance(e, str) for e in value)
    )


def _other(name: str, value: Any, draw: random.Random) -> Any:
    """Another value for a field, of the same kind; None where it is of none that shapes a model."""
    if any(_is(name, each) for each in _NAMES):
        return None
    if isinstance(value, bool):
        return not value
    if "window" in name and not _BETWEEN.search(name) and (value is None or isinstance(value, int)):
        return draw.choice([16, 64, 512])
    if isinstance(value, int) and _BETWEEN.search(name):
        return draw.choice([0, 1, 2, 3, 4])
    if isinstance(value, int):
        return draw.choice([value * 2, value * 2, max(value // 2, 1), value + 1])
    return None


def _floats(config: Fields) -> Fields:
    """Numbers of heads and layers as 8.0, of converters that know no integers."""
    names = ("num_key_value_heads", "num_hidden_layers", "intermediate_size")
    return {
        key: float(value) if key in names and type(value) is int else value for key, value in config.items()
    }


def _null_key_heads(config: Fields) -> Fields:
    """Key heads unsaid where there are as many as heads."""
    if config.get("num_key_value_heads") != config.get("num_attention_heads"):
        return config
    return {**config, "num_key_value_heads": None}


def _private(config: Fields) -> Fields:
    return {**config, "model_type": "private_thing"}


def _nameless(config: Fields) -> Fields:
    return {key: value for key, value in config.items() if key != "model_type"}


HABITS: Mapping[str, Callable[[Fields], Fields]] = {
    "floats": _floats,
    "num_key_value_heads null": _null_key_heads,
    "rope_scaling null": lambda config: {**config, "rope_scaling": None, "rope_parameters": None},
    "no model_type": _nameless,
    "own model_type": _private,
    "auto_map": lambda config: {
        **_private(config),
        "auto_map": {"AutoConfig": "configuration_own.OwnConfig"},
    },
}
"""What files of people do that changes no shape: name → the same config so. The last three keep `architectures`."""
