"""What one would write first: FastAPI, a pydantic model, and an insert for each request. The bench's yardstick."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal

from clickhouse_connect.driver import create_async_client
from fastapi import FastAPI
from pydantic import BaseModel

TABLE = "bench_plain"


class Event(BaseModel):
    """The fields that the bench's events have."""

    event_id: str
    event_type: str
    event_time: datetime
    platform: str = ""
    app_id: str = ""
    app_version: str = ""
    sdk_version: str = ""
    os_version: str = ""
    device_model: str = ""
    language: str = ""
    device_id: str = ""
    gaid: str = ""
    country: str = ""
    city: str = ""
    media_source: str = ""
    campaign: str = ""
    campaign_id: str = ""
    adset: str = ""
    ad: str = ""
    event_name: str = ""
    revenue: Decimal | None = None
    currency: str = ""
    product_id: str = ""


COLUMNS = list(Event.model_fields)


def create_table() -> str:
    """Write the DDL of the table that the handler inserts into."""
    types = {"event_time": "DateTime64(3, 'UTC')", "revenue": "Nullable(Decimal(27, 9))"}
    columns = ", ".join(f"{name} {types.get(name, 'String')}" for name in COLUMNS)
    return f"CREATE OR REPLACE TABLE {TABLE} ({columns}) ENGINE = MergeTree ORDER BY (event_type, event_time, event_id)"


@asynccontextmanager
async def _lifespan(application: FastAPI) -> AsyncIterator[None]:
    application.state.client = await create_async_client(
        dsn=os.environ["BENCH_CLICKHOUSE_URL"], settings={"async_insert": 0}
    )
    yield
    await application.state.client.close()


app = FastAPI(lifespan=_lifespan)


@app.post("/events")
async def take(events: list[Event]) -> dict[str, int]:
    """Validate the events, insert them, answer."""
    rows = [[getattr(event, name) for name in COLUMNS] for event in events]
    await app.state.client.insert(TABLE, rows, column_names=COLUMNS)
    return {"accepted": len(rows)}
