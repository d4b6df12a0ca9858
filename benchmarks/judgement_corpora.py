"""The other judged files, for `python -m benchmarks.judgement`: the specs of `tests/judgement/`, of which an expert
says what is too large, too small, unused or in too many bits, and a folder of other people's files with an expert's
advice (`--corpus FOLDER`, with `formats/labels.jsonl`), which is not in this repository.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.judgement import RIGHT, ROOT, UNJUDGED, WRONG, Judged, Shown, lint, shipped_then

SPECS = ROOT / "tests" / "judgement"

# What the older labels and the corpus call a point → the rules that make it.
QUESTIONS = {
    "over": ("GS101", "GS103", "GS813"),
    "under": ("GS102",),
    "unused": ("GS105",),
    "quant": ("GS201", "GS813"),
}
ADVICE = {
    "bad-flag": ("GS601", "GS604", "GS605", "GS606", "GS609", "GS805"),
    "context": ("GS602",),
    "duplicate-key": ("GS002",),
    "gated": ("GS406",),
    "gpu-not-needed": ("GS110", "GS811", "GS412"),
    "latest-tag": ("GS802",),
    "missing-quantization": ("GS201", "GS813"),
    "model-mismatch": ("GS809",),
    "model-refetched": ("GS808",),
    "no-autostop": ("GS401",),
    "no-offer": ("GS810",),
    "no-readiness": ("GS410", "GS803", "GS413"),
    "no-scale-to-zero": ("GS409",),
    "no-time-limit": ("GS402", "GS401", "GS811"),
    "open-port": ("GS704",),
    "over-provisioned": ("GS101", "GS103", "GS814"),
    "placement": ("GS813",),
    "results-lost": ("GS408",),
    "secret-inline": ("GS701",),
    "secret-syntax": ("GS805",),
    "setup-every-time": ("GS812", "GS407"),
    "spot-without-checkpoint": ("GS502", "GS415"),
    "spot-would-do": ("GS501",),
    "too-many-gpus": ("GS103", "GS813"),
}


def specs() -> Judged:
    """The older specs, at the prices of their day: only the rules that their labels speak of are counted."""
    sys.path.insert(0, str(SPECS))
    from labels import LABELS

    asked = {code for codes in QUESTIONS.values() for code in codes}
    shown, caught, missed = [], [], []
    said: dict[str, set[str]] = {}
    prices = (SPECS / "prices.tsv").read_bytes()
    rows = [row for row in prices.decode().splitlines() if not row.startswith("#")]
    clouds = tuple(sorted({row.split("\t")[0] for row in rows}))
    for one in lint(SPECS, [f"{name}.jsonc" for name, *_ in LABELS], prices, clouds):
        name, code = Path(one["path"]).stem, one["code"]
        if code in asked and not (code == "GS101" and one["severity"] == "info"):
            said.setdefault(name, set()).add(code)
    for name, must, may, _ in LABELS:
        known = {code for word in (*must.split(), *may.split()) for code in QUESTIONS[word]}
        for code in sorted(said.get(name, ())):
            shown.append(Shown(name, code, "", RIGHT if code in known else WRONG, ""))
        for word in must.split():
            made = said.get(name, set()) & set(QUESTIONS[word])
            (caught if made else missed).append((name, QUESTIONS[word][0]))
    return Judged(len(LABELS), tuple(shown), tuple(caught), tuple(missed))


def corpus(folder: Path) -> Judged:
    """Other people's files: right is what an expert advises, and else as `corpus_verdicts.jsonl` has it. What he
    calls an error or a warning must be said, what he calls a hint may be."""
    rows = [
        json.loads(line) for line in (folder / "formats" / "labels.jsonl").read_text("utf-8").splitlines()
    ]
    advice = {f"formats/{row['file']}": row.get("advice", []) for row in rows}
    hand = [json.loads(line) for line in (SPECS / "corpus_verdicts.jsonl").read_text("utf-8").splitlines()]
    verdicts = {(row["file"], row["code"]): row["verdict"] for row in hand}
    own = sorted(str(path.relative_to(folder)) for path in (folder / "gpu-jsonc").glob("*.jsonc"))
    files = [*sorted(advice), *own]
    shown, caught, missed = [], [], []
    for one in lint(folder, files, shipped_then()):
        file, code = one["path"], one["code"]
        advised = any(code in ADVICE.get(point["kind"], ()) for point in advice.get(file, ()))
        verdict = verdicts.get((file, code)) or (RIGHT if advised else UNJUDGED)
        shown.append(Shown(file, code, one["severity"], verdict, one["message"]))
    useful = {(one.file, one.code) for one in shown if one.verdict == RIGHT}
    for file, points in advice.items():
        for point in points:
            codes = ADVICE.get(point["kind"], ())
            if point["severity"] == "info" or not codes:
                continue  # a hint may be given; what no rule is about cannot be counted for one
            made = any((file, code) in useful for code in codes)
            (caught if made else missed).append((file, codes[0]))
    return Judged(len(files), tuple(shown), tuple(caught), tuple(missed))
