"""Whether a machine holds the whole context that an engine without a length sets aside."""

from __future__ import annotations

from gpuspec.engines import engine_of
from gpuspec.lint import Facts
from gpuspec.planning.alternatives import Alternative
from gpuspec.sizing import Need, need


def needs_a_length(facts: Facts, machine: Alternative) -> str:
    """What else must be set to start there, for the end of a suggestion; "" where nothing must."""
    work = facts.workload
    full = work.model.usual_context if work.model else None
    engine = engine_of(work.engine)
    if not engine.reserves_full_context or work.context is not None or not full:
        return ""
    whole = need(work._replace(context=full, concurrency=1, users=None), machine.gpu_count, gpu=machine.gpu)
    if not isinstance(whole, Need) or facts.market.fit_of_need(whole, machine.gpu).verdict == "fits":
        return ""
    return f" with a {engine.flag('context')}: the model's own {full:,} tokens do not fit there"
