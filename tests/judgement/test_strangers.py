"""How right lint is on jobs as strangers write them, labelled before it was run over them: `benchmarks/judgement.py`.

Where `test_nothing_is_unjudged` fails: read the finding as the author of that file would, and write a line to
`strangers/verdicts.jsonl`: right (an expert would say it), pointless (true, and nobody acts on it) or wrong, and why.
"""

from __future__ import annotations

import json

import pytest

from benchmarks.judgement import (
    KINDS,
    POINTLESS,
    RIGHT,
    STRANGERS,
    UNJUDGED,
    WRONG,
    Judged,
    judge,
    read_labels,
    read_verdicts,
)

SETS = ("labels.jsonl", "second.jsonl", "third.jsonl", "fourth.jsonl", "fifth.jsonl")


@pytest.fixture(scope="module")
def judged() -> Judged:
    return judge(*SETS)


def test_every_label_names_a_file_and_kinds_that_are_known() -> None:
    labels = [label for name in SETS for label in read_labels(STRANGERS, name)]
    assert len({label.file for label in labels}) == len(labels) >= 200
    for label in labels:
        assert (STRANGERS / label.file).is_file(), label.file
        assert {*label.must, *label.may, *label.never} <= set(KINDS), label.file
        assert not set(label.never) & {*label.must, *label.may}, label.file


def test_every_verdict_says_why() -> None:
    files = {label.file for name in SETS for label in read_labels(STRANGERS, name)}
    rows = [json.loads(line) for line in (STRANGERS / "verdicts.jsonl").read_text("utf-8").splitlines()]
    assert len(read_verdicts(STRANGERS)) == len(rows), "the same file and rule twice"
    for row in rows:
        assert row["file"] in files, row
        assert row["verdict"] in (RIGHT, POINTLESS, WRONG), row
        assert row["why"], row


def test_nothing_is_unjudged(judged: Judged) -> None:
    new = [f"{one.file}: {one.code}: {one.message}" for one in judged.shown if one.verdict == UNJUDGED]
    assert not new, "judge it:\n" + "\n".join(new)


def test_what_is_shown_is_right_and_somebody_acts_on_it(judged: Judged) -> None:
    """The bar: of what is shown 95 % true and at most a tenth pointless; of an expert's points 70 % made."""
    assert judged.share(WRONG) <= 0.05, [
        f"{one.file}: {one.code}" for one in judged.shown if one.verdict == WRONG
    ]
    assert judged.share(POINTLESS) <= 0.10
    assert judged.recall >= 0.70, judged.missed
