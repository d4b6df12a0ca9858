"""Fetch what a job's `downloads` ask for: `python3 -m … MANIFEST.json [--root FOLDER]`, "-" for stdin.

Runs on the machine before `run`; the local launcher runs the same files. Secrets come from the environment
(HF_TOKEN, CIVITAI_TOKEN, …) and go only to the host they are for. Exit status 0, or 1 with one clear line.
"""

from __future__ import annotations

import json
import os
import sys

from ....printable import one_line
from .faults import reason
from .file import Failure
from .hubs import plan_civitai, plan_hf
from .tools import plan_git, plan_gs, plan_http, plan_lfs, plan_s3, plan_shell
from .transfer import Fetcher

PLANNERS = {
    "hf": plan_hf,
    "http": plan_http,
    "https": plan_http,
    "s3": plan_s3,
    "gs": plan_gs,
    "git": plan_git,
    "git-lfs": plan_lfs,
    "civitai": plan_civitai,
}
"""Strategy → what works out the files of one download. Strategies that are shell text come with the manifest."""


def main(arguments: list[str]) -> int:
    """Run a manifest; see the module's text."""
    root = arguments[arguments.index("--root") + 1] if "--root" in arguments else "."
    with open(arguments[0], encoding="utf-8") as manifest:
        wanted = json.load(manifest)
    planners = {**PLANNERS, **{name: plan_shell(**how) for name, how in wanted.get("strategies", {}).items()}}
    try:
        Fetcher(os.path.realpath(root), planners, wanted.get("backoff", 1.0)).fetch(wanted["downloads"])
    except Failure as failure:
        print(one_line(f"download: error: {failure}"), file=sys.stderr, flush=True)
        return 1
    except OSError as error:  # the workspace itself cannot be written to
        print(one_line(f"download: error: {reason(error)}"), file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run() -> None:
    """Run the command line and leave at once, whatever a thread still waits for."""
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)
