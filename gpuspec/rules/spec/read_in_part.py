"""GS012 read-in-part."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule
from gpuspec.lint.script import Script

ADVICE = "put long commands and data into files of their own, and start those."


class ReadInPart(Rule):
    """The commands are too much to be read whole.

    ## What it does
    Reports jobs and scripts of which a part was left out: more commands, or longer ones, than anyone writes by hand
    (256 KiB of shell, 40,000 words and statements with those that functions repeat), text that is too garbled to be
    told apart, more than 50 files, or a file that is larger than 1 MiB.

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
        for what in facts.unread:
            yield self.finding(
                facts.job.pointer("run" if facts.job.run else "setup"),
                f"not all of this job was read: {what}",
                suggestion=ADVICE,
            )

    def check_script(self, script: Script) -> Iterator[Finding]:
        from gpuspec.scripts.reading import launches

        what = launches(script.path, script.text, script.kind).unread
        if what:
            yield self.finding("", f"not all of this script was read: {what}", suggestion=ADVICE)
