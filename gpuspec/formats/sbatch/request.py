"""What the options of an sbatch script ask for: GPUs of each node, nodes, hours, array tasks.

https://slurm.schedmd.com/sbatch.html and gres.html, read 2026-11. Names of GPU types and of features are a site's
own: one counts where the catalogue knows it as that of a GPU."""

import re
from collections.abc import Mapping

from gpuspec.catalog.gpu_names import is_gpu_name, shipped_names
from gpuspec.formats.sbatch.directives import Given
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import is_digits

MOST_TASKS = 10_000
"""Of an array: sites allow 1,001 unless they say otherwise (MaxArraySize)."""
_ONE_MACHINE = 8
"""GPUs that one node may have, where a script does not say over how many nodes a job's GPUs are spread."""
_MOST_NODES = 65_536

Options = Mapping[str, Given]


class Gpus(NamedTuple):
    """The GPUs of each node. `names` are alternatives; `name_of`, `count_of` the options that say so."""

    names: tuple[str, ...] = ()
    each: int | None = None
    name_of: str = ""
    count_of: str = ""


class _Asked(NamedTuple):
    """What one option asks for."""

    name: str | None
    number: int | None


def gpus(options: Options, machines: int | None) -> Gpus:
    """The GPUs of each of so many nodes; without a count where no option says one, or where it is all of a node."""
    found = Gpus()
    for option in ("gres", "gpus-per-node", "tres-per-node"):
        asked = _gpus_in(options, option)
        if asked:
            found = _of(asked, 1, option)
            break
    else:
        found = _of_tasks(options, machines)
    if found.each == 0:
        return Gpus()
    return _by_feature(found, options)


def _of_tasks(options: Options, machines: int | None) -> Gpus:
    """What is asked for each task, each socket, or for the job as a whole."""
    for option in ("gpus-per-task", "tres-per-task"):
        if asked := _gpus_in(options, option):
            return _of(asked, tasks_per_node(options, machines), option)
    if asked := _gpus_in(options, "gpus-per-socket"):
        return _of(asked, _number(options, "sockets-per-node"), "gpus-per-socket")
    for option in ("gpus", "tres-per-job"):
        if asked := _gpus_in(options, option):
            whole = _of(asked, 1, option)
            return whole._replace(each=_share(whole.each, machines, nodes(options)))
    per_gpu, tasks = _number(options, "ntasks-per-gpu"), _number(options, "ntasks")
    if per_gpu and tasks and tasks % per_gpu == 0:
        return Gpus((), _share(tasks // per_gpu, machines, nodes(options)), "", "ntasks-per-gpu")
    return Gpus()


def _share(whole: int | None, machines: int | None, said: int | None) -> int | None:
    """Of the GPUs of a job, those of each node."""
    if whole is None or not machines or whole % machines:
        return None
    each = whole // machines
    return None if said is None and each > _ONE_MACHINE else each


def _of(asked: list[_Asked], times: int | None, option: str) -> Gpus:
    names = {each.name for each in asked}
    counts = [each.number for each in asked]
    count = None if None in counts or times is None else sum(each or 0 for each in counts) * times
    name = names.pop() if len(names) == 1 else None
    known = name if name and is_gpu_name(name) else None
    return Gpus((known,) if known else (), count, option if known else "", option)


def _gpus_in(options: Options, name: str) -> list[_Asked]:
    """The GPUs in the value of an option; empty where it asks for none."""
    option = options.get(name)
    if option is None or option.value is None:
        return []
    text = re.sub(r"\(S:[^)]*\)", "", option.value)
    found = []
    for part in text.split(",")[:100]:
        if name in ("gres", "tres-per-node", "tres-per-task", "tres-per-job"):
            kind, *rest = re.split(r"[:=]", re.sub(r"^gres[:/]", "", part.strip()))
            if kind != "gpu":
                continue
        else:
            rest = part.strip().split(":")
        found.append(_asked(rest))
    return found


def _asked(rest: list[str]) -> _Asked:
    """`[type:]count` as a list of its parts; one where there is no count."""
    rest = [part.strip() for part in rest if part.strip()]
    if not rest:
        return _Asked(None, 1)
    last = rest[-1]
    if is_digits(last[:6]) and len(last) <= 5:
        return _Asked(rest[0] if len(rest) > 1 else None, int(last))
    if _is_name(last):
        return _Asked(last, 1) if len(rest) == 1 else _Asked(rest[0], None)
    return _Asked(rest[0] if len(rest) > 1 and _is_name(rest[0]) else None, None)


def _is_name(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z][\w.+-]*", text))


def _by_feature(found: Gpus, options: Options) -> Gpus:
    """GPUs by the features of nodes: `a100|h100`. A feature may also say which one of a kind it is: `a100_80gb`."""
    option = options.get("constraint")
    if option is None or not option.value or len(option.value) > 1_000 or found.each == 0:
        return found
    words = list(dict.fromkeys(re.findall(r"[A-Za-z0-9][\w.+-]*", option.value)))[:20]
    named = tuple(word for word in words if is_gpu_name(word))
    asks = found.each is not None or bool(found.count_of) or "exclusive" in options
    if not found.names:
        return found._replace(names=named, name_of="constraint") if named and asks else found
    meant = shipped_names().resolve(found.names[0]).ambiguous
    narrower = [word for word in named if shipped_names().resolve(word).gpu in meant]
    narrower += [f"{found.names[0]}-{word}" for word in words if re.fullmatch(r"(?i)[1-9]\d{1,2}gb?", word)]
    if meant and narrower:
        return found._replace(names=(narrower[0],), name_of="constraint")
    return found


# -- nodes and tasks --------------------------------------------------------------------------------


def nodes(options: Options) -> int | None:
    """Nodes that the job gets at least; None where nothing says so."""
    option = options.get("nodes")
    if option is not None and option.value:
        least = re.match(r"(\d{1,5})(k?)(?=$|[-,:])", option.value.strip())
        if least is None:
            return None
        count = int(least[1]) * (1024 if least[2] else 1)
        return count if 0 < count <= _MOST_NODES else None
    tasks, each = _number(options, "ntasks"), _number(options, "ntasks-per-node")
    if tasks and each and tasks > each:
        return -(-tasks // each)
    return None


def machines(options: Options) -> int | None:
    """Nodes to count with: one where nothing is said; None where what is said cannot be known."""
    said = nodes(options)
    return None if said is None and "nodes" in options else said or 1


def tasks_per_node(options: Options, count: int | None) -> int | None:
    """Tasks on each of so many nodes: one of each, unless something says otherwise."""
    if "ntasks-per-node" in options:
        each = _number(options, "ntasks-per-node")
        whole = _number(options, "ntasks")
        return min(each, whole) if each and whole else each
    if "ntasks" in options:
        whole = _number(options, "ntasks")
        return whole // count if whole and count and whole % count == 0 else None
    return 1


def _number(options: Options, name: str) -> int | None:
    option = options.get(name)
    value = (option.value or "").strip() if option else ""
    return int(value) if is_digits(value) and len(value) <= 6 and int(value) else None


# -- time and arrays --------------------------------------------------------------------------------

_TIME = re.compile(r"(?:(\d{1,6})-)?(\d{1,9})(?::(\d{1,9}))?(?::(\d{1,9}))?")


def hours(value: str | None) -> float | None:
    """A time limit in hours: minutes, minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes and
    days-hours:minutes:seconds. None for one that is no limit (0, UNLIMITED) or not known."""
    found = _TIME.fullmatch((value or "").strip())
    if found is None:
        return None
    days, *rest = found.groups()
    first, second, third = (int(part or 0) for part in rest)
    if days is not None:
        seconds = int(days) * 86_400 + first * 3600 + second * 60 + third
    elif rest[2] is not None:
        seconds = first * 3600 + second * 60 + third
    else:
        seconds = first * 60 + second
    return seconds / 3600 or None


def array(value: str | None) -> tuple[str, ...] | None:
    """The indices of an array: `0-15`, `0,6,16-32`, `0-15:4`, with `%4` for as many at once. None where they are not
    known."""
    found: list[str] = []
    for part in (value or "").partition("%")[0].split(",")[:MOST_TASKS]:
        span = re.fullmatch(r"\s*(\d{1,7})(?:-(\d{1,7})(?::(\d{1,7}))?)?\s*", part)
        if span is None:
            return None
        first, last, step = int(span[1]), int(span[2] or span[1]), int(span[3] or 1)
        if not step or last < first:
            return None
        found += map(str, range(first, last + 1, step)[: MOST_TASKS + 1])
        if len(found) > MOST_TASKS:
            return None
    return tuple(found) or None
