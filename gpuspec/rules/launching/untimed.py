"""GS305 launch-without-timer."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Finding, Rule
from gpuspec.lint.script import Script
from gpuspec.words import dollars

FORGOTTEN_HOURS = 60
"""From Friday evening to Monday morning."""
ASSUMED_HOURLY = 2.0
"""$ an hour: about an H100 of the cheaper clouds, or an L40S of the dearer ones (price lists of 2026-11-29)."""


class LaunchWithoutTimer(Rule):
    """A script starts a machine that nothing ends.

    ## What it does
    Reads scripts, and finds launches of machines that stay until somebody removes them, where no option ends them
    (`sky launch` without `-i` or `--down`, `gcloud compute instances create` without `--max-run-duration`, and so
    on), the task file has no `autostop`, and nothing in the script stops, deletes or destroys them, or shuts them
    down from within. What ends by itself (`sky jobs launch`, `modal run`, `hf jobs run`, dstack) is left alone; so
    are servers, machines to work on, and launches whose task file or options a variable names.

    ## Why is this bad
    A machine that has done its work costs as much as one that works, and whoever would have stopped it by hand is
    asleep.

    ## Example
    ```bash
    sky launch -y -c worker task.yaml
    sky exec worker map.yaml
    ```

    ## Use instead
    ```bash
    sky launch -y -c worker -i 10 --down task.yaml
    sky exec worker map.yaml
    ```

    ## When to ignore
    When something that this script does not show ends the machine.
    """

    code = "GS305"
    name = "launch-without-timer"
    severity = "warning"
    confidence = "medium"
    needs = "script"

    def check_script(self, script: Script) -> Iterator[Finding]:
        found = script.launches
        if not found.every:
            return
        from gpuspec.scripts.timers import unended

        cost = FORGOTTEN_HOURS * ASSUMED_HOURLY
        for launch in unended(found.source, found.every):
            yield self.finding(
                "",
                f"`{launch.launcher.name}` starts a machine without a timer: it stays until somebody removes it, and "
                f"nothing here does. Forgotten over a weekend ({FORGOTTEN_HOURS} h), one at "
                f"{dollars(ASSUMED_HOURLY)}/h costs {dollars(cost)}",
                span=launch.run.span,
                suggestion=launch.advice,
                numbers=[
                    (
                        "a weekend",
                        f"{FORGOTTEN_HOURS} h × {dollars(ASSUMED_HOURLY)}/h (assumed) = {dollars(cost)}",
                    )
                ],
            )
