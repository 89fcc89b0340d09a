"""From an uploaded file to an import that runs: received to disk, named by its content, queued, started."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import structlog
from starlette.requests import Request

from ingest.import_options import detect_format, import_id_of, parse_mapping
from jobs.import_rows import read_head
from jobs.import_supervisor import ImportJobs
from schemas.ids import TenantId
from schemas.import_problems import FileTooLarge, ImportFolderUnavailable, TooManyImports
from schemas.imports import ImportFormat, ImportOptions, ImportRecord, ImportState, NewImport, UnknownColumns
from schemas.limits import FILENAME_CHARS_MAX
from schemas.problems import ParameterInvalid, UnparseableBody
from schemas.settings import Settings
from storage.import_files import FileTooLargeError, ImportFiles, ReceivedFile
from storage.postgres.connect import Databases
from storage.postgres.imports import Imports

_HEAD_BYTES = 4_096
_RETRY_AFTER_SECONDS = 30

Choice = TypeVar("Choice", bound=StrEnum)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AskedImport:
    """What the sender says of a file; without a format, the file itself tells."""

    format: ImportFormat | None = None
    dry_run: bool = False
    mapping: dict[str, str | None] = field(default_factory=dict)
    unknown: UnknownColumns = UnknownColumns.PROPERTIES
    filename: str = ""


def asked_import(request: Request) -> AskedImport:
    """Read the query string.

    Raises:
        ParameterInvalid: a parameter has another value than the documented ones.
    """
    query = request.query_params
    dry_run, filename = query.get("dry_run", "false"), query.get("filename", "")
    if dry_run not in {"true", "false"}:
        raise ParameterInvalid("`dry_run` is true or false.")
    if len(filename) > FILENAME_CHARS_MAX or not filename.isprintable():
        raise ParameterInvalid(f"`filename` has at most {FILENAME_CHARS_MAX} printable characters.")
    mapping = query.get("mapping", "{}")
    return AskedImport(
        format=_choice("format", query["format"], ImportFormat) if "format" in query else None,
        dry_run=dry_run == "true",
        mapping=parse_mapping(mapping),
        unknown=_choice("unknown", query.get("unknown", UnknownColumns.PROPERTIES), UnknownColumns),
        filename=filename,
    )


def _choice(name: str, text: str, kind: type[Choice]) -> Choice:
    try:
        return kind(text)
    except ValueError:
        raise ParameterInvalid(f"`{name}` is one of {', '.join(kind)}.") from None


Entering = Callable[[NewImport], AbstractAsyncContextManager[object]]


class ImportIntake:
    """Takes files for tenants."""

    def __init__(self, databases: Databases, jobs: ImportJobs, settings: Settings) -> None:
        self._databases = databases
        self._jobs = jobs
        self._folder = settings.imports_folder
        self._settings = settings.imports

    async def take(self, tenant_id: TenantId, asked: AskedImport, request: Request, entering: Entering) -> ImportRecord:
        """Make a file durable and have it imported; the same file again is the same import.

        It is entered within what `entering` gives.

        Raises:
            TooManyImports, FileTooLarge, ImportFolderUnavailable, UnparseableBody, ParameterInvalid: as they say.
            ActorUnavailable: nobody can run it at the moment; send it again.
        """
        imports = Imports(self._databases.tenant(tenant_id))
        if len(await imports.unfinished()) >= self._settings.unfinished_max:
            raise TooManyImports(retry_after_seconds=_RETRY_AFTER_SECONDS)
        files = ImportFiles(self._folder, tenant_id)
        received = await self._receive(files, request)
        try:
            options = await asyncio.to_thread(_options, asked, request, received.path)
            import_id = import_id_of(received.sha256, options)
            files.keep(received, import_id)
        finally:
            received.path.unlink(missing_ok=True)
        new = NewImport(import_id, received.sha256, asked.filename, received.size_bytes, options)
        async with entering(new):
            record = await imports.add(new)
        if record.state in {ImportState.QUEUED, ImportState.RUNNING}:
            await self._jobs.start(tenant_id, import_id)
        else:
            files.remove(import_id)
        return record

    async def _receive(self, files: ImportFiles, request: Request) -> ReceivedFile:
        try:
            received = await files.receive(request.stream(), bytes_max=self._settings.file_bytes_max)
        except FileTooLargeError as error:
            raise FileTooLarge(f"The file has more than {self._settings.file_bytes_max} bytes.") from error
        except OSError as error:
            log.warning("import_folder_away", error=repr(error))
            raise ImportFolderUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error
        if received.size_bytes == 0:
            received.path.unlink()
            raise UnparseableBody("The file is empty.")
        return received


def _options(asked: AskedImport, request: Request, path: Path) -> ImportOptions:
    content_type = request.headers.get("content-type", "")
    kind = asked.format or detect_format(read_head(path, _HEAD_BYTES), content_type, asked.filename)
    if kind is ImportFormat.NDJSON and asked.mapping:
        raise ParameterInvalid("`mapping` is for columns; NDJSON has none.")
    return ImportOptions(kind, asked.dry_run, asked.mapping, asked.unknown)
