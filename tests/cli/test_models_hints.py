"""What `gpuspec models` says to do helps: what was not asked is said, and what can go; Ctrl-C is no fault."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_hub import FakeHub, with_qwen

from gpuspec.cli.main import main


def test_a_hub_that_was_not_asked(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert main(["models", "acme/Foo", "--online"]) == 2
    assert "→ The hub was not asked, since HF_HUB_OFFLINE is set." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("query", "meant"), [("mistrl", "mistral"), ("qwn3 codr", "qwen3 coder"), ("deepsek", "deepseek")]
)
def test_a_misspelt_part_of_a_name(query: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", query]) == 2
    assert f"→ Did you mean {meant}?" in capsys.readouterr().err
    assert main(["models", meant]) == 0


def test_words_that_are_like_none_are_not_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "xyzzyplugh"]) == 2
    assert "Did you mean" not in capsys.readouterr().err


def test_a_long_name_leaves_its_size_on_the_next_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["models", "qwen3 coder"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    at = lines.index("DavidAU/Qwen3-Coder-42B-A3B-Instruct-TOTAL-RECALL-MASTER-CODER-M-1million-ctx")
    assert lines[at + 1].strip().startswith("42.37")


def test_a_hint_begins_as_a_sentence_does(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "acme/Foo", "--online"]) == 2
    assert "→ Say `params_b` in the spec's `model`, or give the folder" in capsys.readouterr().err


def test_what_is_unused_or_gone_can_be_deleted(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    with_qwen(hub, "acme/Foo")
    assert main(["models", "add", "acme/Foo"]) == 0
    hub.repositories.clear()
    capsys.readouterr()
    assert main(["models", "check", "--online"]) == 1
    assert capsys.readouterr().out == (
        "unused   acme/Foo: no file names it\n"
        "stale    acme/Foo: kept at c1899de2, gone from the hub\n"
        "`gpuspec models remove NAME…` takes out what is not wanted any more.\n"
    )


def test_interrupted_while_it_starts(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    words = [sys.executable, "-c", "from gpuspec.__main__ import script; script()", "models"]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (130, "gpuspec: interrupted\n")


def test_of_an_unknown_quantization_another_is_asked_for(
    hub: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = {"params_b": 7.6, "layers": 28, "native_dtype": "q3-new"}
    Path("gpuspec.models.json").write_text(json.dumps({"format": 1, "models": {"acme/Foo": facts}}))
    assert main(["size", "acme/Foo"]) == 2
    told = capsys.readouterr().err
    assert "error[cannot-size]: the size of quantization 'q3-new' is not known" in told
    assert "→ give --quantization" in told
    assert main(["size", "acme/Foo", "--quantization", "fp8"]) == 0


def test_models_that_were_not_asked_about_are_not_as_the_hub_has_them(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_qwen(hub, "acme/Foo")
    assert main(["models", "add", "acme/Foo"]) == 0
    Path("a.gpu.jsonc").write_text('{"run": "vllm serve acme/Foo"}')
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    capsys.readouterr()
    assert main(["models", "check", "--online"]) == 2
    assert capsys.readouterr().out == ""
    assert main(["models", "check", "--online", "--json"]) == 2
    (failed,) = json.loads(capsys.readouterr().out)["failed"]
    assert (failed["model"], failed["code"]) == ("acme/Foo", "hub-unreachable")


def test_of_an_adapter_the_base_is_named(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    adapter = {"base_model_name_or_path": "acme/base-7b", "peft_type": "LORA", "r": 16}
    hub.add("acme/lora", {"adapter_config.json": json.dumps(adapter).encode()})
    assert main(["models", "add", "acme/lora"]) == 2
    assert "→ Name that model: `gpuspec models add acme/base-7b`" in capsys.readouterr().err


def test_size_says_how_a_repository_becomes_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["size", "acme/Foo"]) == 2
    assert "→ `gpuspec models add acme/Foo` makes it known. Or give --params-b" in capsys.readouterr().err


def test_a_part_of_a_name_may_be_written_with_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "qwen2.5 vl"]) == 0
    assert "Qwen2.5-VL-7B" in capsys.readouterr().out
    assert main(["models", "mistrl"]) == 2
    assert "Try a shorter part of its name, or say" in capsys.readouterr().err


def test_a_pipeline_is_uploaded_with_all_its_components(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "black-forest-labs/FLUX.1-dev"]) == 0
    told = capsys.readouterr().out
    assert "transformer 11.9 B, t5_xxl 4.76 B, clip 0.123 B, vae 0.084 B" in told
    # (11.9 + 4.76 + 0.123 + 0.084) billion × 2 bytes ÷ 2³⁰; the folders of the repository hold 33.7 GB.
    assert "as uploaded  31.4 GiB bf16" in told
