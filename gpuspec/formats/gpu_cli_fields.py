"""The fields of GPU CLI's gpu.jsonc in the job spec's names. Some of them were once the job spec's own."""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

RENAMED = {
    "project_id": "name",
    "startup": "run",
    "download": "downloads",
    "cooldown_minutes": "keep_alive_minutes",
    "docker_image": "image",
    "workspace_size_gb": "disk_gb",
    "gpu_type": "gpu_types",
}
"""GPU CLI's name → the job spec's. Where both stand, the job spec's counts."""
HOOK = {
    "retry_count": "timeout",
    "run": "command",
    "command": "command",
    "url": "http",
    "retry_delay_secs": "interval",
    "timeout_secs": "attempt_timeout",
}
"""Part of `hooks.readiness` → the job spec's. What takes the window's place is tries × delay."""
APT = "apt-get update && apt-get install -y --no-install-recommends "
PIP = "pip install "
UV = "uv pip install --system "
WHOSE = {"secure": "secure", "community": "any", "all": "any", "any": "any"}
"""GPU CLI's `cloud_type` → `hosts`."""
STEP = {"only_once": "once", "timeout_sec": "timeout"}
"""Part of a step of `environment.shell.steps` → the job spec's."""


Places = dict[str, str]
"""Pointer in the job spec's names → pointer in the file."""


def present(written: Mapping[str, Any]) -> tuple[dict[str, Any], Places]:
    """A document in the job spec's names, and where each of them stands in the file."""
    value, places = dict(written), {}
    for old, new in RENAMED.items():
        given = value.pop(old, None)
        if given is not None and value.get(new) is None:
            value[new] = given
            places["/" + new] = "/" + old
            if old == "gpu_type":
                value[new] = [given]
                places["/gpu_types/0"] = "/gpu_type"
    whose = value.pop("cloud_type", None)
    if whose is not None and value.get("hosts") is None and whose.lower() in WHOSE:
        value["hosts"], places["/hosts"] = WHOSE[whose.lower()], "/cloud_type"
    if value.pop("outputs_enabled", None) is False:
        value.pop("outputs", None)
    _environment(value, places)
    _readiness(value, places)
    _serverless(value, places)
    return value, places


def _environment(value: dict[str, Any], places: Places) -> None:
    """The image, and what is installed before `setup` runs."""
    environment = value.pop("environment", None) or {}
    if value.get("image") is None and environment.get("base_image") is not None:
        value["image"] = environment["base_image"]
        places["/image"] = "/environment/base_image"
    steps = list(_installed(environment, value, places))
    for at, step in enumerate((environment.get("shell") or {}).get("steps") or ()):
        whole = step and {STEP.get(part, part): said for part, said in step.items()}
        steps.append((whole, f"/environment/shell/steps/{at}"))
    if not steps:
        return
    own = value.get("setup")
    places["/setup"] = steps[0][1] if own is None else "/setup"
    if "/shell/" in steps[-1][1] and own is None:
        places["/setup"] = "/environment/shell/steps"
    if isinstance(own, str):
        steps.append((own, "/setup"))
    else:
        steps += ((step, f"/setup/{at}") for at, step in enumerate(own or ()))
    value["setup"] = [step for step, _ in steps]
    places.update((f"/setup/{at}", place) for at, (_, place) in enumerate(steps))


def _installed(
    environment: Mapping[str, Any], value: dict[str, Any], places: Places
) -> Iterator[tuple[Any, str]]:
    """Steps that install system packages, then a file of requirements, then single ones; each only once."""
    python = environment.get("python") or {}
    pip = UV if python.get("package_manager") == "uv" else PIP
    at = "/environment/system/apt"
    packages = _packages((environment.get("system") or {}).get("apt"), "=")
    if packages:
        value["apt"], places["/apt"] = packages, at
        yield {"run": APT + shlex.join(packages), "once": True}, at
    file = python.get("requirements")
    if file is not None:
        yield {"run": f"{pip}-r {shlex.quote(file)}", "once": True}, "/environment/python/requirements"
    at = "/environment/python/pip_global"
    packages = _packages(python.get("pip_global"), "==")
    if packages:
        value["pip"], places["/pip"] = packages, at
        yield {"run": pip + shlex.join(packages), "once": True}, at


def _packages(entries: Any, pin: str) -> list[str]:
    """Packages with their versions, as their installer takes them: "ddgs>=7.0.0", "git=1:2.39"."""
    names = []
    for entry in entries or ():
        if isinstance(entry, str):
            names.append(entry)
        elif entry is not None and entry.get("name") is not None:
            version = entry.get("version") or ""
            names.append(entry["name"] + (version if not version or version[0] in "<>=!~" else pin + version))
    return names


def _readiness(value: dict[str, Any], places: Places) -> None:
    """`hooks.readiness`, whose window is tries × delay."""
    hook = (value.pop("hooks", None) or {}).get("readiness")
    if hook is None or value.get("readiness") is not None:
        return
    given = {new: old for old, new in reversed(HOOK.items()) if hook.get(old) is not None}
    said = {new: hook[old] for new, old in given.items()}
    tries, delay = said.pop("timeout", None), said.get("interval")
    if tries is not None and delay is not None:
        said["timeout"] = tries * delay
    value["readiness"] = said
    places["/readiness"] = "/hooks/readiness"
    places.update((f"/readiness/{new}", f"/hooks/readiness/{old}") for new, old in given.items())


def _serverless(value: dict[str, Any], places: Places) -> None:
    """The second way to deploy the same file: its replicas and GPUs are the job's where that names none."""
    written = value.pop("serverless", None)
    if written is None:
        return
    gpus = [(entry, f"/serverless/gpu_types/{at}") for at, entry in enumerate(written.get("gpu_types") or ())]
    if written.get("gpu_type") is not None:
        gpus.insert(0, (written["gpu_type"], "/serverless/gpu_type"))
    _take_gpus(value, places, gpus, "/serverless/gpu_types")
    workers = written.get("scaling")
    if workers is not None and value.get("scaling") is None:
        idle = workers.get("idle_timeout")
        value["scaling"] = {
            "min": _whole(workers.get("min_workers")),
            "max": _whole(workers.get("max_workers")),
            "idle_minutes": None if idle is None else idle / 60,
        }
        places["/scaling"] = "/serverless/scaling"
        for new, old in (("min", "min_workers"), ("max", "max_workers"), ("idle_minutes", "idle_timeout")):
            places[f"/scaling/{new}"] = f"/serverless/scaling/{old}"
    runpod = written.get("runpod")
    env = runpod.get("env") if isinstance(runpod, dict) else None
    value["serverless"] = {
        "gpu_types": [entry for entry, _ in gpus],
        "template": written.get("template"),
        "volume_gb": (written.get("volume") or {}).get("size_gb"),
        "models": (written.get("prewarm") or {}).get("models"),
        "env": env if isinstance(env, dict) else {},
    }
    places.update((f"/serverless/gpu_types/{at}", place) for at, (_, place) in enumerate(gpus))
    places["/serverless/models"] = "/serverless/prewarm/models"
    places["/serverless/env"] = "/serverless/runpod/env"


def _take_gpus(value: dict[str, Any], places: Places, gpus: Iterable[tuple[Any, str]], at: str) -> None:
    named = [(entry, place) for entry, place in gpus if entry is not None]
    if named and not any(entry is not None for entry in value.get("gpu_types") or ()):
        value["gpu_types"] = [entry for entry, _ in named]
        places["/gpu_types"] = named[0][1]
        places.update((f"/gpu_types/{number}", place) for number, (_, place) in enumerate(named))


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
