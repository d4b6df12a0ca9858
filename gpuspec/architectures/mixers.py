"""What layers have in the place of attention: state spaces, delta rules, convolutions. With what they remember.

A state has a constant size: it does not grow with the text. Sizes are those that vLLM allocates for a sequence
(0.33.0, `MambaStateShapeCalculator` and `MambaStateDtypeCalculator` in model_executor/layers/mamba/mamba_utils.py),
without speculative decoding, which lengthens convolution states by a column for each drafted token."""

from __future__ import annotations

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.parts import Cache, Weight
from gpuspec.architectures.pieces import linear, norm, vector
from gpuspec.named_tuple import NamedTuple


class Mixer(NamedTuple):
    """The weights of a mixer and what it remembers."""

    weights: tuple[Weight, ...]
    caches: tuple[Cache, ...]


_BITS = {"float32": 32, "fp32": 32, "float64": 64, "bfloat16": 16, "float16": 16, "half": 16}


def state(elements: int, *, bits: int = 16, heads: int = 0) -> Cache:
    """What is remembered of a sequence, however long it is. `heads`: what tensor parallel divides it by."""
    return Cache("state", state=elements, state_bits=bits, heads=heads)


def ssm_bits(c: ModelConfig, default: int = 16) -> int:
    """Bits of an element of the recurrent state: as the config asks, else `default` (vLLM's `auto`).

    `auto` is the model's own dtype for Mamba and gated delta nets, 32 bits for Nemotron-H and Kimi's delta rule."""
    return _BITS.get(c.text("mamba_ssm_dtype", "mamba_ssm_cache_dtype"), default)


def mamba1(
    c: ModelConfig,
    *,
    inner: int,
    states: int,
    kernel: int,
    rank: int,
    bias: bool,
    conv_bias: bool,
    normed: bool = False,
    at: str = "mixer",
) -> Mixer:
    """Mamba (arXiv 2312.00752). `inner`: width of the state space; `rank`: of the step's projection; `normed`: step,
    input and output matrices pass a norm (Jamba)."""
    weights = [
        linear(f"{at}.in_proj", "mixer", c.hidden, 2 * inner, bias=bias),
        vector(f"{at}.conv1d", "mixer", inner * (kernel + conv_bias)),
        linear(f"{at}.x_proj", "mixer", inner, rank + 2 * states),
        linear(f"{at}.dt_proj", "mixer", rank, inner, bias=True),
        vector(f"{at}.A_log", "mixer", inner * states),
        vector(f"{at}.D", "mixer", inner),
        linear(f"{at}.out_proj", "mixer", inner, c.hidden, bias=bias),
    ]
    if normed:
        widths = {"dt_layernorm": rank, "b_layernorm": states, "c_layernorm": states}
        weights += [norm(f"{at}.{name}", width) for name, width in widths.items()]
    caches = (
        state(inner * (kernel - 1), heads=inner),
        state(inner * states, heads=inner, bits=ssm_bits(c)),
    )
    return Mixer(tuple(weights), caches)


def mamba2(
    c: ModelConfig,
    *,
    heads: int,
    head_dim: int,
    groups: int,
    states: int,
    kernel: int,
    bias: bool,
    conv_bias: bool,
    inner: int | None = None,
    normed: bool = True,
    bits: int = 16,
    at: str = "mixer",
) -> Mixer:
    """Mamba-2 (arXiv 2405.21060). `groups`: of heads with the same input and output matrices; `inner`: width of the
    state space (None: that of all heads); `bits`: of the recurrent state where the config does not say."""
    inner = inner or heads * head_dim
    mixed = inner + 2 * groups * states
    weights = [
        linear(f"{at}.in_proj", "mixer", c.hidden, inner + mixed + heads, bias=bias),
        vector(f"{at}.conv1d", "mixer", mixed * (kernel + conv_bias)),
        vector(f"{at}.A_log", "mixer", heads),
        vector(f"{at}.D", "mixer", heads),
        vector(f"{at}.dt_bias", "mixer", heads),
        linear(f"{at}.out_proj", "mixer", inner, c.hidden, bias=bias),
    ]
    if normed:
        weights.append(norm(f"{at}.norm", inner))
    caches = (
        state(mixed * (kernel - 1), heads=heads),
        state(heads * head_dim * states, heads=heads, bits=ssm_bits(c, bits)),
    )
    return Mixer(tuple(weights), caches)


class DeltaShape(NamedTuple):
    """Sizes of a gated delta net."""

    key_heads: int
    value_heads: int
    key_dim: int
    value_dim: int
    kernel: int

    @property
    def keys(self) -> int:
        """Columns of all keys."""
        return self.key_heads * self.key_dim

    @property
    def values(self) -> int:
        """Columns of all values."""
        return self.value_heads * self.value_dim

    @property
    def mixed(self) -> int:
        """Columns that pass the convolution: queries, keys, values."""
        return 2 * self.keys + self.values


def delta_shape(c: ModelConfig) -> DeltaShape:
    """The sizes as Qwen3-Next and its kin name them."""
    return DeltaShape(
        c.size("linear_num_key_heads"),
        c.size("linear_num_value_heads"),
        c.size("linear_key_head_dim"),
        c.size("linear_value_head_dim"),
        c.size("linear_conv_kernel_dim", default=4),
    )


def delta_states(c: ModelConfig, shape: DeltaShape, bits: int = 16) -> tuple[Cache, ...]:
    """What a delta rule remembers: the last columns of its convolution, and a matrix for each value head."""
    return (
        state(shape.mixed * (shape.kernel - 1), heads=shape.value_heads),
        state(
            shape.value_heads * shape.key_dim * shape.value_dim,
            heads=shape.value_heads,
            bits=ssm_bits(c, bits),
        ),
    )


def gated_delta_net(c: ModelConfig, *, fused: bool) -> Mixer:
    """A gated delta net (arXiv 2412.06464) as Qwen has it. `fused`: queries, keys, values and gate in one projection
    (Qwen3-Next), or the gate and each of the decays in its own (Qwen3.5)."""
    shape, at = delta_shape(c), "linear_attn"
    wide = {"in_proj_qkvz": shape.mixed + shape.values, "in_proj_ba": 2 * shape.value_heads}
    if not fused:
        wide = {"in_proj_qkv": shape.mixed, "in_proj_z": shape.values}
        wide |= {"in_proj_b": shape.value_heads, "in_proj_a": shape.value_heads}
    weights = (
        *(linear(f"{at}.{name}", "mixer", c.hidden, columns) for name, columns in wide.items()),
        vector(f"{at}.conv1d", "mixer", shape.mixed * shape.kernel),
        vector(f"{at}.A_log", "mixer", shape.value_heads),
        vector(f"{at}.dt_bias", "mixer", shape.value_heads),
        norm(f"{at}.norm", shape.value_dim),
        linear(f"{at}.out_proj", "mixer", shape.values, c.hidden),
    )
    return Mixer(weights, delta_states(c, shape))


def kimi_delta(
    c: ModelConfig,
    *,
    heads: int,
    head_dim: int,
    kernel: int,
    full_decay: bool = False,
    full_gate: bool,
) -> Mixer:
    """Kimi delta attention (arXiv 2510.26692): a delta rule whose decay has a value for each column.

    `full_decay`, `full_gate`: the decay, the output gate, is one matrix rather than two of low rank."""
    width, hidden, at = heads * head_dim, c.hidden, "self_attn"
    low_rank = {"f": full_decay, "g": full_gate}
    weights = [linear(f"{at}.{name}_proj", "mixer", hidden, width) for name in "qkv"]
    weights += [vector(f"{at}.{name}_conv1d", "mixer", width * kernel) for name in "qkv"]
    for name, full in low_rank.items():
        if full:
            weights.append(linear(f"{at}.{name}_proj", "mixer", hidden, width))
        else:
            weights.append(linear(f"{at}.{name}_a_proj", "mixer", hidden, head_dim))
            weights.append(linear(f"{at}.{name}_b_proj", "mixer", head_dim, width))
    weights += [
        linear(f"{at}.b_proj", "mixer", hidden, heads),
        vector(f"{at}.A_log", "mixer", heads),
        vector(f"{at}.dt_bias", "mixer", width),
        norm(f"{at}.o_norm", head_dim),
        linear(f"{at}.o_proj", "mixer", width, hidden),
    ]
    shape = DeltaShape(heads, heads, head_dim, head_dim, kernel)
    return Mixer(tuple(weights), delta_states(c, shape, bits=32))


def short_convolution(c: ModelConfig, *, kernel: int, bias: bool) -> Mixer:
    """A gated convolution over a few tokens (LFM2)."""
    hidden = c.hidden
    weights = (
        linear("conv.in_proj", "mixer", hidden, 3 * hidden, bias=bias),
        vector("conv.conv", "mixer", hidden * (kernel + bias)),
        linear("conv.out_proj", "mixer", hidden, hidden, bias=bias),
    )
    return Mixer(weights, (state(hidden * (kernel - 1), heads=hidden),))
