"""GS001 syntax-error."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule


class SyntaxProblemRule(Rule):
    """The text is not JSONC, or not YAML where the file is of a format that is.

    ## What it does
    Reports every place where the text stops being JSONC, each at its own line and column: after an error the
    reader goes on at the next comma or bracket. In YAML it reports the first place of each document. A document that
    only a template tool makes YAML of (Helm, Jinja) is passed over.

    ## Why is this bad
    Nothing can read the spec, so nothing else can be checked or launched.

    ## Example
    ```jsonc
    {"run": "python train.py" "gpu_count": 1}
    ```

    ## Use instead
    ```jsonc
    {"run": "python train.py", "gpu_count": 1}
    ```
    """

    code = "GS001"
    name = "syntax-error"
    severity = "error"
    needs = "tree"

    def check(self, facts: Facts) -> Iterator[Finding]:
        for problem in facts.tree.problems:
            yield self.finding("", problem.message, span=problem.span, suggestion=problem.hint)
