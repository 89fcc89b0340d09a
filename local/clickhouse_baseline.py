"""Writes `storage/clickhouse/baseline.sql`: what the migrations come to, as an engine says that has just run them."""

import asyncio
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from local.free_ports import free_port
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.settings import ClickHouseSettings
from storage.clickhouse.connect import ClickHouse, StoreAwayError
from storage.clickhouse.schema import BASELINE, migrate_tables, write_baseline
from storage.names import CLICKHOUSE_DATABASE

_TENANT = TenantId("baseline")
_START_SECONDS = 30.0
_POLL_SECONDS = 0.1


async def _migrated(store: ClickHouse) -> str:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            try:
                await store.ping()
                break
            except StoreAwayError:
                await asyncio.sleep(_POLL_SECONDS)
    async with store.client() as client:
        await client.command(f"CREATE DATABASE {CLICKHOUSE_DATABASE}")
    await migrate_tables(store, _TENANT)
    written = await write_baseline(store, _TENANT)
    await store.close()
    return written


def main() -> None:
    """Start an engine over an empty folder, and end it."""
    port = free_port()
    backends = Backends("", 0, "", f"http://127.0.0.1:{port}", b"")
    with TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "local.clickhouse_server", f"--port={port}", f"--data-dir={folder}"]
        )
        try:
            written = asyncio.run(_migrated(ClickHouse(backends, ClickHouseSettings())))
        finally:
            server.terminate()
            server.wait()
    place = Path(str(files("storage.clickhouse").joinpath(BASELINE)))
    place.write_text(f"-- Made by `make baseline`. What each table is for, and why, the migrations say.\n{written}")


if __name__ == "__main__":
    main()
