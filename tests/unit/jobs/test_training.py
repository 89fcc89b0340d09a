"""What a training learns from."""

import pytest

from jobs.training import currency_of_most


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        (["", "", "", "EUR"], "EUR"),
        (["USD", "EUR", "", "", "USD"], "USD"),
        (["USD", "EUR"], "EUR"),
        (["", ""], ""),
    ],
)
def test_who_has_no_revenue_has_no_say_in_which_currency(found: list[str], chosen: str) -> None:
    """However many they are; of as many, the first in the alphabet."""
    assert currency_of_most(found) == chosen
