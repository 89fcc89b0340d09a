"""Cohorts: their days, and which of their figures are there yet."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from schemas.money import CostLine
from schemas.reports import Dimension, ReportQuery, Span, parse_filter
from serve_apps.report_cohorts import Cohort, CohortParts, cohort_document, first_day, is_over, last_day
from serve_apps.report_sums import cost_value, uploaded
from storage.clickhouse.report_reader import AgeWindow, CohortQuery, CohortStep

THURSDAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("step", "first", "last"),
    [
        (CohortStep.DAY, THURSDAY, THURSDAY),
        (CohortStep.WEEK, date(2026, 11, 23), date(2026, 11, 29)),
        (CohortStep.MONTH, date(2026, 11, 1), date(2026, 11, 30)),
    ],
)
def test_a_day_lies_in_one_cohort(step: CohortStep, first: date, last: date) -> None:
    """The day, its week from Monday, its month."""
    assert first_day(THURSDAY, step) == first
    assert last_day(first, step) == last


def test_a_figure_is_null_until_its_day_is_over_for_everybody() -> None:
    """Calendar day 1 of today's installs ends tomorrow; their second 24 hours end a day later still."""
    cohort = Cohort(last=THURSDAY)
    assert not is_over(cohort, 1, AgeWindow.CALENDAR, THURSDAY + timedelta(days=1))
    assert is_over(cohort, 1, AgeWindow.CALENDAR, THURSDAY + timedelta(days=2))
    assert not is_over(cohort, 1, AgeWindow.HOURS_24, THURSDAY + timedelta(days=2))
    assert is_over(cohort, 1, AgeWindow.HOURS_24, THURSDAY + timedelta(days=3))


def test_totals_are_over_the_cohorts_that_are_old_enough() -> None:
    """A young cohort does not make the retention of all look worse than it is."""
    old = Cohort(last=THURSDAY - timedelta(days=9), installs=10, cost=Decimal(20))
    old.retained |= {0: 10, 7: 4}
    old.revenue |= {0: Decimal(5), 7: Decimal(40)}
    young = Cohort(last=THURSDAY - timedelta(days=2), installs=30, cost=Decimal(30))
    young.retained |= {0: 30, 7: 1}
    asked = CohortQuery(CohortStep.DAY, AgeWindow.CALENDAR, (0, 7))
    row = cohort_document([old, young], asked, CohortParts(retention=True, value=True), THURSDAY)
    assert (row["installs"], row["cpi"], row["retention_0"]) == (40, Decimal("1.25"), 1.0)
    assert (row["retained_7"], row["retention_7"], row["ltv_7"], row["roas_7"]) == (4, 0.4, 4, 2.0)


def test_a_cost_has_no_value_of_what_it_does_not_name() -> None:
    """A filter by platform leaves out costs, which have none."""
    line = CostLine("alpha", "spring", "", THURSDAY, "app", "DE", "EUR", Decimal(1))
    assert cost_value(line, Dimension.PLATFORM) == ""
    span = Span(THURSDAY, THURSDAY, "UTC")
    assert list(uploaded([line], ReportQuery(span, (), parse_filter("media_source=alpha;country=DE")))) == [line]
    assert list(uploaded([line], ReportQuery(span, (), parse_filter("platform=ios")))) == []
