"""A file that is a script and a job as well (sbatch, Modal) is told of a thing once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.cli.main import main

QUEUES = """#!/bin/bash
#SBATCH --gres=gpu:1
for f in data/*; do
  sbatch --gres=gpu:1 one.sh "$f"
done
"""
PROMPTS = """import modal
app = modal.App()
@app.function(gpu="A100")
def many():
    from vllm import LLM
    llm = LLM("Qwen/Qwen2.5-7B-Instruct")
    for line in open("prompts.txt"):
        llm.generate([line])
"""


@pytest.mark.parametrize(
    ("name", "text", "code"), [("all.sbatch", QUEUES, "GS301"), ("many.py", PROMPTS, "GS304")]
)
def test_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, code: str
) -> None:
    (tmp_path / name).write_text(text)
    main(["lint", "--isolated", "--format", "concise", "--select", code, str(tmp_path / name)])
    assert capsys.readouterr().out.count(code) == 1
