"""NVIDIA's aiconfigurator asked about a machine: what it is asked, and what is made of what it prints."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from gpuspec import resolve_gpu, resolve_model
from gpuspec.errors import UserError
from gpuspec.planning import aiconfigurator as module
from gpuspec.planning.aiconfigurator import Estimated, estimated, read
from gpuspec.sizing import Unsized
from gpuspec.sizing.speed.serving import RequestTokens
from gpuspec.workload import Workload
from tests.waiting import until

PRINTED = """
============================================================
  Performance Estimate (agg)
============================================================
  Model:            Qwen/Qwen3-8B
  System:           h100_sxm
  Backend:          vllm (0.24.0)
------------------------------------------------------------
  TTFT:             193.933 ms
  TPOT:             12.807 ms
  Power (per GPU):  unavailable (0.0% coverage)
------------------------------------------------------------
  tokens/s:         1,244.74
  tokens/s/gpu:     1,244.74
  tokens/s/user:    78.08
============================================================
"""
"""Of aiconfigurator 0.12.0: `aiconfigurator cli estimate --model-path Qwen/Qwen3-8B --system h100_sxm --backend vllm
--isl 4096 --osl 4096 --batch-size 16`, shortened."""
MODEL = resolve_model("Qwen/Qwen3-8B").model
QWEN = Workload(task="serve", modality="text", engine="vllm", model=MODEL, context=8192)
ASKED = RequestTokens(4096, 4096)


def ask(workload: Workload = QWEN, gpu: str = "H100 SXM", gpus: int = 1, **more: Any) -> Estimated | Unsized:
    card = resolve_gpu(gpu).gpu
    assert card
    return estimated(workload, card, gpus, ASKED, sequences=16, **more)


def program(folder: Path, text: str) -> str:
    path = folder / "aiconfigurator"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_its_figures_are_read(tmp_path: Path) -> None:
    (tmp_path / "printed").write_text(PRINTED)
    found = ask(gpus=2, program=program(tmp_path, f'echo "$@" > {tmp_path}/asked; cat {tmp_path}/printed'))
    expected = Estimated("aiconfigurator, vllm (0.24.0)", 16, ASKED, 0.193933, 0.012807, 78.08, 1244.74)
    assert found == expected
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith(
        "cli estimate --model-path Qwen/Qwen3-8B --system h100_sxm --backend vllm --no-color "
    )
    assert asked.endswith(" --isl 4096 --osl 4096 --batch-size 16 --tp-size 2 --pp-size 1\n")


@pytest.mark.parametrize("line", ["TTFT:   nan ms", "TTFT:   -1 ms", "TTFT:   1e99 ms", "TTFT: \x1b[2J", ""])
def test_what_is_no_figure_is_none(line: str) -> None:
    found = read(PRINTED.replace("TTFT:             193.933 ms", line), 16, ASKED)
    assert found == Unsized("aiconfigurator gave no TTFT that can be read")


def test_what_it_does_not_know_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = program(tmp_path, 'echo "Error: no data \x1b[31mhere" >&2; exit 1')
    assert ask(program=refused) == Unsized("aiconfigurator has no answer: no data \\x1b[31mhere")
    monkeypatch.setattr(module, "SECONDS", 0.05)
    assert "no answer in" in reason(ask(program=program(tmp_path, "exec sleep 5")))
    assert "no answer in" in reason(ask(program=program(tmp_path, "exec >&- 2>&-; exec sleep 5")))
    assert "RTX 3090" in reason(ask(gpu="RTX 3090"))
    assert "llama.cpp" in reason(ask(QWEN._replace(engine="llama.cpp")))
    assert "nf4" in reason(ask(QWEN._replace(quantization="nf4")))
    assert "OWNER/NAME" in reason(ask(QWEN._replace(model=None, model_name="./mine", params_b=8.0)))


def reason(found: Estimated | Unsized) -> str:
    assert isinstance(found, Unsized)
    return found.reason


def test_without_the_program_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_installed", lambda: None)
    with pytest.raises(UserError) as raised:
        ask()
    assert (raised.value.code, raised.value.hint) == ("no-aiconfigurator", module.INSTALL)


def test_a_program_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    for where in ("", " >&2"):
        assert "printed more than 1,024 KiB" in reason(ask(program=program(tmp_path, f"exec yes{where}")))


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "held")
    held = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    begun = f"exec 3> {tmp_path}/held; sleep 60 & exec 3>&-; exec yes"
    assert "printed more" in reason(ask(program=program(tmp_path, begun)))
    assert until(lambda: _closed(held))
    os.close(held)


def _closed(pipe: int) -> bool:
    """Whether nobody holds the other end."""
    try:
        return os.read(pipe, 1) == b""
    except BlockingIOError:
        return False
