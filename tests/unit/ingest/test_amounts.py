"""Money becomes the plain decimal that the store parses."""

import re
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.amounts import decimal_text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (5, "5"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (12.0, "12"),
        (100.0, "100"),
        (-4.5, "-4.5"),
        (1e-12, "0"),
        (-1e-12, "0"),
        (-0.0, "0"),
        (1e17, "100000000000000000"),
        (0.0000000005, "0"),
        (0.0000000015, "0.000000002"),
        ("007.50", "007.50"),
        (999_999_999_999_999_999, "999999999999999999"),
    ],
)
def test_amounts_are_written_plainly(amount: float | str, text: str) -> None:
    """A number is rounded half to even at 9 digits and loses its exponent; a string stays."""
    assert decimal_text(amount) == text


@given(amount=st.floats(-1e18, 1e18, exclude_min=True, exclude_max=True) | st.integers(-(10**18) + 1, 10**18 - 1))
def test_numbers_keep_their_value_to_nine_digits(amount: float) -> None:
    """Any number within the bounds becomes a plain decimal of the same value, rounded."""
    text = decimal_text(amount)
    assert re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", text)
    with_nine_digits = round(Decimal(repr(amount)).scaleb(9).to_integral_value(ROUND_HALF_EVEN))
    assert Decimal(text).scaleb(9) == with_nine_digits
