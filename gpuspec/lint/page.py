"""A rule's page: its docstring, read into sections and examples.

The convention: a first line that says what is wrong, then `## What it does`, `## Why is this bad`,
`## Example` (bad), `## Use instead` (good), `## When to ignore`, `## Options`. Fenced blocks in the two
example sections are run: a bad one must give a finding of the rule, a good one none.
"""

from __future__ import annotations

import re

from gpuspec.lint.rule import Option, Rule
from gpuspec.named_tuple import NamedTuple

SECTIONS = ("What it does", "Why is this bad", "Example", "Use instead", "When to ignore", "Options")
REQUIRED = SECTIONS[:4]
FILE_NAMES = {
    "jsonc": "example.gpu.jsonc",
    "bash": "example.sh",
    "sh": "example.sh",
    "python": "example.py",
    "makefile": "Makefile",
    "yaml": ".github/workflows/example.yml",
    "json": "package.json",
}
"""language of a fenced block → the file it stands for"""


class Example(NamedTuple):
    """One fenced block; `path` is what the file would be called."""

    language: str
    text: str
    path: str


class Page(NamedTuple):
    """A rule's page. `sections` in the order written: (heading, Markdown)."""

    title: str
    sections: tuple[tuple[str, str], ...]

    def section(self, heading: str) -> str:
        """The Markdown under a heading, "" if there is none."""
        return next((body for name, body in self.sections if name == heading), "")

    @property
    def bad(self) -> tuple[Example, ...]:
        """Examples that must give a finding."""
        return examples(self.section("Example"))

    @property
    def good(self) -> tuple[Example, ...]:
        """Examples that must give none."""
        return examples(self.section("Use instead"))


def page(rule: Rule | type[Rule]) -> Page:
    """The page of a rule, from its docstring."""
    parts = re.split(r"^## +(.+)$", _dedented(rule.__doc__ or ""), flags=re.M)
    sections = zip(parts[1::2], parts[2::2], strict=True)
    return Page(parts[0].strip(), tuple((name.strip(), body.strip()) for name, body in sections))


def examples(markdown: str) -> tuple[Example, ...]:
    """The fenced blocks of a section that stand for a file."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", markdown, flags=re.M | re.S)
    return tuple(Example(lang, text, _path(lang, text)) for lang, text in blocks if lang in FILE_NAMES)


def _path(language: str, text: str) -> str:
    """What the file of an example is called: as its first line says, `# file: NAME`, else by its language."""
    named = re.match(r"# file: (\S+)\n", text)
    return named[1] if named else FILE_NAMES[language]


def markdown(rule: Rule) -> str:
    """The page as Markdown, with severity, fix and options from the rule itself."""
    read = page(rule)
    fix = {"never": "no", "sometimes": "sometimes", "always": "yes"}[rule.fixable]
    facts = (
        f"{rule.severity} · confidence {rule.confidence} · fix: {fix}{' · preview' if rule.preview else ''}"
    )
    out = [f"# {rule.code} {rule.name}", facts, read.title]
    for name, body in read.sections:
        if name != "Options":
            out.append(f"## {name}\n\n{body}")
    options = [*filter(None, [read.section("Options")]), *map(option_line, rule.options)]
    if options:
        out.append("## Options\n\n" + "\n".join(options))
    return "\n\n".join(out) + "\n"


def option_line(option: Option) -> str:
    """A rule's option as a list item of Markdown."""
    bounds = [f"≥ {option.minimum}"] if option.minimum is not None else []
    bounds += [f"≤ {option.maximum}"] if option.maximum is not None else []
    kind = ", ".join([option.type.__name__, *bounds])
    return f"- `{option.name}` ({kind}; default `{option.default!r}`): {option.help}"


def _dedented(text: str) -> str:
    # As inspect.cleandoc, which costs 5 ms to import.
    lines = text.expandtabs().strip("\n").split("\n")
    margins = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    margin = min(margins, default=0)
    return "\n".join([lines[0].strip(), *(line[margin:].rstrip() for line in lines[1:])])
