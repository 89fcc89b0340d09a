"""Ratios by their definitions."""

from decimal import Decimal

from attribution.report_metrics import Sums, change

SUMS = Sums(
    impressions=10_000,
    clicks=200,
    installs=60,
    organic_installs=10,
    actions=30,
    organic_actions=5,
    users=40,
    revenue=Decimal(300),
    organic_revenue=Decimal(50),
    cost=Decimal(100),
)


def test_each_ratio_is_what_its_name_says() -> None:
    """CTR, CVR, eCPM, CPI, CPA, ROAS and ARPU of one set of sums."""
    row = SUMS.document()
    assert (row["ctr"], row["cvr"]) == (0.02, 0.25)
    assert (row["ecpm"], row["cpi"], row["cpa"]) == (10, 2, 4)
    assert (row["roas"], row["arpu"]) == (2.5, Decimal("7.5"))


def test_a_zero_denominator_gives_null() -> None:
    """Never zero, never infinite."""
    row = Sums(revenue=Decimal(5), cost=Decimal(0)).document()
    assert {row[name] for name in ("ctr", "cvr", "ecpm", "cpi", "cpa", "roas", "arpu")} == {None}


def test_change_is_a_part_of_what_was() -> None:
    """Half as much again is 0.5; from nothing there is no part."""
    assert change(150, 100) == 0.5
    assert change(Decimal(50), Decimal(100)) == -0.5
    assert change(5, 0) is None
    assert change(None, 3) is None
