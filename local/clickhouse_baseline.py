"""Writes `storage/clickhouse/baseline.sql`: what the migrations come to, as an engine says that has just run them."""

import asyncio
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from local.clickhouse_alone import clickhouse_alone
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.settings import ClickHouseSettings
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.schema import BASELINE, migrate_tables, write_baseline
from storage.names import CLICKHOUSE_DATABASE

_TENANT = TenantId("baseline")


async def _migrated(store: ClickHouse) -> str:
    async with store.client() as client:
        await client.command(f"CREATE DATABASE {CLICKHOUSE_DATABASE}")
    await migrate_tables(store, _TENANT)
    written = await write_baseline(store, _TENANT)
    await store.close()
    return written


def main() -> None:
    """Start an engine over an empty folder, and end it."""
    with TemporaryDirectory() as folder, clickhouse_alone(Path(folder)) as url:
        written = asyncio.run(_migrated(ClickHouse(Backends("", 0, "", url, b""), ClickHouseSettings())))
    place = Path(str(files("storage.clickhouse").joinpath(BASELINE)))
    place.write_text(f"-- Made by `make baseline`. What each table is for, and why, the migrations say.\n{written}")


if __name__ == "__main__":
    main()
