"""GS702 insecure-download."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.job.job import Download
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule

LOCAL = r"localhost$|127\.|0\.0\.0\.0$|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|\[|[^.]*$"
"""Hosts that no one in between can pose as: this machine, the private network, names without a dot."""


class InsecureDownload(Rule):
    """Something is fetched over http.

    ## What it does
    Reports downloads, and `wget` and `curl` in commands, whose address begins with `http:`. Addresses of the
    machine itself and of the private network are left alone, and downloads that state their `sha256`.
    (A `target` that leads out of the workspace is no valid spec: GS003.)

    ## Why is this bad
    Over http anyone on the way can put another file in place of the one you want; many formats of weights run code
    when they are loaded.

    ## Example
    ```jsonc
    {
      "gpu_types": ["RTX 4090"],
      "downloads": [{ "strategy": "http", "source": "http://example.com/model.bin", "target": "models/" }],
      "keep_alive_minutes": 3,
      "run": "python run.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["RTX 4090"],
      "downloads": [{ "strategy": "https", "source": "https://example.com/model.bin", "target": "models/" }],
      "keep_alive_minutes": 3,
      "run": "python run.py"
    }
    ```

    ## When to ignore
    When the server speaks no https and what comes is checked before it is used.
    """

    code = "GS702"
    name = "insecure-download"
    severity = "warning"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        for download in facts.job.downloads:
            yield from self._download(download)
        if facts.says("http://"):
            yield from self._commands(facts)

    def _download(self, download: Download) -> Iterator[Finding]:
        host = _plain_host(download.source)
        if host and not download.sha256 and download.strategy != "script":
            edits = [
                Edit("set", f"{download.pointer}/source", "https://" + download.source[len("http://") :])
            ]
            if download.strategy == "http":
                edits.append(Edit("set", f"{download.pointer}/strategy", "https"))
            yield self.finding(
                f"{download.pointer}/source",
                f"what is fetched from {host} over http can be replaced by anyone on the way",
                suggestion="use https, or state the file's sha256",
                fix=Fix("use https", tuple(edits), safe=False),
            )

    def _commands(self, facts: Facts) -> Iterator[Finding]:
        seen = set()
        for step in facts.commands:
            if step.path or step.command.name not in ("curl", "wget", "aria2c"):
                continue
            for word in step.command.words[1:]:
                host = _plain_host(word.value or "")
                if host and (step.pointer, host) not in seen:
                    seen.add((step.pointer, host))
                    yield self.finding(
                        step.pointer,
                        f"`{step.command.name}` fetches from {host} over http: anyone on the way can replace it",
                        severity="info",
                        confidence="medium",
                        suggestion="use https, or check a checksum afterwards",
                    )


def _plain_host(address: str) -> str:
    """The host of an http address that strangers stand between; "" of all others."""
    if not address.lower().startswith("http://"):
        return ""
    host = re.split(r"[/:?#]", address[len("http://") :].rpartition("@")[2], maxsplit=1)[0]
    return (
        "" if not host or any(char < " " or char == "$" for char in host) or re.match(LOCAL, host) else host
    )
