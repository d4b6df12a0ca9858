"""GS301 per-item-launch."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gpuspec.commands.files import Folder
from gpuspec.lint import Finding, Related, Rule
from gpuspec.lint.script import Script
from gpuspec.rules.options import amount
from gpuspec.words import dollars

if TYPE_CHECKING:
    from gpuspec.scripts import RepeatedLaunch

_SETTING = re.compile(
    r"(?:lrs?|learning_?rates?|seeds?|wds?|weight_?decays?|bs|batch_?sizes?|epochs?|dropouts?|ranks?|lora_?r(?:ank)?|"
    r"optim(?:izer)?s?|betas?|temps?|temperatures?|hparams?|hyper_?params?)",
    re.IGNORECASE,
)
"""Names of what a sweep over training settings goes through."""


FEW = 8
"""Jobs that somebody may well queue one by one."""


class PerItemLaunch(Rule):
    """A loop starts one machine per item.

    ## What it does
    Reads shell and Python scripts, Makefiles, GitHub workflows and npm scripts, and finds launches (`gpu run`,
    `gpuspec run`, `sky launch`, `sky jobs launch`, `runpodctl create pod`, `vastai create instance`, `modal run`,
    `dstack apply`, `gcloud … instances create`, `aws ec2 run-instances`, `kubectl apply` of a GPU job, SDK calls and
    more) that a loop repeats for each item, also through functions of the same file. Loops that retry, that
    look for a GPU, zone or cloud with capacity, that send work to a machine or pool that stays, and dry runs are no
    such loops.

    ## Why is this bad
    Every launch pays for starting the machine and loading the model before it does any work. Forty files at five
    minutes each are more than three hours of paid waiting; one machine that does all forty waits once.

    ## Example
    ```bash
    for f in data/*.wav; do
      gpu run process "$f"
    done
    ```

    ```python
    import sky

    for file in files:
        task = sky.Task(run=f"python transcribe.py {file}")
        sky.launch(task, cluster_name=f"whisper-{file.stem}", down=True)
    ```

    ## Use instead
    ```bash
    gpu run python process_batch.py
    ```

    ```bash
    sky launch -c whisper whisper.yaml
    for f in data/*.wav; do
      sky exec whisper "python transcribe.py $f"
    done
    ```

    With gpuspec, list the items in the spec (`"items": "data/*.wav"`) and call `gpuspec run` once.

    A loop over training settings (learning rates, seeds), and one that brings up services, is only an info: each may
    be worth a machine of its own.

    ## When to ignore
    When each item keeps a machine busy for hours (a training run per seed, say) and they must run side by side:
    then the start is small beside the work.
    """

    code = "GS301"
    name = "per-item-launch"
    severity = "warning"
    needs = "script"
    options = (
        amount("startup_minutes", 3.0, "Assumed minutes until a machine is up, image included."),
        amount("load_minutes", 2.0, "Assumed minutes until the model is fetched and loaded."),
    )

    def check_script(self, script: Script) -> Iterator[Finding]:
        from gpuspec.scripts import launches

        for launch in launches(script.path, script.text, script.kind).repeated:
            if launch.launcher.name != "sbatch":
                yield self._found(script, launch)
            elif not _long(launch) and (launch.items or FEW) >= FEW:
                yield self._queued(script, launch)

    def _found(self, script: Script, launch: RepeatedLaunch) -> Finding:
        start, load = script.options["startup_minutes"], script.options["load_minutes"]
        each = start + load
        head = " ".join(script.text[launch.loop.span.start : launch.loop.span.end].split())
        shown = head if len(head) <= 60 else head[:57] + "…"
        of = f"each of {launch.items:,} items" if launch.items else "each item"
        cost = f"every start pays about {each:g} minutes before any work"
        numbers = [
            ("assumed: machine start-up", f"{start:g} min (option startup_minutes)"),
            ("assumed: model load", f"{load:g} min (option load_minutes)"),
        ]
        if launch.items:
            minutes = launch.items * each
            cost += f", {minutes:,.0f} in all"
            numbers.append(("waiting", f"{launch.items} items × {each:g} min = {minutes:g} min"))
            hourly = _hourly(script, launch.spec)
            if hourly is not None:
                cost += f": {dollars(minutes / 60 * hourly)} at {dollars(hourly)}/h"
                numbers.append(("paid for it", f"{minutes:g} min ÷ 60 × {dollars(hourly)}/h ({launch.spec})"))
        return self.finding(
            "",
            f"`{launch.launcher.name}` starts a machine for {of} of this loop: {cost} "
            f"(assumed: {start:g} to start the machine, {load:g} to load the model)",
            severity="info" if _long(launch) else None,
            confidence="medium" if launch.launcher.general else "high",
            span=launch.span,
            related=[Related("", f"the loop: {shown}", launch.loop.span)],
            suggestion=_instead(launch),
            numbers=numbers,
        )

    def _queued(self, script: Script, launch: RepeatedLaunch) -> Finding:
        """Machines of one's own are there already: what a loop costs is the queue."""
        head = " ".join(script.text[launch.loop.span.start : launch.loop.span.end].split())
        of = f"each of {launch.items:,} items" if launch.items else "each item"
        return self.finding(
            "",
            f"`sbatch` queues a job of its own for {of} of this loop: they cannot be limited, watched or cancelled "
            "together, and each loads its model anew",
            severity="info",
            confidence="medium",
            span=launch.span,
            related=[Related("", f"the loop: {head[:60]}", launch.loop.span)],
            suggestion="one `sbatch --array=0-199%8` with $SLURM_ARRAY_TASK_ID as the item, eight at a time",
        )


def _long(launch: RepeatedLaunch) -> bool:
    """Whether each launch may well be worth its start: a training run per setting, or a service that stays."""
    names = launch.loop.variables
    settings = bool(names) and all(_SETTING.fullmatch(name) for name in names)
    return settings or "serve" in launch.launcher.name


def _instead(launch: RepeatedLaunch) -> str:
    if _long(launch):
        return "worth it where each runs for hours; else run them one after another on one machine"
    once = 'list the items in one job spec ("items") and launch it once: one machine, all items'
    if launch.launcher.name.startswith("sky"):
        return once + "; or `sky launch` one cluster and `sky exec` each item on it"
    return once


def _hourly(script: Script, spec: str | None) -> float | None:
    """$/h of the job spec that is launched: the cheapest GPU it accepts. None where the spec is not at hand."""
    if spec is None or not spec.endswith((".jsonc", ".json")):
        return None
    folder = os.path.dirname(script.path)
    text = Folder(folder or ".").read(os.path.normpath(spec))
    if text is None or len(text) > 65_536:
        return None
    from gpuspec.formats import read
    from gpuspec.planning.case import Case

    prices = [
        Case(document, settings=script.settings, overrides=script.overrides, catalog=script.catalog).per_hour
        for document in read(os.path.join(folder, spec), text.encode())
        if document.job
    ]
    return min((price for price in prices if price is not None), default=None)
