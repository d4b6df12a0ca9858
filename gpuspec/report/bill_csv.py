"""A bill as CSV, one row a job: for a spreadsheet, or whoever adds up further."""

from __future__ import annotations

import csv
import io
import re

from gpuspec.planning.bill import Bill, JobBill
from gpuspec.printable import one_line
from gpuspec.report.bill_json import use_record

COLUMNS = (
    "path", "line", "job", "format", "task", "machine", "cloud", "gpu", "gpus", "labels", "hours_per_month",
    "runs_per_month", "hours_per_run", "gpu_hours_per_month", "use", "assumed", "at_most", "per_hour", "per_run",
    "per_month", "saved_per_month", "unknown",
)  # fmt: skip
"""As in JSON. Dollars; what is not known is empty. `labels` are key=value, with "; " between them."""
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet calculates: OWASP/www-community, pages/attacks/CSV_Injection.md, read
2026-11-30. Of its list tabs and line ends are no more in a cell. Wide letters are not in it; some read them
as narrow ones."""
_NEXT_CELL = re.compile(f"(;\\s*)(?=[{re.escape(''.join(_BEGINS_A_FORMULA))}])")
"""Where a formula begins for who separates cells by semicolons, as spreadsheets do that write commas in numbers."""


def render(bill: Bill) -> str:
    """The bill as CSV of RFC 4180, with a head line. Numbers have a point, and no thousands."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for job in bill.jobs:
        values = _values(job)
        rows.writerow([_cell(values[column]) for column in COLUMNS])
    return out.getvalue()


def _values(job: JobBill) -> dict[str, object]:
    return {
        **{
            name: getattr(job, name)
            for name in COLUMNS
            if hasattr(job, name) and name not in ("use", "labels")
        },
        "labels": "; ".join(f"{key}={value}" for key, value in sorted(job.labels.items())),
        **use_record(job.use),
        "gpu_hours_per_month": job.gpu_hours,
        "saved_per_month": None if job.per_month is None else job.saved,
    }


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{round(value, 6):.10g}"
    text = str(value)
    if isinstance(value, int):
        return text
    text = _NEXT_CELL.sub(r"\1'", one_line(text))  # it is read on terminals, too
    return f"'{text}" if text.lstrip().startswith(_BEGINS_A_FORMULA) else text
