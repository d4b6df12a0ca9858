"""SkyPilot's catalogue files: those it has on this machine, and fresh ones that it fetches for us.

Fresh ones are fetched into a folder of their own. In its own folder SkyPilot would put what a server sends in the
place of a good file, or, where none answers, use the old file and say nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from time import monotonic

from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.untrusted_file import read_file

SCHEMA = "v8"
"""Catalogue version that SkyPilot 0.14.1 reads (sky/skylet/constants.py CATALOG_SCHEMA_VERSION)."""
PATIENCE = 120.0
"""Seconds for SkyPilot to start and to fetch all files, several at a time; the largest has 4 MB."""
LARGEST = 32 << 20
"""Bytes of one file: the largest, that of AWS, has 4 MB."""
_CHILD = "import sys; sys.path[:] = {path!r}; from gpuspec.catalog.skypilot_child import main; main()"


class CatalogueFile(NamedTuple):
    """SkyPilot's price file of one cloud, on this machine."""

    cloud: str
    path: str
    fetched: str
    """ISO day on which it was fetched, or was written by hand."""
    by_hand: bool = False
    """It is not as it was fetched. SkyPilot then rents by it and leaves it alone, and so do we."""


class CatalogueFiles(NamedTuple):
    """The files of the clouds that were asked for, and why others have none: cloud → words."""

    found: tuple[CatalogueFile, ...]
    failed: dict[str, str]


def catalogue_folder() -> str:
    """Where SkyPilot keeps its catalogue files."""
    home = os.path.expanduser(os.environ.get("SKY_RUNTIME_DIR", "~"))
    return os.path.join(home, ".sky", "catalogs", SCHEMA)


def kept_files(clouds: Sequence[str]) -> CatalogueFiles:
    """What SkyPilot has on this machine, as old as it may be."""
    found = [file for cloud in clouds if (file := _kept(cloud)) is not None]
    there = {file.cloud for file in found}
    why = f"SkyPilot has no file of it in {catalogue_folder()}"
    return CatalogueFiles(tuple(found), {cloud: why for cloud in clouds if cloud not in there})


@contextmanager
def fresh_files(clouds: Sequence[str], *, patience: float = PATIENCE) -> Iterator[CatalogueFiles]:
    """What the installed SkyPilot fetches now (network), and in the place of it the files that were written by hand.
    The files are there as long as the block runs.

    Raises UserError `skypilot-missing` where SkyPilot is not installed, or does not start.
    """
    by_hand = [file for cloud in clouds if (file := _kept(cloud)) is not None and file.by_hand]
    wanted = [cloud for cloud in clouds if cloud not in {file.cloud for file in by_hand}]
    with TemporaryDirectory(prefix="gpuspec-prices-") as folder:
        why = _fetch(wanted, folder, patience) if wanted else {}
        today = date.today().isoformat()
        fetched = [
            CatalogueFile(cloud, os.path.join(folder, ".sky", "catalogs", SCHEMA, cloud, "vms.csv"), today)
            for cloud in wanted
            if not why[cloud]
        ]
        yield CatalogueFiles((*by_hand, *fetched), {cloud: each for cloud, each in why.items() if each})


def _kept(cloud: str) -> CatalogueFile | None:
    """The file that SkyPilot has of a cloud. Beside a file that it fetched lies what its bytes add up to."""
    folder = catalogue_folder()
    path, sum_path = (
        os.path.join(folder, *names) for names in ((cloud, "vms.csv"), (".meta", cloud, "vms.csv.md5"))
    )
    try:
        stamp = os.stat(path).st_mtime
    except OSError:
        return None
    try:
        known = read_file(sum_path, 4096).decode("ascii", "replace").strip()
        as_fetched = hashlib.md5(read_file(path, LARGEST), usedforsecurity=False).hexdigest() == known
        if as_fetched:
            stamp = os.stat(sum_path).st_mtime  # a fetch that failed sets the time of the file itself
    except OSError:
        as_fetched = False
    return CatalogueFile(cloud, path, date.fromtimestamp(stamp).isoformat(), not as_fetched)


def _fetch(clouds: Sequence[str], folder: str, patience: float) -> dict[str, str]:
    """Why each cloud's file is not in the folder; "" where it is."""
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD.format(path=sys.path), *clouds],
        env={
            "SKYPILOT_DISABLE_USAGE_COLLECTION": "1",
            **os.environ,
            "SKY_RUNTIME_DIR": folder,
            "OPENBLAS_NUM_THREADS": "1",  # each thread of it reserves memory
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        why: dict[str, str] = {}
        for cloud, said in _answers(process, patience):
            if cloud is not None:
                why[cloud] = said
            elif said:
                raise _missing(said)
        silent = "SkyPilot ended before it had fetched this"
        if process.poll() is None:
            silent = f"no answer within {patience:g} seconds"
        return {cloud: why.get(cloud, silent) for cloud in clouds}
    finally:
        process.kill()
        process.wait()


def _answers(process: subprocess.Popen[str], patience: float) -> Iterator[tuple[str | None, str]]:
    """What the process says, until it ends or the time is up."""
    lines: SimpleQueue[str | None] = SimpleQueue()
    assert process.stdout is not None
    output = process.stdout

    def read() -> None:
        for line in output:
            lines.put(line)
        lines.put(None)

    Thread(target=read, daemon=True).start()
    until = monotonic() + patience
    while True:
        try:
            line = lines.get(timeout=max(0.0, until - monotonic()))
        except Empty:
            return
        if line is None:
            process.wait()
            return
        cloud, said = json.loads(line)
        yield cloud, said


def _missing(said: str) -> UserError:
    if said == "missing":
        return UserError(
            "skypilot-missing",
            "SkyPilot is not installed, and fresh prices come from its catalogue",
            "Install it with `pip install 'gpuspec[skypilot]'`, then run `gpuspec prices update` again. Until "
            "then gpuspec uses the prices it ships with.",
        )
    return UserError(
        "skypilot-missing",
        f"the installed SkyPilot does not start: {said}",
        "`python -c 'import sky'` shows why; `pip install --force-reinstall 'gpuspec[skypilot]'` may mend it.",
    )
