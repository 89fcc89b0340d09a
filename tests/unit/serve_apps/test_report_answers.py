"""A report in the format that the caller accepts."""

import io
from decimal import Decimal
from typing import Any

import orjson
import pyarrow.parquet as pq
from starlette.requests import Request

from serve_apps.report_answers import CSV_TYPE, PARQUET_TYPE, respond_report

DOCUMENT: dict[str, Any] = {
    "data": [
        {"media_source": "alpha", "installs": 2, "cost": Decimal("0.500000"), "ctr": None},
        {"media_source": "=1+1", "installs": 0, "cost": Decimal(0), "ctr": 0.25},
    ],
    "unconverted": [{"currency": "JPY"}, {"currency": "CHF"}],
}


def request(accept: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept", accept.encode())]})


def test_json_has_everything_with_amounts_as_text() -> None:
    """A JSON number is no decimal."""
    answer = respond_report(request("*/*"), DOCUMENT)
    document = orjson.loads(answer.body)
    assert document["data"][0] == {"media_source": "alpha", "installs": 2, "cost": "0.500000", "ctr": None}
    assert len(document["unconverted"]) == 2


def test_csv_has_the_rows_and_runs_no_formula() -> None:
    """A text that begins as a formula gets an apostrophe; null is empty; the header names what is in no row."""
    answer = respond_report(request(CSV_TYPE), DOCUMENT)
    assert bytes(answer.body).decode().split("\r\n") == [
        "media_source,installs,cost,ctr",
        "alpha,2,0.500000,",
        "'=1+1,0,0,0.25",
        "",
    ]
    assert answer.headers["x-unconverted"] == "CHF,JPY"


def test_parquet_keeps_decimals() -> None:
    """Amounts are decimals of six digits, counts whole numbers, ratios null where they are not known."""
    answer = respond_report(request(PARQUET_TYPE), DOCUMENT)
    table = pq.read_table(io.BytesIO(bytes(answer.body)))
    assert str(table.schema.field("cost").type) == "decimal128(38, 6)"
    assert table.column("installs").to_pylist() == [2, 0]
    assert table.column("ctr").to_pylist() == [None, 0.25]


def test_a_report_without_rows_is_an_empty_table() -> None:
    """No row, no column, no error."""
    empty: dict[str, Any] = {"data": [], "unconverted": []}
    assert respond_report(request(CSV_TYPE), empty).body == b""
    assert pq.read_table(io.BytesIO(bytes(respond_report(request(PARQUET_TYPE), empty).body))).num_rows == 0
