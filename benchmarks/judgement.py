"""How right `gpuspec lint` is on jobs as strangers write them: shown findings that are right, pointless or wrong, and
an expert's points that it makes.

    python -m benchmarks.judgement [--missed] [--shown] [--corpus FOLDER] [--write DAY]

`tests/judgement/strangers/` holds the jobs, `labels.jsonl` and `second.jsonl` what an expert says of each, written
before gpuspec was run over them: `must` (a point that an expert makes), `may` (experts differ), `never` (what a
careless linter says, and what is wrong). A finding is right where it says what must or may be said, wrong where it
says what must not, and else as `verdicts.jsonl` has it: judged by hand, with the reason. Prices are pinned: those
that shipped then.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
STRANGERS = ROOT / "tests" / "judgement" / "strangers"
RIGHT, WRONG, POINTLESS, UNJUDGED = "right", "wrong", "pointless", "unjudged"

# What an expert calls it → the rules that say it, any of which will do.
KINDS: dict[str, tuple[str, ...]] = {
    "ambiguous-gpu": ("GS005",),
    "asked-model-differs": ("GS809",),
    "background-server": ("GS411",),
    "batch-one": ("GS304",),
    "checkpoints-lost": ("GS415", "GS502", "GS408"),
    "context-too-long": ("GS606",),
    "context-unset": ("GS602",),
    "disk-small": ("GS109",),
    "duplicate-key": ("GS002",),
    "eager": ("GS609",),
    "feature-missing": ("GS107", "GS203"),
    "files-not-sent": ("GS414",),
    "floating-tag": ("GS802",),
    "gated-no-token": ("GS406",),
    "gpu-not-needed": ("GS110", "GS814"),
    "gpus-idle": ("GS105", "GS103"),
    "host-ram-small": ("GS108",),
    "insecure": ("GS702",),
    "installs-at-start": ("GS812", "GS407"),
    "item-unquoted": ("GS306",),
    "items-overwrite": ("GS307",),
    "keep-alive": ("GS401",),
    "literal-variable": ("GS805",),
    "liveness-kill": ("GS803", "GS413"),
    "loop": ("GS301", "GS302"),
    "loopback": ("GS611",),
    "never-idle": ("GS811", "GS412"),
    "never-scales-to-zero": ("GS409",),
    "no-cap": ("GS504",),
    "no-drain": ("GS416",),
    "no-offer": ("GS106", "GS810"),
    "no-predownload": ("GS403",),
    "no-time-limit": ("GS402",),
    "not-loadable": ("GS612", "GS203"),
    "open-port": ("GS704",),
    "over-budget": ("GS505",),
    "overbooked": ("GS807",),
    "port-differs": ("GS610",),
    "quant-mismatch": ("GS202", "GS203"),
    "quantize": ("GS201", "GS813", "GS204"),
    "readiness-missing": ("GS410",),
    "readiness-too-short": ("GS413", "GS803"),
    "refetched": ("GS808",),
    "reload": ("GS303",),
    "remote-code": ("GS703",),
    "requests-differ": ("GS804",),
    "results-lost": ("GS408",),
    "scaled-by-cpu": ("GS806",),
    "schema": ("GS003",),
    "secret": ("GS701",),
    "shm-small": ("GS801",),
    "spot-no-checkpoint": ("GS502", "GS415"),
    "spot-serving": ("GS503",),
    "spot-would-do": ("GS501",),
    "too-few-gpus": ("GS105",),
    "too-large": ("GS101", "GS103", "GS813", "GS814"),
    "too-many-gpus": ("GS103", "GS101", "GS813"),
    "too-small": ("GS102", "GS104", "GS111"),
    "traffic-beyond-capacity": ("GS607",),
    "uneven-split": ("GS605",),
    "unknown-gpu": ("GS004",),
    "unpinned": ("GS404",),
    "util-low": ("GS601",),
}


class Label(NamedTuple):
    """What an expert says of one file, in words of KINDS."""

    file: str
    must: tuple[str, ...]
    may: tuple[str, ...]
    never: tuple[str, ...]


class Shown(NamedTuple):
    """One finding, and what it is worth."""

    file: str
    code: str
    severity: str
    verdict: str
    message: str


class Judged(NamedTuple):
    """All that was shown, and of what an expert says, what was said and what was not: (file, kind)."""

    files: int
    shown: tuple[Shown, ...]
    caught: tuple[tuple[str, str], ...]
    missed: tuple[tuple[str, str], ...]

    def count(self, verdict: str) -> int:
        return sum(one.verdict == verdict for one in self.shown)

    def share(self, verdict: str) -> float:
        return self.count(verdict) / len(self.shown) if self.shown else 0.0

    def unsaid(self) -> list[str]:
        """For each point that was not made, the first rule that should have made it."""
        return [KINDS[kind][0] if kind in KINDS else kind for _, kind in self.missed]

    @property
    def recall(self) -> float:
        return len(self.caught) / (len(self.caught) + len(self.missed))


def read_labels(folder: Path, name: str) -> list[Label]:
    """The labels of one set. A point whose label turned out to be mistaken says so (`erred`) and does not count."""
    rows = [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]
    return [
        Label(
            row["file"],
            tuple(point["kind"] for point in row["must"] if "erred" not in point),
            tuple(row["may"]),
            tuple(row["never"]),
        )
        for row in rows
    ]


def read_verdicts(folder: Path) -> dict[tuple[str, str], str]:
    rows = [json.loads(line) for line in (folder / "verdicts.jsonl").read_text("utf-8").splitlines()]
    return {(row["file"], row["code"]): row["verdict"] for row in rows}


def shipped_then() -> bytes:
    """The price table that shipped when the labels were written."""
    return gzip.decompress((STRANGERS / "prices.tsv.gz").read_bytes())


def lint(folder: Path, files: list[str], prices: bytes, clouds: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """What `gpuspec lint` with its default settings shows of the files: one process, pinned prices, no network.
    `clouds`: the only ones that count, for prices that lack some which ship with gpuspec and would be laid beside."""
    with tempfile.TemporaryDirectory() as data:
        (Path(data) / "prices.tsv").write_bytes(prices)
        settings = f"clouds = {json.dumps(clouds)}\n" if clouds else ""
        (Path(data) / "gpuspec.toml").write_text(settings, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "gpuspec",
            "lint",
            "--config",
            f"{data}/gpuspec.toml",
            "--format",
            "json",
        ]
        own = {**os.environ, "GPUSPEC_DATA_DIR": data, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [*command, *files], cwd=folder, capture_output=True, text=True, check=False, env=own
        )
    if done.returncode not in (0, 1):
        raise SystemExit(f"lint ends with {done.returncode}: {done.stderr[-500:]}")
    findings: list[dict[str, str]] = json.loads(done.stdout)["findings"]
    return findings


def _verdict(label: Label, code: str, verdicts: dict[tuple[str, str], str]) -> str:
    by_hand = verdicts.get((label.file, code))
    if by_hand:
        return by_hand
    if any(code in KINDS[kind] for kind in (*label.must, *label.may)):
        return RIGHT
    return WRONG if any(code in KINDS[kind] for kind in label.never) else UNJUDGED


def judge(*sets: str, folder: Path = STRANGERS) -> Judged:
    """What is shown of the files of these sets of labels, all in one run, and what it is worth."""
    labels = [label for name in sets for label in read_labels(folder, name)]
    verdicts = read_verdicts(folder)
    of = {label.file: label for label in labels}
    shown = []
    for finding in lint(folder, list(of), shipped_then()):
        label, code = of[finding["path"]], finding["code"]
        verdict = _verdict(label, code, verdicts)
        shown.append(Shown(label.file, code, finding["severity"], verdict, finding["message"]))
    useful = {(one.file, one.code) for one in shown if one.verdict == RIGHT}
    caught, missed = [], []
    for label in labels:
        for kind in label.must:
            told = any((label.file, code) in useful for code in KINDS[kind])
            (caught if told else missed).append((label.file, kind))
    return Judged(len(labels), tuple(shown), tuple(caught), tuple(missed))


def table(judged: Judged) -> str:
    """Rule → how often it was right, pointless and wrong, and which points that it should make were not made."""
    by_rule = Counter((one.code, one.verdict) for one in judged.shown)
    missed = Counter(judged.unsaid())
    verdicts = (RIGHT, POINTLESS, WRONG, UNJUDGED)
    lines = [f"{'rule':8}{'right':>8}{'pointless':>11}{'wrong':>8}{'unjudged':>10}{'missed':>8}"]
    for code in sorted({code for code, _ in by_rule} | set(missed)):
        right, pointless, wrong, unjudged = (by_rule[code, verdict] for verdict in verdicts)
        lines.append(f"{code:8}{right:8}{pointless:11}{wrong:8}{unjudged:10}{missed[code]:8}")
    return "\n".join(lines)


def summary(judged: Judged) -> str:
    shown = len(judged.shown)
    points = len(judged.caught) + len(judged.missed)
    return (
        f"{judged.files} files, {shown} findings ({shown / judged.files:.2f} a file): "
        f"right {judged.share(RIGHT):.1%}, pointless {judged.share(POINTLESS):.1%}, wrong {judged.share(WRONG):.1%}; "
        f"{len(judged.caught)} of {points} points made ({judged.recall:.1%})"
    )


def page(judged: dict[str, Judged], day: str) -> str:
    """The table of all corpora together, as `gpuspec rules --docs` puts it under its list of rules."""
    by_rule = Counter((one.code, one.verdict) for each in judged.values() for one in each.shown)
    missed = Counter(code for each in judged.values() for code in each.unsaid())
    lines = [
        "## How often they are right",
        "",
        f"Counted on {day} by `python -m benchmarks.judgement`, with default settings, on files that experts judged:",
        "",
        *(f"- {name}: {summary(each)}" for name, each in judged.items()),
        "",
        "*Right*: an expert says it, too, or would not object. *Pointless*: true, and nobody acts on it. *Missed*:",
        "an expert's point that nothing said, under the first rule that could have. Rules without a row were neither",
        "shown nor missed there. A rule that is mostly pointless is shown with `--pedantic` only.",
        "",
        "| code | right | pointless | wrong | missed |",
        "|---|---|---|---|---|",
    ]
    for code in sorted({code for code, _ in by_rule} | set(missed)):
        counts = (by_rule[code, RIGHT], by_rule[code, POINTLESS], by_rule[code, WRONG], missed[code])
        lines.append(f"| {code} | {' | '.join(str(count) if count else '' for count in counts)} |")
    return "\n".join(lines) + "\n"


def _measured(corpus: Path | None) -> dict[str, Judged]:
    from benchmarks import judgement_corpora as others

    found = {
        "jobs as strangers write them, labelled blind": judge("labels.jsonl"),
        "more of them, of which those who mended rules were told the kinds late": judge("second.jsonl"),
        "more of them, which nobody saw before the last count": judge("third.jsonl"),
        "more of them, whose labels were written by somebody who had read no rule": judge("fourth.jsonl"),
        "more of them, by the same hand, which had mended rules by then": judge("fifth.jsonl"),
    }
    found["job specs, of which size and number of GPUs are judged"] = others.specs()
    if corpus:
        found["files of other people's repositories"] = others.corpus(corpus)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--missed", action="store_true", help="name each point that was not made")
    parser.add_argument("--shown", action="store_true", help="print each finding that is not right")
    parser.add_argument(
        "--corpus", type=Path, help="a folder of other people's files with an expert's advice"
    )
    parser.add_argument("--write", metavar="DAY", help="write the table of all to gpuspec/rules/judged.md")
    options = parser.parse_args()
    measured = _measured(options.corpus)
    for name, judged in measured.items():
        print(f"{name}\n{table(judged)}\n{summary(judged)}\n")
        for file, kind in judged.missed if options.missed else ():
            print(f"missed: {file}: {kind}")
        for one in judged.shown if options.shown else ():
            if one.verdict != RIGHT:
                print(f"{one.verdict}: {one.file}: {one.code} {one.severity}: {one.message}")
    if options.write:
        (ROOT / "gpuspec" / "rules" / "judged.md").write_text(page(measured, options.write), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
