"""GS411 background-server."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.commands.steps import Step
from gpuspec.commands.word import shown
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.rules.lifetime.last_command import left_running
from gpuspec.words import shortened

_STAYS_UP = ("function", "class")
"""Kinds of jobs whose container stays when their command is through: Modal's, which answer calls."""

_SHOWN = ("nohup", "setsid", "tmux", "screen", "docker", "podman", "nerdctl")
_LONGEST = 70


class BackgroundServer(Rule):
    """The server is in the background, and nothing waits for it.

    ## What it does
    Reports a server that the last command of a job starts in the background: with `&`, `nohup … &`, `disown`, in
    tmux or screen, by `docker run -d`. Silent where something after it lasts (`wait`, `tail --pid`, a loop, another
    server in the foreground), or works with the server and then ends, as a batch job with a server of its own does.

    ## Why is this bad
    The command returns at once, and with it the job: what it started is ended too (gpuspec's own launchers, Slurm, a
    container's first process; SkyPilot kills the children of a job that is over, skypilot#6934 of August 2025). What
    is out of its reach, in tmux or under Docker, runs on a machine that counts as idle, and goes with it. Readiness
    is never asked: the run counts as a success.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "nohup vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 > server.log 2>&1 &"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## When to ignore
    When what starts the job keeps its machine, and the server, for something else.
    """

    code = "GS411"
    name = "background-server"
    severity = "error"
    confidence = "medium"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        said = facts.job.deployment
        if said is not None and (said.kind in _STAYS_UP or said.suspended):
            return
        step = left_running(facts)
        if step is None:
            return
        apart = not step.command.in_background
        what = "in the background" if not apart else "apart from the shell"
        then = "the job ends, and the server dies with it"
        if apart and not facts.format.container_ends:
            then = "the job counts as done, and its machine as idle: it goes with the server on it"
        yield self.finding(
            step.pointer or facts.job.pointer("run"),
            f"`{_shown(step)}` starts the server {what}, and nothing after it waits: it returns at once, {then}",
            suggestion="start it in the foreground, as the last command"
            + ("" if apart else ", or put `wait` after it"),
            fix=_waits(facts, step),
        )


def _shown(step: Step) -> str:
    before = [w for wrapper in step.command.wrappers if wrapper.name in _SHOWN for w in wrapper.words]
    return shortened(shown(" ".join([*(word.text for word in before), step.text]).strip()), _LONGEST)


def _waits(facts: Facts, step: Step) -> Fix | None:
    """`wait` at the end of the text, where the shell that runs it has the server for a child of its own."""
    at = facts.job.pointer("run")
    text = facts.tree.at(at)
    command = step.command
    plain = command.in_background and not any(e.kind in ("subshell", "function") for e in command.enclosures)
    own = all(wrapper.name in ("nohup", "env", "exec", "sudo") for wrapper in command.wrappers)
    if not isinstance(text, str) or step.path or not plain or not own or "disown" in text:
        return None
    end = text.rstrip()
    between = "\n" if "\n" in end else " " if end.endswith("&") else "; "
    return Fix("wait for the server", (Edit("set", at, f"{end}{between}wait"),), safe=False)
