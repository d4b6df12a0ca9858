"""What other tools saw of a job's GPUs, as samples.

Read are: `nvidia-smi --query-gpu=… --format=csv` with its header; `nvidia-smi dmon -s um`; `dcgmi dmon -e 203,252`;
CSV whose columns are DCGM's fields; the text of DCGM-exporter, one scrape or many. DCGM's memory is MiB, as its
exporter's own HELP lines say; dcgmi's short names are those of NVIDIA/DCGM, dcgmlib/src/dcgm_fields.cpp (read
2026-11-30)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import number_of

MOST_SAMPLES = 2_000_000
LONGEST_LINE = 20_000
_MOST_MIB = 2_000_000.0
"""2 TB on one GPU: what is more is a slip, or bytes."""

_MEMORY = {"memory.used": 1.0, "fb": 1.0, "fbusd": 1.0, "dcgm_fi_dev_fb_used": 1.0}
_BUSY = {"utilization.gpu": 1.0, "sm": 1.0, "gputl": 1.0, "dcgm_fi_dev_gpu_util": 1.0}
_BUSY_SHARES = {"gract": 100.0, "smact": 100.0, "dcgm_fi_prof_gr_engine_active": 100.0}
_ID = ("uuid", "gpu_uuid", "index", "gpu_bus_id", "pci.bus_id", "gpu", "entity")
_NAME = ("name", "gpu_name", "modelname")
_WHEN = ("timestamp", "time")
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_SAMPLE = re.compile(rf"(DCGM_FI_[A-Z0-9_]+)\{{((?:[^\"}}]|{_QUOTED})*)\}}\s+(?P<value>\S+)")
_LABEL = re.compile(rf"([A-Za-z_][A-Za-z0-9_]*)={_QUOTED}")
_AMOUNT = re.compile(r"([0-9.eE+-]+)\s*(%|[KMGT]?i?B)?")
_UNITS = {
    **dict.fromkeys(("", "%", "MiB", "MB"), 1.0),
    "B": 2.0**-20,
    "KiB": 2.0**-10,
    "KB": 2.0**-10,
    "GiB": 2.0**10,
    "GB": 2.0**10,
    "TiB": 2.0**20,
}
"""Of a cell, or of a column's head → MiB. What is in another unit is not known."""
_DAY = re.compile(r"(20[0-9]{2})[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12][0-9]|3[01])")


class Sample(NamedTuple):
    """One look at one GPU: which one, what it is called, MiB in use, percent of the time it worked, ISO date. What is
    not known is None, or ""."""

    gpu: str
    name: str = ""
    mib: float | None = None
    busy: float | None = None
    day: str = ""


class Usage(NamedTuple):
    """What the samples of one file come to. GiB at most on one GPU; percent on average over all looks at all GPUs."""

    source: str
    samples: int
    gpus: int
    names: tuple[str, ...]
    peak_gib: float | None
    busy: float | None
    first_day: str


def usage_in(text: str, path: str, where: Mapping[str, str] | None = None) -> Usage:
    """What a file of samples says; of DCGM-exporter's only those whose labels are as in `where`. Raises UserError."""
    lines = [line for line in text.splitlines() if line.strip() and len(line) <= LONGEST_LINE]
    source, samples = _samples(lines, where or {})
    if source != "DCGM-exporter" and len(lines) > MOST_SAMPLES:  # of that most lines are no samples
        raise _too_many(path)
    gpus: set[str] = set()
    names: dict[str, None] = {}
    peak = busy = 0.0
    number = with_memory = with_busy = 0
    first = ""
    for sample in samples:
        number += 1
        if number > MOST_SAMPLES:
            raise _too_many(path)
        gpus.add(sample.gpu)
        if sample.name:
            names.setdefault(sample.name)
        if sample.mib is not None:
            with_memory, peak = with_memory + 1, max(peak, sample.mib)
        if sample.busy is not None:
            with_busy, busy = with_busy + 1, busy + sample.busy
        first = min(filter(None, (first, sample.day)), default="")
    if not (with_memory or with_busy):
        raise _unknown(path, source, with_labels=bool(where))
    return Usage(
        source,
        number,
        len(gpus),
        tuple(names),
        peak / 1024 if with_memory else None,
        busy / with_busy if with_busy else None,
        first,
    )


def _too_many(path: str) -> UserError:
    return UserError("file-too-large", f"{path} holds more than {MOST_SAMPLES:,} samples", "cut it in parts")


def _unknown(path: str, source: str, *, with_labels: bool) -> UserError:
    if source and with_labels:
        return UserError(
            "unknown-usage", f"{path} has no sample of GPUs with these labels", "`--where` names others"
        )
    what = f"{path} says nothing of GPUs" + (f": {source} without memory or utilization" if source else "")
    hint = (
        "`nvidia-smi --query-gpu=timestamp,index,name,memory.used,utilization.gpu --format=csv -l 5` writes one that "
        "does (with its header), as do `nvidia-smi dmon -s um`, `dcgmi dmon -e 203,252` and DCGM-exporter"
    )
    return UserError("unknown-usage", what, hint)


def _samples(lines: list[str], where: Mapping[str, str]) -> tuple[str, Iterator[Sample]]:
    """(what wrote the file, its samples)."""
    if any(line.startswith("DCGM_FI_") and "{" in line for line in lines[:1000]):
        return "DCGM-exporter", _exported(lines, where)
    head = next((line for line in lines if _columns(line)), "")
    if not head:
        return "", iter(())
    after = lines[lines.index(head) + 1 :]
    if head.lstrip().startswith("#"):
        return ("dcgmi dmon" if "entity" in head.lower() else "nvidia-smi dmon"), _monitored(head, after)
    return ("DCGM" if "DCGM_FI_" in head else "nvidia-smi"), _of_csv(head, after)


def _columns(line: str) -> bool:
    """Whether a line names columns that say something of a GPU."""
    names = {_column(cell) for cell in re.split(r"[,\s]+", line.lstrip("# \t").lower())}
    return bool(names & {*_MEMORY, *_BUSY, *_BUSY_SHARES})


def _column(cell: str) -> str:
    """`memory.used [MiB]` → memory.used."""
    return cell.partition("[")[0].strip().strip('"').lower()


def _of_csv(head: str, lines: Iterable[str]) -> Iterator[Sample]:
    from csv import Error, reader

    written = head.split(",")
    names = [_column(cell) for cell in written]
    units = {name: _unit(cell) for name, cell in zip(names, written, strict=True)}
    for line in lines:
        try:  # each by itself: a quote that nothing ends would swallow all that come after it
            cells = next(reader([line], skipinitialspace=True), [])
        except Error:
            continue
        yield _sample(dict(zip(names, cells, strict=False)), units)


def _unit(cell: str) -> str | None:
    """`memory.used [MiB]` → MiB; None where the head names none."""
    named = re.search(r"\[([^\]]*)\]", cell)
    return named[1].strip() or None if named else None


def _monitored(head: str, lines: Iterable[str]) -> Iterator[Sample]:
    names = [_column(cell) for cell in re.split(r"[,\s]+", head.lstrip("# \t").strip())]
    for line in lines:
        if line.lstrip().startswith("#"):
            continue
        cells = [cell for cell in re.split(r"[,\s]+", line.strip()) if cell]
        if names[0] == "entity" and len(cells) > len(names):
            cells[:2] = [" ".join(cells[:2])]  # "GPU 0"
        if len(cells) >= len(names):
            yield _sample(dict(zip(names, cells, strict=False)), {})


def _sample(row: Mapping[str, str], units: Mapping[str, str | None]) -> Sample:
    def amount(of: Mapping[str, float], most: float) -> float | None:
        for name, factor in of.items():
            if name in row and (found := _amount(row[name], units.get(name))) is not None:
                return found * factor if found * factor <= most else None
        return None

    busy = amount(_BUSY, 100.0)
    day = _DAY.match(next((row[name] for name in ("date", *_WHEN) if name in row), "").strip())
    return Sample(
        gpu=next((row[name].strip() for name in _ID if row.get(name, "").strip()), "0")[:100],
        name=next((row[name].strip() for name in _NAME if row.get(name, "").strip()), "")[:100],
        mib=amount(_MEMORY, _MOST_MIB),
        busy=amount(_BUSY_SHARES, 100.0) if busy is None else busy,
        day="-".join(day.groups()) if day else "",
    )


def _amount(cell: str, unit: str | None) -> float | None:
    """`31000 MiB`, `45 %`, `0.4`; None for `[N/A]`, `-` and whatever else is no amount."""
    found = _AMOUNT.fullmatch(cell.strip().strip('"').rstrip())
    value = number_of(found[1]) if found else None
    if found is None or value is None or value < 0:
        return None
    scale = _UNITS.get(found[2] or unit or "")
    return None if scale is None else value * scale


def _exported(lines: Iterable[str], where: Mapping[str, str]) -> Iterator[Sample]:
    """Each sample says one thing of one GPU. Days are not in it: a scrape has no time of its own."""
    for line in lines:
        found = _SAMPLE.match(line.strip())
        if not found:
            continue
        field, value = found[1].lower(), number_of(found["value"])
        known = {**_MEMORY, **_BUSY, **_BUSY_SHARES}
        if field not in known or value is None or value < 0:
            continue
        labels = dict(_LABEL.findall(found[2]))
        if any(labels.get(name) != wanted for name, wanted in where.items()):
            continue
        gpu = labels.get("UUID") or f"{labels.get('Hostname', '')}/{labels.get('gpu', '')}"
        amount = value * known[field]
        memory = field in _MEMORY
        yield Sample(
            gpu,
            labels.get("modelName", ""),
            mib=amount if memory and amount <= _MOST_MIB else None,
            busy=amount if not memory and amount <= 100 else None,
        )
