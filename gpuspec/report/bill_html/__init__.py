"""`gpuspec bill --format html`: the bill as one file that anybody can open, mail and print.

It has no script and asks for nothing from anywhere: its Content-Security-Policy forbids both, and allows the one
style sheet by its hash, so that no text of a job could do anything even if it were not escaped. Charts are HTML boxes
and SVG bars, made here. A chart library would be 0.2 MB (Chart.js 4.6) to 4.8 MB (Plotly 4.1) of script in each file,
shows nothing where scripts are off, as in the preview of a mail, and what it draws on a canvas no reader, search or
printer can read; Python's own that draw SVG bring 30 MB (Matplotlib), or scripts (pygal)."""

from __future__ import annotations

from gpuspec.report.bill_html.page import render as render
