"""A client of the local launcher in a process of its own, to be interrupted and killed: JOB.json [detach].

KILL_AT=FUNCTION:before or after kills it (SIGKILL) there, FUNCTION being one of `launch.local.local_launcher`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any, cast

from gpuspec.job import Job
from gpuspec.launch import RunSettings, find_launcher, records
from gpuspec.launch.local import local_launcher
from gpuspec.launch.records import Records

local_launcher.GRACE_SECONDS = 5.0


def mortal(point: str) -> None:
    """Make the process end at `point`."""
    name, _, when = point.partition(":")
    function = getattr(local_launcher, name)

    def dying(*arguments: Any, **options: Any) -> Any:
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        function(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    for module in (local_launcher, records):  # `writing_for` calls the one where it stands
        if hasattr(module, name):
            setattr(module, name, dying)


def main() -> int:
    if "KILL_AT" in os.environ:
        mortal(os.environ["KILL_AT"])
    with open(sys.argv[1], encoding="utf-8") as text:
        wanted: dict[str, Any] = json.load(text)
    job = Job(run=wanted["run"], name="driven")
    settings = RunSettings(
        spec_path="-",
        workdir=wanted["workdir"],
        detach="detach" in sys.argv,
        max_hours=wanted.get("max_hours"),
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    record = Records().new(name="driven", launcher="local", spec_path="-", workdir=wanted["workdir"])
    plan = cast(Any, None)  # this launcher rents nothing, so it reads no plan
    return find_launcher("local").launch(job, plan, settings, record).status


if __name__ == "__main__":
    sys.exit(main())
