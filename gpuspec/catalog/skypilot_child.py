"""What runs in a process of its own to have SkyPilot fetch its catalogue: SkyPilot waits for a server as long as that
likes, holds whatever is sent in memory, and takes seconds and 160 MB to import."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

AT_A_TIME = 8
MEMORY = 2 << 30
"""Bytes of address space: a few MB that unpack to gigabytes end the fetch, not the machine."""


def main() -> None:
    """Fetch `cloud/vms.csv` of each cloud in the arguments. Writes JSON lines: `[null, why]` once SkyPilot is there
    ("" for why) or is not, then `[cloud, why]` for each, "" where its file is there."""
    answers, sys.stdout = sys.stdout, sys.stderr  # SkyPilot prints, too
    _bound_memory()

    def answer(cloud: str | None, why: str) -> None:
        answers.write(json.dumps([cloud, why]) + "\n")
        answers.flush()

    try:
        from sky.catalog import common
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == "sky"
        answer(None, "missing" if missing else f"{type(error).__name__}: {error}")
        return
    answer(None, "")
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for cloud in sys.argv[1:]:
            pool.submit(lambda name: answer(name, _fetch(common, name)), cloud)


def _fetch(common: Any, cloud: str) -> str:
    """Why a cloud's file is not there; "" where it is."""
    name = f"{cloud}/vms.csv"
    try:
        frame = common.read_catalog(name)
    except ValueError:
        return "the installed SkyPilot does not know this cloud"
    try:
        _ = frame.shape  # the frame is lazy: asking for its shape is what fetches
    except Exception as error:  # of whichever library
        # One that pandas cannot read has been fetched: what is wrong with it, its reader says better.
        return "" if os.path.exists(common.get_catalog_path(name)) else _in_words(error)
    return ""


def _in_words(error: Exception) -> str:
    """Why a file was not fetched, in words of ours where the library's are about Python."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f"the catalogue's server answered {status}" + (
            ", there is no such file" if status == 404 else ""
        )
    kinds = (
        ("Timeout", "the catalogue's server was silent"),
        ("SSL", "the certificate of the catalogue's server is not trusted"),
        ("ProxyError", "the proxy could not be reached"),
        ("ConnectionError", "no connection to the catalogue's server"),
        ("ChunkedEncoding", "the answer was cut"),
        ("ContentDecoding", "the answer is not packed as it says"),
        ("MemoryError", f"the answer takes more than {MEMORY >> 30} GiB of memory"),
    )
    kind = type(error).__name__
    return next((words for part, words in kinds if part in kind), f"{kind}: {error}")


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(OSError, ValueError):  # macOS, or a lower limit already
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
