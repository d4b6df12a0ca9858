"""Puts what a pull request changes into one comment of it: written once, then kept up to date.

Run by action.yml with any Python, so it uses the standard library only. What it needs comes in the environment:
DELTA (what `gpuspec diff` wrote, a single line where nothing changed; empty where there is none), MARKDOWN (the
whole report, which then takes its place), STATUS, NUMBER, TAG, TOKEN, and GitHub's own GITHUB_API_URL,
GITHUB_REPOSITORY and GITHUB_STEP_SUMMARY.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

LONGEST = 60_000
"""Characters; GitHub takes 65,536."""


def main() -> int:
    """Write the comment. A token that may not (pull requests from forks) is a warning, no failure."""
    delta = os.environ.get("DELTA", "")
    report = Path(delta or os.environ["MARKDOWN"]).read_text(encoding="utf-8")
    news = len(report.splitlines()) > 1 if delta else os.environ["STATUS"] != "0"
    issue = f"issues/{os.environ['NUMBER']}/comments"
    try:
        own = mark(os.environ.get("TAG", ""))
        known = _own(issue, own)
        if known is not None:
            _ask("PATCH", f"issues/comments/{known}", {"body": body(report, own)})
        elif news:  # else the pull request needs no comment
            _ask("POST", issue, {"body": body(report, own)})
    except (HTTPError, URLError) as error:
        hint = "the job needs `permissions: pull-requests: write`; pull requests from forks never have it"
        why = " ".join(str(error).split())  # a new line would begin another command
        print(f"::warning title=gpuspec::the comment was not written: {why}. {hint}")
        _summarize(f"\n_No comment was written ({why}): {hint}. What it would say stands above._\n")
    return 0


def mark(tag: str) -> str:
    """What a comment of ours begins with; `tag` tells those of several jobs apart."""
    words = " ".join(re.sub(r"[^\w./ -]|--+", " ", tag).split())
    return f"<!-- gpuspec {words} -->" if words else "<!-- gpuspec -->"


def body(report: str, own: str = "<!-- gpuspec -->") -> str:
    """The comment, cut at a line where it would be too long."""
    lines, room = [own], LONGEST
    for line in report.splitlines():
        room -= len(line) + 1
        if room < 0:
            folded = "\n".join(lines).count("<details>") - lines.count("</details>")
            lines += ["", *["</details>"] * folded, "… and more: see the summary of the job."]
            break
        lines.append(line)
    return "\n".join(lines) + "\n"


def _own(issue: str, own: str) -> int | None:
    """The number of the comment that was written before. Anybody may begin one with the mark: only a bot's is ours,
    or that of whoever the token belongs to."""
    me: str | None = None
    for page in range(1, 31):
        comments = _ask("GET", f"{issue}?per_page=100&page={page}")
        for comment in comments:
            if not (comment.get("body") or "").startswith(own):
                continue
            user = comment.get("user") or {}  # who left GitHub is null
            if user.get("type") != "Bot" and me is None:
                me = _me()
            if user.get("type") == "Bot" or (me and user.get("login") == me):
                return int(comment["id"])
        if len(comments) < 100:
            return None
    return None


def _me() -> str:
    """Whose token it is; "" for the token of a job, which may not ask."""
    try:
        return str(_ask("GET", "/user")["login"])
    except (HTTPError, LookupError, TypeError):
        return ""


def _summarize(text: str) -> None:
    """Add to the summary of the job."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(path, "a", encoding="utf-8") as summary:
            summary.write(text)


def _ask(method: str, where: str, content: dict[str, str] | None = None) -> Any:
    place = where if where.startswith("/") else f"/repos/{os.environ['GITHUB_REPOSITORY']}/{where}"
    url = os.environ["GITHUB_API_URL"] + place
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
