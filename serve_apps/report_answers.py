"""A report as the caller wants it by `Accept`: JSON with everything, or the rows alone as CSV or Parquet."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

CSV_TYPE = "text/csv"
PARQUET_TYPE = "application/vnd.apache.parquet"
MONEY_DIGITS = 6
"""Fraction digits of an amount in a report."""

_MONEY = pa.decimal128(38, MONEY_DIGITS)
_SPREADSHEET_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class UnconvertedAmount(BaseModel):
    """Amounts of a currency for whose days there is no rate: they are in no sum of the report."""

    currency: str
    revenue: str
    cost: str


class Report(BaseModel):
    """What every report has; amounts are decimals as text, in `currency`. The rows are cut off after 10,000."""

    since: date = Field(alias="from")
    until: date = Field(alias="to")
    tz: str
    currency: str
    breakdown: list[str]
    unconverted: list[UnconvertedAmount]
    is_cut: bool


class Figures(BaseModel):
    """Sums and ratios; docs/reports.md has the definition of each. A ratio is null where its denominator is zero."""

    impressions: int
    clicks: int
    installs: int
    organic_installs: int
    reinstalls: int
    actions: int
    organic_actions: int
    purchases: int
    rejected: int
    sessions: int
    events: int
    users: int
    revenue: str
    organic_revenue: str
    cost: str
    ctr: float | None
    cvr: float | None
    ecpm: str | None
    cpi: str | None
    cpa: str | None
    roas: float | None
    arpu: str | None


class PerformanceRow(Figures):
    """Figures of a day (overview) and of a source; of the fields of the breakdown, those that were asked for."""

    day: date | None = None
    media_source: str | None = None
    channel: str | None = None
    campaign: str | None = None
    adset: str | None = None
    ad: str | None = None
    site_id: str | None = None
    country: str | None = None
    platform: str | None = None
    app_id: str | None = None


class Previous(BaseModel):
    """The as many days before, and by which part of what it was each figure grew; null where it was nothing."""

    since: date = Field(alias="from")
    until: date = Field(alias="to")
    totals: Figures
    unconverted: list[UnconvertedAmount]
    change: dict[str, float | None]


class PerformanceReport(Report):
    """Rows of counts, amounts and ratios."""

    totals: Figures
    data: list[PerformanceRow]
    previous: Previous | None = None


class CohortReport(Report):
    """Rows of cohorts; figures of day N end in `_N`, and are null until the day is over for everybody of the cohort."""

    window: str
    cohort: str
    days: list[int]
    totals: dict[str, Any]
    data: list[dict[str, Any]]


class PltvState(StrEnum):
    """Whether lifetime value is foretold, and why not."""

    READY = "ready"
    NO_CHAMPION = "no_champion"
    PENDING = "pending"
    NO_INSTALLS = "no_installs"
    NO_COHORTS = "no_cohorts"
    OTHER_CURRENCY = "other_currency"
    UNREADABLE = "unreadable"
    NO_RATE = "no_rate"
    UNAVAILABLE = "unavailable"


class PltvHorizon(BaseModel):
    """A horizon, and the share of later cohorts whose total lay in their bands when the model was trained."""

    days: int
    coverage: float | None


class Pltv(BaseModel):
    """Which model foretells lifetime value, and in words what its bands mean, or why there are none."""

    model_config = ConfigDict(protected_namespaces=())

    state: PltvState
    says: str
    model_id: str | None = None
    scope: Literal["own", "global"] | None = None
    currency: str | None = Field(None, description="The one currency whose revenue is foretold.")
    share: float | None = Field(None, description="Of so many cohorts the total should lie in the band.")
    seen_at: datetime | None = None
    newest_day: date | None = Field(None, description="The newest day that the model was shown.")
    installs: int = Field(0, description="How many installs of the tenant were foretold.")
    horizons: list[PltvHorizon] = []


class LtvReport(CohortReport):
    """The same with what is foretold by horizons N: `pltv_N`, `pltv_N_low`, `pltv_N_high` by install.

    Null where N times 24 hours are over for everybody of the cohort, and where fewer than 50 installs of it were
    foretold (`pltv_installs`).
    """

    pltv: Pltv


def table_responses(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Make what a report's route says of its answers."""
    return {
        200: {
            "model": model,
            "description": "JSON, or by `Accept` the rows alone.",
            "headers": {"X-Unconverted": {"schema": {"type": "string"}, "description": "Currencies without a rate."}},
            "content": {
                CSV_TYPE: {"schema": {"type": "string", "description": "The rows of `data`, with a header."}},
                PARQUET_TYPE: {"schema": {"type": "string", "format": "binary"}},
            },
        }
    }


def respond_report(request: Request, document: dict[str, Any]) -> Response:
    """Write a report down; `data` are its rows, all with the same fields.

    JSON has amounts as text, because a JSON number is no decimal; ratios are numbers. CSV and Parquet have the rows
    alone: `X-Unconverted` then names the currencies of which amounts are in no row.
    """
    accept = request.headers.get("accept", "").lower()
    headers = {"Vary": "Accept"}
    if unconverted := document.get("unconverted"):
        headers["X-Unconverted"] = ",".join(sorted({each["currency"] for each in unconverted}))
    if PARQUET_TYPE in accept:
        return Response(_parquet(document["data"]), media_type=PARQUET_TYPE, headers=headers)
    if CSV_TYPE in accept:
        return Response(_csv(document["data"]), media_type=CSV_TYPE, headers=headers)
    return Response(orjson.dumps(document, default=_text), media_type="application/json", headers=headers)


def _text(value: Any) -> str:
    assert isinstance(value, Decimal)
    return format(value, "f")


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    written = io.StringIO()
    if rows:
        writer = csv.DictWriter(written, list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return written.getvalue()


def _cell(value: Any) -> Any:
    """Write one value; a text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return f"'{value}" if isinstance(value, str) and value.startswith(_SPREADSHEET_FORMULA) else value


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    names = list(rows[0]) if rows else []
    columns = {name: _column([row[name] for row in rows]) for name in names}
    written = io.BytesIO()
    pq.write_table(pa.table(columns), written, compression="zstd")
    return written.getvalue()


def _column(values: list[Any]) -> pa.Array:
    is_money = any(isinstance(value, Decimal) for value in values)
    return pa.array(values, _MONEY if is_money else None)
