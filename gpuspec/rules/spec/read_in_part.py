"""GS012 read-in-part."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule
from gpuspec.lint.script import Script


class ReadInPart(Rule):
    """The commands are too much to be read whole.

    ## What it does
    Reports jobs and scripts of which a part was left out: there is more of it than anyone writes by hand, or it is
    too garbled to be told apart.

    | of | is read, at most |
    |---|---|
    | a script (shell, Python, Makefile, workflow, `package.json`) | 262,144 characters, 50,000 steps |
    | a job's commands, with the shell scripts that they start | 262,144 characters, 40,000 steps |
    | the programs in other languages that a job runs | 524,288 characters, together |
    | shell scripts that a job starts | 50, the same one counted each time |
    | files that a job names | 50, each of 1 MiB |
    | a line of a Makefile | 20,000 characters |

    Steps are words, statements and calls, those in functions and loops counted each time.

    ## Why is this bad
    What was not read was not checked: that nothing else is found says little.

    ## Example
    ```bash
    # each function starts the next one ten times
    a() { b; b; b; b; b; b; b; b; b; b; }
    b() { c; c; c; c; c; c; c; c; c; c; }
    c() { d; d; d; d; d; d; d; d; d; d; }
    d() { e; e; e; e; e; e; e; e; e; e; }
    e() { sky launch -y task.yaml; }
    while read name; do a; done < names.txt
    ```

    ## Use instead
    ```bash
    sky launch -y task.yaml
    ```
    """

    code = "GS012"
    name = "read-in-part"
    severity = "warning"

    def check(self, facts: Facts) -> Iterator[Finding]:
        for what, advice in facts.unread.items():
            yield self.finding(
                facts.job.pointer("run" if facts.job.run else "setup"),
                f"not all of this job was read: {what}",
                suggestion=f"{advice}.",
            )

    def check_script(self, script: Script) -> Iterator[Finding]:
        what = script.launches.unread
        if what:
            yield self.finding("", f"not all of this script was read: {what}", suggestion="split the script.")
