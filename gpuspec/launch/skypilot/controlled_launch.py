"""What launches by way of SkyPilot's controllers have in common."""

from __future__ import annotations

from contextlib import suppress

from gpuspec.launch.skypilot.controllers import Controllers
from gpuspec.launch.skypilot.machine_launch import MachineLaunch


class ControlledLaunch(MachineLaunch):
    """A launch that is handed in to a controller. `request` is SkyPilot's word for that, None before it was asked."""

    client_type = Controllers
    client: Controllers
    request: str | None = None

    def _cancel_hand_in(self) -> None:
        """Stop handing the job in, if that is still under way."""
        if self.request is not None and self.number is None:
            with suppress(Exception):
                self.client.cancel_request(self.request)
