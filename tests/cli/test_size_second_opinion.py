"""`gpuspec size --second-opinion aiconfigurator`."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from gpuspec.cli.size import command
from gpuspec.errors import UserError
from gpuspec.planning import second_opinion
from gpuspec.planning.aiconfigurator import Estimated
from gpuspec.sizing import Unsized
from gpuspec.sizing.speed.serving import RequestTokens

WORDS = ["Qwen/Qwen3-8B", "--context", "8192", "--on", "H100 SXM", "--second-opinion", "aiconfigurator"]


def size(*more: str) -> str:
    ran = CliRunner().invoke(command, [*WORDS, *more], standalone_mode=False, env={"COLUMNS": "120"})
    if isinstance(ran.exception, UserError):
        raise ran.exception
    return ran.output


def answers(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    monkeypatch.setattr(second_opinion, "estimated", lambda *_, **__: answer)


def test_both_opinions_stand_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Estimated("aiconfigurator, vllm (0.24.0)", 64, RequestTokens(4096, 4096), 0.5, 0.02, 50.0, 3200.0)
    answers(monkeypatch, said)
    text = size()
    assert "second opinion on 1 × H100 SXM, 64 at once, 4,096 tokens read and 4,096 written of each" in text
    assert "aiconfigurator, vllm (0.24.0); in brackets gpuspec" in text
    assert "tokens/s of each 50 (" in text
    found = json.loads(size("--json"))["second_opinion"]
    assert found["theirs"] == {
        "tokens_per_second_each": 50.0, "first_token_seconds": 0.5, "tokens_per_second": 3200.0,
    }  # fmt: skip
    assert set(found["ours"]) == set(found["theirs"])
    assert (found["sequences"], found["why_not"]) == (64, None)


def test_why_there_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, Unsized("it knows no such thing"))
    assert "no second opinion on 1 × H100 SXM: it knows no such thing" in size()
    assert json.loads(size("--json"))["second_opinion"]["why_not"] == "it knows no such thing"


def test_nobody_is_asked_unless_told() -> None:
    ran = CliRunner().invoke(command, [*WORDS[:-2], "--json"], standalone_mode=False)
    assert json.loads(ran.output)["second_opinion"] is None
