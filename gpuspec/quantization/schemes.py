"""One row a scheme: its bits, its kernels, how people spell it, how the names of checkpoints state it."""

from typing import Literal

from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization.gguf import PartBits, part_bits, whole_bits


class Scheme(NamedTuple):
    """A way to keep a model's weights in fewer bits. To add one, add a row to `SCHEMES`."""

    name: str
    bits: float | None = None
    """Per quantized parameter, scales and zeros included; for GGUF those of the whole file per parameter."""
    family: str = ""
    """What its checkpoints are called, by which engines tell them apart; "" where only the bits are known."""
    quantizes: Literal["weights", "weights and activations", "experts", "everything"] = "weights"
    """"weights" leaves the embeddings in 16 bit; "experts" all but those of a mixture; "everything" nothing."""
    keeps: tuple[str, ...] = ("head", "router", "vision", "audio", "projector")
    """Parts of a model (`gpuspec/architectures/parts.py`) that stay in 16 bit though they are linear layers."""
    least_capability: float = 0.0
    """CUDA compute capability from which there are kernels for it."""
    native_capability: float = 0.0
    """Capability from which the GPU computes in it; below, weights are unpacked to 16 bit."""
    calibrated: bool = False
    """Made beforehand with sample data: no engine makes it while it loads."""
    frozen: bool = False
    """Its weights cannot be trained: what is trained on top of them are adapters."""
    scales_cache: bool = False
    """Its checkpoints often hold the scales of an 8-bit KV cache, which engines then keep: those of NVIDIA's
    ModelOpt, AMD's Quark and llm-compressor."""
    spellings: tuple[str, ...] = ()
    """What vLLM, SGLang, TGI, LitGPT and torchao call it, small letters."""
    in_names: tuple[tuple[str, str], ...] = ()
    """(what stands in the checkpoint's name, pattern): the first is looked for before the second is compiled."""
    by_part: PartBits | None = None
    """Where the parts of a model are kept in different numbers of bits."""
    double_quantized: str = ""
    """The scheme that uploads of `DOUBLE_QUANTIZES` have where their names state this one."""

    @property
    def width(self) -> int:
        """Bits of one weight without its scales: 4 of AWQ's 4.156."""
        return int(self.bits or 16)

    @property
    def four_bit(self) -> bool:
        """Whether weights are frozen in 4 bit: LoRA on top of them is QLoRA."""
        return self.frozen and self.width == 4


DOUBLE_QUANTIZES = "unsloth"
"""A publisher whose 4-bit uploads are double-quantized (their config.json says bnb_4bit_use_double_quant)."""

SCHEMES: tuple[Scheme, ...] = (
    Scheme(
        "nvfp4", 4.5, "NVFP4", native_capability=10.0, scales_cache=True,
        spellings=("modelopt_fp4", "nvfp4", "fp4"),
        in_names=(("fp4", r"(?:nv)?fp4(?:a16)?"),),  # nvidia/…-FP4 are NVFP4 (their model cards)
    ),
    Scheme(
        "mxfp4", 4.25, "MXFP4", quantizes="experts", scales_cache=True,
        spellings=("mxfp4",),
        in_names=(("mxfp4", r"mxfp4(?:[-_.]moe)?"),),
    ),
    Scheme(
        "awq", 4.156, "AWQ", least_capability=7.5, calibrated=True, frozen=True,
        spellings=("awq", "awq_marlin", "awq-int4", "awq-4bit", "awq-int4-marlin"),
        in_names=(("awq", r"(?:w4a16|int4|4bit)[-_]awq|awq(?:[-_.](?:w?4a16|w4a16|int4|4bit))?"
                         r"(?![-_.](?:bf16[-_.])?(?:[568]bit|int8))"),),
    ),
    Scheme(
        "gptq-int8", 8.19, "GPTQ", calibrated=True, frozen=True,
        spellings=("gptq-int8", "gptq-8bit"),
        in_names=(("gptq", r"gptq[-_.]?(?:int8|8bit|w8a16)|(?:int8|8bit)[-_]gptq"),),
    ),
    Scheme(
        "gptq-int4", 4.156, "GPTQ", calibrated=True, frozen=True,
        spellings=("gptq", "gptq_marlin", "gptq-int4", "gptq-4bit", "marlin"),
        in_names=(("gptq", r"(?:int4|4bit)[-_]gptq|gptq(?:[-_.]?(?:int4|4bit|4b|w4a16))?"),),
    ),
    Scheme("gptq-int3", 3.156, "GPTQ", calibrated=True, frozen=True, spellings=("gptq-3bit",)),
    Scheme("gptq-int2", 2.156, "GPTQ", calibrated=True, frozen=True, spellings=("gptq-2bit",)),
    Scheme(
        "fp8", 8.0, "FP8", quantizes="weights and activations", least_capability=8.0, native_capability=8.9,
        scales_cache=True,
        spellings=("fp8", "fbgemm_fp8", "w8a8_fp8", "ptpc_fp8", "modelopt", "modelopt_fp8", "float8", "fp8wo",
                   "qfloat8", "float8dq"),
        in_names=(("fp8", r"(?:mx)?fp8(?:[-_](?:dynamic|kv|block|tensor|static|e4m3))*"),),
    ),
    Scheme(
        "nf4", 4.5, "bitsandbytes", keeps=("head",), least_capability=7.5, frozen=True, double_quantized="nf4-dq",
        spellings=("bitsandbytes", "bitsandbytes-nf4", "bitsandbytes-fp4", "bitsandbytes-4bit", "bnb", "bnb-4bit",
                   "bnb-nf4", "nf4", "bnb.nf4", "bnb.fp4"),
        in_names=(("bnb", r"(?:unsloth-)?bnb-4bit|4bit-bnb|bnb-nf4"), ("nf4", r"nf4")),
    ),
    Scheme(
        "nf4-dq", 4.127, "bitsandbytes", keeps=("head",), least_capability=7.5, frozen=True,
        spellings=("nf4-dq", "bnb.nf4-dq", "bnb.fp4-dq"),
    ),
    Scheme(
        "int8", 8.06, least_capability=7.5, frozen=True,
        spellings=("int8", "w8a8_int8", "experts_int8", "qint8", "int8wo", "int8dq", "8bit", "8-bit", "8", "llm_int8",
                   "eetq", "bitsandbytes-8bit", "bnb-8bit", "bnb.int8", "bnb.int8-training"),
        in_names=(
            ("8", r"bnb-8bit|awq[-_](?:bf16[-_])?(?:int8|8bit)|(?:quantized[.])?w8a(?:8|16)|int8|8[-_]?bits?"
                  r"|jang_8[a-z]"),
        ),
    ),
    Scheme(
        "int4", 4.156, frozen=True,
        spellings=("int4", "w4a16", "int4wo", "int4wo-128", "4bit", "4-bit", "4", "squeezellm"),
        in_names=(("4", r"(?:quantized[.])?w4a16|int4|4[-_]?bits?|jang(?:tq)?_?4[a-z]?"),),
    ),
    Scheme("int6", 6.156, frozen=True, in_names=(("6", r"awq[-_]6bit|int6|6[-_]?bits?|jang_6[a-z]"),)),
    Scheme("int5", 5.156, frozen=True, in_names=(("5", r"int5|5[-_]?bits?"),)),
    Scheme("int3", 3.156, frozen=True, in_names=(("3", r"int3|w3a16|3[-_]?bits?|jang(?:tq)?_?3[a-z]?"),)),
    Scheme("int2", 2.156, frozen=True, in_names=(("2", r"int2|w2a16|2[-_]?bits?|jang(?:tq)?_?2[a-z]?"),)),
)  # fmt: skip
"""Of several rows whose pattern fits a name the first counts. JANG_4M has 4 bits in most weights
(jangq.ai). Bits of 4-bit weights in groups of 128:
4 + (16 + 4) / 128; NF4: 4 + 32 / 64, double quantization 4 + 8 / 64 + 32 / (64 · 256); NVFP4: 4 + 8 / 16; MXFP4:
4 + 8 / 32. FP4 of bitsandbytes is as large as NF4. `bitsandbytes` is 4 bit in vLLM and SGLang; TGI means 8 bit, as
its row in `engines` says. Kernels: vLLM docs, "Supported hardware" (AWQ from Turing, FP8 weights from Ampere);
NVIDIA's FP8 arithmetic is from Ada on (8.9), FP4 from Blackwell (10.0); bitsandbytes' list begins with Turing."""

DTYPE_BITS = {"fp32": 32.0, "bf16": 16.0, "fp16": 16.0}
"""Bits of weights that are not quantized."""

BITSANDBYTES = {4: "nf4", 8: "int8"}
"""Bits asked of bitsandbytes → scheme: load_in_4bit, load_in_8bit, trainers' `--bits`."""

_BY_NAME = {scheme.name: scheme for scheme in SCHEMES}
_SPELLED = {spelling: scheme.name for scheme in SCHEMES for spelling in scheme.spellings}


def find_scheme(name: str | None) -> Scheme:
    """The row of a scheme ("awq", "gguf:Q4_K_M", "bf16"; "bpw:4.25" states its bits). A name that is not known has a
    row without bits."""
    text = name or ""
    kind, _, rest = text.partition(":")
    if kind == "gguf":
        upper = rest.upper()
        known = upper.removeprefix("UD-").replace("_XL", "_M")
        return Scheme(text, whole_bits(known), "GGUF", quantizes="everything", by_part=part_bits(known))
    if kind == "bpw" and rest:
        return Scheme(text, float(rest), "EXL2")
    return _BY_NAME.get(text) or Scheme(text, DTYPE_BITS.get(text))


def bits_of(name: str) -> float | None:
    """Bits per parameter of a scheme or a dtype; None when it is not known."""
    return find_scheme(name).bits


def spelled(text: str) -> str | None:
    """The scheme that a flag's word means; None for "none", "compressed-tensors" (it says nothing) and what is not
    known. GGUF types are spelled "gguf:Q4_K_M"."""
    low = text.strip().lower()
    if low.startswith("gguf:"):
        return f"gguf:{low[5:].upper()}"
    return _SPELLED.get(low) or _SPELLED.get(low.replace("-", "_"))
