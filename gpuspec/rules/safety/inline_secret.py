"""GS701 inline-secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.lint.secrets import PASSWORD, given, known_form, may_hold, named
from gpuspec.numerals import is_digits
from gpuspec.text import parts
from gpuspec.text.tree import part

REVOKE = "and have the old one revoked"
_EXAMPLE = "HF_TOKEN"
"""The variable of the formats' examples."""


class InlineSecret(Rule):
    """A key or token stands in the spec.

    ## What it does
    Looks for values in `env` and in commands that are keys: by their form (Hugging Face, OpenAI, Anthropic, AWS,
    GitHub, Slack, Google and others, private keys), long random values under names such as `WANDB_API_KEY`, and, in
    every field, passwords in addresses (`https://user:password@host`) other than those of localhost.
    Placeholders, `${HF_TOKEN}` and short words are left alone. The finding never shows the value.

    ## Why is this bad
    Specs are committed, shared and logged. Whoever reads a token can download, spend and publish in your name, and
    taking it out later does not take it out of the history.

    ## Example
    ```jsonc
    {
      "gpu_types": ["RTX 4090"],
      "env": { "WANDB_API_KEY": "8f3a1c9e5b7d2046a8e1f0c3b5d79e2467a1c8f0" },
      "keep_alive_minutes": 3,
      "run": "python train.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["RTX 4090"],
      "secrets": ["WANDB_API_KEY"],
      "keep_alive_minutes": 3,
      "run": "python train.py"
    }
    ```

    ## When to ignore
    When the value is public, such as the key of a local test server.
    """

    code = "GS701"
    name = "inline-secret"
    severity = "error"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts is not next((each for each in facts.beside if each.has_job), facts) or not may_hold(
            facts.tree.text
        ):
            return  # a file is read once, for all its jobs
        commands, seen = {at for each in facts.beside if each.has_job for at in _commands(each)}, set[str]()
        for pointer, text in _strings(facts.tree.value, "") if facts.tree.value is not None else _code(facts):
            in_command = _is_below(pointer, commands)
            what = _secret(pointer, _with_flag(facts, pointer, text) if in_command else text, in_command)
            if what:
                seen.add(pointer)
                yield self._report(facts, pointer, in_command, what)
        for each in facts.beside:
            if each.has_job and each.job.deployment is not None:
                yield from self._named(each, seen)

    def _report(self, facts: Facts, pointer: str, in_command: bool, what: tuple[str, bool]) -> Finding:
        kind, sure = what
        in_env = facts.format.in_spec_fields and pointer.startswith("/env/") and pointer.count("/") == 2
        name = _name(facts, pointer)
        where = f"env.{name}" if in_env else "a command" if in_command else f"`{name}`"
        return self.finding(
            pointer,
            f"{where} holds {kind}: whoever reads this file, its history or the logs can use it",
            on="key" if in_env else "value",
            confidence="high" if sure else "medium",
            suggestion=f'name it in "secrets": ["{name}"], {REVOKE}' if in_env else _instead(facts, name),
            fix=self._moved(facts, pointer, name)
            if in_env and facts.case.document.can_say("secrets")
            else None,
        )

    def _named(self, facts: Facts, seen: set[str]) -> Iterator[Finding]:
        """Values that only the name of their variable tells, where `env` is a list: its places have other names."""
        for name, value in facts.job.env.items():
            pointer = facts.job.pointer(f"env.{name}")
            if pointer and pointer not in seen and named(name, value):
                yield self.finding(
                    pointer,
                    f"env.{name} holds what looks like a secret: whoever reads this file, its history or the logs "
                    "can use it",
                    confidence="medium",
                    suggestion=_instead(facts, name),
                )

    def _moved(self, facts: Facts, pointer: str, name: str) -> Fix | None:
        """The name goes to `secrets`; the value stays where the job is launched, in the environment."""
        edits = [Edit("remove", pointer)]
        written = facts.tree.value.get("secrets", [])
        if not isinstance(written, list) or not name.isidentifier():
            return None
        if "secrets" not in facts.tree.value:
            edits.append(Edit("set", "/secrets", [name]))
        elif name not in written:
            edits.append(Edit("insert", "/secrets/-", name))
        if len(facts.tree.value["env"]) == 1:
            edits[0] = Edit("remove", "/env")
        return Fix(f"move {name} to secrets", tuple(edits), safe=True)


def _name(facts: Facts, pointer: str) -> str:
    """What a value is called: its key; where variables are a list, the name beside it, or before its "="."""
    last = parts(pointer)[-1] if pointer else ""
    above = pointer.rpartition("/")[0]
    beside = facts.tree.at(above + "/name") if last == "value" else facts.tree.at(pointer)
    name = str(beside).partition("=")[0] if isinstance(beside, str) else ""
    return name if (last == "value" or is_digits(last)) and name.isidentifier() else str(last)


def _instead(facts: Facts, name: str) -> str:
    """Where else a key belongs, as the file's own format writes it."""
    example = facts.format.examples.get("secrets", "")
    if facts.format.in_spec_fields or not example:
        own = " (`secrets`)" if facts.format.in_spec_fields else ""
        return f"read it from the environment{own}, {REVOKE}"
    if not name.isidentifier() or name.islower():
        return f"take it from a secret: {example}, {REVOKE}"
    return f"take it from a secret: {example.replace(_EXAMPLE, name)}, {REVOKE}"


def _strings(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Every string of a document with its place, without the schema's address. No recursion: specs may be deep."""
    stack = [(pointer, value)]
    while stack:
        at, value = stack.pop()
        if isinstance(value, str):
            yield at, value
        elif isinstance(value, dict):
            stack += [
                (f"{at}/{part(key)}", inner) for key, inner in reversed(value.items()) if key != "$schema"
            ]
        elif isinstance(value, list):
            stack += [(f"{at}/{number}", value[number]) for number in range(len(value) - 1, -1, -1)]


def _code(facts: Facts) -> Iterator[tuple[str, str]]:
    """The words of the commands and the variables of the jobs in a script, whose file is no value."""
    for job in (each.job for each in facts.beside or (facts,) if each.has_job):
        text = job.run or ""
        for words in job.pieces.get(job.pointer("run"), ()):
            yield words.pointer, text[words.start : words.end]
        yield from ((job.pointer(f"env.{name}"), value) for name, value in job.env.items())


def _commands(facts: Facts) -> Iterator[str]:
    """Where commands stand: not where a service names an image, which is where what the image starts stands."""
    named = [facts.job.pointers.get(field) for field in ("run", "setup", "readiness", "items")]
    pieces = (piece.pointer.partition("/@")[0] for of in facts.job.pieces.values() for piece in of)
    return (
        at
        for at in (*named, *(step.pointer for step in facts.job.steps), *pieces)
        if at and not isinstance(facts.tree.at(at), dict)
    )


def _is_below(pointer: str, places: set[str]) -> bool:
    """Whether something stands in one of these places. A file may have thousands."""
    at = len(pointer)
    while at > 0:
        if pointer[:at] in places:
            return True
        at = pointer.rfind("/", 0, at)
    return False


def _with_flag(facts: Facts, pointer: str, text: str) -> str:
    """A word of a list of words after the flag that it is the value of: `--api-key`, in an item of its own."""
    above, _, last = pointer.rpartition("/")
    if not (is_digits(last) and int(last) > 0) or len(text) > 200:
        return text
    flag = facts.tree.at(f"{above}/{int(last) - 1}")
    return f"{flag} {text}" if isinstance(flag, str) and flag.startswith("--") and len(flag) < 40 else text


def _secret(pointer: str, text: str, in_command: bool) -> tuple[str, bool] | None:
    """(what it is, whether its form says so), or None."""
    kind = known_form(text)
    if kind:
        return kind, kind not in ("a signed token", PASSWORD)  # some are meant to be public
    key = pointer.rpartition("/")[2]
    if "/env/" in pointer and named(key, text):
        return f"what looks like the value of {key}", False
    name = given(text) if in_command else None
    if name is not None:
        return f"what looks like the value of {name}" if name else "what looks like a key", False
    return None
