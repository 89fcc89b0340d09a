"""A report as the caller wants it by `Accept`: JSON with everything, or the rows alone as CSV or Parquet."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.requests import Request
from starlette.responses import Response

CSV_TYPE = "text/csv"
PARQUET_TYPE = "application/vnd.apache.parquet"
MONEY_DIGITS = 6
"""Fraction digits of an amount in a report."""

_MONEY = pa.decimal128(38, MONEY_DIGITS)
_SPREADSHEET_FORMULA = ("=", "+", "-", "@", "\t", "\r")

TABLE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            CSV_TYPE: {"schema": {"type": "string", "description": "The rows of `data`, with a header."}},
            PARQUET_TYPE: {"schema": {"type": "string", "format": "binary"}},
        }
    }
}
"""What a report's route says of its answers beside the JSON."""


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
