"""How a job's commands end: what still runs when they are through, and what keeps them from it."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from __future__ import annotations

import re

from gpuspec.commands.steps import Step
from gpuspec.engines import engine_of
from gpuspec.lint import Facts
from gpuspec.workload.programs import identify
from gpuspec.workload.read import seconds_of_sleep

LONG = 600.0
"""Seconds of sleep that are more than a pause until a server is up."""
_SOON = frozenset(
    "cd echo printf export set source . true : disown cat ls date mkdir touch rm cp mv ln chmod nvidia-smi ps jobs "
    "test [ [[ grep head tee awk sed jq exit return kill lsof ss netstat unset sync hostname whoami df free "
    "break continue seq let pwd".split()
)
_FETCH = frozenset({"curl", "wget", "nc", "httpx", "http"})
_SENDS = ("-d", "--data", "-F", "--form", "--json", "-X", "--request", "--post", "-T")
_ASKS = re.compile(r"curl|wget|\bnc\b|/dev/tcp|lsof|netstat|\bss\b")
_COMPOSED = ("compose", "docker-compose")


def of_run(facts: Facts) -> list[Step]:
    """The commands of the job itself, without the bodies of functions that nothing calls."""
    return [
        step for step in facts.commands if not step.setup and all(e.called for e in step.command.enclosures)
    ]


def serves(facts: Facts) -> bool:
    """Whether the job says that it is there to be asked."""
    job = facts.job
    return job.task == "serve" or bool(job.ports or job.readiness)


def left_running(facts: Facts) -> Step | None:
    """The server that a job's last commands leave in the background, where nothing in them waits for it or works with
    it; None where there is none, or where that is not sure."""
    for step in reversed(of_run(facts)):
        if _over_soon(step, serves(facts)):
            continue
        return step if _returns(step) and is_server(step, facts) and not maybe(step) else None
    return None


def _returns(step: Step) -> bool:
    words = [word.text for word in step.command.words]
    if step.command.name in ("docker", "docker-compose") and any(word in words[:2] for word in _COMPOSED):
        return "up" in words and ("-d" in words or "--detach" in words)
    if words[:2] == ["systemctl", "start"] or (words[:1] == ["service"] and words[2:] == ["start"]):
        return True
    return step.command.returns_at_once


def maybe(step: Step) -> bool:
    """Whether it may be skipped: in an arm of `if`, after `||`."""
    return any(
        e.kind in ("if", "case") or (e.kind == "and-or" and e.negated) for e in step.command.enclosures
    )


def works(step: Step) -> bool:
    """Whether a command does work of the job, as far as it is known: a program with a model, or a script."""
    found = identify(step.command)
    if found is None or step.command.returns_at_once:
        return False
    return found.script is not None or (found.tool is not None and found.tool.task is not None)


def is_server(step: Step, facts: Facts) -> bool:
    found = identify(step.command)
    tool = found.tool if found else None
    if tool is not None and tool.engine is not None:
        client = engine_of(tool.engine).also_client
        words = [word.text for word in step.command.words]
        return tool.task == "serve" and (not client or not words or "serve" in words)
    return serves(facts)


def _over_soon(step: Step, serving: bool) -> bool:
    """Whether a command is through in a moment, and does no work with a server."""
    command = step.command
    words = [word.text for word in command.words]
    if any(e.kind == "substitution" for e in command.enclosures):
        return True
    if any(e.kind in ("while", "until") and not _ASKS.search(e.text) for e in command.enclosures):
        return False
    if command.name in _SOON:
        return True
    if command.name == "sleep":
        return len(words) == 2 and seconds_of_sleep(words[1]) <= LONG
    if command.name == "tail":
        return not any(
            word.startswith("--f") or re.fullmatch(r"-[a-zA-Z0-9]*[fF].*", word) for word in words[1:]
        )
    if command.name in ("tmux", "screen"):
        return not any(word in ("attach", "attach-session", "a", "-r", "-x") for word in words[1:2])
    if command.name in _FETCH:
        return serving or not _asks_for_work(words)
    found = identify(command)
    tool = found.tool if found else None
    if tool is None or not engine_of(tool.engine).also_client:
        return False
    return "serve" not in words and (serving or tool.task is None)


def _asks_for_work(words: list[str]) -> bool:
    """Whether a request is one that a server answers by its model, and not whether it is up."""
    sends = any(word.partition("=")[0] in _SENDS or word.startswith("--data") for word in words[1:])
    return sends or any(
        re.search(r"/v1/(?!models)|/generate|/api/(?!tags|version)", word) for word in words[1:]
    )


def seconds_of_wait(step: Step) -> float:
    """How long a command waits; 0 for one that does something, or ends with something else (`tail --pid`)."""
    words = [word.text for word in step.command.words]
    follows = any(word == "--follow" or re.fullmatch(r"-[a-zA-Z0-9]*[fF]", word) for word in words[1:])
    if words[:1] == ["tail"] and follows and not any(word.startswith("--pid") for word in words):
        return float("inf")
    if words[:1] != ["sleep"] or len(words) != 2:
        return 0.0
    endless = (e for e in step.command.enclosures if e.kind == "while")
    if any(
        re.match(r"while\s+(true|:|\[+\s*1\s*\]+|\(\(\s*1\s*\)\))\s*;?", around.text) for around in endless
    ):
        return float("inf")
    return seconds_of_sleep(words[1])
