"""GS006 deprecated-name."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Fix, Rule


class DeprecatedName(Rule):
    """An old name of a field or GPU.

    ## What it does
    Reports names that gpuspec still understands but no longer writes: `download` for `downloads`,
    `cooldown_minutes` for `keep_alive_minutes`, `gpu_type` for `gpu_types`, and old names of GPUs. Names that
    GPU CLI itself uses are left alone in its own files.

    ## Why is this bad
    Two names for one thing end in a file that sets both.

    ## Example
    ```jsonc
    { "run": "python train.py", "cooldown_minutes": 5 }
    ```

    ## Use instead
    ```jsonc
    { "run": "python train.py", "keep_alive_minutes": 5 }
    ```
    """

    code = "GS006"
    name = "deprecated-name"
    severity = "warning"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        yield from self._fields(facts)
        yield from self._gpus(facts)

    def _fields(self, facts: Facts) -> Iterator[Finding]:
        for entry in facts.format.deprecated(facts.tree):
            if entry.both:
                message = f"`{entry.old}` is the old name of `{entry.new}`, which is set as well and wins"
                title = f"remove {entry.old}"
            else:
                message = f"`{entry.old}` is the old name of `{entry.new}`"
                title = f"rename it to {entry.new}"
            fix = Fix(title, entry.edits, safe=True) if entry.edits else None
            yield self.finding(entry.pointer, message, on="key", suggestion=f"{title}.", fix=fix)

    def _gpus(self, facts: Facts) -> Iterator[Finding]:
        for choice in facts.job.gpu_types:
            better = facts.catalog.resolve_gpu(choice.name).deprecated
            if better:
                at = facts.name_pointer(choice)
                fix = Fix(f"write {better}", (facts.rename_gpu(choice, better),), safe=True)
                yield self.finding(at, f"{choice.name!r} is an old name of {better}", fix=fix)
