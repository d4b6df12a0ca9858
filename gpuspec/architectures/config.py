"""A model's config.json, read as what it is: written by strangers. Each value is asked for with its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LARGEST = 10**9
"""Of any size in a config: the largest vocabularies have 10^6 entries, the widest layers 10^5 columns."""
MOST_LAYERS = 2_000

# Names that fields have had.
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_decoder_layers")
WIDTHS = ("hidden_size", "n_embd", "n_embed", "d_model", "dim", "emb_dim")
EXPERTS = ("num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts", "num_routed_experts")


class Unsaid(ValueError):
    """A config leaves out, or garbles, what is needed to know the shape. The text says which field, in words."""


class ModelConfig:
    """The fields of one config, and below them the defaults of its `model_type`.

    transformers leaves out of a config.json what equals the defaults of its class, so a field that is missing has the
    value that its class gives it (`defaults.py`); where that is not known either, asking for it raises `Unsaid`."""

    def __init__(self, fields: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> None:
        self._fields = fields
        self._defaults = defaults or {}

    def raw(self, *names: str) -> Any:
        """The first of these fields that is there and not null, as it stands; else the class's default; else None.

        A null that the config itself writes is an answer, too: `"q_lora_rank": null` of DeepSeek-V2-Lite means that
        there is none, though its class has 1,536."""
        for values in (self._fields, self._defaults):
            for name in names:
                if values.get(name) is not None:
                    return values[name]
            if any(name in values for name in names):
                return None
        return None

    def says(self, *names: str) -> bool:
        """Whether the config itself, not its class, gives one of these fields a value."""
        return any(self._fields.get(name) is not None for name in names)

    def size(self, *names: str, default: int | None = None) -> int:
        """A positive whole number under the first of these names. Raises Unsaid where there is none."""
        value = self.raw(*names)
        if value is None:
            if default is not None:
                return default
            raise Unsaid(f"its config does not say {names[0]}")
        return _whole(value, names[0])

    def count(self, *names: str) -> int:
        """A whole number of something that there need not be: 0 where nothing is said."""
        value = self.raw(*names)
        return 0 if value is None or value is False or value == 0 else _whole(value, names[0])

    def flag(self, *names: str, default: bool = False) -> bool:
        """A yes or no; `default` where nothing is said."""
        value = self.raw(*names)
        return value if isinstance(value, bool) else default

    def text(self, *names: str) -> str:
        """A short text; "" where nothing is said."""
        value = self.raw(*names)
        return value[:200] if isinstance(value, str) else ""

    def per_layer(self, *names: str) -> tuple[str, ...]:
        """What each layer is (`layer_types`, `mlp_layer_types`), by the first of these lists that the config itself
        gives and that is as long as the model; empty where none is. A class's own list is as long as its own default
        model, so it says nothing about another."""
        for name in names:
            value = self._fields.get(name)
            if isinstance(value, (list, tuple)) and len(value) == self.layers:
                return tuple(map(_shown, value))
        return ()

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts (`layer_types`); empty where it is none."""
        value = self.raw(name)
        return tuple(map(_shown, value[:MOST_LAYERS])) if isinstance(value, (list, tuple)) else ()

    def numbers(self, *names: str) -> tuple[int, ...]:
        """A list of whole numbers, zero allowed (`moe_layer_freq`); empty where it is no list. Raises Unsaid."""
        value = self.raw(*names)
        if not isinstance(value, (list, tuple)):
            return ()
        return tuple(
            _whole(each, names[0]) if each not in (0, None, False) else 0 for each in value[:MOST_LAYERS]
        )

    def number(self, name: str, default: float) -> float:
        """A positive, finite number; `default` where it is none."""
        value = self.raw(name)
        plain = isinstance(value, (int, float)) and not isinstance(value, bool)
        return float(value) if plain and 0 < value < 1e12 else default

    def inner(self, *names: str) -> ModelConfig | None:
        """The config of a part of the model (`text_config`), with the defaults of its own `model_type`."""
        from gpuspec.architectures.defaults import defaults_of

        for name in names:
            given, usual = self._fields.get(name), self._defaults.get(name)
            below: dict[str, Any] = usual if isinstance(usual, dict) else {}
            fields: dict[str, Any] = given if isinstance(given, dict) else {}
            if fields or below:
                kind = fields.get("model_type") or below.get("model_type")
                own = defaults_of(kind if isinstance(kind, str) else "")
                return (
                    ModelConfig(fields, {"model_type": kind, **own})
                    if fields
                    else ModelConfig({}, {**own, **below})
                )
        return None

    def part(self, *names: str) -> ModelConfig:
        """The same of a part that there must be. Raises Unsaid where there is none."""
        found = self.inner(*names)
        if found is None:
            raise Unsaid(f"its config does not say {names[0]}")
        return found

    @property
    def fields(self) -> Mapping[str, Any]:
        """What the config itself says."""
        return self._fields

    def read_as(self, model_type: str, **said: Any) -> ModelConfig:
        """These fields as those of another architecture, with its defaults; `said` in the place of what they say."""
        from gpuspec.architectures.defaults import defaults_of

        fields = {**self._fields, "model_type": model_type, **said}
        same = model_type == self.model_type
        return ModelConfig(fields, self._defaults if same else defaults_of(model_type))

    # What nearly every config says, under the names it has had.

    @property
    def model_type(self) -> str:
        """The name of the architecture."""
        return self.text("model_type")

    @property
    def layers(self) -> int:
        """Decoder layers."""
        number = self.size(*LAYERS)
        if number > MOST_LAYERS:
            raise Unsaid(f"its config says {number:,} layers")
        return number

    @property
    def hidden(self) -> int:
        """Width of the residual stream."""
        return self.size(*WIDTHS)

    @property
    def heads(self) -> int:
        """Query heads."""
        return self.size("num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads")

    @property
    def kv_heads(self) -> int:
        """Key and value heads; as many as query heads where nothing is said."""
        if self.flag("multi_query"):
            return 1
        return self.size(
            "num_key_value_heads", "n_head_kv", "num_kv_heads", "num_attention_groups", default=self.heads
        )

    @property
    def head_dim(self) -> int:
        """Width of one head."""
        if self.raw("head_dim") is not None:
            return self.size("head_dim")
        return max(self.hidden // self.heads, 1)

    @property
    def intermediate(self) -> int:
        """Width inside the feed-forward block."""
        return self.size(
            "intermediate_size",
            "ffn_dim",
            "n_inner",
            "d_ff",
            "dff",
            "ffn_hidden_size",
            default=4 * self.hidden,
        )

    @property
    def vocabulary(self) -> int:
        """Entries of the embedding."""
        return self.size("vocab_size", "padded_vocab_size")

    @property
    def tied(self) -> bool:
        """Whether the output head is the embedding: so it is unless the config, or its class, says otherwise."""
        return self.flag("tie_word_embeddings", default=True)

    @property
    def window(self) -> int:
        """Tokens that a sliding-window layer sees; 0 where nothing is said, or null: Mistral 7B v0.3 states no window
        so, against its class's default."""
        names = ("sliding_window", "sliding_window_size", "attention_chunk_size")
        said = next((name for name in names if name in self._fields), "")
        if said and self._fields[said] is None:
            return 0
        return self.count(*names)


def _whole(value: Any, name: str) -> int:
    if type(value) is float and value.is_integer():  # "num_key_value_heads": 8.0 of some converters
        value = int(value)
    if type(value) is not int or not 0 < value < LARGEST:
        raise Unsaid(f"its config says {name}: {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    """A value in few words, whatever its size: a list of a million numbers is not written out first."""
    if isinstance(value, str):
        return value[:40]
    if isinstance(value, float) or (isinstance(value, int) and -(10**40) < value < 10**40):
        return str(value)[:40]
    return "a number far too large" if isinstance(value, int) else f"a {type(value).__name__}"
