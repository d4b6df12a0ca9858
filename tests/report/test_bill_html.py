"""What the bill's page says; how it looks is tried in test_bill_in_a_browser.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from company_bill import company

from gpuspec.planning.bill import Bill, BudgetLine, MonthlyUse
from gpuspec.planning.bill_groups import groups
from gpuspec.planning.reserved import ReservedGpus, ReservedUse
from gpuspec.report.bill_html import render
from gpuspec.report.bill_html.budgets import labelled, state
from gpuspec.report.bill_html.coloured import coloured, first_grouping, groupings
from gpuspec.report.bill_html.job_table import use_in_words
from gpuspec.report.bill_html.markup import Html, foreign, part, tag
from gpuspec.report.bill_html.treemap import Box, squarified

ROOT = Path(__file__).parents[2]
EMPTY = Bill((), (), (), (), "a list of 2026-11-20")


def words(page: str) -> str:
    """What the page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("</style>")[2]).split())


def test_the_sums_of_the_page() -> None:
    said = words(render(company()))
    servers = 730 * (6.88 + 10.15 + 0.80 + 27.52 + 0.86 + 1.01 + 0.80)
    notebooks = 160 * (0.53 + 5.07 + 0.80)
    runs = 30 * 2.5 * 40.97 + 4.35 * 3 * 0.8 + 2 * 96 * 23.92 + 12 * 6 * 1.79 + 22 * 4 * 5.67 + 30 * 1 * 0.53
    limits = 72 * 3.44 + 40 * 100.8
    pushes = 200 * 0.1 * 0.53
    total = servers + notebooks + runs + limits + pushes
    assert round(total) == 48_688
    assert said.startswith("GPU bill $48,688 a month 19 jobs, $584,261 a year at this rate.")
    assert round(12 * total) == 584_261
    assert f"${limits:,.0f} a month of it is a limit" in said
    saved = 4438 + 339 + 3396 + 1843 + 1722 + 10045 + 4604 + 600 + 314 + 484 + 250
    assert f"Could be saved a month ${saved:,} 58 % of the bill, in 11 steps" in said
    assert f"${servers + notebooks + pushes:,.0f} (74 %): a default that nobody wrote" in said
    assert "What 2 jobs cost is not known , and is in no sum." in said


def test_the_ten_biggest_savings_are_those_that_add_most() -> None:
    rows = render(company()).partition('class="savings"')[2].partition("</table>")[0].split("<tr>")[2:]
    amounts = [re.findall(r"\$[\d,]+", row.partition('class="num"')[2])[0] for row in rows]
    assert amounts == [
        "$10,045",
        "$4,604",
        "$4,438",
        "$3,396",
        "$1,843",
        "$1,722",
        "$600",
        "$484",
        "$339",
        "$314",
    ]


def test_another_way_to_the_same_dollars_is_no_row_of_its_own() -> None:
    bill = company()
    (first, second), *_ = (job.savings for job in bill.jobs if job.job == "chat-70b")
    other = first._replace(message="2x H200 do, too", alone=9000.0, adds=0.0)
    jobs = tuple(
        job._replace(savings=(first, second, other)) if job.job == "chat-70b" else job for job in bill.jobs
    )
    page = render(bill._replace(jobs=jobs))
    assert words(page).count("or: 2x H200 do, too") == 1
    assert "11 steps" in words(page)


def test_rules_link_to_their_pages() -> None:
    found = set(re.findall(r'href="https://[^"]*/(docs/rules/[^"]+)"', render(company())))
    assert "docs/rules/GS101-over-provisioned-gpu.md" in found
    assert (ROOT / "docs/rules/GS101-over-provisioned-gpu.md").exists()
    bill = company()
    jobs = tuple(
        job._replace(savings=tuple(step._replace(code="ACME1") for step in job.savings)) for job in bill.jobs
    )
    assert "docs/rules/" not in render(bill._replace(jobs=jobs))  # a plugin's


def test_reserved_capacity_is_shown_with_what_is_paid_for_nothing() -> None:
    bill = company()
    pool = ReservedGpus("lambda", "H100-80GB", 8, 2.50, ("H100-80GB",), "/nowhere/gpuspec.toml")
    use = ReservedUse(pool, 8 * 192)  # train-detector: 192 h on eight
    (detector,) = (job for job in bill.jobs if job.job == "train-detector")
    idle = detector._replace(
        job="unused: 5.9 of 8", format="reserved", reserved=1.0, savings=(), per_month=10_760.0
    )
    jobs = tuple(job._replace(reserved=1.0) if job is detector else job for job in bill.jobs)
    said = words(render(bill._replace(jobs=(*jobs, idle), reserved=(use,))))
    # 8 × 2.50 × 730 = 14,600; used 192 of 730 hours: 26 %; 14,600 − 20 × 192 = 10,760
    price = "8 × H100-80GB of lambda at $2.50 an hour each, $14,600 a month"
    assert f"{price} 26 % used, $10,760 a month for nothing" in said
    assert "8x H100-80GB lambda 100 % reserved" in said
    assert "19 jobs, " in said
    assert "Jobs 21 the cost" in said


def test_what_is_not_known_is_not_zero() -> None:
    unknown = tuple(job for job in company().jobs if job.per_month is None)
    page = render(EMPTY._replace(jobs=unknown))
    said = words(page)
    assert said.startswith("GPU bill Not known What 2 jobs cost is not known")
    assert "no price of 8x B300 is known: add one to private-prices" in said
    assert "$" not in said
    assert words(render(EMPTY)).startswith("GPU bill No jobs Among these files there is no job")


def test_the_same_bill_is_the_same_page() -> None:
    assert render(company()) == render(company())


def test_boxes_are_those_of_the_published_example() -> None:
    """Figure 4 of Bruls, Huizing and van Wijk: 6, 6, 4, 3, 2, 2, 1 in a rectangle of 6 by 4."""
    boxes = squarified([6, 6, 4, 3, 2, 2, 1], Box(0, 0, 6, 4))
    by_hand = [
        (0, 0, 3, 2), (0, 2, 3, 2),  # 12 of 24 in a column 3 wide
        (3, 0, 12 / 7, 7 / 3), (3 + 12 / 7, 0, 9 / 7, 7 / 3),  # 7 in a row 7/3 high
        (3, 7 / 3, 1.2, 5 / 3), (4.2, 7 / 3, 1.2, 5 / 3), (5.4, 7 / 3, 0.6, 5 / 3),
    ]  # fmt: skip
    assert [tuple(box) for box in boxes] == [pytest.approx(box) for box in by_hand]


@pytest.mark.parametrize("amounts", [[], [5.0], [1e-9, 1e9], [1.0] * 1000])
def test_boxes_fill_the_rectangle(amounts: list[float]) -> None:
    boxes = squarified(amounts, Box(0, 0, 680, 400))
    assert len(boxes) == len(amounts)
    assert sum(box.width * box.height for box in boxes) == pytest.approx(680 * 400 if amounts else 0)
    assert all(box.left + box.width <= 680.001 and box.top + box.height <= 400.001 for box in boxes)


def test_small_jobs_share_a_box_and_all_stand_in_the_table() -> None:
    bill = company()
    many = tuple(bill.jobs[0]._replace(job=f"job-{number}", per_month=100.0 - number) for number in range(60))
    page = render(bill._replace(jobs=many, groups=()))
    assert words(page).count("20 smaller jobs") == 2  # once in the map for desks, once in that for phones
    assert page.count('class="place"') == 60


def test_groups_are_coloured_by_the_label_that_says_who_pays() -> None:
    bill = company()
    assert first_grouping(bill) == "team"
    found = [(group.name, len(group.jobs), group.unknown, round(group.per_month)) for group in coloured(bill)]
    assistant = 730 * (27.52 + 0.86 + 1.01) + 12 * 6 * 1.79
    assert found[0] == ("assistant", 4, 0, round(assistant))
    assert found[-1] == ("none", 1, 0, 11)
    only_folders = tuple(group for group in bill.groups if group.by == "folder")
    assert first_grouping(bill._replace(groups=only_folders)) == "folder"
    assert {group.name for group in coloured(bill._replace(groups=only_folders))} == {
        "search", "vision", "assistant", "speech", "research", "ci",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "shown", "above"),
    [
        (["a/jobs/x", "a/jobs/y/z"], ["x", "y/z"], "a/jobs"),
        (["a", "a/b"], ["a", "b"], "a"),
        (["/r/a", "/r/b"], ["a", "b"], "/r"),
        (["ab/x", "abc/x"], ["ab/x", "abc/x"], ""),
        ([".", "a"], [".", "a"], ""),
        (["/r/a", "b"], ["/r/a", "b"], ""),
        (["a/b"], ["a/b"], ""),
    ],
)
def test_folders_are_named_as_seen_from_the_one_above_all(
    names: list[str], shown: list[str], above: str
) -> None:
    job = company().jobs[0]
    jobs = tuple(job._replace(path=name + "/gpu.jsonc", job=name) for name in names)
    bill = EMPTY._replace(jobs=jobs, groups=groups(jobs, ("folder",)))
    assert sorted(group.name for group in coloured(bill)) == sorted(shown)
    assert [group.name for group in groupings(bill)["folder"]] == sorted(shown)
    assert ("By folder in " + above in words(render(bill))) == bool(above)


def test_a_label_that_few_have_colours_nothing() -> None:
    bill = company()
    jobs = tuple(
        job._replace(labels={} if job.per_month and job.per_month > 4500 else job.labels) for job in bill.jobs
    )
    assert first_grouping(bill._replace(jobs=jobs, groups=groups(jobs, ("folder", "team")))) == "folder"


def test_more_groups_than_colours_share_the_last() -> None:
    bill = company()
    jobs = tuple(
        bill.jobs[0]._replace(labels={"team": f"t{number}"}, per_month=9.0 - number) for number in range(9)
    )
    found = coloured(bill._replace(jobs=jobs))
    assert [(group.name, group.colour) for group in found[5:]] == [("t5", 5), ("3 more", 7)]
    assert found[-1].per_month == 3 + 2 + 1


@pytest.mark.parametrize(
    ("spent", "reached", "said"),
    [
        (600.0, None, ("calm", "$400 left")),
        (700.0, 0.7, ("near", "at 70 %, $300 left")),
        (950.0, 0.9, ("near", "past 90 %, $50.00 left")),
        (1000.0, 1.0, ("near", "at 100 %, $0.00 left")),
        (1250.0, 1.0, ("over", "over by $250")),
    ],
)
def test_the_state_of_a_budget(spent: float, reached: float | None, said: tuple[str, str]) -> None:
    assert state(BudgetLine("", "", 1000.0, spent, (0.7, 0.9, 1.0), reached)) == said


def test_steps_that_lie_close_are_not_all_named() -> None:
    assert labelled([0.7, 0.9, 1.0], 1.13) == [0.7, 0.9, 1.0]
    assert labelled([0.7, 0.85, 0.9, 0.95, 1.0], 1.13) == [0.7, 0.95, 1.0]  # a name needs a tenth of the bar
    assert labelled([0.9, 1.0, 1.2], 1.5) == [0.9, 1.0, 1.2]


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (MonthlyUse(730, None, None, ""), "730 h"),
        (MonthlyUse(75, 30, 2.5, ""), "30 runs × 2.5 h"),
        (MonthlyUse(40, 1, 40, "", at_most=True), "1 run × at most 40 h"),
        (MonthlyUse(0.5, 1, 0.5, ""), "1 run × 30 min"),
        (MonthlyUse(None, 3, None, ""), "not known"),
    ],
)
def test_use_in_words(use: MonthlyUse, said: str) -> None:
    assert use_in_words(use) == said


def test_markup_is_escaped_unless_it_is_markup() -> None:
    assert tag("b", "<i>", Html("<br>"), title='"&') == '<b title="&quot;&amp;">&lt;i&gt;<br></b>'
    assert foreign("a\n\u202eb" + "x" * 500, 6) == "<bdi>a \\u202ebx…</bdi>"
    assert (part(1, 3), part(1, 1000), part(0, 5), part(0, 0)) == ("33 %", "< 1 %", "0 %", "")
