"""`gpuspec prices apis`: what tokens cost through APIs."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from gpuspec.catalog.api_prices import ApiPrice, named, prices_with
from gpuspec.cli.columns import fitted, wrapped
from gpuspec.cli.open_case import CaseOptions
from gpuspec.cli.output import say, say_document
from gpuspec.errors import UserError


def print_apis(names: Sequence[str], *, as_json: bool) -> None:
    """The rows that the names stand for; without a name all of them."""
    every = prices_with(CaseOptions().settings_for(".").job.api_prices)
    rows = [row for row in every if not names or any(_meant(row, name) for name in names)]
    if not rows:
        raise unknown_api(" ".join(names), every)
    if as_json:
        from gpuspec.json_text import json_text
        from gpuspec.report.breakeven_json import api_record

        say_document(json_text([api_record(row) for row in rows]))
        return
    head = ("PROVIDER", "MODEL", "IN $/M", "OUT $/M", "AS OF", "CACHED IN", "BATCH")
    say(*fitted([head, *map(_cells, rows)], first_column=14))
    say("")
    say(*wrapped("Dollars a million tokens. Where each is from: `gpuspec prices apis --json`."))


def _meant(row: ApiPrice, name: str) -> bool:
    return row.provider.lower() == name.strip().lower() or bool(named(name, (row,)))


def _cells(row: ApiPrice) -> tuple[str, ...]:
    cached = "" if row.per_million_cached is None else f"{row.per_million_cached:g}"
    batch = "" if row.batch_discount is None else f"-{row.batch_discount:.0%}"
    return (
        row.provider,
        row.hosts or row.model,
        f"{row.per_million_input:g}",
        f"{row.per_million_output:g}",
        row.as_of,
        cached,
        batch,
    )


def unknown_api(written: str, rows: Sequence[ApiPrice]) -> UserError:
    """No row goes by that name."""
    names = {row.model.lower(): row.model for row in rows}
    names.update({row.provider.lower(): row.provider for row in rows})
    names.update({row.hosts.rpartition("/")[2].lower(): row.hosts for row in rows if row.hosts})
    near = get_close_matches(written.lower()[:60], names, n=1, cutoff=0.6)
    hint = f"did you mean {names[near[0]]}? " if near else ""
    hint += (
        "`gpuspec prices apis` lists them; a price of your own is --api 2.50/10 ($ a million tokens in/out)"
    )
    return UserError("unknown-api", f"no API price is known of {written!r}", hint)
