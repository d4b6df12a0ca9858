"""Models on disk: real headers made here byte by byte, and hostile ones."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpuspec.architectures.parts import Cache
from gpuspec.catalog.local import is_local, read_local
from gpuspec.catalog.read_repository import adapter_of
from gpuspec.catalog.repository import ModelFolder
from gpuspec.errors import UserError
from tests.catalog.files import gguf

LLAMA_8B = {
    "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 131072,
    "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}  # fmt: skip


TINY = gguf(
    {
        "general.architecture": "llama",
        "general.file_type": 15,
        "llama.block_count": 2,
        "llama.embedding_length": 64,
        "llama.attention.head_count": 8,
        "llama.attention.head_count_kv": 2,
        "llama.context_length": 4096,
        "tokenizer.ggml.tokens": ["a", "b", "c"],
    },
    {"token_embd.weight": ([64, 1000], 0), "output.weight": ([64, 1000], 0)},
)


def _safetensors(header: object, body: int = 0) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(body)


def _outcome(path: Path) -> str:
    """The source of the model, or the code of the error. Anything else is raised."""
    try:
        return read_local(str(path)).source
    except UserError as error:
        return error.code


def test_config_gives_the_shape_and_the_size(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA_8B))
    model = read_local(str(tmp_path))
    assert (model.layers, model.kv_heads, model.head_dim, model.native_dtype) == (32, 8, 128, "bf16")
    assert model.params_b == 8_030_261_248 / 1e9  # what the hub counts of Llama 3.1 8B
    assert model.caches == (Cache("full", width=2048, heads=8, layers=32),)
    assert model.source == "local file"


def test_config_of_a_picture_model_speaks_in_text_config(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps({"text_config": LLAMA_8B, "vision_config": {"hidden_size": 1}})
    )
    assert read_local(str(tmp_path)).hidden == 4096


@pytest.mark.parametrize(
    ("quantized", "scheme"),
    [
        ({"quant_method": "awq", "bits": 4}, "awq"),
        ({"quant_method": "gptq", "bits": 4}, "gptq-int4"),
        ({"quant_method": "gptq", "bits": 8}, "gptq-int8"),
        ({"quant_method": "gptq", "bits": 3}, "gptq-int3"),
        ({"quant_method": "fp8", "activation_scheme": "dynamic"}, "fp8"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True, "load_in_8bit": False}, "nf4"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": False, "load_in_8bit": True}, "int8"),
        ({"quant_method": "aqlm", "nbits_per_codebook": 16}, "aqlm"),  # nobody knows its size
    ],
)
def test_quantized_config(quantized: dict[str, object], scheme: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**LLAMA_8B, "quantization_config": quantized}))
    assert read_local(str(tmp_path)).native_dtype == scheme


def test_experts_in_four_bits(tmp_path: Path) -> None:
    gpt_oss = {
        "model_type": "gpt_oss",
        "quantization_config": {"quant_method": "mxfp4"},
    }  # its class is the 120B
    (tmp_path / "config.json").write_text(json.dumps(gpt_oss))
    assert read_local(str(tmp_path)).native_dtype == "mxfp4"


def test_safetensors_headers_are_counted(tmp_path: Path) -> None:
    header = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "BF16", "shape": [10, 20], "data_offsets": [0, 400]},
        "b": {"dtype": "F32", "shape": [5], "data_offsets": [400, 420]},
    }
    (tmp_path / "model.safetensors").write_bytes(_safetensors(header, 420))
    model = read_local(str(tmp_path))
    assert model.params_b == pytest.approx(205e-9)
    assert model.native_dtype == "bf16"
    assert model.weights_gib == pytest.approx(420 / 2**30)


def test_gguf_header(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(TINY)
    model = read_local(str(path))
    assert (model.id, model.layers, model.hidden, model.heads, model.kv_heads) == ("tiny", 2, 64, 8, 2)
    assert (model.head_dim, model.vocab, model.max_context) == (8, 3, 4096)
    assert model.native_dtype == "gguf:Q4_K_M"
    assert model.params_b == pytest.approx(128_000 / 1e9)
    assert model.tied_embeddings is False


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.gguf", b""), ("m.gguf", b"GGUF"), ("m.gguf", b"GGML" + bytes(40)), ("m.gguf", TINY[:100]),
        ("m.gguf", b"GGUF" + struct.pack("<IQQ", 3, 2**63, 2**63)),
        ("m.gguf", b"GGUF" + struct.pack("<IQQ", 99, 0, 0)),
        ("m.gguf", gguf({"k": struct.pack("<IIQ", 9, 8, 2**40)})),
        ("m.gguf", gguf({"k": struct.pack("<I", 77)})),
        ("m.gguf", gguf({}, {"huge": ([2**62, 2**62], 0)})),
        ("m.gguf", gguf({"k": struct.pack("<IIQ", 9, 8, 1_100_000) + bytes(8 * 1_100_000)})),
        ("m.safetensors", b""), ("m.safetensors", struct.pack("<Q", 2**60)), ("m.safetensors", _safetensors([])),
        ("m.safetensors", _safetensors(b"{")), ("m.safetensors", _safetensors(b"[" * 100_000)),
        ("m.safetensors", _safetensors({"a": 1})), ("m.safetensors", _safetensors({"a": {"dtype": "F32"}})),
        ("m.safetensors", _safetensors({"a": {"dtype": "F32", "shape": [10**30], "data_offsets": [0, 4]}}, 4)),
        ("m.safetensors", _safetensors({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, 4)),
        ("m.safetensors", _safetensors({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 10**9]}})),
        ("m.safetensors", _safetensors({"a": {"dtype": "X", "shape": [2**62] * 16, "data_offsets": [0, 0]}})),
        ("m.safetensors", _safetensors({"a": {"dtype": "X", "shape": [2] * 10**6, "data_offsets": [0, 0]}})),
        ("m.safetensors", _safetensors(b'{"a":[' + b"[]," * 3_000_000 + b"[]]}")),
        ("config.json", b'{"a": ' + b"1" * 5000 + b"}"), ("config.json", b'{"a": "' + b"a" * (1 << 20) + b'"}'),
        ("config.json", b"{"), ("config.json", b"[]"), ("config.json", b"[" * 200_000), ("config.json", b"\xff\xfe"),
        ("m.bin", b"weights"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        read_local(str(tmp_path if name == "config.json" else path))
    assert caught.value.code == "local-model"


def test_missing_and_empty(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "no.gguf"):
        with pytest.raises(UserError):
            read_local(str(path))


def test_absurd_config_is_refused_in_words(tmp_path: Path) -> None:
    absurd = {"hidden_size": -1, "num_hidden_layers": 10**30, "vocab_size": "many", "num_attention_heads": 0}
    (tmp_path / "config.json").write_text(json.dumps(absurd))
    with pytest.raises(UserError, match="its structure cannot be read: its config says"):
        read_local(str(tmp_path))


def test_absurd_config_beside_weights_leaves_their_size(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"num_hidden_layers": -5}))
    header = {"a": {"dtype": "BF16", "shape": [10, 20], "data_offsets": [0, 400]}}
    (tmp_path / "model.safetensors").write_bytes(_safetensors(header, 400))
    model = read_local(str(tmp_path))
    assert (model.params_b, model.layers, model.native_dtype) == (200e-9, None, "bf16")
    assert model.unsure.startswith("only its size is known: its config")


def test_what_counts_as_a_path(tmp_path: Path) -> None:
    assert is_local("/models/llama")
    assert is_local("./llama")
    assert is_local(str(tmp_path))
    assert not is_local("meta-llama/Llama-3.1-8B")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(TINY) - 1), byte=st.integers(0, 255), cut=st.integers(0, len(TINY)))
def test_damaged_gguf_never_crashes(tmp_path: Path, at: int, byte: int, cut: int) -> None:
    data = bytearray(TINY)
    data[at] = byte
    path = tmp_path / "m.gguf"
    path.write_bytes(bytes(data[: max(cut, at)]))
    assert _outcome(path) in ("local-model", "local file")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["dtype", "shape", "data_offsets", *LLAMA_8B, "text_config", "layer_types"]),
            inner,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=_json)
def test_any_json_is_a_model_or_an_error(tmp_path: Path, value: object) -> None:
    text = json.dumps(value)
    (tmp_path / "config.json").write_text(text)
    (tmp_path / "w.safetensors").write_bytes(_safetensors(text.encode()))
    for path in (tmp_path, tmp_path / "w.safetensors"):
        assert _outcome(path) in ("local-model", "local file")


def test_adapter_is_no_model_and_names_its_base(tmp_path: Path) -> None:
    config = {"base_model_name_or_path": "meta-llama/Llama-3.1-8B", "r": 16, "peft_type": "LORA"}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    (tmp_path / "adapter_model.safetensors").write_bytes(bytes(1000))
    with pytest.raises(UserError, match="an adapter of meta-llama/Llama-3"):
        read_local(str(tmp_path))
    assert adapter_of(ModelFolder(str(tmp_path))) == ("meta-llama/Llama-3.1-8B", 16, 1000)


def test_many_files_and_folders_in_them(tmp_path: Path) -> None:
    for name in ("config.json", "vae/config.json", "vae/deep/config.json", ".cache/config.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert dict(ModelFolder(str(tmp_path)).sizes) == {"config.json": 2, "vae/config.json": 2}


def test_a_folder_of_very_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpuspec.catalog.repository.MOST_FILES", 3)
    for number in range(4):
        (tmp_path / f"f{number}").mkdir()
        (tmp_path / f"f{number}" / "a").write_text("")
    with pytest.raises(UserError, match="more than 3 files"):
        read_local(str(tmp_path))


def test_index_says_the_size_of_shards_that_are_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA_8B))
    index = {"metadata": {"total_size": 16060522496}, "weight_map": {"a": "model-00001-of-00004.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    model = read_local(str(tmp_path))
    assert model.weights_gib == 16060522496 / 2**30  # meta-llama/Llama-3.1-8B's own index
    assert model.unsure == ""


def test_files_that_are_not_what_the_config_says_make_it_unsure(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA_8B))
    (tmp_path / "model.safetensors.index.json").write_text('{"metadata": {"total_size": 32121044992}}')
    assert read_local(str(tmp_path)).unsure == "its files hold 29.92 GiB, its config makes 14.96 GiB"
