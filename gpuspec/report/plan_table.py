"""A Plan as text: sentences that read well in 80 columns, and a table as wide as the page."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.job import Job
from gpuspec.planning.case import Case
from gpuspec.planning.limits import NAMES_OF_LIMITS
from gpuspec.planning.plan import Candidate, Cost, Plan
from gpuspec.planning.rank import over_budget
from gpuspec.planning.spread import ItemTime, Machines, Spread
from gpuspec.printable import one_line
from gpuspec.report.left_out import notes, unreadable_limits
from gpuspec.report.own_words import OwnWords
from gpuspec.report.plan_rows import alike, rows, same_machine
from gpuspec.report.summary import plural
from gpuspec.report.text import Style
from gpuspec.sizing import Need, Unsized
from gpuspec.words import dollars, figure, listed

MOST_MEASURED = 3
"""Kinds of machines whose runs are shown."""
PROSE = 80
"""Columns of a sentence at most: longer lines are hard to follow."""


def render(
    case: Case, plan: Plan, *, everything: bool = False, spread: Spread | None = None, columns: int = 80
) -> str:
    """The plan for a person: need, candidates, what was not taken and why, the choice and its worst case, and how
    its items stand against the deadline. No line is wider than `columns`, but for words that are."""
    page = OwnWords(case.document, columns=min(columns, PROSE))
    path, job = case.path, case.job
    dated = {source.name: source.dated for source in case.price_sources}
    blocks = [
        [f"{path}: {job.name or 'unnamed job'}"],
        [*_need(page, plan), *_measured(page, case, plan)],
        rows(plan, everything=everything, columns=columns),
        _rejected(page, plan, everything),
        _choice(page, case, plan, dated),
        _load(page, case, plan) if job.traffic or job.users else [],
        _items(page, path, job, plan, spread) if spread else [],
    ]
    return "\n\n".join("\n".join(map(one_line, block)) for block in blocks if block) + "\n"


def _need(page: Style, plan: Plan) -> list[str]:
    need = plan.need
    if isinstance(need, Unsized):
        return _wrapped(page, "need", f"unknown: {need.reason}")
    parts = ", ".join(f"{part.name} {part.expected:.1f}" for part in need.parts)
    each = "" if need.gpus == 1 else f" on each of {need.gpus} GPUs"
    peak = f", most in the phase “{need.deciding.name}”" if len(need.phases) > 1 else ""
    amount = f"{need.expected:.1f} GiB{each} ({need.low:.1f} to {need.high:.1f}){peak}: {parts}"
    lines = _wrapped(page, "need", amount)
    if need.assumptions:
        lines += _wrapped(page, "", f"assumed: {'; '.join(need.assumptions)}")
    return lines


def _measured(page: Style, case: Case, plan: Plan) -> list[str]:
    """What its last runs took: beside the estimate, whichever is more."""
    lines: list[str] = []
    for each in case.measured[:MOST_MEASURED]:
        gpu = case.catalog.gpus_by_name.get(each.gpu)
        said = each.in_words(gpu.vram_gib if gpu else None)
        if each.peak_gib is not None and isinstance(plan.need, Need) and plan.need.gpus == each.gpus:
            from gpuspec.planning.measured import beside_estimate

            said += f": {beside_estimate(each.peak_gib, plan.need.expected)}"
        lines += _wrapped(page, "ran" if not lines else "", said)
    return lines


def _rejected(page: Style, plan: Plan, everything: bool) -> list[str]:
    rejected = [candidate for candidate in plan.candidates if not candidate.kept]
    if not rejected:
        return []
    if everything:
        lines = [f"not taken: {len(rejected)}"]
        for group in alike(rejected, _same_but_region):
            lines += _wrapped(page, "", _turned_down(group))
        return lines
    lines = ["not taken"]
    for group in alike(rejected, lambda candidate: candidate.limit):
        lines += _wrapped(page, f"{len(group):5}", _summary(group[0].limit, group))
    return lines


def nearest_miss(plan: Plan) -> str:
    """Why nothing is taken, of the offers that come nearest: those that break a limit that is looked at late."""
    groups = alike([each for each in plan.candidates if not each.kept], lambda candidate: candidate.limit)
    if not groups:
        return "nothing is offered"
    group = max(groups, key=lambda each: NAMES_OF_LIMITS.index(each[0].limit))
    return f"{plural(len(group), 'offer')}: {_summary(group[0].limit, group)}"


def _same_but_region(rejected: Candidate) -> tuple[object, ...]:
    """What candidates have in common that were turned down alike and differ only in their region."""
    offer = rejected.offer
    why = rejected.limit if rejected.limit == "regions" else rejected.reason  # which names the region
    return offer.cloud, offer.instance, offer.gpu, offer.gpu_count, rejected.price, rejected.spot, why


def _turned_down(group: list[Candidate]) -> str:
    """What was not taken, where, and why: one machine in some regions."""
    offer = group[0].offer
    where = f"{offer.cloud} {offer.region or ''} {offer.instance}"
    others = len({each.offer.region for each in group}) - 1
    if others:
        where += f" and in {plural(others, 'other region')}"
    least = "a bid from " * group[0].only_bid
    what = f"{offer.gpu_count} × {offer.gpu} at {least}{dollars(group[0].price)}/h, {where}"
    return f"{what}: {group[0].reason}"


def _summary(limit: str, group: list[Candidate]) -> str:
    """Why a group of candidates lost, with the figures that show how far off they were."""
    if limit == "max_price":
        return f"above max_price; the cheapest of them: {group[0].reason}"
    if limit == "gpu_count":
        counts = [str(count) for count in sorted({candidate.offer.gpu_count for candidate in group})]
        wanted = group[0].reason.partition(", ")[2]
        several = " or ".join(filter(None, [", ".join(counts[:-1]), counts[-1]]))
        return f"with {several} GPU{'s' * (counts != ['1'])}; {wanted}"
    if limit in ("clouds", "regions"):
        return _elsewhere(limit, group)
    reasons = list(dict.fromkeys(candidate.reason for candidate in group))
    if len(reasons) == 1 and limit != "hosts":
        return reasons[0]
    clouds = ", ".join(sorted({candidate.offer.cloud for candidate in group}))
    if limit == "memory":
        nearest = max(group, key=lambda c: (c.fit.usable if c.fit else 0.0, c.gpu.name))
        names = list(dict.fromkeys(candidate.gpu.name for candidate in group))
        return f"{listed(names, 6)}; the nearest, {nearest.gpu.name}, {nearest.reason}"
    if limit == "gpu_types":
        return _unasked(reasons, group)
    if limit == "spot":
        return _not_payable(group)
    if limit == "timer":
        return f"{clouds}: no machine there can be made to go when idle (keep-alive)"
    if limit == "cache":
        what = "mounts no buckets" if "buckets" in reasons[0] else "knows no volumes"
        return f"{clouds}: SkyPilot {what} there (cache)"
    if limit == "hosts":
        return f'{clouds}: community machines, which anyone may own; "hosts": "any" allows them'
    return f"{reasons[0]} (and {len(reasons) - 1} more like it)"


def _unasked(reasons: list[str], group: list[Candidate]) -> str:
    """Kinds of GPU that are taken only where the job names them: which, and why."""
    kinds = []
    for reason in reasons:
        names = sorted({candidate.gpu.name for candidate in group if candidate.reason == reason})
        kinds.append(f"{listed(names, 3)} ({reason.partition(': ')[0]})")
    return f"{', '.join(kinds)}: {reasons[0].partition(': ')[2]}"


def _elsewhere(limit: str, group: list[Candidate]) -> str:
    """Which clouds or regions the job or the settings leave out."""
    offers = [candidate.offer for candidate in group]
    places = {offer.cloud if limit == "clouds" else offer.region or "unknown" for offer in offers}
    allowed = group[0].reason.partition("is not among ")[2]
    return f"not among {allowed}: {listed(sorted(places), 4)}"


def _not_payable(group: list[Candidate]) -> str:
    """What has no price of the kind that the job pays."""
    bids = [candidate for candidate in group if candidate.only_bid]
    priced = "; ".join(dict.fromkeys(candidate.reason for candidate in group if not candidate.only_bid))
    if not bids:
        return priced
    clouds = ", ".join(sorted({candidate.offer.cloud for candidate in bids}))
    some = f"{priced}; {len(bids)} of them " * bool(priced)
    return f"{some}by bid alone ({clouds}), which is no price: what is paid is decided by auction"


def _choice(page: Style, case: Case, plan: Plan, dated: Mapping[str, str]) -> list[str]:
    clouds = {candidate.offer.cloud for candidate in plan.kept}
    gpus = {candidate.offer.gpu for candidate in plan.kept}
    said = [*notes(case), *case.agreed_prices(clouds, gpus), *plan.notes]
    lines = [line for each in said for line in _wrapped(page, "note", each)]
    if plan.choice is None or plan.cost is None or plan.choice_cost is None:
        return lines if not plan.candidates else [*lines, "take  nothing: no offer satisfies every limit"]
    offer = plan.choice.offer
    where = ", ".join(part for part in (offer.cloud, _region(plan), offer.instance) if part)
    agreed = f"; {offer.agreed}" if offer.agreed and not plan.choice.spot else ""
    date = f"prices: {dated.get(offer.source, 'undated')}"
    lines += _wrapped(page, "take", f"{_machine(plan.choice)}: {where} ({date}{agreed})")
    lines += _wrapped(page, "why", plan.why) if plan.why else []
    limits = unreadable_limits(case.left_out)
    if limits:
        return lines + _wrapped(page, "cost", f"not known: {', '.join(limits)} cannot be read")
    return lines + _time(page, case, plan) + _cost(page, case.job, plan, plan.choice_cost, plan.cost)


def _time(page: Style, case: Case, plan: Plan) -> list[str]:
    """How long the job takes on the choice, and what all of it costs, where its work is known."""
    from gpuspec.planning.job_length import length_on

    found = length_on(case.market, plan)
    if found is None:
        return []
    total = "" if found.total is None else f"; {dollars(found.total)} for all of it"
    return _wrapped(page, "time", f"{found.length.in_words}: {found.length.origin}{total}")


def _region(plan: Plan) -> str:
    """Where the choice is; of one that costs the same in several regions the launcher takes any."""
    choice = plan.choice
    regions = {
        each.offer.region for each in plan.kept if choice and same_machine(each) == same_machine(choice)
    }
    return f"any of {len(regions)} regions" if len(regions) > 1 else (choice and choice.offer.region) or ""


def _cost(page: Style, job: Job, plan: Plan, on_choice: Cost, worst: Cost) -> list[str]:
    """What the run costs at most on the choice, and on the dearest that may stand in for it."""
    if worst.candidate is plan.choice:
        lines = _wrapped(page, "cost", _arithmetic(on_choice))
    else:
        total = "" if on_choice.total is None else f"; {dollars(on_choice.total)} in all"
        lines = _wrapped(page, "cost", _arithmetic(on_choice) + total)
        on = f"{_machine(worst.candidate)} ({worst.candidate.offer.cloud}), if the cheaper ones are sold out"
        lines += _wrapped(page, "worst", f"{on}: {_arithmetic(worst)}")
    lines += _wrapped(page, "", _verdict(job, plan))
    for each in dict.fromkeys((*on_choice.not_counted, *worst.not_counted)):
        lines += _wrapped(page, "", f"not counted: {each}")
    return lines


def _arithmetic(cost: Cost) -> str:
    return "; ".join(f"{what} {value}" for what, value in cost.lines)


def _machine(candidate: Candidate) -> str:
    offer = candidate.offer
    return f"{offer.gpu_count} × {offer.gpu} at {dollars(candidate.price)}/h{' spot' * candidate.spot}"


def _verdict(job: Job, plan: Plan) -> str:
    total = plan.cost.total if plan.cost else None
    cap = job.budget.max_total if job.budget else None
    if total is None:
        return "worst case: unbounded; set budget.max_hours or budget.max_total"
    if cap is None:
        return f"worst case: {dollars(total)}"
    return over_budget(job, total) or f"worst case: {dollars(total)}, within the budget of {dollars(cap)}"


def _load(page: Style, case: Case, plan: Plan) -> list[str]:
    """The choice under the load that the job declares."""
    from gpuspec.planning.under_load import under_load

    found = under_load(case.market, plan)
    if found is None:
        return []
    from gpuspec.report.load_lines import load_lines

    return [line for label, text in load_lines(case.job, found) for line in _wrapped(page, label, text)]


OPTIONS = 3
"""Ways to spread the items that are shown."""


def _items(page: Style, path: str, job: Job, plan: Plan, spread: Spread) -> list[str]:
    items, each = plural(spread.items, "item"), spread.each
    if each is None:
        unknown = "how long one takes is not known: run some, or give --item-seconds"
        return _wrapped(page, "items", f"{items}; {unknown}")
    machine = f"{each.gpu_count} × {each.gpu}"
    work = figure(spread.items * each.seconds / 3600)
    text = f"{items} × {figure(each.seconds)} s ({each.origin}, {machine}) = {work} h of work"
    lines = _wrapped(page, "items", text)
    if plan.choice is None:
        return lines
    if spread.deadline is not None:
        none = "" if spread.options else " no number of machines does it"
        lines.append(f"      within {figure(spread.deadline)} h{none}")
    for option in spread.options[:OPTIONS]:
        lines += _wrapped(page, "", _option(job, plan, each, option))
    best = next((option for option in spread.options if option.candidate.gpu is plan.choice.gpu), None)
    if best and best.number > 1 and not over_budget(job, best.worst):
        limit = "" if spread.deadline == plan.max_hours else f" --max-hours {spread.deadline:g}"
        lines.append(f"      gpuspec run --shards {best.number}{limit} {path}")
    return lines


def _option(job: Job, plan: Plan, each: ItemTime, option: Machines) -> str:
    offer = option.candidate.offer
    machines = "one machine" if option.number == 1 else f"{option.number} machines"
    notes = []
    if plan.choice is not None and offer.gpu != plan.choice.offer.gpu:
        notes.append(f'"gpu_types": ["{offer.gpu}"]')
    if offer.gpu != each.gpu:
        notes.append("by its expected speed" if plan.unit else "estimated from its data sheet")
    over = over_budget(job, option.worst)
    after = f"; {over}" * bool(over) + f" ({', '.join(notes)})" * bool(notes)
    return f"{machines} of {_machine(option.candidate)}: {figure(option.hours)} h, {dollars(option.total)}{after}"


def _wrapped(page: Style, label: str, text: str) -> list[str]:
    """`text` behind a label of six."""
    return f"{label:<6}{page.wrap(text, 6, 6)}".split("\n")
