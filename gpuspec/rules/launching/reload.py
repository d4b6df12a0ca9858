"""GS303 reload-per-item."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Option, Rule
from gpuspec.lint.script import Script
from gpuspec.rules.options import amount
from gpuspec.words import shortened


class ReloadPerItem(Rule):
    """The model is loaded anew for every item.

    ## What it does
    Finds loops in the job's own `run` that start, for each item, a new process that loads a model: `whisper "$f"`,
    `python transcribe.py "$f"` and the like. One process per GPU, servers, training runs and loops of fewer items
    than `min_items` are left alone. In Python scripts: functions of Modal's that load their model in their body and
    are mapped over items, or called for each in a loop.

    ## Why is this bad
    A process that handles one item loads the model, does seconds of work and throws the model away. The GPU is
    paid for while weights travel from disk.

    ## Example
    ```jsonc
    {
      "name": "whisper",
      "task": "batch",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "run": "for f in audio/*.wav; do whisper --model large-v3 \\"$f\\"; done"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "whisper",
      "task": "batch",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "run": "whisper --model large-v3 audio/*.wav"
    }
    ```

    ## When to ignore
    When an item takes so long that loading is nothing beside it, or when the program leaks memory between items.
    """

    code = "GS303"
    name = "reload-per-item"
    severity = "warning"
    confidence = "medium"
    options = (
        Option(
            "min_items", int, 4, "Loops of fewer items, where they can be counted, are left alone.", minimum=2
        ),
        amount("load_minutes", 1.0, "Assumed minutes to load the model from the machine's own disk."),
    )

    def check_script(self, script: Script) -> Iterator[Finding]:
        """Functions of Modal's that load their model at each call, and are mapped over items."""
        if script.kind != "python" or "modal" not in script.text:
            return
        from gpuspec.scripts.one_by_one import loading_per_call

        each = script.options["load_minutes"]
        for one in loading_per_call(script.text):
            yield self.finding(
                "",
                f"`{one.name}` loads its model each time it is called, and line {one.loop} calls it for every item: "
                f"about {each:g} min of paid GPU per load (assumed)",
                span=script.line(one.line),
                suggestion="load it once per container: a class under `@app.cls`, with the load in `@modal.enter()`",
                numbers=[("assumed: one load", f"{each:g} min (option load_minutes)")],
            )

    def check(self, facts: Facts) -> Iterator[Finding]:
        run = facts.job.run
        if not run:
            return
        from gpuspec.scripts.reloads import reload_loops

        each = facts.options["load_minutes"]
        commands = [step.command for step in facts.commands if not step.setup and step.path is None]
        for loop in reload_loops(commands, run):
            if loop.items is not None and loop.items < facts.options["min_items"]:
                continue
            many = f"{loop.items:,} times" if loop.items else "once per item"
            total = f", {loop.items * each:g} min in all" if loop.items else ""
            head = " ".join(run[loop.loop.span.start : loop.loop.span.end].split())
            yield self.finding(
                facts.job.pointer("run"),
                f"`{loop.launcher.name}` is started {many} (`{shortened(head, 60)}`) and loads the model each time: "
                f"about {each:g} min of paid GPU per load{total} (assumed)",
                suggestion="give one process all items: most programs take a list of files or a folder",
                numbers=[("assumed: one load", f"{each:g} min (option load_minutes)")],
            )
