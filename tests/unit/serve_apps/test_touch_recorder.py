"""The way of a touch into the journal and out of it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import Request

from actors.handles import TenantActors
from ingest.prepare import prepare
from schemas.backends import Backends
from schemas.batches import PreparedEvents
from schemas.ids import TenantId
from schemas.settings import LinkSettings, Settings
from serve_apps.touch_recorder import TouchRecorder, read_records, tenant_of_record, write_record
from storage.journal import Journal
from telemetry.clock import utc_now
from tests.unit.ingest.cases import RECEIVED_AT, STAMP

TENANT = TenantId("t123")
REQUEST = Request({"type": "http", "headers": [], "client": ("203.0.113.7", 1)})


def click(event_id: str) -> dict[str, str]:
    return {"event_id": event_id, "event_type": "click", "event_time": RECEIVED_AT.isoformat()}


def test_a_record_is_read_as_it_was_prepared() -> None:
    """Rows and hashes of a few records are those of one request with the same events."""
    events = [click("a"), click("b") | {"campaign": "two words"}]
    records = [write_record(TENANT, prepare([event], STAMP)) for event in events]
    assert {tenant_of_record(record) for record in records} == {TENANT}
    together: PreparedEvents = prepare(events, STAMP)
    assert replace(read_records(records), batch_id=together.batch_id) == together


def test_without_a_disk_people_are_sent_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A full journal and a folder that cannot be: recording ends all the same, and the log says what was dropped."""
    (tmp_path / "file").touch()
    full = Journal(tmp_path / "full", bytes_max=10, segment_bytes_max=100)
    nowhere = Journal(tmp_path / "file" / "nowhere", bytes_max=1_000_000, segment_bytes_max=100)
    for journal in (full, nowhere):
        asyncio.run(_record(journal))
        assert "touches_dropped" in capsys.readouterr().out


async def _record(journal: Journal) -> None:
    settings = Settings()
    actors = TenantActors(Backends("", 0, "", "", b""), settings)
    recorder = TouchRecorder(actors, journal, LinkSettings(), lambda _: False)
    running = asyncio.create_task(recorder.run())
    event = click("a") | {"event_time": utc_now().isoformat()}
    async with asyncio.timeout(5):
        await recorder.record(TENANT, event, REQUEST)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await recorder.close()
