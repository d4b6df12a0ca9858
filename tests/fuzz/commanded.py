"""Commands run in this process, and what must hold of them: a status that is documented, and no traceback."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple
from unittest import mock

from gpuspec.cli.main import main
from tests.fuzz.trial import Outcome

STATUSES = (0, 1, 2)
"""Done or clean; findings, or nothing to rent; wrong usage or input. 3 is a failure of ours."""


class Kept(io.BytesIO):
    """Bytes that stay readable after the stream on top of them is gone."""

    def close(self) -> None:
        pass


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    output: bytes
    errors: bytes


def commanded(commands: Iterable[tuple[str, ...]]) -> Outcome:
    """Run commands one after the other."""
    output, faults, longest = b"", [], 0.0
    for words in commands:
        began = time.process_time()
        ended = run(words)
        longest = max(longest, time.process_time() - began)
        output += b"%d\n" % ended.status + ended.output + ended.errors
        faults += (f"gpuspec {' '.join(words)}: {fault}" for fault in wrong(words, ended))
    return Outcome(output, tuple(faults), longest)


def run(words: tuple[str, ...]) -> Ended:
    """One command, with its own state, data and home folders below the working folder."""
    here = os.getcwd()
    places = {"HOME": here, "GPUSPEC_STATE_DIR": f"{here}/state", "GPUSPEC_DATA_DIR": f"{here}/data"}
    out, err = Kept(), Kept()
    with (
        mock.patch.dict(os.environ, {**places, "HF_HUB_OFFLINE": "1", "COLUMNS": "100"}),
        redirect_stdout(io.TextIOWrapper(out, "utf-8", "surrogateescape")) as shown,
        redirect_stderr(io.TextIOWrapper(err, "utf-8", "backslashreplace")) as said,
    ):
        status = main(list(words))
        shown.flush()
        said.flush()
    return Ended(status, out.getvalue(), err.getvalue())


def wrong(words: tuple[str, ...], ended: Ended) -> Iterator[str]:
    """What a command did that none may do."""
    said = ended.errors.decode("utf-8", "replace")
    if ended.status not in STATUSES or "internal error" in said or "error[internal]" in said:
        yield f"exit status {ended.status}: {said[:300]!r}"
    if ended.status == 2 and not said.strip():
        yield "exit status 2 and not a word"
    if "--json" in words and ended.status in (0, 1) and ended.output:
        try:
            json.loads(ended.output)
        except ValueError as error:
            yield f"what it printed is no JSON: {error}"
