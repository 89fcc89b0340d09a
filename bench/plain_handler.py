"""What one would write first: FastAPI, a pydantic model, and an insert for each request. The bench's yardstick.

It takes and stores the same fields as the product, and nothing more: no ids are checked for repeats, no conversion is
attributed, and what it has answered is lost if ClickHouse dies.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from clickhouse_connect.driver import create_async_client
from fastapi import FastAPI
from pydantic import BaseModel, create_model

from schemas.event_types import common_schema

TABLE = "bench_plain"

_SCHEMA = common_schema()
_KINDS: dict[str, type] = (
    dict.fromkeys(("event_time", "click_time", "install_begin_time", "install_finish_time"), datetime)
    | dict.fromkeys(("revenue", "cost_value"), Decimal)
    | dict.fromkeys(("consent", "properties"), dict[str, Any])
    | {"quantity": int}
)
_COLUMN_TYPES = {
    datetime: "Nullable(DateTime64(3, 'UTC'))",
    Decimal: "Nullable(Decimal(27, 9))",
    int: "Nullable(UInt32)",
}


def _field(name: str) -> Any:
    kind = _KINDS.get(name, str)
    if name in _SCHEMA["required"]:
        return (kind, ...)
    return (str, "") if kind is str else (kind | None, None)


COLUMNS = list(_SCHEMA["properties"])
Event: type[BaseModel] = create_model("Event", **{name: _field(name) for name in COLUMNS})


def create_table() -> str:
    """Write the DDL of the table that the handler inserts into."""
    types = {name: _COLUMN_TYPES.get(_KINDS.get(name, str), "String") for name in COLUMNS}
    types["event_time"] = "DateTime64(3, 'UTC')"
    columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
    return f"CREATE OR REPLACE TABLE {TABLE} ({columns}) ENGINE = MergeTree ORDER BY (event_type, event_time, event_id)"


@asynccontextmanager
async def _lifespan(application: FastAPI) -> AsyncIterator[None]:
    application.state.client = await create_async_client(
        dsn=os.environ["BENCH_CLICKHOUSE_URL"], settings={"async_insert": 0}
    )
    yield
    await application.state.client.close()


app = FastAPI(lifespan=_lifespan)


def _value(event: BaseModel, name: str) -> Any:
    value = getattr(event, name)
    return json.dumps(value) if name in {"consent", "properties"} else value


@app.post("/events")
async def take(events: list[Event]) -> dict[str, int]:
    """Validate the events, insert them, answer."""
    rows = [[_value(event, name) for name in COLUMNS] for event in events]
    await app.state.client.insert(TABLE, rows, column_names=COLUMNS)
    return {"accepted": len(rows)}
