"""GS104 min-vram-off."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.rules.options import amount, share
from gpuspec.sizing import Need
from gpuspec.words import dollars, gib, percent

SMALL_GB = 12.0
"""What nearly every GPU for rent has: a job that needs no more runs on whatever a launcher falls back to."""


class MinVramOff(Rule):
    """`min_vram` does not fit the job.

    ## What it does
    Reports a `min_vram` that is below what the job needs (a fallback that meets it would crash), at least twice
    what it needs while it shuts out a GPU that does the job for less, or above every GPU that is listed (nothing is
    left to rent). For launchers that fall back to other GPUs, reports a list of several sizes without `min_vram`
    where the job is known to need more than small GPUs have.

    ## Why is this bad
    Too low, and a fallback runs out of memory; too high, and it shuts out cheaper GPUs.

    ## Example
    ```jsonc
    {
      "name": "embed",
      "gpu_types": ["RTX A4000", "RTX 4090"],
      "min_vram": 48,
      "keep_alive_minutes": 3,
      "run": "python embed.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "embed",
      "gpu_types": ["RTX A4000", "RTX 4090"],
      "min_vram": 16,
      "keep_alive_minutes": 3,
      "run": "python embed.py"
    }
    ```

    ## When to ignore
    When something that gpuspec cannot see shares the GPU.
    """

    code = "GS104"
    name = "min-vram-off"
    severity = "warning"
    may_be_error = True
    fixable = "sometimes"
    asks_for = ("min_vram",)
    options = (
        amount("too_high", 2.0, "Times the need from which min_vram is too high.", least=1.0),
        share(
            "min_saving",
            0.3,
            "Least share of the price that a GPU it shuts out saves.",
            least=0.01,
            most=0.99,
        ),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        named = (facts.catalog.resolve_gpu(choice.name).gpu for choice in job.gpu_types if choice.pointer)
        listed = [gpu for gpu in named if gpu]
        largest = max((gpu.vram_gb for gpu in listed), default=None)
        floor = job.min_vram
        if floor is None:
            if facts.format.in_spec_fields and facts.takes_first and len({gpu.vram_gb for gpu in listed}) > 1:
                yield from self._absent(facts)
            return
        at = job.pointer("min_vram")
        if largest is not None and floor > largest and len(listed) == len(job.gpu_types):
            yield self.finding(
                at,
                f"{_asked(facts, floor)}, and the largest GPU listed has {largest:g} GB: nothing is left to rent",
                severity="error",
                suggestion=f"{_advice(facts, largest)}, at most",
                fix=Fix(f"set to {largest:g}", (Edit("set", at, _plain(largest)),), safe=False),
            )
            return
        yield from self._against_need(facts, at, floor)

    def _absent(self, facts: Facts) -> Iterator[Finding]:
        """A job that is known to need more than small GPUs have, and a launcher that falls back to any."""
        need = facts.need(facts.choices[0].gpu_count if facts.choices else facts.job.gpu_count or 1)
        if not isinstance(need, Need) or need.confidence == "low" or need.low * 2**30 <= SMALL_GB * 1e9:
            return
        yield self.finding(
            facts.job.pointer("gpu_types"),
            f"several GPUs are acceptable but min_vram is not set: a fallback of any size would be taken, and the "
            f"job needs at least {gib(need.low)}",
            severity="info",
            on="key",
            suggestion=f"set {facts.format.spelled('min_vram')} to {need.high * 2**30 / 1e9:.0f}",
        )

    def _against_need(self, facts: Facts, at: str, floor: float) -> Iterator[Finding]:
        gpus = facts.choices[0].gpu_count if facts.choices else facts.job.gpu_count or 1
        need = facts.need(gpus)
        if not isinstance(need, Need) or need.confidence == "low":
            return
        fitting = [machine.gpu.vram_gb for machine in facts.market.fitting((gpus,))]
        all_fit = all(machine.verdict == "fits" for machine in facts.choices)
        if floor * 1e9 / 2**30 < need.low and not (facts.choices and all_fit and not facts.takes_first):
            enough = min(fitting, default=None)
            each = f" on each of {gpus}" if gpus > 1 else ""
            which = (
                "a fallback that meets it"
                if facts.job.gpu_types and facts.takes_first
                else "a GPU of that size"
            )
            yield self.finding(
                at,
                f"{_asked(facts, floor)}, but the job needs at least {gib(need.low)}{each}: {which} "
                "would run out of memory",
                suggestion=_advice(facts, enough) if enough else None,
                fix=Fix(f"set to {enough:g}", (Edit("set", at, _plain(enough)),), safe=False)
                if enough
                else None,
            )
        elif floor * 1e9 / 2**30 >= need.high * facts.options["too_high"] and floor > 16:
            yield from self._too_high(facts, at, floor, need)

    def _too_high(self, facts: Facts, at: str, floor: float, need: Need) -> Iterator[Finding]:
        """The floor shuts out a GPU that would do the job for clearly less money."""
        free = facts.case.instead(job=facts.job._replace(min_vram=None)).market
        out = next(free.fitting((need.gpus,)), None)
        now = facts.selected or next(facts.market.fitting((need.gpus,)), None)
        if out is None or now is None or out.gpu.vram_gb >= floor:
            return
        from gpuspec.planning.compare import compared, dearer
        from gpuspec.rules.cost_in_words import saving, slower

        found = compared(facts.market, now, free, out)
        if found.waste < facts.options["min_saving"] or dearer(facts.market, found):
            return
        yield self.finding(
            at,
            f"{_asked(facts, floor)}, {floor * 1e9 / 2**30 / need.high:.1f} times the {gib(need.high)} that "
            f"the job takes at most: it shuts out {out.label} at {dollars(out.per_hour)}/h, {percent(found.waste)} "
            f"less{slower(now, found)} than {now.label} at {dollars(now.per_hour)}/h",
            confidence="medium",
            saving=saving(now, found),
            suggestion=f"the need is {gib(need.low)} to {gib(need.high)}",
        )


def _asked(facts: Facts, floor: float) -> str:
    """What the file asks for, by its format's name of the field."""
    field = facts.format.spelled("min_vram")
    return f"{field} {'is' if field == 'min_vram' else 'asks for'} {floor:g} GB"


def _advice(facts: Facts, gigabytes: float) -> str:
    own = facts.format.spelled("min_vram") == "min_vram"
    return f'"min_vram": {gigabytes:g}' if own else f"ask for {gigabytes:g} GB"


def _plain(amount: float) -> int | float:
    return int(amount) if amount == int(amount) else amount
