"""The bill's page in a real browser, as wide as a desk's and a phone's, light and dark, and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, Page, chromium
from company_bill import company
from node import installed

from gpuspec.planning.bill import Bill
from gpuspec.report.bill_html import render

SCREENS = [(width, dark) for width in (1280, 390) for dark in (False, True)]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=http://192.0.2.1/x.png onerror=alert(1)>',
    "</style></bdi></td></table><style>@import 'http://192.0.2.1/x.css'</style>",
    "' onmouseover='alert(1)' style='background:url(//192.0.2.1/y)",
    "javascript:alert(1) &lt;b&gt; &#60;i&#62; ]]> <!-- ${7*7} {{7*7}}",
    "\u202egnp.exe\u202c \x00\x1b[31m \ufeff\u200b\ud800",
    "x" * 100_000,
    "<svg/onload=alert(1)>\n<iframe src=file:///etc/passwd>",
)
CONTRAST = """(() => {
  const parts = colour => { const all = colour.match(/[\\d.]+/g).map(Number);
    return all.length < 4 ? [...all, 1] : all };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = colour => {  // WCAG 2.2: relative luminance
    const [r, g, b] = colour.map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05) };
  const behind = node => { let found = [];
    for (; node; node = node.parentElement) found.push(parts(getComputedStyle(node).backgroundColor));
    return found.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]) };
  const paper = behind(document.documentElement), low = [];
  let texts = 0, shapes = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walk.nextNode();) {
    const at = node.parentElement, style = getComputedStyle(at);
    if (!node.data.trim() || !at.checkVisibility({visibilityProperty: true})) continue;
    const colour = parts(at.closest('text') ? style.fill : style.color), ground = behind(at);
    const grounds = at.closest('.box') ? [ground, over([...paper.slice(0, 3), 0.5], ground), paper] : [ground];
    for (const each of grounds) { texts++; const is = ratio(over(colour, each), each);
      if (is < 4.5) low.push([node.data.slice(0, 40), is]) }
  }
  for (const shape of document.querySelectorAll('.fill, .certainty rect, .ladder .whole')) {
    shapes++; const is = ratio(parts(getComputedStyle(shape).fill), behind(shape.closest('li, td, div, section')));
    if (is < 3) low.push([shape.getAttribute('class') + ' ' + shape.closest('[class]').outerHTML.slice(0, 80), is]) }
  return {low, texts, shapes, same: ratio([0, 0, 0], [255, 255, 255]), grey: ratio([118, 118, 118], [255, 255, 255])};
})()"""
"""The text that has too little contrast (WCAG 2.2, 1.4.3: 4.5 : 1), and what is drawn with too little (1.4.11:
3 : 1). Text in a box of the map is measured on the box, and on the stripes that half cover it."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bill") / "bill.html"
    path.write_text(render(company()), encoding="utf-8")
    return path


def asked_only_for(page: Page, path: Path) -> bool:
    return page.requests() == [path.as_uri()]


def is_as_wide_as_the_screen(page: Page) -> bool:
    return bool(page.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize(("width", "dark"), SCREENS)
def test_the_page_is_readable_and_quiet(browser: Browser, file: Path, width: int, dark: bool) -> None:
    page = browser.page(width, dark=dark)
    page.open(file)
    assert page.complaints() == []
    assert asked_only_for(page, file)
    assert page.value("innerWidth") == width
    assert is_as_wide_as_the_screen(page)
    measured = page.value(CONTRAST)
    assert (measured["same"], round(measured["grey"], 2)) == (
        21,
        4.54,
    )  # known of white with black, and with #767676
    assert measured["texts"] > 300
    assert measured["shapes"] > 30
    assert measured["low"] == []
    background = page.value("getComputedStyle(document.documentElement).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is not dark
    maps = "[...document.querySelectorAll('.map')].filter(each => each.checkVisibility()).length"
    assert page.value(maps) == 1


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(browser: Browser, file: Path, width: int) -> None:
    """axe-core of Deque looks for what keeps people with screen readers, keyboards and weak eyes out."""
    source = installed(("axe-core@4.14.1",)) / "node_modules" / "axe-core" / "axe.min.js"
    page = browser.page(width)
    page.open(file)
    page.value(source.read_text(encoding="utf-8") + ";0")
    found = page.value("axe.run().then(({violations, passes}) => ({violations, passes: passes.length}))")
    wrong = [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]]
    assert wrong == []
    assert found["passes"] > 20


def test_all_is_there_without_scripts(browser: Browser, file: Path) -> None:
    page = browser.page(scripts=False)
    page.open(file)
    assert page.complaints() == []
    assert page.value("document.querySelectorAll('.jobs tbody tr').length") == 19
    assert page.value("document.querySelectorAll('.unknown tbody tr').length") == 2
    assert page.value("document.querySelectorAll('.savings tbody tr').length") == 10
    assert "$20,090" in page.value("document.body.innerText")  # chat-70b: 27.52 $ × 730 h
    text = file.read_text(encoding="utf-8")
    assert re.search(r"<script|\son\w+=|\ssrc=|\sstyle=|<link|@import|url\((?!#)", text) is None


def hostile(name: str) -> Bill:
    """The company's bill, with this in every place that a file, a label or a setting fills."""
    bill = company()
    jobs = [
        job._replace(
            path=name,
            job=name,
            format=name,
            machine=name,
            cloud=name,
            gpu=name,
            labels={"team": name, **({name: name} if name != "team" else {})},
            unknown=name if job.unknown else "",
            use=job.use._replace(why=name),
            savings=tuple(step._replace(message=name, name=name) for step in job.savings),
        )
        for job in bill.jobs
    ]
    groups = [group._replace(name=name) for group in bill.groups]
    budgets = [line._replace(by=line.by and name, name=line.name and name) for line in bill.budgets]
    return bill._replace(
        jobs=tuple(jobs),
        groups=tuple(groups),
        budgets=tuple(budgets),
        assumptions=(name,) * 3,
        prices=name,
        skipped=((name, name),),
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_a_hostile_name_does_nothing(browser: Browser, tmp_path: Path, width: int) -> None:
    shapes = []
    for number, name in enumerate(("plain", *HOSTILE)):
        path = tmp_path / f"{number}.html"
        path.write_text(render(hostile(name), name), encoding="utf-8")
        page = browser.page(width)
        page.open(path)
        assert page.complaints() == [], name[:80]
        assert asked_only_for(page, path), name[:80]
        assert is_as_wide_as_the_screen(page), name[:80]
        shapes.append(page.value("[...document.querySelectorAll('*')].map(each => each.tagName).join()"))
        shown = page.value("document.body.innerText")
        assert re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b]", shown) is None
        if name.startswith("<script>"):
            assert "<script>alert(1)</script>" in shown
    assert [
        number for number, each in enumerate(shapes) if each != shapes[0]
    ] == []  # the same page but for texts


def test_it_prints_on_a4_in_light_colours(browser: Browser, file: Path, tmp_path: Path) -> None:
    page = browser.page(dark=True)
    page.open(file)
    page.print_to(tmp_path / "bill.pdf")
    data = (tmp_path / "bill.pdf").read_bytes()
    sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert 3 <= len(sheets) <= 7
    assert {(round(float(a) / 72 * 25.4), round(float(b) / 72 * 25.4)) for a, b in sheets} == {(210, 297)}
    page.send(
        "Emulation.setEmulatedMedia",
        media="print",
        features=[{"name": "prefers-color-scheme", "value": "dark"}],
    )
    colours = "(style => [style.backgroundColor, style.color])(getComputedStyle(document.documentElement))"
    assert page.value(colours) == ["rgb(255, 255, 255)", "rgb(24, 32, 43)"]
