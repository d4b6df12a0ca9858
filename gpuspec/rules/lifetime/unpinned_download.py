"""GS404 unpinned-download."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.job.job import Download
from gpuspec.lint import Facts, Finding, Rule

COMMIT = r"[0-9a-fA-F]{7,64}"
COMMIT_IN_ADDRESS = r"/[0-9a-f]{40}/"
RUNS_CODE = ("--trust-remote-code", "--trust_remote_code", "trust_remote_code=True")


class UnpinnedDownload(Rule):
    """A download may be another thing tomorrow.

    ## What it does
    Reports entries of `downloads` from a hub or git repository whose `revision` is no commit, and from a web
    address without `sha256`. Since most authors want the newest weights, the first only shows with `--pedantic`,
    unless the command runs code out of the repository (`--trust-remote-code`).

    ## Why is this bad
    A run cannot be repeated: the same spec gives other results after someone else's push. With remote code, that
    someone's code runs on your machine.

    ## Example
    ```jsonc
    {
      "downloads": [{ "strategy": "https", "source": "https://example.com/a.safetensors", "target": "models/" }],
      "run": "python serve.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "downloads": [
        {
          "strategy": "https",
          "source": "https://example.com/weights.safetensors",
          "target": "models/",
          "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        }
      ],
      "run": "python serve.py"
    }
    ```

    ## When to ignore
    When the newest is what you want, or the address itself holds a version.
    """

    code = "GS404"
    name = "unpinned-download"
    severity = "info"
    asks_for = ("downloads",)

    def check(self, facts: Facts) -> Iterator[Finding]:
        code = any(flag in step.text for step in facts.commands for flag in RUNS_CODE)
        for download in facts.job.downloads:
            if download.strategy in ("hf", "git", "git-lfs"):
                yield from self._repository(download, code=code)
            elif download.strategy in ("http", "https") and not download.sha256:
                if re.search(COMMIT_IN_ADDRESS, download.source):
                    continue
                yield self.finding(
                    download.pointer,
                    f"nothing says what {_short(download.source)} must hold: a changed or damaged file goes "
                    "unnoticed",
                    confidence="medium",
                    suggestion='add "sha256", from `sha256sum` of the file you have',
                )

    def _repository(self, download: Download, *, code: bool) -> Iterator[Finding]:
        """`code`: the command runs code of the repository."""
        revision = download.revision or ""
        if download.sha256 or re.fullmatch(COMMIT, revision) or "@" in download.source:
            return
        named = f"{revision!r} can be moved" if revision else "no revision is given"
        yield self.finding(
            f"{download.pointer}/revision" if revision else download.pointer,
            f"{_short(download.source)} is whatever it is today: {named}"
            + (", and the command runs code from it" if code else ""),
            severity="warning" if code else "info",
            confidence="medium" if code else "low",
            suggestion='set "revision" to the commit you tested',
        )


def _short(source: str) -> str:
    return source.split("?")[0]
