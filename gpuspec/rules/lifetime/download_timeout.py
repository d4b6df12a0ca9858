"""GS405 download-timeout."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.planning.cost import DOWNLOAD_BYTES_PER_SECOND
from gpuspec.rules.hub_repositories import whole_repository
from gpuspec.rules.options import amount
from gpuspec.sizing.files import bytes_on_disk

USUAL_RATE = DOWNLOAD_BYTES_PER_SECOND / 1e6
USUAL = 7200
"""Seconds that a download may take where the spec does not say (launch/on_machine/downloader/transfer.py)."""


class DownloadTimeout(Rule):
    """A download's timeout is shorter than the download.

    ## What it does
    Works out how long each model in `downloads` takes at 100 MB/s, and reports a `timeout` (two hours where none is
    given) that is shorter.

    ## Why is this bad
    The download is broken off just before its end, on a machine that is paid for, and the job never starts.

    ## Example
    ```jsonc
    {
      "downloads": [{ "strategy": "hf", "source": "Qwen/Qwen2.5-72B-Instruct", "timeout": 600 }],
      "run": "python batch.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "downloads": [{ "strategy": "hf", "source": "Qwen/Qwen2.5-72B-Instruct", "timeout": 7200 }],
      "run": "python batch.py"
    }
    ```

    ## When to ignore
    When your machines are known to load faster than 100 MB/s (then raise `rate`).
    """

    code = "GS405"
    name = "download-timeout"
    severity = "warning"
    fixable = "always"
    options = (amount("rate", USUAL_RATE, "MB a second that a machine gets from the hub.", least=1.0),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        for download in facts.job.downloads:
            size = bytes_on_disk(download.source, facts.catalog) if download.strategy == "hf" else None
            if size is None or not whole_repository(download):
                continue
            allowed = download.timeout or USUAL
            rate = facts.options["rate"] * 1e6
            takes = size / rate
            if takes <= allowed:
                continue
            enough = int(-(-2 * takes // 600) * 600)
            written = (
                f"timeout is {allowed} s"
                if download.timeout
                else f"no timeout is given, so {allowed} s apply"
            )
            at = f"{download.pointer}/timeout"
            yield self.finding(
                at if download.timeout else download.pointer,
                f"{download.source} is {size / 1e9:.0f} GB, at least {takes:.0f} s at {rate / 1e6:g} MB/s; {written}",
                suggestion=f'"timeout": {enough}, twice that',
                fix=Fix(f"set timeout to {enough}", (Edit("set", at, enough),), safe=True),
                numbers=[("download", f"{size / 1e9:.1f} GB ÷ {rate / 1e6:g} MB/s = {takes:.0f} s")],
            )
