"""`gpuspec-fleet.toml`: found, read and checked."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from gpuspec import Gpu, Model, Offer, PriceSource

NAME = "gpuspec-fleet.toml"
VARIABLE = "GPUSPEC_FLEET"

GPU = {"name": str, "vendor": str, "architecture": str, "vram-gb": float, "bandwidth-gbs": float,
       "fp16-tflops": float, "fp8-tflops": float, "bf16": bool, "fp8": bool, "nvlink": bool, "form-factor": str,
       "aliases": list}  # fmt: skip
MODEL = {"id": str, "modality": str, "params-b": float, "active-params-b": float, "layers": int, "hidden": int,
         "intermediate": int, "heads": int, "kv-heads": int, "head-dim": int, "vocab": int, "max-context": int,
         "native-dtype": str, "aliases": list}  # fmt: skip
MACHINE = {"cloud": str, "region": str, "instance": str, "gpu": str, "gpus": int, "vcpus": float, "ram-gib": float,
           "disk-gb": float, "price": float, "spot-price": float, "ssh": str}  # fmt: skip
NEEDED = {
    "gpus": ("name", "vendor", "architecture", "vram-gb"),
    "models": ("id", "params-b"),
    "machines": ("cloud", "gpu", "price"),
}


class FleetError(Exception):
    """The file cannot be used; says where and why."""


class Machine(NamedTuple):
    """A machine that jobs can be run on. `ssh` is what `ssh` is asked for: a host, user@host, or a name of the ssh
    config; `config` is the file of that config, None for the user's own."""

    name: str
    ssh: str
    config: str | None


class Fleet(NamedTuple):
    """What a fleet file says."""

    gpus: list[Gpu]
    models: list[Model]
    prices: list[tuple[PriceSource, list[Offer]]]
    machines: dict[str, Machine]
    """By name, those that jobs can be run on."""


def find() -> str | None:
    """The fleet file: $GPUSPEC_FLEET, else the nearest above the working folder."""
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE]
    folder = os.getcwd()
    while True:
        path = os.path.join(folder, NAME)
        if os.path.isfile(path):
            return path
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def fleet() -> Fleet:
    """The fleet in force; empty where there is no file. Raises FleetError."""
    path = find()
    return read(path) if path else Fleet([], [], [], {})


def read(path: str) -> Fleet:
    """A fleet file. Raises FleetError for what is not TOML, not known, missing, or of another type."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FleetError(f"{path} cannot be read: {error}") from None
    for key in document:
        if key not in ("as-of", "ssh-config", "gpus", "models", "machines"):
            raise FleetError(
                f"{path}: there is nothing called {key!r}; there are as-of, ssh-config, gpus, models, machines"
            )
    as_of = document.get("as-of")
    if as_of is not None and not isinstance(as_of, str):
        as_of = str(as_of)  # TOML has dates of its own
    machines = _rows(path, document, "machines", MACHINE)
    source = PriceSource("fleet", as_of, path, rentable=True)
    offers = [_offer(row) for row in machines]
    return Fleet(
        [_gpu(row) for row in _rows(path, document, "gpus", GPU)],
        [_model(row) for row in _rows(path, document, "models", MODEL)],
        [(source, offers)] if offers else [],
        _machines(path, machines, document.get("ssh-config")),
    )


def _machines(path: str, rows: list[dict[str, Any]], config: Any) -> dict[str, Machine]:
    if config is not None:
        if not isinstance(config, str):
            raise FleetError(f"{path}: ssh-config = {config!r} must be of type str")
        config = os.path.join(os.path.dirname(os.path.abspath(path)), os.path.expanduser(config))
    found: dict[str, Machine] = {}
    for at, row in enumerate(rows, start=1):
        if "ssh" not in row:
            continue
        name, host = row.get("instance", ""), row["ssh"]
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name) or name in found:
            raise FleetError(f"{path}: machines {at} needs an instance, a name of its own, for its ssh")
        if not re.fullmatch(
            r"[\w][\w.@-]*", host
        ):  # what begins with a dash is an option, and runs things here
            raise FleetError(
                f"{path}: machines {at}: ssh = {host!r} is no host, user@host or name of the ssh config"
            )
        found[name] = Machine(name, host, config)
    return found


def _rows(
    path: str, document: Mapping[str, Any], name: str, kinds: Mapping[str, type]
) -> list[dict[str, Any]]:
    rows = document.get(name, [])
    if not isinstance(rows, list):
        raise FleetError(f"{path}: {name} are written [[{name}]], with two brackets")
    for at, row in enumerate(rows, start=1):
        where = f"{path}: {name} {at}"
        for key, value in row.items():
            if key not in kinds:
                raise FleetError(f"{where} has no {key!r}; there are {', '.join(kinds)}")
            kind = (int, float) if kinds[key] is float else kinds[key]
            if not isinstance(value, kind) or (isinstance(value, bool) and kinds[key] is not bool):
                raise FleetError(f"{where}: {key} = {value!r} must be of type {kinds[key].__name__}")
            if isinstance(value, (int, float)) and value < 0:
                raise FleetError(f"{where}: {key} = {value!r} must not be negative")
        for key in NEEDED[name]:
            if key not in row:
                raise FleetError(f"{where} has no {key}")
    return rows


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key.replace("-", "_"): value for key, value in row.items()}


def _gpu(row: Mapping[str, Any]) -> Gpu:
    fields = _fields(row)
    aliases = tuple(("fleet", str(alias)) for alias in fields.pop("aliases", ()))
    return Gpu(**fields, aliases=aliases, sources=(NAME,))


def _model(row: Mapping[str, Any]) -> Model:
    fields = _fields(row)
    aliases = tuple(str(alias) for alias in fields.pop("aliases", ()))
    return Model(**fields, aliases=aliases, source=NAME)


def _offer(row: Mapping[str, Any]) -> Offer:
    fields = _fields(row)
    return Offer(
        cloud=fields["cloud"].lower(),
        region=fields.get("region"),
        instance=fields.get("instance", ""),
        gpu=fields["gpu"],
        gpu_count=fields.get("gpus", 1),
        vcpus=fields.get("vcpus"),
        ram_gib=fields.get("ram_gib"),
        disk_gb=fields.get("disk_gb"),
        price=fields["price"],
        spot_price=fields.get("spot_price"),
        source="fleet",
        launcher="fleet" if "ssh" in row else "skypilot",
        owned="ssh" in row,
    )
