"""`gpuspec lsp`."""

from __future__ import annotations

import click

from gpuspec.errors import UserError
from gpuspec.lint.registry import late_problems


@click.command("lsp")
@click.option("--stdio", is_flag=True, hidden=True, help="The only way there is; editors like to say it.")
def command(stdio: bool) -> int:
    """Serve an editor: findings as you type, fixes, hover and completion (Language Server Protocol).

    Your editor starts it and speaks to it over standard input and output; docs/how-to/editors.md shows the
    settings.
    """
    try:
        from gpuspec.editor.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("pygls", "lsprotocol"):
            raise
        wrong = "the language server needs pygls, which is not installed"
        raise UserError("lsp-missing", wrong, "pip install 'gpuspec[lsp]'") from None
    status = serve()
    late_problems()  # the editor was told of each
    return status
