"""One run of an import: reads the file on from where it was left, sends its events, records how far it came.

A batch is sent, then the place after it recorded: a run that dies in between sends that batch once more when it
is started again, and the tenant's actor counts its events as duplicates. So events are stored once whatever
happens; only in the report may those of one batch have moved from `accepted` to `duplicates`.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

import structlog

from ingest.conversions import ConversionTest
from ingest.import_columns import with_id
from ingest.prepare import Stamp, prepare
from jobs.import_rows import Rows, open_rows
from schemas.batches import Durable, PreparedEvents
from schemas.ids import TenantId, new_batch_id
from schemas.imports import ImportProgress, ImportRecord, ImportState, UnreadableFileError
from schemas.limits import (
    IMPORT_BARREN_RUNS_MAX,
    IMPORT_BATCH_BYTES,
    IMPORT_BATCH_ROWS,
    IMPORT_REJECTIONS_KEPT,
    IMPORT_SLICE_ROWS,
)
from schemas.problems import SlowDown, Unavailable
from storage.import_files import ImportFiles
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.imports import Imports, RunSupersededError
from telemetry.backoff import Backoff
from telemetry.clock import utc_now
from telemetry.failpoints import reached

_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 15.0
_ERROR_CHARS_MAX = 1_000

Result = TypeVar("Result")

log = structlog.get_logger()


class Appender(Protocol):
    """Makes events of a tenant durable: its actors, by whatever name."""

    async def append(self, tenant_id: TenantId, requests: Sequence[PreparedEvents], /) -> Durable:
        """Answer when the events are durable, or raise a Problem."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows that are sent together: `last_row` is the number of the last, `rejections` those not accepted."""

    prepared: list[PreparedEvents]
    last_row: int
    accepted: int
    rejections: list[dict[str, Any]]


class ImportRun:
    """Runs imports of one tenant."""

    def __init__(
        self,
        tenant_id: TenantId,
        imports: Imports,
        files: ImportFiles,
        appender: Appender,
        conversion_tests: Mapping[str, ConversionTest],
    ) -> None:
        self._tenant_id = tenant_id
        self._imports = imports
        self._files = files
        self._appender = appender
        self._conversion_tests = conversion_tests

    async def carry_out(self, import_id: str) -> None:
        """Bring an import to its end, whatever that is; nothing happens to one that has ended."""
        record = await patiently(lambda: self._imports.begin(import_id))
        if record is None:
            return
        try:
            await self._read(record)
        except RunSupersededError:
            log.info("import_superseded", import_id=import_id, run=record.run)
            return
        except UnreadableFileError as error:
            state, said = ImportState.FAILED, str(error)
        except Exception:
            log.exception("import_failed", import_id=import_id)
            state, said = ImportState.FAILED, "It broke off for a reason that the platform's log has."
        else:
            state, said = ImportState.DONE, ""
        # What is quoted from a file may hold what Postgres does not take.
        error_text = said.encode("utf-8", "replace").decode().replace("\0", "")[:_ERROR_CHARS_MAX] or None
        await patiently(lambda: self._imports.finish(import_id, record.run, state, error_text))
        self._files.remove(import_id)
        log.info("import_ended", import_id=import_id, state=state.value)

    async def _read(self, record: ImportRecord) -> None:
        """Send what is left of the file, also what stands before a place where it breaks off.

        Raises:
            UnreadableFileError: it breaks off.
            RunSupersededError: a later run has begun.
        """
        if record.barren_runs > IMPORT_BARREN_RUNS_MAX:
            raise UnreadableFileError(f"Its last {IMPORT_BARREN_RUNS_MAX} runs died without coming any further.")
        progress = record.progress
        faults: list[UnreadableFileError] = []
        try:
            source = open_rows(self._files.path(record.import_id), record.options)
        except FileNotFoundError as error:
            raise UnreadableFileError("Its file is gone; send it again.") from error
        with source:
            rows = _until_fault(source.rows(progress.rows_done), faults)
            while batch := _next_batch(rows, self._tenant_id, record.file_sha256, self._conversion_tests):
                progress = await self._send(record, batch, progress, source.bytes_done())
        if faults:
            raise faults[0]

    async def _send(
        self, record: ImportRecord, batch: _Batch, progress: ImportProgress, bytes_done: int
    ) -> ImportProgress:
        duplicates = 0
        if not record.options.dry_run:
            durable = await patiently(lambda: self._append(record, batch.prepared))
            duplicates = sum(durable.duplicates)
            reached("import_after_append")
        room = IMPORT_REJECTIONS_KEPT - len(progress.rejections)
        added = tuple(batch.rejections[:room])
        moved = ImportProgress(
            rows_done=batch.last_row,
            bytes_done=bytes_done,
            accepted=progress.accepted + batch.accepted - duplicates,
            duplicates=progress.duplicates + duplicates,
            rejected=progress.rejected + len(batch.rejections),
            rejections=progress.rejections + added,
        )
        await patiently(lambda: self._imports.record(record.import_id, record.run, moved, new_rejections=bool(added)))
        return moved

    async def _append(self, record: ImportRecord, prepared: Sequence[PreparedEvents]) -> Durable:
        try:
            return await self._appender.append(self._tenant_id, prepared)
        except Unavailable:
            # Of a tenant that is being deleted nothing will ever be taken: its imports were ended.
            await self._imports.assert_run(record.import_id, record.run)
            raise


def _until_fault(rows: Rows, faults: list[UnreadableFileError]) -> Rows:
    """End where the file breaks off, so that what stands before it is sent, and keep the reason."""
    try:
        yield from rows
    except UnreadableFileError as error:
        faults.append(error)


def _next_batch(
    rows: Rows, tenant_id: TenantId, file_sha256: str, conversion_tests: Mapping[str, ConversionTest]
) -> _Batch | None:
    """Check the next rows, as many as are sent together; None at the end."""
    stamp = Stamp(tenant_id, new_batch_id(), utc_now(), "", "")
    prepared: list[PreparedEvents] = []
    rejections: list[dict[str, Any]] = []
    last_row = count = accepted = size_bytes = 0
    while count < IMPORT_BATCH_ROWS and size_bytes < IMPORT_BATCH_BYTES:
        taken = list(islice(rows, IMPORT_SLICE_ROWS))
        if not taken:
            break
        checked = prepare(
            [with_id(event, file_sha256, row) for row, event in taken], stamp, conversion_tests=conversion_tests
        )
        prepared.append(checked)
        rejections += _rejections(checked, [row for row, _ in taken])
        last_row = taken[-1][0]
        count += len(taken)
        accepted += checked.count
        size_bytes += len(checked.rows)
    return _Batch(prepared, last_row, accepted, rejections) if prepared else None


def _rejections(checked: PreparedEvents, numbers: list[int]) -> Iterator[dict[str, Any]]:
    for rejection in checked.rejected:
        yield {
            "row": numbers[rejection.index],
            "event_id": rejection.event_id,
            "errors": [error.document() for error in rejection.errors],
        }


async def patiently(call: Callable[[], Awaitable[Result]]) -> Result:
    """Repeat a call until what it needs is back: a tenant over its share waits, as does one whose database is away."""
    backoff = Backoff(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS)
    while True:
        try:
            return await call()
        except (SlowDown, Unavailable) as problem:
            reason, least_seconds = problem.slug, float(problem.retry_after_seconds or 0)
        except CONNECTION_LOST as error:
            reason, least_seconds = repr(error), 0.0
        log.warning("import_waits", reason=reason)
        await backoff.wait(least_seconds)
