"""Machines that are being made. A cloud may show a machine only seconds after it was asked for it, and make it even
when nobody waits any more. SkyPilot forgets a cluster when it looks and sees no machine, and it looks every minute at
clusters whose launch is over or cancelled (0.14.1, `refresh_cluster_records`). A machine that comes after that is
known to nobody and never ends. So a launch is cancelled only when its machine is seen, or has had its time to be."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from gpuspec.printable import one_line

INVISIBLE_SECONDS = 60.0
"""For how long after the request a machine may not be visible yet (SkyPilot 0.14.1,
`_LAUNCH_DOUBLE_CHECK_WINDOW`)."""


def seconds_until_visible(status: Any) -> float:
    """For how many seconds more the machine of a cluster may come although it is not visible; 0.0 where it is up or
    was asked for long ago."""
    if status.status.value != "INIT":
        return 0.0
    return min(max(0.0, float(status.launched_at) + INVISIBLE_SECONDS - time.time()), INVISIBLE_SECONDS)


def wait_until_visible(find: Callable[[], list[Any]]) -> None:
    """Wait until the cloud shows the machine of a cluster, or will not any more: only a visible one can be taken
    down. `find` gives SkyPilot's record of the cluster as it is now, or nothing."""
    until = time.monotonic() + INVISIBLE_SECONDS
    said = False
    while unseen := [each for each in find() if seconds_until_visible(each) and not _visible(each)]:
        left = min(until - time.monotonic(), seconds_until_visible(unseen[0]))
        if left <= 0:
            return
        if not said:
            line = f"{unseen[0].name} was being made: looking for {left:.0f} s whether it comes after all"
            print(one_line(line), file=sys.stderr)
            said = True
        time.sleep(1.0)


def _visible(status: Any) -> bool:
    """Whether the cloud shows a machine of the cluster, by SkyPilot's inner functions: its commands forget what they
    do not see. False where that cannot be asked from here (a server elsewhere, another version)."""
    try:
        from sky import global_user_state, provision

        handle = status.handle
        config = global_user_state.get_cluster_yaml_dict(handle.cluster_yaml)
        cloud = repr(handle.launched_resources.cloud)
        names = (handle.cluster_name, handle.cluster_name_on_cloud)
        return bool(provision.query_instances(cloud, *names, config["provider"]))
    except Exception:
        return False
