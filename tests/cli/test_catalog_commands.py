"""`gpuspec gpus`, `models` and `prices`, as people call them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gpuspec.cli import gpus, models, prices
from gpuspec.errors import UserError

LAMBDA = (
    "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice\n"
    "gpu_1x_a10,A10,1.0,30.0,200.0,7.50,us-east-1,,\n"
    "gpu_1x_a100,A100,1.0,30.0,200.0,1.40,us-east-1,,\n"
    "gpu_1x_a100_sxm4,A100,1.0,30.0,200.0,1.40,us-east-1,,\n"
    "gpu_1x_h100_pcie,H100,1.0,26.0,200.0,2.60,us-east-1,,\n"
    "gpu_8x_h100_sxm5,H100,8.0,208.0,1800.0,25.00,us-east-1,,\n"
    "gpu_4x_h100_sxm5,H100,4.0,208.0,1800.0,13.00,us-east-1,,\n"
    "gpu_2x_h100_sxm5,H100,2.0,208.0,1800.0,7.00,us-east-1,,\n"
    "gpu_1x_gh200,GH200,1.0,64.0,432.0,1.60,us-east-1,,\n"
    "gpu_1x_a6000,A6000,1.0,14.0,100.0,0.90,us-east-1,,\n"
    "gpu_8x_b200_sxm6,B200,8.0,208.0,2900.0,40.00,us-east-1,,\n"
    "gpu_2x_a6000,A6000,2.0,28.0,200.0,1.80,us-east-1,,\n"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GPUSPEC_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def _run(command: click.Command, *arguments: str) -> Result:
    result = CliRunner().invoke(command, list(arguments), catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_gpus_filtered_and_sorted_by_price() -> None:
    lines = _run(gpus.command, "--cloud", "lambda", "--min-vram", "80", "--sort", "price").output.splitlines()
    assert lines[0].split()[:2] == ["GPU", "$/h"]
    # Lambda, $/h per GPU: GH200 2.29, 8× A100 80 22.32/8 = 2.79, H100 PCIe 3.29, 8× H100 31.92/8 = 3.99, 8× B200 6.69
    names = ["GH200", "A100 80GB SXM4", "H100 PCIe", "H100 SXM", "B200"]
    assert [line[: len(name)] for line, name in zip(lines[1:], names, strict=False)] == names
    assert "$2.79 lambda" in lines[2]
    assert "snapshot 2026-11-29" in lines[-1]


def test_gpus_max_price_counts_spot() -> None:
    records = json.loads(_run(gpus.command, "--max-price", "1.0", "--min-vram", "80", "--json").output)
    assert records
    for record in records:
        prices_known = [record[kind]["per_hour"] for kind in ("on_demand", "spot") if record[kind]]
        assert min(prices_known) <= 1.0


@pytest.mark.parametrize("columns", ["20", "40", "60", "200"])
def test_narrow_terminals_lose_columns_not_lines(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = _run(gpus.command, "--cloud", "hyperbolic").output.splitlines()
    assert lines[1].startswith("H100 SXM")
    assert ("FEATURES" in lines[0]) is (columns == "200")
    if columns in ("40", "60"):
        assert len(lines[1]) <= int(columns)


def test_one_gpu_with_names_and_sources() -> None:
    output = _run(gpus.command, "NVIDIA GeForce RTX 4090").output
    assert output.startswith("RTX 4090  (nvidia Ada)")
    assert "1008 GB/s" in output
    assert "RTX4090" in output
    assert "Sources of RTX 4090: " in output


def test_an_ambiguous_name_shows_all_it_may_mean() -> None:
    records = json.loads(_run(gpus.command, "H100", "--json").output)
    assert {record["name"] for record in records} == {"H100 SXM", "H100 PCIe", "H100 NVL", "H100 80GB"}


def test_unknown_gpu_cloud_and_nothing_found() -> None:
    with pytest.raises(UserError, match="RTX 4900") as caught:
        _run(gpus.command, "RTX 4900")
    assert "RTX 4090" in (caught.value.hint or "")
    with pytest.raises(UserError) as caught:
        _run(gpus.command, "--cloud", "nowhere")
    assert caught.value.code == "unknown-cloud"
    assert _run(gpus.command, "--min-vram", "9999").output == "No GPU matches.\n"
    assert _run(gpus.command, "--min-vram", "-1").exit_code == 2


def test_models_query_lists_and_a_name_is_explained() -> None:
    listed = _run(models.command, "qwen3-embedding").output.splitlines()
    assert [line.split()[0] for line in listed[1:4]] == [
        "Qwen3-Embedding-0.6B",
        "Qwen3-Embedding-4B",
        "Qwen3-Embedding-8B",
    ]
    assert all(
        "/" in line.split()[0] for line in listed[4:]
    )  # repositories of the hub, after gpuspec's own names
    assert len(listed) > 10
    output = _run(models.command, "TheBloke/Llama-2-13B-chat-AWQ").output
    assert output.startswith("TheBloke/Llama-2-13B-chat-AWQ is Llama-2-13B, quantized awq\n")
    assert "5,120 wide, 40 heads" in output


def test_a_part_of_a_name_is_looked_for_in_the_table() -> None:
    listed = _run(models.command, "smollm3").output
    assert "HuggingFaceTB/SmolLM3-3B-Base " in listed
    many = _run(models.command, "qwen3").output.splitlines()
    assert many[-1].endswith("more on the hub: say more of the name, or --json for all")
    records = json.loads(_run(models.command, "smollm3", "--json").output)
    assert "mlx-community/SmolLM3-3B-4bit" in {record["id"] for record in records}


def test_a_name_is_shown_in_the_scheme_that_it_states() -> None:
    # 233.8 B parameters of linear layers in 8 bit are 217.7 GiB; 1.295 B of embedding, norms and head in 16 2.4 GiB
    name = "Qwen/Qwen3-235B-A22B-FP8"
    assert (
        "as uploaded  220 GiB: fp8 218 GiB, bf16 2.4 GiB; its name says fp8"
        in _run(models.command, name).output
    )
    (record,) = json.loads(_run(models.command, name, "--json").output)
    assert record["native_dtype"] == "fp8"
    assert record["stored_gib"] == pytest.approx(220.15, abs=0.1)
    assert record["sizes_gib"]["bf16"] == pytest.approx(437.9, abs=0.5)
    assert "write the type behind the name" in _run(models.command, "unsloth/Qwen3-30B-A3B-GGUF").output


def test_the_length_that_vllm_serves_is_said() -> None:
    output = _run(models.command, "microsoft/Phi-3-mini-128k-instruct").output
    assert "131,072 tokens; vLLM serves 4,096 unless told otherwise (LongRoPE)" in output


def test_a_folder_is_shown(tmp_path: Path) -> None:
    config = {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 2, "hidden_size": 64,
        "num_attention_heads": 4, "intermediate_size": 128, "vocab_size": 1000, "torch_dtype": "bfloat16",
    }  # fmt: skip
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    assert "2: each with attention to every token" in _run(models.command, str(folder)).output


def test_an_adapter_is_its_base(tmp_path: Path) -> None:
    adapter = {"base_model_name_or_path": "meta-llama/Llama-3.1-8B-Instruct", "r": 16, "peft_type": "LORA"}
    (tmp_path / "adapter_config.json").write_text(json.dumps(adapter))
    output = _run(models.command, str(tmp_path)).output
    assert output.startswith(f"{tmp_path} is an adapter of meta-llama/Llama-3.1-8B-Instruct\n")
    assert "Llama-3.1-8B" in output.splitlines()[4]
    assert "8.03 B" in output
    (tmp_path / "adapter_config.json").write_text("[1")
    with pytest.raises(UserError) as caught:
        _run(models.command, str(tmp_path))
    assert caught.value.code == "local-model"


def test_what_the_project_keeps_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"format": 1, "models": {"acme/Foobarium-9B": {"params_b": 9.0, "task": "llm", "layers": 40}}}
    (tmp_path / "gpuspec.models.json").write_text(json.dumps(kept))
    monkeypatch.chdir(tmp_path)
    assert "acme/Foobarium-9B" in _run(models.command, "foobar").output
    with pytest.raises(UserError) as caught:
        _run(models.command, "acme/Foobarum-9B")
    assert "Did you mean acme/Foobarium-9B?" in (caught.value.hint or "")


def test_models_json_and_unknown() -> None:
    (record,) = json.loads(_run(models.command, "FLUX.1-schnell", "--json").output)
    assert record["params_b"] == 11.9
    with pytest.raises(UserError) as caught:
        _run(models.command, "someone/bar-13b")
    assert caught.value.code == "unknown-model"
    assert "13 B" in caught.value.message


def test_prices_show_what_was_dropped() -> None:
    assert "mithril snapshot 2026-11-29 4 2 2 bid" in " ".join(_run(prices.command).output.split())
    output = _run(prices.command, "--cloud", "spheron").output
    assert "skypilot-spheron: snapshot 2026-11-29" in output
    assert "dropped 1: A100_80G_PCIE: the machine's name says SXM" in output
    records = {record["name"]: record for record in json.loads(_run(prices.command, "--json").output)}
    assert records["seed-2025"]["rentable"] is False
    assert records["skypilot-vast"]["mended"]["vCPUs and RAM are rounded down"] == 46


def test_prices_update_from_seeded_files(home: Path) -> None:
    folder = home / ".sky/catalogs/v8/lambda"
    folder.mkdir(parents=True)
    (folder / "vms.csv").write_text(LAMBDA)
    output = _run(prices.command, "update", "--cloud", "lambda", "--offline").output
    assert (
        "lambda gpu_1x_a10 us-east-1: price moved $1.29 → $7.50/h (NOT taken; --accept-moves takes it)"
        in output
    )
    assert "11 offers written to" in output
    output = _run(prices.command, "update", "--cloud", "Lambda", "--offline", "--accept-moves").output
    assert "(taken)" in output


def test_prices_update_of_an_unknown_cloud() -> None:
    with pytest.raises(UserError) as caught:
        _run(prices.command, "update", "--cloud", "nimbus")
    assert caught.value.code == "unknown-cloud"


def test_prices_update_without_skypilot(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "sky.py").write_text("raise ModuleNotFoundError('no sky', name='sky')")
    monkeypatch.setattr(sys, "path", [str(home), *sys.path])
    with pytest.raises(UserError) as caught:
        _run(prices.command, "update")
    assert caught.value.code == "skypilot-missing"
    assert "pip install" in (caught.value.hint or "")
