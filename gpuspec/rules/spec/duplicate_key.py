"""GS002 duplicate-key."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule


class DuplicateKey(Rule):
    """The same key stands twice in one object.

    ## What it does
    Reports every key that its object already holds.

    ## Why is this bad
    The last value wins in silence: the earlier line looks as if it counted, and does not.

    ## Example
    ```jsonc
    {
      "run": "python train.py",
      "gpu_count": 1,
      "gpu_count": 8
    }
    ```

    ## Use instead
    ```jsonc
    {
      "run": "python train.py",
      "gpu_count": 8
    }
    ```
    """

    code = "GS002"
    name = "duplicate-key"
    severity = "error"
    needs = "tree"

    def check(self, facts: Facts) -> Iterator[Finding]:
        tree = facts.tree
        for twice in tree.duplicates:
            key = tree.text[twice.again.start : twice.again.end].strip("\"'")
            line = tree.position(twice.first.start)[0]
            yield self.finding(
                twice.pointer,
                f"the key {key!r} already stands in line {line}; only the last one counts",
                on="key",
                span=twice.again,
                suggestion="remove one of the two.",
            )
