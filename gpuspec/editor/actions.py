"""Code actions: the fixes of findings, all safe fixes at once, and comments that silence a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from lsprotocol.types import CodeAction, CodeActionKind, Diagnostic, Range, TextEdit, WorkspaceEdit

from gpuspec.editor.diagnostics import diagnostic
from gpuspec.editor.opened import Opened
from gpuspec.editor.position import Positions
from gpuspec.formats import FORMATS
from gpuspec.lint.fixing import fix_data
from gpuspec.lint.made_fix import applied, carried_jobs, is_meant
from gpuspec.lint.registry import Registry
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter
from gpuspec.lint.script import script_kind
from gpuspec.lint.suppression import in_script, in_tree
from gpuspec.named_tuple import NamedTuple
from gpuspec.printable import one_line
from gpuspec.text import Span

FIX_ALL = "source.fixAll.gpuspec"
KINDS: list[CodeActionKind | str] = [CodeActionKind.QuickFix, FIX_ALL]
MOST = 10
"""Findings that actions are offered for at once. A selection may hold thousands, nobody chooses among more, and each
action is tried on the whole text."""


class Target(NamedTuple):
    """A document that actions change: its state, its address, and its places in the editor's units."""

    opened: Opened
    uri: str
    positions: Positions

    def edit(self, edit: TextEdit) -> WorkspaceEdit:
        """The change that makes an edit in this document."""
        return WorkspaceEdit(changes={self.uri: [edit]})


def actions(
    registry: Registry, target: Target, where: Range, only: Sequence[str] | None = None
) -> list[CodeAction]:
    """The actions for what stands in `where`: the safe fix first, silencing last."""
    opened, uri, positions = target
    found: list[CodeAction] = []
    if _asked(CodeActionKind.QuickFix, only):
        touched = (item for item in opened.findings if _touch(positions.at(item.place), where))
        underlined = [(item, diagnostic(item, uri, positions)) for item in islice(touched, MOST)]
        found += [action for item, shown in underlined for action in _fixes(target, item, shown)]
        found += [action for item, shown in underlined for action in _silence(target, item, shown)]
    if _asked(FIX_ALL, only):
        found += _fix_all(registry, target)
    return found


def _asked(kind: str, only: Sequence[str] | None) -> bool:
    # A client that asks for "source.fixAll" or "source" means those below it, too.
    return not only or any(kind == wanted or kind.startswith(f"{wanted}.") for wanted in only)


def _touch(one: Range, other: Range) -> bool:
    return one.start <= other.end and other.start <= one.end


def _fixes(target: Target, found: Located, shown: Diagnostic) -> Iterator[CodeAction]:
    fix = found.finding.fix
    if fix is None:
        return
    opened = target.opened
    jobs = carried_jobs(opened.documents)
    is_spec = opened.is_spec or opened.tree.yaml
    after = applied(opened.data, [fix], is_spec=is_spec, tree=opened.tree if jobs else None)
    if after is not None and not is_meant(opened.path, after, jobs, [fix], FORMATS):
        return
    edit = None if after is None else target.positions.change(after.decode())
    if edit is None:
        return
    title = one_line(fix.title[:1].upper() + fix.title[1:])
    yield CodeAction(
        title if fix.safe else f"{title} (may change what the job does)",
        kind=CodeActionKind.QuickFix,
        diagnostics=[shown],
        is_preferred=fix.safe,
        edit=target.edit(edit),
    )


def _fix_all(registry: Registry, target: Target) -> Iterator[CodeAction]:
    opened = target.opened
    if not any(item.finding.fix and item.finding.fix.safe for item in opened.findings):
        return
    done = fix_data(Linter(registry), opened.path, opened.data, opened.settings, on_disk=opened.on_disk)
    edit = target.positions.change(done.data.decode())
    if edit is not None:
        title = f"Apply all safe fixes ({len(done.titles)})"
        yield CodeAction(title, kind=FIX_ALL, edit=target.edit(edit))


def _silence(target: Target, found: Located, shown: Diagnostic) -> Iterator[CodeAction]:
    name, line = found.finding.name, found.place.line
    edit = None if name in _NOT_SILENCED else _comment(target.opened, name, line, target.positions)
    if edit is not None:
        yield CodeAction(
            f"Silence {name} on line {line}: add the reason after the bracket",
            kind=CodeActionKind.QuickFix,
            diagnostics=[shown],
            edit=target.edit(edit),
        )


_NOT_SILENCED = ("syntax-error", "unused-suppression", "suppression-without-reason")
"""Findings that a comment cannot silence: it would not be read, or would itself be the finding."""


def _comment(opened: Opened, name: str, line: int, positions: Positions) -> TextEdit | None:
    """A comment above `line`, or the name added to the one that is there. None where none can stand."""
    text, tree = opened.text, opened.tree
    kind = script_kind(opened.path)
    if kind == "package":
        return None
    for suppression in in_tree(tree) if opened.is_spec or tree.yaml else in_script(tree):
        if suppression.line == line and suppression.entries:
            end = suppression.entries[-1].span.end
            return TextEdit(positions.range(Span(end, end)), f", {name}")
    start = tree.line_starts()[line - 1]
    if line == 1 and text.startswith("\ufeff"):
        start += 1
    if (opened.is_spec or tree.yaml) and _inside(opened, start):
        return None
    above, rest = text[:start].rstrip("\r\n"), text[start:]
    if not opened.is_spec and (above.endswith("\\") or rest.startswith("#!")):
        return None  # the comment would cut a command in two, or take the first line's place
    indent = rest[: len(rest) - len(rest.lstrip(" \t"))]
    newline = "\r\n" if "\r\n" in text else "\n"
    sign = "//" if opened.is_spec else "#"
    comment = f"{indent}{sign} gpuspec: ignore[{name}]{newline}"
    return TextEdit(positions.range(Span(start, start)), comment)


def _inside(opened: Opened, at: int) -> bool:
    """Whether a line begins inside a comment or a string. Lines of a YAML block (`|`) have room for one."""
    tree, text = opened.tree, opened.text
    spans = [comment.span for comment in tree.comments]
    if tree.yaml:
        spans += [span for known, span in tree.values.items() if isinstance(tree.at(known), str)]
        spans = [span for span in spans if not text.startswith("|", span.start)]
    else:
        spans += [span for span in tree.values.values() if text[span.start : span.start + 1] in ("'", '"')]
    return any(span.start < at < span.end for span in spans)
