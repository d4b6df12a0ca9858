"""What one sequence takes, and whether a machine holds the whole context that an engine sets aside for it."""

from __future__ import annotations

from gpuspec.engines import engine_of
from gpuspec.lint import Facts
from gpuspec.planning.alternatives import Alternative
from gpuspec.sizing import Need, need


def one_sequence(facts: Facts, machine: Alternative, context: int) -> Need | None:
    """Memory for one sequence of so many tokens on a machine, whatever the job says of more; None where unknown."""
    alone = facts.workload._replace(context=context, concurrency=1, users=None)
    found = need(alone, machine.gpu_count, gpu=machine.gpu)
    return found if isinstance(found, Need) else None


def needs_a_length(facts: Facts, machine: Alternative) -> str:
    """What else must be set to start there, for the end of a suggestion; "" where nothing must."""
    work = facts.workload
    full = work.model.usual_context if work.model else None
    engine = engine_of(work.engine)
    if not engine.reserves_full_context or work.context is not None or not full:
        return ""
    whole = one_sequence(facts, machine, full)
    if whole is None or facts.market.fit_of_need(whole, machine.gpu).verdict == "fits":
        return ""
    return f" with a {engine.flag('context')}: the model's own {full:,} tokens do not fit there"
