"""What answers cost through an API, for comparison with a machine of one's own. Dollars per million tokens."""

from gpuspec.named_tuple import NamedTuple

# See gpu.py on annotations.


class ApiPrice(NamedTuple):
    """One model behind an API. `up_to_params_b`: open models up to this size (billions) are what people weigh
    against it; it is not the API model's own size, which nobody publishes."""

    name: str
    per_million_input: float
    per_million_output: float
    up_to_params_b: float
    as_of: str
    source: str


API_PRICES = (
    ApiPrice(
        "GPT-4o-mini",
        0.15,
        0.60,
        14.0,
        "2026-06",
        "textbook chapter on LLM compute planning (its breakeven example, Llama 3.1 8B against GPT-4o-mini), "
        "which dates its prices mid-2026",
    ),
    ApiPrice(
        "GPT-4o",
        2.50,
        10.00,
        80.0,
        "2026-06",
        "the same chapter, exercise 33.5.2 (a 70B model on two H100 against $2.50 and $10)",
    ),
)
"""Smallest first."""


def api_price(params_b: float) -> ApiPrice | None:
    """The API model that is weighed against an open one of this size; None above all of them."""
    return next((price for price in API_PRICES if params_b <= price.up_to_params_b), None)
