"""How the phases are drawn: a row each, the one that decides marked, its parts below."""

import pytest

from gpuspec.planning.sized import Sized
from gpuspec.report import size_table
from gpuspec.sizing import Need, Part, Phase
from gpuspec.workload import Workload


def part(name: str, low: float, expected: float, high: float) -> Part:
    return Part(name, low, expected, high, "by hand")


ENCODE = Phase("encode", (part("text encoders", 9, 10, 14),))
DENOISE = Phase("denoise", (part("denoiser", 10, 11, 11), part("activations", 0, 1, 2)))
DECODE = Phase("decode", (part("VAE", 0.5, 1, 1), part("activations", 2, 3, 5)))


def drawn(*phases: Phase, columns: int = 100) -> list[str]:
    need = Need(phases, 1, "diffusers", ("16 bit",), "medium")
    sized = Sized(Workload(task="serve", modality="image", model_name="m"), need, counts=(1,))
    return size_table.render(sized, columns=columns).splitlines()


def test_the_deciding_phase_is_marked_and_its_parts_are_listed() -> None:
    lines = drawn(ENCODE, DENOISE, DECODE)
    at = lines.index("In “denoise”, which decides")
    phases, parts = lines[2 : at - 1], lines[at + 2 :]
    assert [line.split()[:-1] for line in phases[1:4]] == [
        ["encode", "9.00", "10.00", "14.00"],
        [">", "denoise", "10.00", "12.00", "13.00"],
        ["decode", "2.50", "4.00", "6.00"],
    ]
    assert phases[4].split() == ["the", "most", "of", "any", "10.00", "12.00", "14.00"]
    bars = [line.count("█") for line in phases[1:4]]
    assert bars[1] > bars[0] > bars[2] > 0
    assert [line.split()[0] for line in parts[:3]] == ["denoiser", "activations", "total"]


def test_one_phase_is_not_drawn() -> None:
    text = "\n".join(drawn(DENOISE))
    assert "Phase" not in text
    assert "█" not in text
    assert "denoiser" in text


@pytest.mark.parametrize("columns", [40, 60])
def test_it_can_be_read_in_few_columns(columns: int) -> None:
    lines = drawn(ENCODE, DENOISE, DECODE, columns=columns)
    assert max(map(len, lines)) <= columns
    (row,) = [line for line in lines if line.startswith(">")]
    assert all(figure in row for figure in ("denoise", "10.00", "12.00", "13.00"))
