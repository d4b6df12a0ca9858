"""GS306 item-unquoted and GS308 item-in-comment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.commands.steps import Step
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.rules.launching.items_at_hand import items_at_hand, without_comments
from gpuspec.words import shortened
from gpuspec.workload.programs import identify

_BLANKS = " \t*?["
"""What an unquoted variable is taken apart at, or expanded by."""
_SYNTAX = _BLANKS + ";&|<>()$`\"'\\#~!{}\n"
"""What means something in the text of a command."""
_INNER = re.compile(
    r"\b(?:bash|sh|zsh|dash)\s+(?:-[a-z]+\s+){0,3}-[a-z]*c\s+|\beval\s+|\bssh\s+[\w@.-]+\s+", re.A
)
"""What runs a text as commands."""
_ITEM = re.compile(r"\{item\}")
_READS = re.compile(r"\bwhile\b[^\n;]{0,80}?\bread\s+(?:-\w+\s+){0,3}(\w{1,60})")
_LISTED = re.compile(
    r"\bfor\s+\w+\s+in\s+[^\n;]{0,200}?(?:\$\(|`)\s*(?:cat\s|<)\s*[\"']?\$\{?GPUSPEC_ITEMS\b"
)
_WHOLE_LINES = re.compile(r"\s(?:-d|-0|-I|-i|--delimiter|--null|--replace)")


class ItemUnquoted(Rule):
    """The shell takes an item apart.

    ## What it does
    For jobs whose items are at hand (a list, a file, the files of a folder) and hold blanks or characters of the
    shell, reports where `run` lets the shell take them apart: `$GPUSPEC_ITEM` without quotes, `{item}` in a text
    that another shell runs (`bash -c`, `eval`, `ssh`), and lists that are split at blanks (`$(cat $GPUSPEC_ITEMS)`,
    `xargs` without `-d`). Of a bare `{item}` nothing is said: gpuspec quotes it.

    ## Why is this bad
    `talk 1.wav` becomes two arguments, and the program finds neither; `a; rm -rf b` becomes two commands. Either way
    the machine is paid for work that is not done.

    ## Example
    ```jsonc
    {
      "task": "batch",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "items": ["talk 1.wav", "talk 2.wav"],
      "outputs": ["out/"],
      "run": "bash -c \\"whisper {item} --output_dir out | tail -1\\""
    }
    ```

    ## Use instead
    ```jsonc
    {
      "task": "batch",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "items": ["talk 1.wav", "talk 2.wav"],
      "outputs": ["out/"],
      "run": "whisper {item} --output_dir out | tail -1"
    }
    ```

    ## When to ignore
    When items are meant to be several arguments each.
    """

    code = "GS306"
    name = "item-unquoted"
    severity = "warning"

    def check(self, facts: Facts) -> Iterator[Finding]:
        run = facts.job.run
        if not run or not ("{item}" in run or "GPUSPEC_ITEM" in run):
            return
        items = items_at_hand(facts)
        if not items:
            return
        text, in_items = without_comments(run), set("".join(items))
        for signs, what, advice in _taken_apart(text):
            if not in_items.isdisjoint(signs):
                bad = next(item for item in items if not set(signs).isdisjoint(item))
                yield self.finding(
                    facts.job.pointer("run"),
                    f"{what}: an item with blanks or characters of the shell, such as {_shown(bad)}, arrives split "
                    "or changed",
                    suggestion=advice,
                )
                return


def _taken_apart(text: str) -> Iterator[tuple[str, str, str]]:
    """(signs that do not survive it, what is written, what to write) of each place where items are taken apart."""
    for found in _INNER.finditer(text):
        inner = _argument(text, found.end())
        for item in _ITEM.finditer(inner):
            signs = _unsafe(inner, item.start(), item.end())
            what = f"{{item}} stands in a text that another shell runs (`{found[0].split()[0]}`)"
            yield signs, what, "run the command itself, or write \\$GPUSPEC_ITEM in quotes there"
    names = {"GPUSPEC_ITEM"}
    if "GPUSPEC_ITEMS" in text:
        names |= {found[1] for found in _READS.finditer(text)}
    for name in sorted(names):
        if _bare(text, name):
            yield _BLANKS, f"${name} stands without quotes", f'write "${name}"'
    if _LISTED.search(text):
        advice = 'while IFS= read -r item; do … "$item"; done < "$GPUSPEC_ITEMS"'
        yield _BLANKS, "the lines of $GPUSPEC_ITEMS are split at blanks", advice
    for line in text.split("\n"):
        if "xargs" in line and "GPUSPEC_ITEMS" in line and not _WHOLE_LINES.search(line):
            yield " \t\"'\\", "xargs splits the lines of $GPUSPEC_ITEMS at blanks", "xargs -d '\\n'"


def _argument(text: str, at: int) -> str:
    """The word that begins there, quotes and all; of a bare one, the rest of the line."""
    quote = text[at : at + 1]
    if quote in ("'", '"'):
        end = re.compile(rf"(?:\\.|[^\\{quote}])*", re.S).match(text, at + 1)
        return text[at + 1 : end.end() if end else len(text)]
    return text[at:].partition("\n")[0]


def _unsafe(inner: str, start: int, end: int) -> str:
    """What an item must not hold where it is put into a text of commands: quotes around it there keep the rest."""
    before = inner[:start].removesuffix("\\")
    if before.endswith("'") and inner[end : end + 1] == "'":
        return "'"
    if before.endswith('"') and inner[end : end + 2].lstrip("\\").startswith('"'):
        return '"$`\\'
    return _SYNTAX


def _bare(text: str, name: str) -> bool:
    """Whether a variable stands outside quotes, where the shell splits it: not in an assignment or `[[ ]]`."""
    quote, at = "", 0
    variable = rf"\$(?:\{{{name}\}}|{name}(?!\w))"
    wanted, signs = re.compile(variable), re.compile(rf"\\.|['\"]|{variable}", re.S)
    while found := signs.search(text, at):
        sign, at = found[0], found.end()
        if sign in ("'", '"'):
            quote = "" if quote == sign else quote or sign
        elif not quote and wanted.fullmatch(sign):
            line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
            if not re.search(r"(?:\w=[^\s]*|\[\[[^\]]*|<<<\s*)$", line):
                return True
    return False


def _shown(item: str) -> str:
    return repr(shortened(item, 40))


class ItemInComment(Rule):
    """The item stands in a comment, so no command is given it.

    ## What it does
    Reports `run` in which `{item}` stands in comments only, and nothing else (`$GPUSPEC_ITEM`, `$GPUSPEC_ITEMS`) says
    which item is meant, as far as the programs it runs can be read.

    ## Why is this bad
    The same command runs once for each item, on the same input: a list of a thousand is paid a thousand times for one
    result.

    ## Example
    ```jsonc
    {
      "task": "batch",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "items": "audio/*.wav",
      "outputs": ["out/"],
      "run": "# whisper {item}\\nwhisper audio/test.wav --output_dir out"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "task": "batch",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "items": "audio/*.wav",
      "outputs": ["out/"],
      "run": "whisper {item} --output_dir out"
    }
    ```

    ## When to ignore
    When the program reads `$GPUSPEC_ITEM` itself, where gpuspec cannot see it.
    """

    code = "GS308"
    name = "item-in-comment"
    severity = "warning"
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        run = facts.job.run
        if not run or "{item}" not in run or "GPUSPEC_ITEM" in run or "{item}" in without_comments(run):
            return
        if any("{item}" in step.text or _asks(step) for step in facts.commands):
            return
        many = (
            f"{len(facts.job.items):,} times" if isinstance(facts.job.items, tuple) else "once for each item"
        )
        yield self.finding(
            facts.job.pointer("run"),
            f"{{item}} stands only in a comment: the same commands run {many}, and none is given an item",
            suggestion="write {item} where the command takes its input",
        )


def _asks(step: Step) -> bool:
    """Whether a program that a command runs is given its item by the environment, or may be and cannot be read."""
    if any("GPUSPEC_ITEM" in redirect.target.text for redirect in step.command.redirects):
        return True
    found = identify(step.command)
    if found is None or found.script is None:
        return "GPUSPEC_ITEM" in step.text
    text = step.read(found.script.text)
    return text is None or "GPUSPEC_ITEM" in text
