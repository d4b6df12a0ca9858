"""The arithmetic that `explain` prints: the phases, the parts of the one that decides, what is usable."""

from gpuspec import Gpu
from gpuspec.editor.describe import need_text
from gpuspec.planning.alternatives import Alternative
from gpuspec.rules.numbers import need_lines
from gpuspec.sizing import Need, Part, Phase, fit

PROMPT = Phase(
    "prompt", (Part("weights", 10, 10, 10, "as stored"), Part("activations", 2, 3, 5, "of all tokens"))
)
DECODE = Phase(
    "decode", (Part("weights", 10, 10, 10, "as stored"), Part("KV cache", 1, 1, 1, "of all tokens"))
)
CARD = Gpu("card", "any", "any", 24.0)


def lines(*phases: Phase) -> dict[str, str]:
    need = Need(phases, 1, "transformers", (), "high")
    return dict(need_lines(Alternative(gpu=CARD, gpu_count=1, price=None, fit=fit(need, CARD), speed=None)))


def test_each_phase_is_named_and_the_parts_are_those_of_the_one_that_decides() -> None:
    found = lines(PROMPT, DECODE)
    assert found["phase prompt"] == "12.00 – 13.00 – 15.00 GiB: it decides, and has"
    assert found["phase decode"] == "11.00 – 11.00 – 11.00 GiB"
    assert found["activations"] == "2.00 – 3.00 – 5.00 GiB: of all tokens"
    assert "KV cache" not in found
    assert found["need per GPU"] == "12.00 – 13.00 – 15.00 GiB"


def test_one_phase_needs_no_name() -> None:
    assert not any(name.startswith("phase") for name in lines(PROMPT))


def test_hover_says_the_phase_that_decides() -> None:
    text = need_text(Need((PROMPT, DECODE), 1, "transformers", (), "high"))
    assert text == "This job takes 12.0–15.0 GiB, most in the phase “prompt”: weights 10.0, activations 3.0."
