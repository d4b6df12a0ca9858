"""Machines that are being made, and those that SkyPilot has forgotten.

A cloud may show a machine only seconds after it was asked for it, and make it even when nobody waits any more.
SkyPilot forgets a cluster when it looks and sees no machine: every minute, and whenever its server starts, it looks
at clusters whose launch is over, cancelled, or died with the server before (0.14.1, `refresh_cluster_records`). A
machine that comes after that is known to nobody and never ends.

So a launch is cancelled only when its machine is seen, or has had its time to be. And what the cloud was asked for is
written down, in a file for each machine, for as long as the machine may be there: with that the cloud itself is
asked, and told to take it away, when SkyPilot knows it no more."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from gpuspec.atomic_write import atomic_write
from gpuspec.errors import UserError
from gpuspec.launch.records import state_dir
from gpuspec.launch.skypilot.api_server import words_of
from gpuspec.launch.skypilot.standard_streams import stdout_aside, to_stderr
from gpuspec.named_tuple import NamedTuple
from gpuspec.untrusted_file import read_file

INVISIBLE_SECONDS = 60.0
"""For how long after the request a machine may not be visible yet (SkyPilot 0.14.1,
`_LAUNCH_DOUBLE_CHECK_WINDOW`)."""

LOOK_SECONDS = 1.0
"""Between two looks at what the cloud shows, or at what SkyPilot has asked it for."""

GOING_SECONDS = 60.0
"""How long a machine that was told to go may still be shown."""

_MOST_BYTES = 1 << 20
"""Of what is written down of one machine."""

_SECRET = re.compile(r"password|secret|token|login|api_key")
"""Settings left out of the note: SkyPilot keeps them; no copy is made."""


class Request(NamedTuple):
    """What SkyPilot asked a cloud for: enough to ask that cloud for the machine. `asked` is Unix seconds, 0.0 where
    the machine was seen up since."""

    name: str
    name_on_cloud: str
    cloud: str
    provider: dict[str, Any]
    asked: float

    @property
    def seconds_left(self) -> float:
        """For how many seconds more its machine may come although it is not visible."""
        return _seconds_left(self.asked)

    def is_visible(self) -> bool:
        """Whether the cloud shows it, by SkyPilot's inner functions: its commands forget what they do not see. Any
        exception where the cloud cannot be asked."""
        with stdout_aside():
            from sky import provision

            return bool(provision.query_instances(self.cloud, self.name, self.name_on_cloud, self.provider))

    def terminate(self) -> None:
        """Have the cloud take it away. Any exception where it does not."""
        with stdout_aside():
            from sky import provision

            provision.terminate_instances(self.cloud, self.name_on_cloud, self.provider)


def _seconds_left(asked: float) -> float:
    # A clock that was set back meanwhile makes it no longer.
    return min(max(0.0, asked + INVISIBLE_SECONDS - time.time()), INVISIBLE_SECONDS)


def seconds_until_visible(status: Any) -> float:
    """For how many seconds more the machine of a cluster may come although it is not visible; 0.0 where it is up or
    was asked for long ago."""
    return _seconds_left(float(status.launched_at)) if status.status.value == "INIT" else 0.0


def asked_by_skypilot(name: str) -> Request | None:
    """What SkyPilot's own store says of a cluster, without a server: one that starts may forget it. None where it
    says nothing, or cannot be read from here (a server elsewhere, another version)."""
    try:
        from sky import global_user_state

        found = global_user_state.get_cluster_from_name(name, include_user_info=False, summary_response=True)
        handle = found["handle"]
        provider = global_user_state.get_cluster_yaml_dict(handle.cluster_yaml)["provider"]
        return Request(
            name=name,
            name_on_cloud=handle.cluster_name_on_cloud,
            cloud=repr(handle.launched_resources.cloud),
            provider={key: value for key, value in provider.items() if not _SECRET.search(key)},
            asked=0.0 if found["cluster_ever_up"] else float(found["launched_at"]),
        )
    except Exception:
        return None


# -- what is written down ------------------------------------------------------------------------------


def _folder() -> str:
    return os.path.join(state_dir(), "machines")


def _path(name: str) -> str | None:
    """The file of a machine; None for what is no name of one."""
    return os.path.join(_folder(), f"{name}.json") if re.fullmatch(r"[A-Za-z][\w.-]*", name, re.A) else None


def recalled(name: str) -> Request | None:
    """What was written down of a machine."""
    path = _path(name)
    try:
        found = Request(**json.loads(read_file(path or "", _MOST_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    sound = isinstance(found.provider, dict) and isinstance(found.asked, float)
    return found if sound and found.name == name else None


def remember(name: str) -> Request | None:
    """Write down what SkyPilot knows of a machine's request; what is known of it, from then or before."""
    before, now, path = recalled(name), asked_by_skypilot(name), _path(name)
    if now is None or now == before or path is None:
        return before
    # A full disk: SkyPilot has it, too.
    with suppress(OSError):
        os.makedirs(_folder(), mode=0o700, exist_ok=True)
        atomic_write(path, json.dumps(now._asdict(), default=str).encode(), mode=0o600)
    return now


def forget(name: str) -> None:
    """A machine is away."""
    path = _path(name)
    with suppress(OSError):
        os.remove(path or "")


@contextmanager
def remembering(name: str) -> Iterator[None]:
    """While open, what SkyPilot asks clouds for is written down as soon as it does: it tries one after the other."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            remember(name)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        remember(name)


# -- what the cloud shows ------------------------------------------------------------------------------


def wait_until_visible(name: str, request: Request | None, find: Callable[[], list[Any]]) -> None:
    """Wait until the cloud shows the machine called `name`, or will not any more: only a visible one can be taken
    down. Without a `request` the cloud cannot be asked, and the time is waited out that SkyPilot's record of the
    machine (`find`) leaves."""

    def seconds_left() -> float:
        if request is None:
            return max(map(seconds_until_visible, find()), default=0.0)
        with suppress(Exception):
            return 0.0 if request.is_visible() else request.seconds_left
        return request.seconds_left

    until = time.monotonic() + INVISIBLE_SECONDS
    said = False
    while (left := min(until - time.monotonic(), seconds_left())) > 0:
        if not said:
            to_stderr(f"{name} was being made: looking for {left:.0f} s whether it comes after all")
            said = True
        time.sleep(LOOK_SECONDS)


def still_there(name: str) -> str:
    """Why a machine that SkyPilot does not know may be there all the same; "" where it is away for all that is
    known."""
    request = recalled(name)
    if request is None:
        return ""
    try:
        if request.is_visible():
            return f"SkyPilot has forgotten its machine, and {request.cloud} still has it"
    except Exception as error:
        why = words_of(error)[:200]
        return f"SkyPilot has forgotten its machine, and {request.cloud} cannot be asked for it ({why})"
    if request.seconds_left:
        return f"its machine may still come: {request.cloud} was asked for it, and nobody waits for it"
    forget(name)
    return ""


def forgotten(known: set[str]) -> dict[str, str]:
    """Machines that may be there and are not among those that SkyPilot knows, and why."""
    try:
        names = [file[:-5] for file in sorted(os.listdir(_folder())) if file.endswith(".json")]
    except OSError:
        return {}
    return {name: why for name in names if name not in known and (why := still_there(name))}


def end_forgotten(request: Request) -> None:
    """Have the cloud take away a machine that SkyPilot does not know, and see it go. UserError where that is not
    seen."""
    until = time.monotonic() + GOING_SECONDS
    try:
        if request.is_visible():
            request.terminate()
        while request.is_visible():
            if time.monotonic() > until:
                raise TimeoutError(f"it is still there after {GOING_SECONDS:.0f} s")
            time.sleep(LOOK_SECONDS)
    except Exception as error:
        raise UserError(
            "left-running",
            f"SkyPilot has forgotten {request.name}, and whether it is gone was not seen: {words_of(error)[:200]}",
            f"look for {request.name_on_cloud} in the console of {request.cloud}, take it down there, then remove "
            f"{_path(request.name)}",
            status=1,
        ) from error
