"""`gpuspec size` as a person uses it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gpuspec.cli.size import command
from gpuspec.errors import UserError
from tests.catalog.files import gguf


def run(*arguments: str) -> Result:
    ran = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    if isinstance(ran.exception, UserError):
        raise ran.exception
    assert ran.exception is None, ran.exception
    return ran


def found(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").output)


def refused(*arguments: str) -> UserError:
    with pytest.raises(UserError) as error:
        run(*arguments)
    return error.value


@pytest.mark.parametrize("columns", [80, 60, 40])
@pytest.mark.parametrize(
    "what", [["Llama-3.1-8B", "--on", "RTX 4090"], ["FLUX.1-dev"], ["7B", "--method", "qlora"]]
)
def test_no_line_is_wider_than_the_terminal(
    what: list[str], columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run(*what).output.splitlines()
    assert max(map(len, lines)) <= columns
    assert "driver, libraries and kernels: " in " ".join(" ".join(lines).split())
    prices = lines.index("Smallest that surely fit, by price")
    titles, *shown = lines[prices + 1 : prices + 10]
    assert "$/h" in titles
    assert all(" × " in line for line in shown), "each machine is a line"


def test_the_size_in_an_adapters_name_is_that_of_its_base() -> None:
    error = refused("tloen/alpaca-lora-7b")
    assert error.message.endswith("the 7 B in its name are those of its base")
    assert refused("acme/helper").message.endswith("not even a size in its name")


def test_the_page_has_parts_a_bar_prices_and_the_next_step() -> None:
    text = run("Llama-3.1-8B", "--on", "RTX 4090").output
    # 14.96 GiB of the file, and tables of 131,072 positions × 128 × 2 bytes
    assert re.search(r"weights +14\.88 +14\.99", text)
    assert "RTX 4090: fits" in text
    assert "█" in text
    assert "Smallest that surely fit, by price" in text
    assert "context 8,192: +0.50 GiB" in text  # 4,096 more tokens × 131,072 bytes
    assert re.search(r"4,096 tokens each +\d+ +\d+ users", text)


def test_json_adds_up() -> None:
    answer = found("70B", "--quantization", "int4", "--gpus", "2")
    total = sum(part["expected"] for part in answer["parts"])
    assert answer["gib_per_gpu"]["expected"] == pytest.approx(total)
    assert answer["gpus"] == 2
    prices = [one["price"] for one in answer["rentable"]]
    assert prices == sorted(prices)
    assert {one["gpu_count"] for one in answer["rentable"]} == {2}


def test_the_quantization_in_a_name_counts() -> None:
    named, said = found("TheBloke/Llama-2-70B-AWQ"), found("Llama-2-70B", "--quantization", "awq")
    assert named["gib_per_gpu"] == said["gib_per_gpu"]


def test_a_size_in_an_unknown_name_gives_a_rough_answer() -> None:
    answer = found("acme/mystery-13b-chat")
    assert answer["confidence"] == "low"
    assert answer["gib_per_gpu"]["expected"] > 13e9 * 2 / 2**30


def test_a_job_is_sized_as_it_stands(tmp_path: Path) -> None:
    job = tmp_path / "job.jsonc"
    job.write_text(
        '{"task": "serve", "model": {"id": "Qwen/Qwen2.5-7B-Instruct", "context": 8192}, "gpu_count": 1}'
    )
    answer = found(str(job))
    assert answer["model"] == "Qwen2.5-7B"
    cache = next(part for part in answer["parts"] if part["name"] == "KV cache")
    assert cache["expected"] == pytest.approx(28 * 2 * 4 * 128 * 2 * 8192 / 2**30)


@pytest.mark.parametrize(
    ("spec", "gpus"),
    [
        ('"gpu_types": [{"type": "H200", "count": 8}]', 8),
        ('"gpu_types": ["8xH200"]', 8),
        ('"gpu_count": 8, "gpu_types": ["H200"]', 8),
        ('"model": {"id": "deepseek-ai/DeepSeek-V3", "tensor_parallel": 8, "context": 8192}', 8),
        ('"gpu_types": [{"type": "H200", "count": 8}, {"type": "H100 SXM", "count": 4}]', 8),
        ('"gpu_types": ["H200"]', 1),
    ],
)
def test_a_job_is_sized_over_the_gpus_it_asks_for(spec: str, gpus: int, tmp_path: Path) -> None:
    job = tmp_path / "job.jsonc"
    model = "" if '"model"' in spec else ', "model": {"id": "deepseek-ai/DeepSeek-V3", "context": 8192}'
    job.write_text(f'{{"task": "serve", {spec}{model}}}')
    answer = found(str(job))
    assert answer["gpus"] == gpus
    # Its files hold 688.6 GB (671 B parameters in FP8, the rest in 16 bit), less 14 B for drafting.
    weights = next(part for part in answer["parts"] if part["name"] == "weights")
    assert weights["expected"] == pytest.approx(627 / gpus, rel=0.02)


def test_training_by_option() -> None:
    full, lora, qlora = (
        found("7B", "--method", method)["gib_per_gpu"]["expected"] for method in ("full", "lora", "qlora")
    )
    assert full > 2 * lora > 2 * qlora
    assert found("FLUX.1-dev", "--method", "lora")["on"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["no-such-thing"], "unknown-model"),
        (["Llama-3.1-8B", "--context", "-5"], "bad-number"),
        (["Llama-3.1-8B", "--gpus", "0"], "bad-number"),
        (["Llama-3.1-8B", "--concurrency", "9" * 30], "bad-number"),
        (["x", "--params-b", "1e30"], "bad-number"),
        (["Llama-3.1-8B", "--on", "RTX 4900"], "unknown-gpu"),
        (["Llama-3.1-8B", "--quantization", "q99"], "unknown-quantization"),
        (["Llama-3.1-8B", "--engine", "vlm"], "unknown-engine"),
        (["Llama-3.1-8B", "--engine", "vllm", "--method", "lora"], "unknown-engine"),
    ],
)
def test_mistakes_are_named(arguments: list[str], code: str) -> None:
    error = refused(*arguments)
    assert error.code == code
    assert error.hint


def test_an_unknown_model_says_how_to_supply_the_facts() -> None:
    hint = refused("no-such-thing").hint or ""
    assert "model.params_b" in hint
    assert "folder" in hint


def test_a_name_several_cards_share_is_answered_for_each() -> None:
    assert len(found("Llama-3.1-8B", "--on", "H100")["on"]) > 1


def test_only_as_many_gpus_as_were_tried_are_named() -> None:
    assert "surely holds it (1 on one machine)" in run("Llama-3.1-405B", "--gpus", "1").output
    assert "surely holds it (1, 2, 4 or 8 on one machine)" in run("org/x", "--params-b", "5000").output


def test_a_gguf_file_is_served_by_llama_cpp(tmp_path: Path) -> None:
    facts = {"general.architecture": "llama", "llama.block_count": 1, "llama.embedding_length": 64}
    heads = {"llama.attention.head_count": 4, "llama.attention.head_count_kv": 2, "general.file_type": 15}
    path = tmp_path / "tiny.gguf"
    path.write_bytes(gguf(facts | heads, {"blk.0.attn_k.weight": ([64, 32], 12)}))
    first = run(str(path)).output.partition("\n")[0]
    assert "gguf:Q4_K_M · llama.cpp" in first


def test_a_context_may_be_in_units_of_1024() -> None:
    cache = {"8k": 1.0, "32k": 4.0, "1m": 128.0}  # 131,072 bytes a token
    for written, expected in cache.items():
        parts = {
            part["name"]: part["expected"] for part in found("Llama-3.1-8B", "--context", written)["parts"]
        }
        assert parts["KV cache"] == pytest.approx(expected)
    assert "more than the 131,072 that the model takes" in run("Llama-3.1-8B", "--context", "1m").output


def test_the_help_says_nothing_of_bounds_where_there_are_none() -> None:
    assert "None" not in run("--help").output


def test_the_default_task_of_the_settings_holds_for_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gpuspec.toml").write_text('default-task = "train"\n')
    assert "full training" in run("Llama-3.1-8B").output
    assert "full training" not in run("Llama-3.1-8B", "--task", "serve").output


def test_the_three_sizes_and_the_phases_are_of_the_same_memory() -> None:
    answer = found("Llama-3.1-8B", "--on", "L4")
    sizes = answer["sizes"]
    assert sizes["process"] == answer["gib_per_gpu"]
    assert sizes["allocated"]["expected"] <= sizes["reserved"]["expected"] <= sizes["process"]["expected"]
    deciding = next(phase for phase in answer["phases"] if phase["name"] == answer["decides"])
    assert deciding["parts"] == answer["parts"]
    assert answer["gib_per_gpu"]["expected"] == deciding["gib_per_gpu"]["expected"]


def test_users_are_held_all_at_once_and_the_reverse_agrees() -> None:
    answer = found("Llama-3.1-8B", "--on", "L40S", "--users", "16", "--context", "8k")
    cache = next(part for part in answer["parts"] if part["name"] == "KV cache")
    assert cache["expected"] == pytest.approx(16)  # 1 GiB each
    (room,) = answer["room"]
    assert room["longest_context"]["users"] == 16
    (most,) = room["most_users"]
    assert most["context"] == 8192
    verdicts = {
        users: found("Llama-3.1-8B", "--on", "L40S", "--users", str(users), "--context", "8k")["on"][0][
            "verdict"
        ]
        for users in (most["surely"], most["surely"] + 1, most["expected"] + 5)
    }
    assert list(verdicts.values()) == ["fits", "borderline", "does not fit"]


def test_a_command_that_limits_the_server_limits_the_users(tmp_path: Path) -> None:
    job = tmp_path / "job.jsonc"
    serve = "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 4096 --max-num-seqs 3"
    job.write_text(f'{{"name": "chat", "task": "serve", "users": 8, "run": "{serve}"}}')
    (room,) = found(str(job), "--on", "H200")["room"]
    assert room["most_users"] == [{"context": 4096, "surely": 3, "expected": 3}]
    assert room["lets_in"] == 3
    text = run(str(job), "--on", "H200").output
    assert "3 sequences are the most that the server lets in at once" in text
    assert "3 of 8 users served at once" in text


@pytest.mark.parametrize("what", [["FLUX.1-dev"], ["Llama-3.1-8B", "--method", "lora"], ["bge-m3"]])
def test_only_models_that_write_have_room_for_users(what: list[str]) -> None:
    assert found(*what, "--on", "H200")["room"] == []


@pytest.mark.parametrize("what", [["FLUX.1-dev"], ["Llama-3.1-8B", "--method", "lora"]])
def test_users_of_what_does_not_answer_are_refused(what: list[str]) -> None:
    assert refused(*what, "--users", "4").code == "no-users"


def test_the_next_step_is_on_the_gpu_that_was_asked_about() -> None:
    answer = found("Qwen3-32B", "--on", "H100", "--gpus", "2", "--users", "16")
    more = {step["name"]: step["gib_per_gpu"] - answer["gib_per_gpu"]["expected"] for step in answer["next"]}
    # 4,096 more tokens of 16 users: 64 layers × 2 × 8 heads × 128 × 2 bytes a token, over 2 GPUs
    twice = 16 * 4096 * 64 * 2 * 8 * 128 * 2 / 2 / 2**30
    assert more == {"context": pytest.approx(twice), "users": pytest.approx(twice)}


def test_users_whom_the_server_does_not_let_in_are_in_no_row() -> None:
    answer = found("Llama-3.1-8B", "--users", "100000", "--on", "H100")
    assert {room["longest_context"]["users"] for room in answer["room"]} == {1024}
    assert [step["name"] for step in answer["next"]] == ["context"]
    text = run("Llama-3.1-8B", "--users", "100000", "--on", "H100").output
    assert "1,024 sequences are the most that the server lets in at once" in text


def test_what_does_not_run_there_has_no_speed_there() -> None:
    assert found("Qwen3-32B", "--on", "L4")["speed"] is None
    assert "L4: does not fit, 42.8 GiB short, no room for weights\n" in run("Qwen3-32B", "--on", "L4").output
    assert found("Qwen3-32B", "--on", "H200")["speed"]["decode"]["low"] > 0


def test_the_next_sequence_is_twice_the_one_that_was_counted() -> None:
    answer = found("Qwen2.5-1.5B", "--method", "full", "--context", "4096")
    assert [(step["name"], step["value"]) for step in answer["next"]] == [("sequence", 8192), ("batch", 2)]


def test_what_was_assumed_of_the_engine_is_said() -> None:
    assert "engine vllm, since none was given" in found("Llama-3.1-8B")["assumptions"]
    assert (
        "engine hf-trainer, since none was given" in found("Llama-3.1-8B", "--method", "lora")["assumptions"]
    )
    assert "engine diffusers, since none was given" in found("FLUX.1-dev")["assumptions"]
    assert not any("engine" in one for one in found("Llama-3.1-8B", "--engine", "sglang")["assumptions"])


def test_an_engine_that_nobody_knows_is_named_in_a_job(tmp_path: Path) -> None:
    job = tmp_path / "job.jsonc"
    job.write_text('{"task": "serve", "model": {"id": "Llama-3.1-8B", "engine": "house-made"}}')
    assert "house-made is not known" in found(str(job))["assumptions"][0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["FLUX.1-dev", "--context", "4096"], "--context counts tokens of text"),
        (["Llama-3.1-8B", "--batch", "4"], "--batch is of a training step"),
        (["Llama-3.1-8B", "--method", "lora", "--concurrency", "4"], "--batch says those of a training step"),
        (["Llama-3.1-8B", "--concurrency", "4"], None),
    ],
)
def test_options_that_change_nothing_are_left_out_and_said(arguments: list[str], said: str | None) -> None:
    ran = run(*arguments)
    assert ("left out: " in ran.stderr) == (said is not None)
    assert (said or "") in ran.stderr


def test_the_hint_fits_what_is_missing(tmp_path: Path) -> None:
    job = tmp_path / "job.jsonc"
    job.write_text('{"task": "train", "model": {"id": "Llama-3.1-8B"}, "run": "python train.py"}')
    assert refused(str(job)).hint == "say model.method in the job"
    assert "made at a time" in (refused("FLUX.1-dev", "--users", "4").hint or "")
    training = refused("whisper-large-v3", "--method", "full")
    assert training.message == "memory of training audio models is not modelled; say min_vram"
    assert "params" not in (training.hint or "")


def test_a_context_in_other_units_says_which_there_are() -> None:
    ran = CliRunner().invoke(command, ["Llama-3.1-8B", "--context", "32q"])
    assert "'32q' is no number of tokens: 8192, 32k and 1m are" in ran.output


def test_the_scheme_in_the_first_line_is_that_of_the_weights() -> None:
    text = run("bert-base-uncased").output  # its checkpoint is in 32 bit, and is loaded in 16
    assert "· bf16 ·" in text.partition("\n")[0]
    assert "× 16 bits" in text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_no_fault_of_ours() -> None:
    with open("/dev/full", "w") as full:
        call = [sys.executable, "-m", "gpuspec", "size", "Llama-3.1-8B"]
        ran = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ran.returncode == 2
    assert "error[disk-full]" in ran.stderr
    assert "report it" not in ran.stderr
