"""GS604 batch-limit."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Fix, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.rules.command_edits import replace_argument
from gpuspec.rules.full_context import one_sequence
from gpuspec.rules.options import amount, share
from gpuspec.sizing import Need
from gpuspec.words import gib
from gpuspec.workload.at_once import at_once
from gpuspec.workload.workload import Origin

_MANY = 32
"""Sequences that take little longer together than one alone: reading the weights is still what takes the time."""


class BatchLimit(Rule):
    """The server's limit of concurrent sequences does not match its KV cache.

    ## What it does
    Looks at the limit that was set for an engine that batches by itself (`--max-num-seqs`, `--max-running-requests`):
    1 on a server whose KV cache holds several whole contexts, or so many that it cannot hold them even if each
    request fills only `share` of the context (a quarter), or what `traffic` declares. Where no limit was set, or the
    context or the GPU is not known, silent. A limit below the job's `users` lets some of them wait, who must be
    served at once.

    ## Why is this bad
    One at a time, every token of an answer pays for reading all the weights. Too many at once, and the engine throws
    away half-done sequences to make room and computes them again.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 16384 --max-num-seqs 512"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 4096 --max-num-seqs 32"
    }
    ```

    ## When to ignore
    When nearly all requests are far shorter than the context.
    """

    code = "GS604"
    name = "batch-limit"
    severity = "warning"
    confidence = "medium"
    fixable = "sometimes"
    options = (
        share("share", 0.25, "Share of the context that a request is taken to fill.", least=0.01),
        amount("over", 2.0, "Times what the cache holds from which a limit is too high.", least=1.0),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        work = facts.workload
        origin = work.origin("concurrency")
        if work.task != "serve" or not work.concurrency or origin.kind != "command":
            return
        if work.modality not in (None, "text") or not engine_of(work.engine).memory.queues:
            return
        waiting = at_once(work, engine_of(work.engine).default(work.engine_version)).waiting
        if work.users and waiting:
            yield self._too_few(facts, origin, work.users, waiting)
        elif work.concurrency == 1:
            yield from self._one(facts, origin)
        else:
            yield from self._many(facts, origin, work.concurrency)

    def _too_few(self, facts: Facts, origin: Origin, users: int, waiting: int) -> Finding:
        work = facts.workload
        enough = -(-users // (work.data_parallel or 1))  # of each copy
        edit = replace_argument(facts, origin, origin.text.replace(str(work.concurrency), str(enough)))
        each = "" if users == facts.job.users else " by each replica"
        return self.finding(
            origin.pointer or facts.job.pointer("run"),
            f"`{origin.text}`: {users:,} users are to be served at once{each}, and {waiting:,} of them would wait",
            confidence="high",
            suggestion=f"at least {enough:,}, on a GPU that holds the caches of all",
            fix=Fix(f"set the limit to {enough}", (edit,), safe=False) if edit else None,
        )

    def _one(self, facts: Facts, origin: Origin) -> Iterator[Finding]:
        """One at a time: where the cache has room for one context alone, it must be."""
        found = self._room(facts, facts.workload.context)
        if found is None:
            return
        one, current, room = found
        whole = int(room / one.kv_cache) if one.kv_cache > 0 else _MANY
        if whole < 2:
            return
        together = min(whole, _MANY)
        edit = replace_argument(facts, origin, "")
        yield self.finding(
            origin.pointer or facts.job.pointer("run"),
            f"`{origin.text}`: the server answers one request after the other, and every token of an answer pays for "
            f"reading all the weights; the {gib(room)} left for KV cache on {current.label} hold {together} whole "
            f"contexts{' and more' if whole > _MANY else ''}, and {together} together take little longer",
            suggestion="leave the limit out: the engine runs what its KV cache holds",
            fix=Fix(f"remove {origin.text}", (edit,), safe=False) if edit else None,
            numbers=[
                ("KV cache of one context", f"{one.kv_cache:.3f} GiB"),
                ("left for KV cache", f"{room:.2f} GiB"),
            ],
        )

    def _room(self, facts: Facts, tokens: int | None) -> tuple[Need, Alternative, float] | None:
        """What one sequence of so many tokens needs, on which machine, and the GiB left there for KV cache."""
        current = facts.selected
        if current is None or not current.fit or current.verdict != "fits" or not tokens:
            return None
        one = one_sequence(facts, current, tokens)
        if one is None or one.confidence == "low":
            return None
        return one, current, current.fit.usable - one.beside_cache

    def _many(self, facts: Facts, origin: Origin, limit: int) -> Iterator[Finding]:
        context = facts.workload.context
        if not context:
            return
        tokens = self._tokens(facts, context)
        found = self._room(facts, tokens)
        if found is None or found[1].fit is None:
            return
        one, current, room = found
        each, usable = one.kv_cache, found[1].fit.usable
        capacity = int(room / each) if each > 0 else limit
        if capacity < 1 or limit <= capacity * facts.options["over"]:
            return
        edit = replace_argument(facts, origin, origin.text.replace(str(limit), str(capacity)))
        yield self.finding(
            origin.pointer or facts.job.pointer("run"),
            f"`{origin.text}`: {gib(room)} are left for KV cache on {current.label}, room for {capacity} requests of "
            f"{tokens:,} tokens ({each * 1024:.0f} MiB each); beyond that the engine throws away what it has begun",
            severity="info",
            confidence=one.confidence,
            suggestion=f"at most {capacity}, or a shorter context",
            fix=Fix(f"set the limit to {capacity}", (edit,), safe=False) if edit else None,
            numbers=[
                ("KV cache of one request", f"{tokens:,} tokens: {each:.3f} GiB"),
                (
                    "left for KV cache",
                    f"{usable:.2f} − {one.beside_cache:.2f} = {room:.2f} GiB",
                ),
                ("requests it holds", f"{room:.2f} ÷ {each:.3f} = {capacity}"),
            ],
        )

    def _tokens(self, facts: Facts, context: int) -> int:
        """Tokens of a usual request."""
        traffic = facts.job.traffic
        if traffic and traffic.input_tokens and traffic.output_tokens:
            return max(1, min(context, int(traffic.input_tokens + traffic.output_tokens)))
        return max(1, int(context * facts.options["share"]))
