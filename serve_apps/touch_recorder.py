"""Records clicks and impressions of tracking links without waiting for any database.

A touch is written to this machine's journal, and the caller is answered. What the journal holds is handed to the
tenants' actors a moment later, again and again until they have taken it: a touch's id makes a repeat harmless.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from starlette.requests import Request

from actors.handles import TenantActors
from ingest.prepare import Stamp, prepare
from schemas.batches import PreparedEvents
from schemas.ids import TenantId, new_batch_id
from schemas.problems import TenantSuspended
from schemas.settings import LinkSettings
from serve_apps.courier import Courier
from serve_apps.intake import client_ip
from storage.journal import Journal, read_segment
from telemetry.backoff import Backoff
from telemetry.clock import utc_now
from telemetry.failpoints import reached

_GROUP_BYTES_MAX = 1024 * 1024
_LOOK_SECONDS = 5.0
"""How often it looks for journals whose owner has died, when there is nothing else to do."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Entry:
    record: bytes
    written: asyncio.Future[None]


class TouchRecorder:
    """The touches of one replica, from the request to the tenant's actor."""

    def __init__(
        self, actors: TenantActors, journal: Journal, settings: LinkSettings, is_gone: Callable[[TenantId], bool]
    ) -> None:
        """Take to whom and by which way; `is_gone` says of a tenant for certain that it was deleted."""
        self._courier = Courier(actors)
        self._is_gone = is_gone
        self._journal = journal
        self._settings = settings
        self._entries: deque[_Entry] = deque()
        self._arrived = asyncio.Event()
        self._work = asyncio.Event()
        self._using = asyncio.Lock()
        self._tenants: dict[Path, set[TenantId]] = {}
        self._dropped = 0

    async def record(self, tenant_id: TenantId, event: dict[str, Any], request: Request) -> None:
        """Wait until a touch is on this machine's disk; if that cannot be, the log says that it was dropped."""
        stamp = Stamp(tenant_id, new_batch_id(), utc_now(), client_ip(request), request.headers.get("user-agent", ""))
        prepared = prepare([event], stamp)
        assert not prepared.rejected, prepared.rejected
        entry = _Entry(write_record(tenant_id, prepared), asyncio.get_running_loop().create_future())
        self._entries.append(entry)
        self._arrived.set()
        await entry.written

    async def run(self) -> None:
        """Write and hand over until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._write_on())
            loops.create_task(self._hand_over_on())

    async def close(self) -> None:
        """Let go of the journal; what was not handed over is for another replica of this machine."""
        async with self._using:
            self._journal.close()

    async def _write_on(self) -> None:
        """Write group after group: what arrives while one is synced goes into the next."""
        while True:
            await self._arrived.wait()
            group = self._next_group()
            try:
                async with self._using:
                    await asyncio.to_thread(self._journal.append, [entry.record for entry in group])
            except Exception as error:  # noqa: BLE001 - full, or no disk: whatever it is, the callers are sent on
                self._dropped += len(group)
                log.error("touches_dropped", count=len(group), since_start=self._dropped, error=repr(error))  # noqa: TRY400
            self._work.set()
            for entry in group:
                if not entry.written.done():
                    entry.written.set_result(None)

    def _next_group(self) -> list[_Entry]:
        group: list[_Entry] = []
        size = 0
        while self._entries and size < _GROUP_BYTES_MAX:
            group.append(self._entries.popleft())
            size += len(group[-1].record)
        if not self._entries:
            self._arrived.clear()
        return group

    async def _hand_over_on(self) -> None:
        backoff = Backoff()
        while True:
            try:
                is_done = await self._hand_over()
            except OSError as error:
                log.warning("journal_unusable", error=repr(error))
                is_done = False
            if is_done:
                backoff.reset()
            else:
                self._work.set()
                await backoff.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._work.wait()
            await asyncio.sleep(self._settings.hand_over_seconds)

    async def _hand_over(self) -> bool:
        """Hand over all that is there; False if something is left because a tenant's actor did not take it."""
        self._work.clear()
        async with self._using:
            files = await asyncio.to_thread(self._seal)
        away: set[TenantId] = set()
        for file in files:
            if not (file in self._tenants and self._tenants[file] <= away):
                await self._hand_over_file(file, away)
        return not away

    def _seal(self) -> list[Path]:
        if adopted := self._journal.adopt():
            log.info("journals_adopted", files=adopted)
        self._journal.seal()
        return self._journal.sealed()

    async def _hand_over_file(self, file: Path, away: set[TenantId]) -> None:
        segment = await asyncio.to_thread(read_segment, file)
        if segment.torn:
            log.warning("journal_torn", file=file.name, lines=segment.torn)
        records: dict[TenantId, list[bytes]] = {}
        for record in segment.records:
            records.setdefault(tenant_of_record(record), []).append(record)
        asked = records.keys() - away
        away.update(await self._refusing({tenant_id: records[tenant_id] for tenant_id in asked}))
        reached("recorder_before_discard")
        left = [record for tenant_id in records.keys() & away for record in records[tenant_id]]
        async with self._using:
            if len(left) == len(segment.records) > 0:
                self._tenants[file] = set(records)
                return
            self._tenants.pop(file, None)
            if left:
                await asyncio.to_thread(self._journal.keep, file, left)
            else:
                self._journal.discard(file)

    async def _refusing(self, records: dict[TenantId, list[bytes]]) -> set[TenantId]:
        """Send each tenant its own; give those that did not take it."""
        sent = await asyncio.gather(
            *(self._courier.send(tenant_id, read_records(own)) for tenant_id, own in records.items()),
            return_exceptions=True,
        )
        refused = {}
        for tenant_id, outcome in zip(records, sent, strict=True):
            if isinstance(outcome, TenantSuspended) or (isinstance(outcome, Exception) and self._is_gone(tenant_id)):
                log.info("touches_of_deleted_tenant", tenant=tenant_id, count=len(records[tenant_id]))
            elif isinstance(outcome, BaseException):
                refused[tenant_id] = repr(outcome)
        if refused:
            log.warning("touches_wait", refused=refused)
        return set(refused)


def write_record(tenant_id: TenantId, prepared: PreparedEvents) -> bytes:
    """Write one prepared event as a record of the journal: tenant, hash of the id, row."""
    return b"%b %b %b" % (tenant_id.encode(), prepared.event_hashes.hex().encode(), prepared.rows[:-1])


def tenant_of_record(record: bytes) -> TenantId:
    """Read whose record it is."""
    return TenantId(record.partition(b" ")[0].decode())


def read_records(records: Sequence[bytes]) -> PreparedEvents:
    """Read records of one tenant as if they had come in one request."""
    parts = [record.split(b" ", 2) for record in records]
    return PreparedEvents(
        batch_id=new_batch_id(),
        received=len(parts),
        rows=b"".join(row + b"\n" for _, _, row in parts),
        count=len(parts),
        event_hashes=bytes.fromhex("".join(digest.decode() for _, digest, _ in parts)),
        conversions=(),
        rejected=(),
    )
