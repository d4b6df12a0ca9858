"""GS703 remote-code."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from gpuspec.commands.shell import Command
from gpuspec.lint import Confidence, Facts, Finding, Rule

INSTALLERS = (
    "https://astral.sh/", "https://sh.rustup.rs", "https://ollama.com/", "https://ollama.ai/", "https://get.docker.com",
    "https://deb.nodesource.com/", "https://install.python-poetry.org", "https://bun.sh/", "https://pixi.sh/",
    "https://rclone.org/", "https://raw.githubusercontent.com/nvm-sh/nvm/", "https://packagecloud.io/install/",
    "https://tailscale.com/", "https://micro.mamba.pm/", "https://nvidia.github.io/",
)  # fmt: skip
"""What vendors tell their users to pipe into a shell. Reported with --pedantic only."""

_SHELLS = ("sh", "bash", "zsh", "dash", "python", "python3", "perl")


class RemoteCode(Rule):
    """Code from the network is run unseen.

    ## What it does
    Reports `curl … | sh` and the like. The documented installers of well-known vendors, over https, and
    `--trust-remote-code` without a pinned revision are reported with `--pedantic` only.

    ## Why is this bad
    Whoever controls that address, or over http whoever stands between, runs what they like on a machine that holds
    your tokens and your data; and what runs tomorrow may not be what runs today.

    ## Example
    ```jsonc
    {
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "setup": ["curl -s https://example.com/setup.sh | bash"],
      "run": "python train.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "setup": ["bash setup.sh"],
      "run": "python train.py"
    }
    ```

    ## When to ignore
    When the address is your own.
    """

    code = "GS703"
    name = "remote-code"
    severity = "warning"
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts.says("http") and (facts.says("curl") or facts.says("wget")):
            yield from self._piped(facts)
        if facts.says("trust"):
            yield from self._trusted(facts)

    def _piped(self, facts: Facts) -> Iterator[Finding]:
        steps = [step for step in facts.commands if step.path is None]
        for first, second in pairwise(steps):
            fetcher, shell = first.command, second.command
            address = _address(fetcher)
            if not address or shell.name not in _SHELLS or not _pipes(fetcher) & _pipes(shell):
                continue
            if len(shell.words) > 1 and not shell.words[1].text.startswith("-"):
                continue  # the shell runs a file; what comes through the pipe is only its input
            yield self.finding(
                first.pointer,
                f"what {address} gives is run at once by `{shell.name}`, unseen and unpinned",
                confidence=_confidence(address),
                suggestion="fetch it to a file, pin its version or checksum, and then run it",
            )

    def _trusted(self, facts: Facts) -> Iterator[Finding]:
        for step in facts.commands:
            words = [word.text.replace("_", "-") for word in step.command.words]
            if step.path is None and "--trust-remote-code" in words:
                if any(word.partition("=")[0] in ("--revision", "--code-revision") for word in words):
                    continue
                yield self.finding(
                    step.pointer,
                    "--trust-remote-code runs Python from the model's repository, whatever it is on that day",
                    severity="info",
                    confidence="low",
                    suggestion="pin --revision to a commit that you have read",
                )


def _address(command: Command) -> str:
    if command.name not in ("curl", "wget"):
        return ""
    return next((word.value for word in command.words[1:] if (word.value or "").startswith("http")), "") or ""


def _pipes(command: Command) -> set[tuple[int, int]]:
    """The pipes that a command is part of, by where they stand."""
    return {(one.start, one.end) for one in command.enclosures if one.kind == "pipe"}


def _confidence(address: str) -> Confidence:
    if address.startswith("http://"):
        return "high"
    return "low" if address.startswith(INSTALLERS) else "medium"
