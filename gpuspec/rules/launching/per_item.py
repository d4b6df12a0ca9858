"""GS301 per-item-launch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gpuspec.commands.files import Folder
from gpuspec.lint import Facts, Finding, Related, Rule
from gpuspec.lint.script import Script
from gpuspec.rules.options import amount
from gpuspec.words import dollars, percent, shortened

if TYPE_CHECKING:
    from gpuspec.scripts import RepeatedLaunch
    from gpuspec.scripts.beside import ScriptSource
    from gpuspec.scripts.program import Loop


FEW = 4
"""Jobs that somebody may well queue one by one."""


class PerItemLaunch(Rule):
    """A loop starts one machine per item.

    ## What it does
    Reads shell and Python scripts, Makefiles, justfiles, GitHub's and GitLab's workflows, npm scripts; finds launches
    (`gpu run`, `gpuspec run`, `sky launch`, `sky jobs launch`, `runpodctl pod create`, `vastai create instance`,
    `modal run`, `.spawn()` and `.remote()` of Modal functions with a GPU, `dstack apply`, `gantry run`, `sbatch`,
    `qsub`, `bsub`, `ray job submit`, `docker-machine create`, `terraform apply` of a GPU machine,
    `az ml job create`, `gcloud … instances create`, `aws ec2 run-instances`, `kubectl apply` of a manifest with a
    GPU, SDK calls and more) that a loop repeats for each item, or that are written out four times and more with one
    word changed. Files of the repository are read where the script names them: manifests, programs that it runs
    (`./launch.py "$f"`), sourced functions, imported modules.

    No such loops are those that retry or poll, that look for a GPU, zone, offer or cloud with capacity, that bring up
    a fixed number of workers, shards or ranks of one job, that send work to a machine or pool that stays, and dry
    runs. Loops that launch in a job's own `run` are found too.

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
    sky launch -c whisper -i 10 --down whisper.yaml
    for f in data/*.wav; do
      sky exec whisper "python transcribe.py $f"
    done
    ```

    With gpuspec, list the items in the spec (`"items": "data/*.wav"`) and call `gpuspec run` once.

    A sweep over settings (learning rates, seeds, configurations), training runs, one launch per model, and services
    are only an info: beside hours of work five minutes are little. So is `sbatch` in a loop: the machines are there
    already. A comment above a loop (`# gpuspec: ignore[GS301] why`) holds for what is in it.

    ## When to ignore
    When each item keeps a machine busy for hours (a training run per seed, say) and they must run side by side:
    then the start is small beside the work.
    """

    code = "GS301"
    name = "per-item-launch"
    severity = "warning"
    options = (
        amount("startup_minutes", 3.0, "Assumed minutes until a machine is up, image included."),
        amount("load_minutes", 2.0, "Assumed minutes until the model is fetched and loaded."),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        """Loops in what a job itself runs: a machine that starts machines."""
        run = facts.job.run
        from gpuspec.scripts.launchers import mentions_launches

        if not run or not mentions_launches(run) or facts.script_kind:
            return  # what is a script as well is told as one
        from gpuspec.scripts.in_job import launches_in_job

        commands = [step.command for step in facts.commands if not step.setup and step.path is None]
        source, repeated = launches_in_job(commands, run)
        for launch in repeated:
            long = is_long(launch, source)
            if launch.launcher.queue:
                message, numbers = _queued(launch), list[tuple[str, str]]()
            else:
                message, numbers = _cost_of_starts(facts.options, launch, long=long)
            yield self.finding(
                facts.job.pointer("run"),
                f"in the job's own commands, {message}",
                severity="info" if long or launch.launcher.queue else None,
                confidence="medium",
                suggestion=_instead(launch, long=long),
                numbers=numbers,
            )

    def check_script(self, script: Script) -> Iterator[Finding]:
        found = script.launches
        for launch in found.repeated:
            few = launch.items is not None and launch.items < FEW
            if (launch.launcher.queue and few) or "serve" in launch.launcher.name:
                continue  # services that stay are no items
            long = is_long(launch, found.source)
            text = script.text
            related = [Related("", _head(text, loop), loop.span) for loop in launch.around[:1]]
            if not launch.around:
                related = [Related("", "the same again", launch.loop.span)]
            if launch.launcher.queue:
                message, numbers = _queued(launch), list[tuple[str, str]]()
            else:
                hourly = _hourly(script, launch.spec) if launch.items else None
                message, numbers = _cost_of_starts(script.options, launch, long=long, hourly=hourly)
            yield self.finding(
                "",
                message,
                severity="info" if long or launch.launcher.queue else None,
                confidence="medium" if launch.launcher.general else "high",
                span=launch.span,
                within=[loop.span for loop in launch.around],
                related=related,
                suggestion=_instead(launch, long=long),
                numbers=numbers,
            )


def _cost_of_starts(
    options: Mapping[str, Any], launch: RepeatedLaunch, *, long: bool, hourly: float | None = None
) -> tuple[str, list[tuple[str, str]]]:
    """What the starts cost, against the work where its length is known."""
    start, load = options["startup_minutes"], options["load_minutes"]
    if launch.launcher.name.endswith(".remote()") and launch.launcher.kind == "container":
        return _in_turn(launch, load)
    each = start + load
    cost = (
        f"each start takes about {each:g} minutes before any work (assumed: {start:g} for the machine, {load:g} "
        "to load the model)"
    )
    numbers = [
        ("assumed: machine start-up", f"{start:g} min (option startup_minutes)"),
        ("assumed: model load", f"{load:g} min (option load_minutes)"),
        ("beside an hour of work", f"{each:g} min ÷ 60 min = {percent(each / 60)}"),
    ]
    if launch.items:
        minutes = launch.items * each
        cost += f", {minutes:,.0f} minutes in all"
        numbers.append(("waiting", f"{launch.items} items × {each:g} min = {minutes:g} min"))
        if hourly is not None:
            cost += f": {dollars(minutes / 60 * hourly)} at {dollars(hourly)}/h"
            numbers.append(("paid for it", f"{minutes:g} min ÷ 60 × {dollars(hourly)}/h ({launch.spec})"))
    if long:
        share = f"beside an hour of work that is {percent(each / 60)}"
    else:
        share = (
            f"how long one item works is not known: beside a minute that is {each:g} times the work, beside an "
            f"hour {percent(each / 60)}"
        )
    return f"{_what(launch)}: {cost}; {share}", numbers


def _in_turn(launch: RepeatedLaunch, load: float) -> tuple[str, list[tuple[str, str]]]:
    """Calls that wait for each other are answered by one warm container: nothing is started for each."""
    return (
        f"`{launch.launcher.name}` is called for {_each(launch)} of this loop, and waited for: nothing runs side by "
        f"side, and what the function loads in its own body it loads at each call, about {load:g} minutes (assumed)",
        [("assumed: model load", f"{load:g} min (option load_minutes)")],
    )


def _each(launch: RepeatedLaunch) -> str:
    return f"each of {launch.items:,} items" if launch.items else "each item"


def is_long(launch: RepeatedLaunch, source: ScriptSource) -> bool:
    """Whether each launch may well be worth its start: a training run, a setting of a sweep, a model of its own, or a
    service that stays."""
    from gpuspec.scripts import work

    loops = launch.around or (launch.loop,)
    items, launcher = launch.items, launch.launcher
    if "serve" in launcher.name or work.is_sweep(loops, launch.keys):
        return True
    if (items is None or items <= work.FEW_MODELS) and work.is_of_models(loops, launch.keys):
        return True
    if items is not None and items > work.FEW_HOURS:
        return False
    words = [word.text for word in launch.run.words if not word.text.endswith("()")]
    texts = [*work.without_accounts(words), launch.run.fed.text]
    spec = source.read(launch.spec) if launch.spec else None
    if items is not None and items <= work.FEW_MODELS:
        texts.append("train" if launcher.name.endswith("fit()") else launcher.name)
    return work.trains([*texts, *([spec] if spec else ())])


def _what(launch: RepeatedLaunch) -> str:
    kind = f"a {launch.launcher.kind or 'machine'}"
    if not launch.around:
        return (
            f"{launch.items} launches by `{launch.launcher.name}`, written out one after another, differ in one "
            f"word: each starts {kind}"
        )
    starts = "asks for" if launch.launcher.kind == "container" else "starts"
    return f"`{launch.launcher.name}` {starts} {kind} for {_each(launch)} of this loop"


def _queued(launch: RepeatedLaunch) -> str:
    """Machines of one's own are there already: what a loop costs is the queue."""
    return (
        f"`{launch.launcher.name}` queues a job of its own for {_each(launch)} of this loop: they cannot be "
        "limited, watched or cancelled together, and each loads its model anew"
    )


def _head(text: str, loop: Loop) -> str:
    head = " ".join(text[loop.span.start : loop.span.end].split())
    return f"the loop: {shortened(head, 60)}"


def _instead(launch: RepeatedLaunch, *, long: bool) -> str:
    launcher = launch.launcher
    if launcher.queue:
        return launcher.queue
    if launcher.kind == "sandbox":
        return "create one sandbox, and `exec` the items in it one after another"
    if launcher.kind == "container":
        return (
            "load the model once in `@modal.enter` of an `@app.cls`, and hand over all items by `.map`, with "
            "`max_containers` as the limit"
        )
    if long:
        return (
            "worth it where each runs for hours; else run them one after another on one machine, or in a pool"
        )
    once = 'list the items in one job spec ("items") and launch it once: one machine, all items'
    if launcher.name.startswith("sky"):
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
