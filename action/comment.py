"""Puts what a pull request changes into one comment of it: written once, then kept up to date.

Run by action.yml with any Python, so it uses the standard library only. What it needs comes in the environment:
DELTA (what `gpuspec compare` wrote, a single line where nothing changed; empty where there is none), MARKDOWN (the
whole report, which then takes its place), STATUS, NUMBER, TOKEN, and GitHub's own GITHUB_API_URL and
GITHUB_REPOSITORY.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

MARK = "<!-- gpuspec -->"
LONGEST = 60_000
"""Characters; GitHub takes 65,536."""


def main() -> int:
    """Write the comment. A token that may not (pull requests from forks) is a warning, no failure."""
    delta = os.environ.get("DELTA", "")
    report = Path(delta or os.environ["MARKDOWN"]).read_text(encoding="utf-8")
    news = len(report.splitlines()) > 1 if delta else os.environ["STATUS"] != "0"
    issue = f"issues/{os.environ['NUMBER']}/comments"
    try:
        known = _own(issue)
        if known is not None:
            _ask("PATCH", f"issues/comments/{known}", {"body": body(report)})
        elif news:  # else the pull request needs no comment
            _ask("POST", issue, {"body": body(report)})
    except (HTTPError, URLError) as error:
        hint = "the job needs `permissions: pull-requests: write`; pull requests from forks never have it"
        why = " ".join(str(error).split())  # a new line would begin another command
        print(f"::warning title=gpuspec::the comment was not written: {why}. {hint}")
    return 0


def body(report: str) -> str:
    """The comment, cut at a line where it would be too long."""
    lines, room = [MARK], LONGEST
    for line in report.splitlines():
        room -= len(line) + 1
        if room < 0:
            folded = "\n".join(lines).count("<details>") - lines.count("</details>")
            lines += ["", *["</details>"] * folded, "… and more: see the summary of the job."]
            break
        lines.append(line)
    return "\n".join(lines) + "\n"


def _own(issue: str) -> int | None:
    """The number of the comment that was written before."""
    for page in range(1, 31):
        comments = _ask("GET", f"{issue}?per_page=100&page={page}")
        for comment in comments:
            by_bot = comment["user"]["type"] == "Bot"  # a person may quote the mark
            if by_bot and (comment.get("body") or "").startswith(MARK):
                return int(comment["id"])
        if len(comments) < 100:
            return None
    return None


def _ask(method: str, where: str, content: dict[str, str] | None = None) -> Any:
    url = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{where}"
    headers = {
        "Authorization": f"Bearer {os.environ['TOKEN']}",
        "Accept": "application/vnd.github+json",
        "Content-Type": "application/json",
        "User-Agent": "gpuspec",
    }
    data = None if content is None else json.dumps(content).encode()
    with urlopen(Request(url, data, headers, method=method), timeout=60) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
