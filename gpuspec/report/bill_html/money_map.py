"""Where the money goes: a map of all jobs, in boxes as large as what they cost a month. Boxes are HTML: text in them
keeps its size on every screen, and needs no script. Their places are rules of the page's style."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.bill import JobBill
from gpuspec.report.bill_html.coloured import ColouredGroup
from gpuspec.report.bill_html.markup import NOTHING, Html, foreign, joined, length, tag
from gpuspec.report.bill_html.treemap import Box, squarified
from gpuspec.words import dollars, shortened

MOST = 40
"""Jobs with a box of their own; those after them are one box in their group."""
SHAPES = {"wide": Box(0, 0, 680, 400), "narrow": Box(0, 0, 360, 480)}
"""For screens and paper, and for phones: the shape, in CSS pixels, that boxes are laid out for."""


class Plot(NamedTuple):
    """What is drawn in a box: a job, or those that are too small for boxes of their own."""

    name: str
    per_month: float
    saved: float


class Drawn(NamedTuple):
    """A piece of the page, and the rules of style that place its boxes."""

    markup: Html
    style: str


def money_map(groups: Sequence[ColouredGroup]) -> Drawn:
    """The map in both shapes; the style shows one."""
    groups = [group for group in groups if group.per_month > 0]
    if not groups:
        return Drawn(NOTHING, "")
    dearest = sorted((job.per_month or 0.0 for group in groups for job in group.jobs), reverse=True)
    least = dearest[:MOST][-1]
    names = ", ".join(f"{shortened(group.name, 40)} {dollars(group.per_month)}" for group in groups)
    said = f"Map of the dollars a month by group: {names}. Every job stands in the table of all jobs."
    maps, rules = [], []
    for shape, within in SHAPES.items():
        boxes: list[Html] = []
        places = squarified([each.per_month for each in groups], within)
        for group, place in zip(groups, places, strict=True):
            plots = list(_plots(group.jobs, least))
            inner = squarified([each.per_month for each in plots], place)
            for number, (plot, box) in enumerate(zip(plots, inner, strict=True)):
                name = f"{shape[0]}{len(boxes)}"
                boxes.append(_drawn(group, plot, name, names_group=number == 0))
                rules.append(_rule(name, box, within))
        maps.append(tag("div", *boxes, class_=f"map {shape}", role="img", aria_label=said))
    return Drawn(joined(maps), "\n".join(rules))


def _plots(jobs: Sequence[JobBill], least: float) -> Iterator[Plot]:
    """The jobs of a group that cost so much, and one for all others."""
    jobs = [job for job in jobs if job.per_month]  # what costs nothing has no area
    small = [job for job in jobs if (job.per_month or 0.0) < least]
    for job in jobs if len(small) < 2 else jobs[: len(jobs) - len(small)]:
        yield Plot(job.job, job.per_month or 0.0, job.saved)
    if len(small) > 1:
        cost, saved = sum(job.per_month or 0.0 for job in small), sum(job.saved for job in small)
        yield Plot(f"{len(small)} smaller jobs", cost, saved)


def _drawn(group: ColouredGroup, plot: Plot, name: str, *, names_group: bool) -> Html:
    """A box; hatched from the right is the share that could be saved."""
    saved = min(plot.saved / plot.per_month, 1.0)
    parts = [tag("i", class_=f"hatch h{round(20 * saved)}")] if round(20 * saved) else []
    if names_group:
        parts.append(tag("small", foreign(group.name, 40)))
    parts += [tag("b", foreign(plot.name, 60)), _amount(plot.per_month)]
    title = f"{shortened(plot.name, 60)}, {dollars(plot.per_month)} a month"
    return tag("div", *parts, class_=f"box c{group.colour} {name}", title=title)


def _amount(per_month: float) -> Html:
    """Dollars. A box that is too narrow for all of them shows none: half a number is a wrong one."""
    said = dollars(per_month)
    return tag("span", said, class_="long" if len(said) > 7 else None)


def _rule(name: str, box: Box, within: Box) -> str:
    """The place of a box, in percent of the map."""
    left, width = (length(each / within.width) for each in (box.left, box.width))
    top, height = (length(each / within.height) for each in (box.top, box.height))
    return f".{name}{{left:{left};top:{top};width:{width};height:{height}}}"
