"""GS007 json5-extension."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Fix, Replace, Rule

WORDS = {
    "single-quotes": "a string in single quotes",
    "unquoted-key": "a key without quotes",
    "hex": "a hexadecimal number",
    "nan": "NaN",
    "infinity": "Infinity",
    "plus-sign": "a number with a plus sign",
    "leading-point": "a number that starts with a point",
    "trailing-point": "a number that ends with a point",
    "line-continuation": "a string that goes on in the next line",
    "escape": "an escape that JSON does not know",
    "whitespace": "a white space that JSON does not know",
}


class Json5Extension(Rule):
    """The spec uses JSON5, which most readers of JSONC reject.

    ## What it does
    Reports what goes beyond JSON with comments and trailing commas: single quotes, keys without quotes,
    hexadecimal numbers, NaN, Infinity, and the like.

    ## Why is this bad
    gpuspec reads it, but editors, other launchers and most scripts that read the same file will not.

    ## Example
    ```jsonc
    {run: 'python train.py'}
    ```

    ## Use instead
    ```jsonc
    {"run": "python train.py"}
    ```

    ## When to ignore
    When nothing but gpuspec will ever read the file.
    """

    code = "GS007"
    name = "json5-extension"
    severity = "warning"
    fixable = "sometimes"
    needs = "tree"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts.tree.problems:
            return
        for extension in facts.tree.extensions:
            advice = fix = None
            if extension.plain is not None:
                advice = f"write {extension.plain}"
                fix = Fix(advice, (), safe=True, replaces=(Replace(extension.span, extension.plain),))
            what = WORDS.get(extension.kind, extension.kind)
            yield self.finding(
                "",
                f"{what} is JSON5; other readers of this file will reject it",
                span=extension.span,
                suggestion=advice,
                fix=fix,
            )
