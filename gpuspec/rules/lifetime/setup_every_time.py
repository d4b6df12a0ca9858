"""GS407 setup-every-time."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.commands.steps import Step
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.rules.options import amount
from gpuspec.words import dollars, shortened

INSTALLERS = frozenset({"pip", "pip3", "apt", "apt-get", "conda", "mamba", "uv", "yum", "dnf"})


class SetupEveryTime(Rule):
    """The machine is kept, and everything is installed again at each run.

    ## What it does
    On a machine that `keep_alive_minutes` keeps for further runs, reports packages that `run` installs (pip, apt,
    conda, uv), and setup steps of GPU CLI files that install without `only_once`. An install behind a test
    (`command -v tool ||`, `if [ ! -f … ]`) is left alone.

    ## Why is this bad
    Each run waits minutes for packages that are there already, on a paid GPU, and may get other versions than the
    run before.

    ## Example
    ```jsonc
    {
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 15,
      "task": "interactive",
      "run": "pip install -r requirements.txt && python explore.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 15,
      "task": "interactive",
      "setup": ["pip install -r requirements.txt"],
      "run": "python explore.py"
    }
    ```

    ## When to ignore
    When each run really needs the newest packages.
    """

    code = "GS407"
    name = "setup-every-time"
    severity = "info"
    confidence = "medium"
    preview = True
    fixable = "sometimes"
    options = (amount("kept", 5.0, "Idle minutes above which a machine counts as kept for more runs."),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        kept = facts.job.keep_alive_minutes
        if kept is None or kept <= facts.options["kept"] or facts.workload.task == "serve":
            return
        again = [
            step for step in facts.commands if _installs(step) and not step.path and not _asked_first(step)
        ]
        for step in {step.pointer: step for step in reversed(again)}.values():
            written = next((one for one in facts.job.steps if one.pointer == step.pointer), None)
            cost = ""
            if written and written.timeout and facts.per_hour:  # what bounds the step bounds what it costs
                most = dollars(written.timeout / 3600 * facts.per_hour)
                cost = f": up to {written.timeout / 60:.0f} min and {most} each time"
            if not step.setup:
                yield self.finding(
                    step.pointer,
                    f"each run installs again ({_short(step)}) on a machine that is kept for {kept:g} minutes{cost}",
                    suggestion="move it to setup",
                    fix=_moved(facts, step),
                )
            elif facts.format.repeats_setup and not (written and written.once):
                once = facts.format.spelled("setup.once")
                mark = Fix(f"mark it {once}", (Edit("set", f"{step.pointer}/{once}", True),), safe=False)
                yield self.finding(
                    step.pointer,
                    f"this step installs at every start ({_short(step)}): it is not marked {once}{cost}",
                    suggestion=f'add "{once}": true',
                    fix=mark if f"{step.pointer}/run" in facts.tree.values else None,
                )


def _installs(step: Step) -> bool:
    command = step.command
    words = [word.text for word in command.words]
    if command.name.startswith("python") and words[1:4] == ["-m", "pip", "install"]:
        return True
    return command.name in INSTALLERS and "install" in words[1:4]


def _asked_first(step: Step) -> bool:
    """Whether a test stands before it that may skip it; `a && b` after another install is none."""
    for around in step.command.enclosures:
        if around.kind in ("if", "case") or not around.called:
            return True
        if around.kind == "and-or" and "install" not in around.text and "update" not in around.text:
            return True
    return False


def _short(step: Step) -> str:
    return shortened(step.text, 40)


def _moved(facts: Facts, step: Step) -> Fix | None:
    """The install as a setup step, where it is the first thing that `run` does: what stands before it may matter."""
    text, command, setup = facts.job.run, step.command, facts.tree.at("/setup")
    if text is None or facts.job.pointer("run") != step.pointer or command.enclosures or command.wrappers:
        return None
    own, after = text[command.start : command.end], text[command.end :].lstrip(" ")
    cut = next((mark for mark in ("&&", ";", "\n") if after.startswith(mark)), None)
    left = after.removeprefix(cut).lstrip(" \n") if cut else ""
    elsewhere = facts.job.pointers.get("setup", "/setup") != "/setup"
    if text[: command.start].strip() or not left.strip() or elsewhere or isinstance(setup, str):
        return None
    add = Edit("insert", "/setup/-", own) if setup else Edit("set", "/setup", [own])
    return Fix("move it to setup", (Edit("set", step.pointer, left), add), safe=False)
