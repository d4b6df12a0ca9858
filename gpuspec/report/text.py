"""Findings for people: the line, a caret, the money, what to do."""

from __future__ import annotations

import re

from gpuspec.lint.result import Located, Place, Report
from gpuspec.printable import one_line
from gpuspec.report.summary import summary
from gpuspec.report.width import clip, shown, width

MINIFIED = 240
"""Columns of source shown where there is no terminal: a file in one line is cut around the caret there, too."""
_COLOURS = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "dim": "2",
    "blue": "1;34",
    "green": "1;32",
    "bold": "1",
}


class Style:
    """Colours, or none; and how wide a line may be (None: no limit)."""

    def __init__(self, *, colour: bool = False, columns: int | None = None) -> None:
        self.colour = colour
        self.columns = columns

    def __call__(self, kind: str, text: str) -> str:
        return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if self.colour else text

    def link(self, text: str, url: str | None) -> str:
        """Text that a terminal opens as a page (OSC 8), where it shows colours; others ignore the escape."""
        if not (self.colour and url):
            return text
        return f"\x1b]8;;{one_line(url)}\x1b\\{text}\x1b]8;;\x1b\\"

    def wrap(self, text: str, taken: int, indent: int) -> str:
        """Words on lines no wider than allowed, each safe to print. `taken` columns of the first line are in use, the
        others are indented. A word that is wider than a line stays whole: it may be an address."""
        if self.columns is None:
            return one_line(text)
        lines: list[str] = []
        line = ""
        used = taken
        for word in shown(text).split():
            wide = width(word)
            if used > indent and used + bool(line) + wide > self.columns:
                lines.append(line)
                line, used = "", indent
            used += bool(line) + wide
            line = f"{line} {word}" if line else word
        return f"\n{' ' * indent}".join(map(one_line, [*lines, line]))

    def fold(self, line: str) -> str:
        """A line of parts with ` · ` between them, which may start new lines."""
        if self.columns is None:
            return line
        out = ""
        for part in line.split(" · "):
            plain = re.sub("\x1b\\[[0-9;]*m", "", f"{out.rpartition(chr(10))[2]} · {part}")
            new = width(plain) > self.columns
            out += f"{(chr(10) if new else ' · ') if out else ''}{part}"
        return out


def render(report: Report, style: Style | None = None) -> str:
    """The report as text, with a summary line."""
    style = style or Style()
    blocks = [block(found, style) + "\n" for found in report.findings]
    return "".join(blocks) + style.fold(summary(report, style)) + "\n"


def block(found: Located, style: Style) -> str:
    """One finding."""
    finding = found.finding
    code, name = shown(finding.code), shown(finding.name)
    head = f"{finding.severity}[{code}] {name}:"
    body = style.wrap(" ".join(finding.message.split()), len(head) + 1, 2)
    code = style(finding.severity, f"{finding.severity}[{code}]")
    lines: list[str] = [f"{style.link(code, found.doc)} {_labelled(name, body)}"]
    spots = [(found.place, "", True), *((place, shown(text), False) for place, text in found.related)]
    spots.sort(key=lambda spot: spot[0][:2])
    margin = len(str(max(place.line for place, _, _ in spots)))
    bar = style("blue", f"{' ' * margin} |")
    at = found.place
    lines.append(f"{style('blue', ' ' * margin + '-->')} {shown(found.path)}:{at.line}:{at.column}")
    lines.append(bar)
    last = None
    for place, text, primary in spots:
        if last is not None and place.line > last + 1:
            lines.append(style("blue", f"{' ' * margin} :"))
        snippet = _snippet(
            place, text, severity=finding.severity if primary else None, margin=margin, style=style
        )
        lines += snippet[1:] if snippet[0] in lines else snippet
        last = place.line
    notes = list(_notes(found))
    if notes:
        lines.append(bar)
        edge = f"{' ' * margin} = "
        for label, text in notes:
            wrapped = style.wrap(text, len(edge) + len(label) + 2, margin + 3)
            lines.append(style("blue", edge) + _labelled(style("bold", label), wrapped))
    return "\n".join(lines) + "\n"


def _snippet(place: Place, text: str, *, severity: str | None, margin: int, style: Style) -> list[str]:
    """A place's line and a mark below it: carets for the finding itself (with a severity), else hyphens."""
    start = place.column - 1
    end = place.end_column - 1 if place.end_line == place.line else len(place.text.rstrip())
    room = (style.columns or MINIFIED) - margin - 3 - (start >= len(place.text))  # a caret after the end
    line, before, under = clip(place.text, start, max(end, start + 1), room)
    mark = ("^" if severity else "-") * max(1, under)
    number = style("blue", f"{place.line:>{margin}} |")
    bar = style("blue", f"{' ' * margin} |")
    out = [f"{number} {line}".rstrip()]
    beside = text and (style.columns is None or before + len(mark) + 1 + width(text) <= room)
    out.append(f"{bar} {' ' * before}{style(severity or 'blue', f'{mark} {text}' if beside else mark)}")
    if text and not beside:
        below = style.wrap(text, margin + 3, margin + 3).split("\n")
        out += [f"{bar} {style(severity or 'blue', words.strip())}" for words in below]
    return out


def _labelled(label: str, body: str) -> str:
    return f"{label}:{'' if body.startswith(chr(10)) else ' '}{body}"


def _notes(found: Located) -> list[tuple[str, str]]:
    finding = found.finding
    notes = []
    if finding.saving and finding.saving.per_hour > 0:
        notes.append(("saves", finding.saving.in_words))
    title = finding.fix.title if finding.fix else ""
    if finding.suggestion and finding.suggestion.rstrip(".") != title:
        notes.append(("help", finding.suggestion))
    if finding.fix:
        how = "--fix" if finding.fix.safe else "--fix --unsafe-fixes"
        notes.append(("fix", f"{title} ({how})"))
    return [(label, " ".join(shown(text).split())) for label, text in notes]
