"""The language server: what `gpuspec lsp` runs, over standard input and output."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import redirect_stdout
from typing import BinaryIO, cast
from urllib.parse import unquote

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument

from gpuspec.editor import completion
from gpuspec.editor.actions import KINDS, Target, actions
from gpuspec.editor.channel import BoundedInput
from gpuspec.editor.diagnostics import diagnostics
from gpuspec.editor.hover import hover
from gpuspec.editor.opened import Opened, look
from gpuspec.editor.position import UTF16, Positions
from gpuspec.editor.protocol import AnsweringProtocol
from gpuspec.lint.registry import Registry
from gpuspec.printable import one_line
from gpuspec.rules import collect
from gpuspec.version import __version__

PAUSE = 0.05
"""Seconds without a key before the text is looked at: a paste or a held key is linted once."""


class EditorServer(LanguageServer):
    """The documents that an editor has open, each as it was last looked at."""

    def __init__(self, registry: Registry) -> None:
        # Whole texts: a spec has a few KB, and pygls cuts lines at characters (U+2028, form feed) where LSP does not.
        super().__init__(
            "gpuspec", __version__, lsp.TextDocumentSyncKind.Full, protocol_cls=AnsweringProtocol
        )
        self.registry = registry
        self.documents: dict[str, Opened] = {}
        self.waiting: dict[str, asyncio.TimerHandle] = {}
        self.logged: set[str] = set()

    def document(self, uri: str) -> TextDocument | None:
        """What the editor opened. For anything else pygls would read the file of that name, or wait for that pipe."""
        opened: dict[str, TextDocument] = self.workspace.text_documents
        return opened.get(unquote(uri))

    def current(self, uri: str) -> tuple[Opened, Positions] | None:
        """The document as it is now, looked at again only if it changed, and its places; None where the editor has
        not opened it."""
        document, known = self.document(uri), self.documents.get(uri)
        if document is None:
            return None
        opened = known if known is not None and known.text == document.source else self.look(uri)
        return opened and (opened, self.positions(opened))

    def look(self, uri: str) -> Opened | None:
        """Lint a document and tell the editor."""
        self.cancel_wait(uri)
        document = self.document(uri)
        if document is None:
            return None
        path = to_fs_path(uri) if uri.startswith("file:") else None
        name = path or os.path.basename(document.path or "untitled")
        opened = look(self.registry, name, document.source, on_disk=path is not None)
        self.documents[uri] = opened
        found = diagnostics(opened, uri, self.positions(opened))
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found, document.version))
        for problem in opened.problems:
            self._log(f"{problem.who} failed: {problem.message}")
        return opened

    def look_soon(self, uri: str) -> None:
        """Lint once no key has come for a moment."""
        self.cancel_wait(uri)
        self.waiting[uri] = asyncio.get_running_loop().call_later(PAUSE, self.look, uri)

    def cancel_wait(self, uri: str) -> None:
        """Drop the look that was due."""
        timer = self.waiting.pop(uri, None)
        if timer is not None:
            timer.cancel()

    def positions(self, opened: Opened) -> Positions:
        """Places of a document in the units the editor counts in."""
        return Positions(opened.tree, self.workspace.position_encoding or UTF16)

    def _log(self, message: str) -> None:
        """Into the editor's log, once."""
        if message not in self.logged:
            self.logged.add(message)
            self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Error, one_line(message)))


def build(registry: Registry) -> EditorServer:
    """A server with its answers in place."""
    server = EditorServer(registry)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.look(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        server.look_soon(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        server.look(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.cancel_wait(uri)
        server.documents.pop(uri, None)
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(KINDS))
    def code_action(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = params.text_document.uri
        current = server.current(uri)
        if current is None:
            return []
        opened, positions = current
        target = Target(opened, uri, positions)
        return actions(server.registry, target, params.range, params.context.only)

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hovered(params: lsp.HoverParams) -> lsp.Hover | None:
        current = server.current(params.text_document.uri)
        if current is None:
            return None
        opened, positions = current
        found = hover(opened, positions.offset(params.position))
        if found is None:
            return None
        span, text = found
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text), positions.range(span))

    @server.feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(completion.TRIGGERS))
    def completed(params: lsp.CompletionParams) -> lsp.CompletionList:
        current = server.current(params.text_document.uri)
        if current is None:
            return lsp.CompletionList(is_incomplete=False, items=[])
        opened, positions = current
        offset = positions.offset(params.position)
        snippets = _has_snippets(server.client_capabilities)
        found = completion.complete(server.registry, opened, positions, offset, snippets=snippets)
        return lsp.CompletionList(is_incomplete=False, items=found)

    return server


def _has_snippets(client: lsp.ClientCapabilities) -> bool:
    document = client.text_document
    item = document.completion.completion_item if document and document.completion else None
    return bool(item and item.snippet_support)


def serve() -> int:
    """Serve one editor until it leaves."""
    # What a rule or a plugin prints, or a program it starts, must not get between the messages.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with redirect_stdout(sys.stderr):
        build(collect()).start_io(cast(BinaryIO, BoundedInput(sys.stdin.buffer)), channel)
    return 0
