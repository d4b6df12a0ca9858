"""The setting `[notify]`, checked: who is told when a budget is nearly used up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gpuspec.lint.budget_config import check_steps
from gpuspec.lint.config_file import bad_config, near, type_in_words

MOST_WORDS = 100
"""Of a command."""
WEBHOOK = re.compile(
    r"https://[^/\s@]+(/\S*)?|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/\S*)?|\$[A-Za-z_]\w*"
)
"""An address by https (by http on this machine alone), or $NAME of a variable. A job may name none of this machine
(schemas/job.schema.json): a file from elsewhere must not write to programs that only listen here."""
MEANT = "give https://…, or $NAME: the variable that holds it."


def check_notify(path: str, notify: Mapping[str, Any]) -> None:
    """UserError `bad-config` where `[notify]` is not what it should be. No address is quoted: it is a secret."""
    for key, value in notify.items():
        if key == "webhook":
            if not isinstance(value, str) or not WEBHOOK.fullmatch(value):
                raise bad_config(path, "notify.webhook is no address that alerts could be sent to", MEANT)
        elif key == "command":
            words = isinstance(value, list) and all(
                isinstance(word, str) and "\0" not in word for word in value
            )
            if not words or not 1 <= len(value) <= MOST_WORDS or not value[0]:
                meant = 'command = ["./page.sh", "gpu"] runs without a shell.'
                raise bad_config(path, "notify.command must be a list of words", meant)
        elif key == "at":
            check_steps(path, "notify.at", value)
        else:
            said = f"there is no setting notify.{key} ({type_in_words(type(value))})"
            raise bad_config(path, said, near(key, ("webhook", "command", "at")))
