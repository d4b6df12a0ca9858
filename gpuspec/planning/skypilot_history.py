"""`sky cost-report -o json`: how long clusters were up, and what they cost, as SkyPilot counts it.

Its database keeps times as pickles, which nothing may load that came from elsewhere: the JSON has the same (SkyPilot
0.14.1, read on 2026-11-30: `client/cli/command.py` and `core.cost_report`)."""

from __future__ import annotations

from collections.abc import Iterator
from time import gmtime, strftime
from typing import Any

from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import small_number

MOST = 20_000


class ClusterUse(NamedTuple):
    """A cluster that is gone. Hours that it was up; $/h of all its machines; the accelerator by SkyPilot's name, ""
    where it has none."""

    name: str
    launched: str
    launched_at: int
    hours: float
    price: float | None
    gpu: str
    gpus: int
    nodes: int


def is_history(text: str) -> bool:
    """Whether a file may be such a report."""
    return text.lstrip()[:1] == "["


def clusters_in(text: str, path: str) -> list[ClusterUse]:
    """The clusters of a report that are gone, in its order. Raises UserError where it is none."""
    from json import loads

    try:
        records = loads(text)
    except (ValueError, RecursionError):
        raise UserError(
            "unknown-usage", f"{path} is not JSON", "`sky cost-report --all -o json` writes it"
        ) from None
    if not isinstance(records, list):
        raise UserError(
            "unknown-usage", f"{path} holds no list of clusters", "`sky cost-report -o json` writes it"
        )
    return [found for record in records[:MOST] for found in _cluster(record)]


def _cluster(record: Any) -> Iterator[ClusterUse]:
    if not isinstance(record, dict) or record.get("status") != "TERMINATED":
        return
    name, launched_at = record.get("name"), _number(record.get("launched_at"), 253_402_300_799)
    seconds, cost = _number(record.get("duration"), 1e9), _number(record.get("total_cost"), 1e9)
    if not isinstance(name, str) or not name or not seconds or seconds < 1 or launched_at is None:
        return
    gpu, gpus = _accelerator(record.get("resources"))
    nodes = _number(record.get("num_nodes"), 10_000)
    yield ClusterUse(
        name=name[:200],
        launched=strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(launched_at)),
        launched_at=int(launched_at),
        hours=seconds / 3600,
        price=cost / (seconds / 3600) if cost else None,
        gpu=gpu,
        gpus=gpus,
        nodes=int(nodes or 1),
    )


def _accelerator(resources: Any) -> tuple[str, int]:
    """`"H100:2"`, `{"H100": 2}`, or a list of such, of which it had one."""
    found = resources.get("accelerators") if isinstance(resources, dict) else None
    if isinstance(found, list) and len(found) == 1:
        (found,) = found
    if isinstance(found, str):
        name, _, count = found.partition(":")
        return name[:100], max(small_number(count) or 1, 1)
    if isinstance(found, dict) and len(found) == 1:
        ((name, count),) = found.items()
        number = _number(count, 10_000)
        return str(name)[:100], max(int(number or 1), 1)
    return "", 1


def _number(value: Any, most: float) -> float | None:
    sound = isinstance(value, float | int) and not isinstance(value, bool) and 0 <= value <= most
    return float(value) if sound else None
