"""SkyPilot's SDK, behind the few verbs we need. `import sky` (3.4 s, 160 MB) happens here and nowhere else."""

from __future__ import annotations

import contextlib
import copy
import io
import math
import os
import re
import shlex
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TextIO

from gpuspec.errors import UserError
from gpuspec.launch.outputs import SSH_KEEPALIVE
from gpuspec.launch.programs import program
from gpuspec.launch.skypilot.explained import explained
from gpuspec.launch.skypilot.job_log import COLOUR, JobLog
from gpuspec.launch.skypilot.job_script import sent_as_file
from gpuspec.launch.skypilot.provisioning import (
    end_forgotten,
    forget,
    remember,
    seconds_until_visible,
    wait_until_visible,
)
from gpuspec.launch.skypilot.standard_streams import stdout_aside
from gpuspec.named_tuple import NamedTuple

TEARDOWN_SECONDS = 180.0
"""How long taking a machine down is waited for before saying that it may be up."""


class Machine(NamedTuple):
    """A cluster as SkyPilot knows it. `up` is False while it is being made or has failed half-way;
    `idle_minutes` is its autostop (negative: none), `price` $/h (None: not known)."""

    name: str
    up: bool
    idle_minutes: int
    down: bool
    cloud: str | None
    region: str | None
    instance: str | None
    accelerator: str | None
    gpu_count: int | None
    spot: bool | None
    price: float | None
    label: str | None = None
    """Id of the run it was rented for."""
    was_up: bool = False
    """It was up at some time: then what is not up now is a machine that cannot be reached."""

    def paid(self, share: float | None) -> float | None:
        """What is paid for it, $/h, where that is a share of the price that SkyPilot states (None: all of it)."""
        return self.price if self.price is None or share is None else self.price * share

    def at_paid_price(self, share: float) -> Machine:
        """The same machine at what is paid for it."""
        return self._replace(price=self.paid(share))

    def record_fields(self) -> dict[str, Any]:
        """What the record of a run that goes on here says of it."""
        return {
            "state": "running",
            "cloud": self.cloud,
            "region": self.region,
            "instance": self.instance,
            "gpu": self.accelerator,
            "gpu_count": self.gpu_count,
            "spot": self.spot,
            "actual_price": self.price,
        }

    @property
    def summary(self) -> str:
        """ "gs-x: 1 × A10 on lambda at $0.75/h"."""
        price = "" if self.price is None else f" at ${self.price:.2f}/h"
        return f"{self.name}: {self.gpu_count} × {self.accelerator} on {self.cloud}{price}"


def require_skypilot() -> None:
    """UserError where SkyPilot is not installed. Does not import it."""
    if find_spec("sky") is None:
        raise UserError(
            "skypilot-missing",
            "SkyPilot is not installed, and it is what rents machines",
            "pip install 'gpuspec[skypilot]', or try the job here with --on local",
        )


def skypilot_used() -> bool:
    """Whether SkyPilot was ever used here: only then is it worth the seconds to ask it for machines."""
    return find_spec("sky") is not None and os.path.exists(os.path.expanduser("~/.sky"))


class Client:
    """A session with SkyPilot's API server, which SkyPilot starts on this machine unless another is configured."""

    def __init__(self) -> None:
        require_skypilot()
        # gpuspec reports nobody's jobs to a third party; a user who wants SkyPilot to has set this.
        os.environ.setdefault("SKYPILOT_DISABLE_USAGE_COLLECTION", "1")
        # It starts its server with `python -m` in the folder we are in, whose modules would be found first. Python
        # before 3.11 has no way to say so.
        os.environ.setdefault("PYTHONSAFEPATH", "1")
        with explained():
            import sky
            from sky.client import sdk
            from sky.server.common import get_api_server_status_response
            from sky.skylet.autostop_lib import AutostopWaitFor

            self._sky: Any = sky
            self._sdk: Any = sdk
            self._health: Any = get_api_server_status_response
            self._wait_for_jobs: Any = AutostopWaitFor.JOBS

    def _ask(self, verb: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        """What the server answers to a request."""
        return self._sdk.get(verb(*arguments, **more))

    @explained()
    def enabled_clouds(self) -> frozenset[str]:
        """Clouds with working credentials, in lower case. Starts the API server if need be."""
        clouds = frozenset(str(cloud).lower() for cloud in list(self._ask(self._sdk.enabled_clouds) or ()))
        if not clouds:
            raise UserError(
                "no-cloud",
                "SkyPilot has no cloud it may use",
                "set up the credentials of one and run `sky check`, or try the job here with --on local",
            )
        return clouds

    @explained()
    def task(self, config: dict[str, Any], secrets: dict[str, str]) -> Any:
        """A sky.Task from its YAML values. Secrets go in beside the YAML, which SkyPilot keeps a copy of."""
        config = copy.deepcopy(config)
        if secrets:
            config["run"] = sent_as_file(config["run"])
        return self._sky.Task.from_yaml_config(config, secrets_overrides=list(secrets.items()))

    @explained()
    def quote(self, task: Any) -> float | None:
        """What the optimizer would pay now, $/h; None where its table could not be read."""
        table = io.StringIO()
        dag = self._sky.Dag()
        dag.add(task)
        self._sdk.stream_and_get(self._sdk.optimize(dag), output_stream=table)
        return chosen_price(table.getvalue())

    @explained()
    def launch(self, task: Any, name: str) -> str:
        """Ask for the machine and the job; the request's id."""
        return str(self._sdk.launch(task, cluster_name=name))

    @explained()
    def run_again(self, task: Any, name: str) -> str:
        """Ask a machine that is up for one more job; the request's id."""
        return str(self._sdk.exec(task, cluster_name=name))

    @explained()
    def wait(self, request: str, progress: TextIO | JobLog) -> int | None:
        """Follow a launch to its end; the job's number on the machine."""
        job, _ = self._sdk.stream_and_get(request, output_stream=progress)
        return None if job is None else int(job)

    @explained()
    def machine(self, name: str, *, refresh: bool = False) -> Machine | None:
        """A cluster; None if there is none. `refresh` asks the cloud instead of SkyPilot's memory."""
        found = self._remembered([name])
        if refresh:
            found = self._refreshed(found)
        return machine_of(found[0]) if found else None

    @explained()
    def machines(self) -> list[Machine]:
        """Every cluster of this user, as the clouds report it now."""
        return [machine_of(each) for each in self._refreshed(self._remembered(None))]

    def _remembered(self, names: list[str] | None) -> list[Any]:
        return list(self._ask(self._sdk.status, names))

    def _refreshed(self, known: list[Any]) -> list[Any]:
        """Clusters as their clouds report them, but for those that may not be visible yet: SkyPilot would forget
        them."""
        on_the_way = [each for each in known if seconds_until_visible(each)]
        names = [each.name for each in known if each not in on_the_way]
        if not names:
            return on_the_way
        force = self._sky.StatusRefreshMode.FORCE
        return on_the_way + list(self._ask(self._sdk.status, names, refresh=force))

    @explained()
    def pending(self, name: str) -> list[str]:
        """Launches of a machine that the server is still busy with, also those of clients that are gone."""
        found = self._sdk.api_status(cluster_name=name)
        return [
            each.request_id
            for each in found
            if each.cluster_name == name and each.name.split(".")[-1] in ("launch", "exec")
        ]

    @explained()
    def newest_job(self, name: str) -> tuple[int, float] | None:
        """(number, Unix time it was handed in) of the machine's last job."""
        found = map(dict, self._ask(self._sdk.queue, name))
        jobs = [(int(each["job_id"]), float(each["submitted_at"] or 0)) for each in found]
        return max(jobs, default=None)

    @explained()
    def logs(self, name: str, job: int | None, out: TextIO | JobLog, *, follow: bool) -> int:
        """Copy the job's log to `out`; 0, or SkyPilot's own code for a job that did not succeed."""
        return int(self._sdk.tail_logs(name, job, follow=follow, output_stream=out))

    @explained()
    def job_state(self, name: str, job: int) -> str | None:
        """SkyPilot's word for the job's state; None if the machine does not know it."""
        found = self._ask(self._sdk.job_status, name, [job])
        # Job numbers are keys of a JSON object on the way here: they may come back as text.
        state = found.get(job, found.get(str(job)))
        return None if state is None else str(state.value)

    @explained()
    def home(self, name: str) -> str:
        """Shell text that changes to the folder above the job's workdir: on a Slurm, whose jobs share one home, the
        machine's folder in it."""
        found = self._remembered([name])
        place = shlex.quote(str(found[0].cluster_name_on_cloud)) if found else "none"
        return f"cd ~/.sky_clusters/{place} 2>/dev/null"

    def rsync_options(self, name: str) -> list[str]:
        """How rsync reaches the folder above the job's workdir: with SkyPilot's own ssh settings (those of the user
        may not include them)."""
        ssh = f"{program('ssh') or 'ssh'} -F {shlex.quote(ssh_settings(name))} {SSH_KEEPALIVE}"
        return ["-e", ssh, f"--rsync-path={self.home(name)}; rsync"]

    @explained()
    def set_timer(self, name: str, idle_minutes: int) -> None:
        """Change after how many idle minutes the machine goes."""
        self._ask(self._sdk.autostop, name, idle_minutes, self._wait_for_jobs, down=True)

    @explained()
    def cancel_request(self, request: str) -> None:
        """Stop a request that is under way. See `provisioning` before a launch is stopped so."""
        self._ask(self._sdk.api_cancel, [request], silent=True)

    @explained()
    def cancel_job(self, name: str, job: int) -> None:
        """End a job; its machine stays."""
        self._ask(self._sdk.cancel, name, job_ids=[job])

    @explained()
    def down(self, name: str) -> None:
        """Take a machine down, and stop its launch if that is still under way; fine if it is gone. UserError where
        that is not sure."""

        def wait() -> None:
            wait_until_visible(name, asked, lambda: self._remembered([name]))

        asked = remember(name)  # the server that starts now may forget it
        # Starts the server where none is: SkyPilot remembers for 5 s that one was there (sky/server/common.py).
        self._health.cache_clear()
        self._remembered([name])
        try:
            for request in self.pending(name):
                wait()
                self.cancel_request(request)
            wait()
            self._sdk.get(self._sdk.down(name))
        except self._sky.exceptions.ClusterDoesNotExist:
            if asked:
                end_forgotten(asked)
        forget(name)


def ssh_settings(machine: str) -> str:
    """The file of SkyPilot's own ssh settings for a machine."""
    return os.path.expanduser(f"~/.sky/generated/ssh/{machine}")


def machine_of(status: Any) -> Machine:
    """A cluster from SkyPilot's record of it. What cannot be read is unknown (a timer: none), so that no machine is
    hidden by it; a name there must be."""

    def read(of: Any, name: str, kind: Callable[[Any], Any]) -> Any:
        with contextlib.suppress(Exception):
            found = getattr(of, name)
            return None if found is None else kind(found)
        return None

    resources = getattr(status.handle, "launched_resources", None)
    price = None
    # A launch that stopped half-way leaves no resources, or some without a place, and so without a price. SkyPilot
    # may print while it looks one up, and standard output is not its own.
    with contextlib.suppress(Exception), stdout_aside():
        price = float(resources.get_cost(3600))  # type: ignore[union-attr]
    accelerators = read(
        resources, "accelerators", lambda found: [(_text(k), int(v)) for k, v in found.items()]
    )
    name, number = (accelerators or [(None, None)])[0]
    minutes = read(status, "autostop", int)
    return Machine(
        name=_text(status.name),
        up=read(status, "status", lambda found: found.value == "UP") or False,
        idle_minutes=-1 if minutes is None else minutes,
        down=read(status, "to_down", bool) or False,
        cloud=read(resources, "cloud", lambda found: str(found).lower()),
        region=read(resources, "region", _text),
        instance=read(resources, "instance_type", _text),
        accelerator=name,
        gpu_count=number,
        spot=read(resources, "use_spot", bool),
        price=price if price is not None and 0 <= price < math.inf else None,
        label=read(status, "labels", lambda found: _text(found["gpuspec"])),
        was_up=read(status, "cluster_ever_up", bool) or False,
    )


def _text(found: Any) -> str:
    """What must be text."""
    if not isinstance(found, str):
        raise TypeError(f"{found!r:.50} is no text")
    return found


def chosen_price(table: str) -> float | None:
    """The price in the row that the optimizer's table ticks."""
    row = next((line for line in COLOUR.sub("", table).splitlines() if "✔" in line), "")
    numbers = re.findall(r"(?<![\w:.])\d+(?:\.\d+)?(?![\w:.])", row.partition("✔")[0])
    return float(numbers[-1]) if numbers else None
