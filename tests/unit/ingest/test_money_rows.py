"""Files of costs and rates."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.money_rows import UnreadableLinesError, parse_columns, read_costs, read_rates
from schemas.money import CostLine, RateLine
from schemas.report_problems import ReportParameterInvalid

HEAD = "media_source,campaign,date,cost,currency\n"


def test_a_line_becomes_a_cost() -> None:
    """Columns by name or by mapping, semicolons, a mark of byte order; other columns are ignored."""
    content = "\ufeffNetwork;campaign;date;Spend;currency;clicks\nalpha;spring;2026-10-01;12.50;eur;7\n".encode()
    found = read_costs(content, {"Network": "media_source", "Spend": "cost"})
    assert found.errors == []
    day, cost = date(2026, 10, 1), Decimal("12.50")
    assert found.lines == [CostLine("alpha", "spring", "", day, "", "", "EUR", cost)]


@pytest.mark.parametrize("zero", ["0", "-0", "0.00", "0E+999999999"])
def test_a_zero_is_nothing_but_zero(zero: str) -> None:
    """0 without a sign or an exponent, however it was written."""
    (line,) = read_costs(f"{HEAD}a,x,2026-10-01,{zero},EUR\n".encode(), {}).lines
    assert str(line.cost) == "0"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (",x,2026-10-01,1,EUR", "media_source"),
        ("a,x,2026-02-30,1,EUR", "date"),
        ("a,x,01.10.2026,1,EUR", "date"),
        ("a,x,2026-10-01,-1,EUR", "cost"),
        ("a,x,2026-10-01,NaN,EUR", "cost"),
        ("a,x,2026-10-01,1e30,EUR", "cost"),
        ("a,x,2026-10-01,0.0000000001,EUR", "cost"),
        ("a,x,2026-10-01,1", "currency"),
        ("a,x,2026-10-01,1,EURO", "currency"),
    ],
)
def test_a_fault_names_line_and_field(line: str, field: str) -> None:
    """The good lines are read all the same."""
    found = read_costs(f"{HEAD}b,,2026-10-01,1,EUR\n{line}\n".encode(), {})
    assert [(error.index, error.pointer) for error in found.errors] == [(3, f"/{field}")]
    assert (found.faulty, [each.media_source for each in found.lines]) == (1, ["b"])


def test_the_same_cost_twice_is_a_fault() -> None:
    """Which of the two was meant is not guessed."""
    found = read_costs(f"{HEAD}a,x,2026-10-01,1,EUR\na,x,2026-10-01,2,EUR\n".encode(), {})
    assert [(error.index, error.detail) for error in found.errors] == [
        (3, "is of the same day and names as line 2: each may come once")
    ]


@pytest.mark.parametrize(
    ("content", "mapping"),
    [
        (b"", {}),
        (b"a,b\n1,2\n", {}),
        (b"\xff\xfe", {}),
        (HEAD.encode(), {"x": "cost"}),
        (b"date,date,currency,rate\n", {}),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, mapping: dict[str, str | None]) -> None:
    """No columns, doubled ones, no text, a mapping of what is not there."""
    with pytest.raises(UnreadableLinesError):
        read_rates(content, mapping)


def test_a_line_becomes_a_rate() -> None:
    """A rate has up to 12 digits after the point, and is more than nothing."""
    found = read_rates(b"date,currency,rate\n2026-10-01,IDR,0.000055123457\n2026-10-01,USD,0\n", {})
    assert found.lines == [RateLine("IDR", date(2026, 10, 1), Decimal("0.000055123457"))]
    assert found.errors[0].pointer == "/rate"


@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: (HEAD + text).encode(errors="ignore")))
)
def test_no_file_crashes(content: bytes) -> None:
    """Whatever comes is lines and faults, or unreadable."""
    try:
        found = read_costs(content, {})
    except UnreadableLinesError:
        return
    assert found.faulty >= len(found.errors)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": "event_time"}', '{"a": ["cost"]}'])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    """An object of columns to fields of costs and rates, or null."""
    assert parse_columns('{"Spend": "cost", "x": null}') == {"Spend": "cost", "x": None}
    with pytest.raises(ReportParameterInvalid):
        parse_columns(text)
