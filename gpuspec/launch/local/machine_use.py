"""How much of this machine a run uses, looked at from beside it until it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from gpuspec.launch.local.nvml import LocalGpus, opened_nvml
from gpuspec.launch.on_machine.utilization.readings import read_machine
from gpuspec.launch.on_machine.utilization.sampler import too_low_words
from gpuspec.launch.on_machine.utilization.usage import LeastUse, MachineUsage
from gpuspec.launch.utilization import Utilization, record_fields, utilization_of_summary

SAMPLE_SECONDS = 1.0

DRIVER_SECONDS = 10.0
"""How long a driver is waited for that does not answer."""

FIRST_NOTE_SECONDS, NOTE_SECONDS = 10.0, 60.0
"""When the record first gets what is known, and how often then."""


class MachineUse:
    """Looks from a thread, from now until `end`. `wanted` is the job's `min_utilization`; `say` takes lines for its
    log, `note` fields of its record. `ended` is why the run is to be ended, "" while it may go on."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        gpu: bool,
        wanted: Mapping[str, Any] | None,
        say: Callable[[str], None],
        note: Callable[..., Any],
    ) -> None:
        self.ended = ""
        self._environment, self._gpu, self._say, self._note = environment, gpu, say, note
        self._wanted = (
            LeastUse(wanted["gpu"], wanted["minutes"], end=wanted["then"] == "end") if wanted else None
        )
        self._usage = MachineUsage(self._wanted)
        self._began, self._over = threading.Event(), threading.Event()
        self._held: float | None = None
        self._noted = time.monotonic() + FIRST_NOTE_SECONDS - NOTE_SECONDS
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()
        self._began.wait(DRIVER_SECONDS)  # what the job takes must not count as held before

    def command_begins(self) -> None:
        """What was before was setup: it is not judged, and not in the means."""
        self._usage = MachineUsage(self._wanted)

    def end(self) -> dict[str, Any]:
        """Fields of the record: what it came to."""
        self._over.set()
        self._thread.join(DRIVER_SECONDS)
        return self._fields()

    def _fields(self) -> dict[str, Any]:
        found = utilization_of_summary(self._usage.summary()) or Utilization()
        if self._held is not None:
            found = found._replace(memory=self._held)
        if found == Utilization():
            return {}
        return record_fields(found._replace(at=time.time(), ended=self.ended))

    def _look_on(self) -> None:
        try:
            with opened_nvml() if self._gpu else nullcontext() as nvml:
                gpus = LocalGpus(nvml, self._environment)
                if self._wanted and not any(gpu.used is not None for gpu in gpus.look()):
                    self._say(
                        "min_utilization: how much the GPU is used cannot be read here; it is not watched"
                    )
                self._began.set()
                while not self._over.wait(SAMPLE_SECONDS):
                    self._look(gpus)
        finally:
            self._began.set()

    def _look(self, gpus: LocalGpus) -> None:
        usage, reading = self._usage, read_machine()
        reading.gpus = gpus.look()
        held = [gpu.held for gpu in reading.gpus if gpu.held is not None]
        self._held = max([*held, *([] if self._held is None else [self._held])], default=None)
        usage.add(reading, time.monotonic())
        self._judge(usage)
        if time.monotonic() - self._noted >= NOTE_SECONDS:
            self._noted = time.monotonic()
            self._note(**self._fields())

    def _judge(self, usage: MachineUsage) -> None:
        found = usage.too_low()
        if found is None or self._wanted is None:
            return
        words = too_low_words(found, self._wanted, usage.summary())
        if self._wanted.end:
            self.ended = words
        else:
            self._say(f"warning: {words}")
        usage.begin_anew()
