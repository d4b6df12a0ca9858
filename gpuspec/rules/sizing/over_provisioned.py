"""GS101 over-provisioned-gpu."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Fix, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.case import Case
from gpuspec.planning.compare import Compared, better, fewer
from gpuspec.rules.cost_in_words import both_prices, saving
from gpuspec.rules.full_context import needs_a_length
from gpuspec.rules.numbers import as_sure, need_lines, price_lines
from gpuspec.rules.options import least_saving, min_saving, min_speed, share
from gpuspec.words import percent, span_of_gib


class OverProvisionedGpu(Rule):
    """A cheaper GPU would do the same work.

    ## What it does
    Compares every GPU in `gpu_types` with those on the market that surely fit the job's memory and are of the same
    speed class, by what the work costs: dollars per million tokens, per 1,000 images, for the job, by the speed that
    is expected of each (by their data sheets, where no better is known). A server of which nobody says how busy it is
    (`traffic`) is paid by the hour: the other must cost less an hour, less per token at the same load, and be quick
    enough. `interactive` jobs wait for people most of the time: there, dollars per hour decide. Below `least_saving`
    dollars an hour nothing is said, nor of twice the time for less than three tenths of the cost. What the fallbacks
    of a list may cost is said by no-price-cap.

    Of a server that takes at most 40 % of its GPU's memory it also names a smaller GPU that costs at most half by the
    hour (info), with what a token would cost there were it always busy. It writes 10 tokens a second to one reader at
    least. Where nobody can know what the machine costs (a manifest that names no cloud), it says so with the share of
    the price on each list that has both, among GPUs that the large clouds, or Modal, rent.

    Where the last runs of the same command on this machine are known (`gpuspec.measured.json`), the memory that they
    took at most counts, and a tenth more for other data; the message has the estimate beside it, and which runs they
    are. That also holds for models that nobody knows.

    ## Why is this bad
    What a bigger GPU than the model needs does faster is less than what it costs more.

    ## Example
    ```jsonc
    {
      "name": "sdxl",
      "task": "batch",
      "model": { "id": "stabilityai/stable-diffusion-xl-base-1.0" },
      "gpu_types": ["A100 PCIe 80GB"],
      "keep_alive_minutes": 3,
      "run": "python generate.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "sdxl",
      "task": "batch",
      "model": { "id": "stabilityai/stable-diffusion-xl-base-1.0" },
      "gpu_types": ["RTX A4000", "RTX A4500"],
      "keep_alive_minutes": 3,
      "run": "python generate.py"
    }
    ```

    ## When to ignore
    When latency of a single request is worth the price, or when something beside the declared model lives on
    the same GPU (then say so with `min_vram`, which this rule respects).
    """

    code = "GS101"
    name = "over-provisioned-gpu"
    severity = "warning"
    fixable = "sometimes"
    options = (
        # Of the 26 specs of tests/judgement that experts call too large, 0.20 loses two (QLoRA of 7B on an H100: 16
        # and 19 %), and takes away no false alarm: there is none.
        min_saving(0.15, of="cost of the work"),
        min_speed(0.2),
        least_saving(),
        share("most_vram", 0.75, "Share of the memory that a smaller class of GPU has at most.", least=0.1),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts.case.measured:
            from gpuspec.rules.sizing import as_it_ran

            if ran := as_it_ran.as_it_ran(facts):
                limits = {name: facts.options[name] for name in ("min_saving", "min_speed", "most_vram")}
                found = as_it_ran.smaller(ran, **limits)
                if found and saving(ran.machine, found).per_hour >= facts.options["least_saving"]:
                    yield as_it_ran.finding(self, facts, ran, found)
                return
        current = facts.baseline
        if current is None:
            yield from self._by_lists(facts)
            return
        if _may_be_smaller(facts, current):
            return
        cheaper = self._better(facts, current)
        if cheaper and any(each.label == cheaper.machine.label for each in facts.choices):
            return  # which of those that are named comes first is for GS106
        if cheaper is None:
            yield from self._by_the_hour(facts)
        elif saving(current, cheaper).per_hour >= facts.options["least_saving"]:
            yield self._over(facts, current, cheaper)

    def _by_lists(self, facts: Facts) -> Iterator[Finding]:
        """Of a machine whose price nobody knows."""
        if facts.case.document.format.in_spec_fields:
            return
        from gpuspec.lint.unpriced import at_all_prices

        case = at_all_prices(facts.case)
        if case is not None:
            yield from self._far(facts, case, by_lists=True)

    def _by_the_hour(self, facts: Facts) -> Iterator[Finding]:
        """Of a server that may idle: per token, always busy, the smaller GPU costs no less."""
        if facts.workload.task == "serve" and facts.market.measure.paid == "hour":
            yield from self._far(facts, facts.case, by_lists=False)

    def _far(self, facts: Facts, case: Case, *, by_lists: bool) -> Iterator[Finding]:
        from gpuspec.rules.sizing import larger_than_needed as larger

        current = larger.current_of(case)
        if current is None or _may_be_smaller(facts, current) or larger.fewer_of(case, current):
            return  # that fewer of them do, GS103 says
        found = larger.smaller(case, current, facts.options["most_vram"], by_lists=by_lists)
        if found:
            yield larger.finding(self, facts, current, found, by_lists=by_lists)

    def _better(self, facts: Facts, machine: Alternative) -> Compared | None:
        limits = {"min_saving": facts.options["min_saving"], "min_speed": facts.options["min_speed"]}
        found = better(
            facts.market, machine, (machine.gpu_count,), **limits, most_vram=facts.options["most_vram"]
        )
        # Where fewer GPUs would do as well, GS103 says it.
        return None if found and fewer(facts.market, machine, **limits) else found

    def _over(self, facts: Facts, machine: Alternative, found: Compared) -> Finding:
        assert machine.fit
        better = found.machine
        need, usable = machine.fit.need, machine.fit.usable
        name = facts.workload.model.id if facts.workload.model else "this job"
        shorter = needs_a_length(facts, better)
        return self.finding(
            facts.gpu_place(machine),
            f"{machine.label} is more than {name} needs ({span_of_gib(need.low, need.high)} of its {usable:.1f} GiB, "
            f"{percent(need.expected / usable)}): {both_prices(facts, machine, found)}",
            confidence="medium" if _by_far(machine, better) else as_sure("high", machine, better),
            saving=saving(machine, found),
            suggestion=f'use "{better.label}"' + shorter,
            fix=None
            if shorter
            else Fix(f"use {better.gpu.name}", (facts.rename_gpu(machine, better.gpu.name),), safe=False),
            numbers=(*need_lines(machine), *price_lines(facts, machine, found)),
        )


def _by_far(machine: Alternative, better: Alternative) -> bool:
    """Whether it is too large however wrong the need is, be it twice of what is thought."""
    return bool(
        machine.fit
        and better.fit
        and machine.fit.need.high <= machine.fit.usable / 4
        and 2 * better.fit.need.high <= better.fit.usable
    )


def _may_be_smaller(facts: Facts, current: Alternative) -> bool:
    """Whether the name that was written is a smaller GPU's, too, which may not hold the job: GS005 says it."""
    written = next((one.name for one in facts.job.gpu_types if one.pointer == current.pointer), "")
    shared = facts.catalog.resolve_gpu(written).ambiguous
    smaller = (gpu for gpu in shared if gpu.vram_gb < current.gpu.vram_gb)
    fits = (facts.market.fit_as_written(gpu, current.gpu_count) for gpu in smaller)
    return any(fit and fit.verdict != "fits" for fit in fits)
