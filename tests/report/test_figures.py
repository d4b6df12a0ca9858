"""Amounts as people write them."""

import pytest

from gpuspec.words import figure


@pytest.mark.parametrize(
    ("amount", "digits", "written"),
    [
        (1e6, 3, "1,000,000"),
        (1153.2, 3, "1,153"),
        (99.96, 3, "100"),
        (82.43, 3, "82.4"),
        (99.6, 2, "100"),
        (0.02134, 3, "0.0213"),
        (2.8e-5, 3, "0.000028"),
        (9.999e-5, 3, "0.0001"),
        (1e-9, 2, "0.000000001"),
        (-3e-6, 3, "-0.000003"),
        (0.0, 3, "0"),
        (5.6e5, 2, "560,000"),
    ],
)
def test_no_amount_is_written_with_an_exponent(amount: float, digits: int, written: str) -> None:
    assert figure(amount, digits) == written
