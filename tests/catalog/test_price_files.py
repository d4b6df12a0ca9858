"""Prices in a file: a CSV of one's own, or what a team has in common."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gpuspec.catalog import Catalog, Offer
from gpuspec.catalog.offer import HeldBack, PriceSource
from gpuspec.catalog.snapshot import HEADER, render
from gpuspec.errors import UserError

SOURCE = PriceSource(
    "skypilot-lambda",
    None,
    "SkyPilot catalog v8 lambda/vms.csv, fetched 2026-11-30",
    rentable=True,
    copied="2026-11-30",
    dropped=(("no price", 3),),
    mended=(("impossible RAM", 2),),
    held=(HeldBack("lambda", "gpu_8x", "H100 SXM", 8, 2.5, "too low"),),
)
OFFERS = (
    Offer("lambda", "us-east-1", "gpu_1x_a10", "A10", 1, 30.0, 200.0, None, 0.75, None, SOURCE.name, "A10"),
    Offer("lambda", "us-west-1", "gpu_1x_a10", "A10", 1, 30.0, 200.0, None, 0.75, None, SOURCE.name, "A10"),
)
LINE = "lambda\tgpu_1x_a10\tA10\t1\t30\t200\t\t0.75\t\t\t\tus-east-1|us-west-1\tskypilot-lambda\tA10"
DESCRIBED = f"{HEADER}\n# source\tskypilot-lambda\t\t2026-11-30\tan export\trentable\n"
CSV = "Cloud,AcceleratorName,AcceleratorCount,Price\nslurm,RTX4090,1,0.10\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "prices.tsv"


def _refused(path: Path | str) -> str:
    with pytest.raises(UserError) as caught:
        Catalog().offers(str(path))
    assert caught.value.code == "price-file"
    return caught.value.message


def test_what_a_team_has_in_common_keeps_its_sources(file: Path) -> None:
    text = render([SOURCE], OFFERS)
    file.write_text(text)
    catalog = Catalog()
    assert catalog.offers(str(file)) == OFFERS
    assert catalog.sources_of(str(file)) == (SOURCE,)
    assert render(catalog.sources_of(str(file)), catalog.offers(str(file))) == text


@pytest.mark.parametrize("text", [DESCRIBED + LINE, "\ufeff" + DESCRIBED + LINE + "\n"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_git_and_editors_may_have_been_at_it(file: Path, text: str, ends: str) -> None:
    file.write_bytes(text.replace("\n", ends).encode())
    assert [(offer.region, offer.price) for offer in Catalog().offers(str(file))] == [
        ("us-east-1", 0.75),
        ("us-west-1", 0.75),
    ]


@pytest.mark.parametrize("name", ["mine.csv", "prices.tsv", "sub/prices"])
def test_what_is_in_it_tells_what_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(CSV)
    catalog = Catalog()
    assert [(offer.cloud, offer.price) for offer in catalog.offers(str(path))] == [("slurm", 0.10)]
    (source,) = catalog.sources_of(str(path))
    assert (source.name, source.dated) == (str(path), "undated")
    path.write_text(DESCRIBED + LINE)
    os.utime(path, (1, 1))
    assert {offer.cloud for offer in catalog.offers(str(path))} == {"lambda"}


@pytest.mark.parametrize(
    ("line", "where"),
    [
        (LINE.replace("0.75", "nan"), 3), (LINE.replace("0.75", "inf"), 3), (LINE.replace("0.75", "-1"), 3),
        (LINE.replace("0.75", "1_0"), 3), (LINE.replace("0.75", "٣"), 3), (LINE.replace("0.75", "1e12"), 3),
        (LINE.replace("0.75", "cheap"), 3), (LINE.replace("A10\t1\t", "A10\t0\t"), 3),
        (LINE.replace("A10\t1\t", "A10\t1.5\t"), 3), (LINE.replace("A10\t1\t", f"A10\t{'9' * 5000}\t"), 3),
        (LINE.replace("lambda\t", "\t", 1), 3), (LINE.replace("\t\t\t\t", "\t\t\tmoon\t"), 3),
        (f"{LINE}\n<<<<<<< HEAD", 4), (f"{LINE}\n# held\tskypilot-lambda\tx", 4), (f"{LINE}\tone more", 3),
        (f"# dropped\tskypilot-lambda\twhy\t{'9' * 5000}", 3),
        (f"# source\tx\t2026-02-31\t\tme\trentable\n{LINE}", 3),
        (f"# source\tx\t\x1b[31m\t\tme\trentable\n{LINE}", 3), (f"# dropped\tnobody\twhy\t1\n{LINE}", 3),
    ],
)  # fmt: skip
def test_a_line_that_is_wrong_is_named(file: Path, line: str, where: int) -> None:
    file.write_text(DESCRIBED + line)
    assert _refused(file).startswith(f"{file} cannot be read: line {where} is not a line of prices: ")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "holds no prices"),
        (DESCRIBED.encode(), "holds no prices"),
        (HEADER.encode() + b" and more", "line 1 is not '# gpuspec prices 2'"),
        (b"# gpuspec prices 3\n" + LINE.encode(), "line 1 is not '# gpuspec prices 2'"),
        (f"{HEADER}\n{LINE}".encode(), "prices of an undescribed source: skypilot-lambda"),
        (b"\x1f\x8b\x08\x00" + bytes(range(256)), "cannot be read: it is no text in UTF-8"),
        ("Cloud,AcceleratorName\n".encode("utf-16"), "cannot be read: it is no text in UTF-8"),
        (b"<html>\n<p>log in</p>\n", ":1: no column Cloud"),
        (bytes(17 << 20), "it is larger than 16 MiB"),
        (b"Cloud,AcceleratorName,AcceleratorCount,Price\n" * 60_000, "it is larger than 2 MiB"),
        ((DESCRIBED + LINE.replace("us-east-1", "|" * 300_000)).encode(), "line 3 is not a line of prices"),
    ],
)
def test_what_is_no_file_of_prices(file: Path, data: bytes, why: str) -> None:
    file.write_bytes(data)
    assert why in _refused(file)


HEAD = "Cloud,AcceleratorName,AcceleratorCount,Price,SpotPrice\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEAD + "slurm,RTX4090,1,0,10\n", ":2: SpotPrice, 10, is more than Price, 0"),
        (HEAD + "slurm,RTX4090,1,0,10,\n", ":2: SpotPrice, 10, is more than Price, 0"),
        (HEAD + "slurm,RTX4090,1,0,10,0,05\n", ":2: more cells than the first line names columns"),
        ("Cloud,AcceleratorName,AcceleratorCount,Price\nslurm,RTX4090,1,0,10\n", ":2: more cells than"),
        (
            HEAD.replace("SpotPrice", "Price") + "slurm,RTX4090,1,0.10,9\n",
            ":1: two columns are called 'Price'",
        ),
        (HEAD.lower() + "slurm,RTX4090,1,0.10,\n", ":1: no column Cloud; 'cloud' is written Cloud"),
        (HEAD.replace(",", ";"), ":1: no column Cloud: the columns are separated by semicolons"),
        (HEAD.replace(",", "\t"), ":1: no column Cloud: the columns are separated by tabs"),
        (HEAD + "\n\nslurm,RTX4090,1,x,\n", ":4: Price is 'x', not a number"),
    ],
)
def test_a_csv_file_of_which_a_cell_would_be_taken_for_another(file: Path, text: str, why: str) -> None:
    """ "0,10" is ten cents in half of Europe, and a machine for nothing where a comma parts the columns."""
    file.write_text(text)
    assert why in _refused(file)


def test_a_spreadsheets_empty_cells_and_short_lines_are_no_mistake(file: Path) -> None:
    file.write_text(HEAD + "slurm,RTX4090,1,0.10,,,\nslurm,A40,1,0.30\n")
    assert [(each.gpu, each.price, each.spot_price) for each in Catalog().offers(str(file))] == [
        ("RTX 4090", 0.10, None),
        ("A40", 0.30, None),
    ]


def test_a_folder_and_nothing_are_no_files(tmp_path: Path) -> None:
    assert "it is a folder" in _refused(f"{tmp_path}/")
    assert "No such file" in _refused(tmp_path / "prices.tsv")
