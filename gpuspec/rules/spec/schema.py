"""GS003 schema."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Fix, Rule


class Schema(Rule):
    """The spec does not match the schema of job specs.

    ## What it does
    Reports unknown keys, wrong types, missing and impossible values, and paths that leave the workspace, each
    in its place. In files of SkyPilot, dstack and docker compose it reports what the tool itself refuses and what is
    plain: keys that are misspelt (`setpu`), and forms of times, prices and spot that none of them reads. A field that
    is refused is not reported as missing by any other rule.

    ## Why is this bad
    A key that nobody reads does nothing: `gpu_type_s` rents whatever is cheapest, a misspelled
    `keep_alive_minutes` keeps the machine, and its bill, running.

    ## Example
    ```jsonc
    { "run": "python train.py", "keep_alive_minuts": 5 }
    ```

    ## Use instead
    ```jsonc
    { "run": "python train.py", "keep_alive_minutes": 5 }
    ```
    """

    code = "GS003"
    name = "schema"
    severity = "error"
    fixable = "sometimes"
    needs = "tree"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts.tree.problems:
            return
        for problem in facts.case.left_out:
            advice = f"write {problem.suggestion}" if problem.suggestion else None
            fix = Fix(advice or "fix it", problem.edits, safe=False) if problem.edits else None
            yield self.finding(problem.pointer, problem.message, on=problem.on, suggestion=advice, fix=fix)
