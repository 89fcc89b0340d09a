"""Bulk imports: upload a file of events, follow how far it came, see why rows were rejected."""

from contextlib import AbstractAsyncContextManager
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.import_problems import FileTooLarge, ImportFolderUnavailable, ImportUnknown, TooManyImports
from schemas.imports import ImportFormat, NewImport, UnknownColumns
from schemas.limits import PAGE_ROWS_DEFAULT
from schemas.problems import ActorUnavailable, CursorInvalid, ParameterInvalid, UnparseableBody
from serve_apps.answers import Import, ImportSummary, Page
from serve_apps.audited import audited
from serve_apps.callers import user_of
from serve_apps.cursors import read_moment, write_cursor
from serve_apps.import_intake import asked_import
from serve_apps.openapi import EDITOR, USER, documented
from serve_apps.parameters import Cursor, Limit, Word
from serve_apps.services import services_of
from storage.postgres.imports import Imports

router = APIRouter()

PATH = "/api/v1/imports"


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description}


_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, of any size up to the platform's limit. NDJSON and CSV may be gzip or zstd.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in (
                "application/octet-stream",
                "application/x-ndjson",
                "text/csv",
                "application/vnd.apache.parquet",
            )
        },
    },
    "parameters": [
        _parameter("format", {"enum": list(ImportFormat)}, "Default: by Content-Type, else `filename`, else content."),
        _parameter("filename", {"type": "string", "maxLength": 255}, "Shown in lists; its ending may tell the format."),
        _parameter("dry_run", {"type": "boolean"}, "Read and check everything, store nothing."),
        _parameter("mapping", {"type": "string"}, 'JSON object, column to field: {"ts": "event_time", "x": null}.'),
        _parameter("unknown", {"enum": list(UnknownColumns)}, "What becomes of columns that are no fields."),
    ],
}


@router.post(
    PATH,
    status_code=202,
    # Not the write key: it is shipped in apps, and whoever finds it there must not be able to fill a disk.
    **documented(
        EDITOR,
        *(FileTooLarge, TooManyImports, ImportFolderUnavailable, UnparseableBody, ParameterInvalid, ActorUnavailable),
        responses={202: {"model": Import, "headers": {"Location": {"schema": {"type": "string"}}}}},
        **_UPLOAD,
    ),
)
async def create_import(request: Request) -> Response:
    """Take a file and import its events in the background. The same file with the same options is one import."""
    tenant, _ = await user_of(request)

    def entering(new: NewImport) -> AbstractAsyncContextManager[object]:
        detail = {"filename": new.filename, "bytes": new.bytes_total, "dry_run": new.options.dry_run}
        return audited(request, "import.create", new.import_id, detail)

    record = await services_of(request).imports.take(tenant.tenant_id, asked_import(request), request, entering)
    location = f"/api/v1/imports/{record.import_id}"
    body = orjson.dumps(record.document(), option=orjson.OPT_UTC_Z)
    return Response(body, 202, media_type="application/json", headers={"Location": location})


@router.get("/api/v1/imports/{import_id}", response_model=Import, **documented(USER, ImportUnknown))
async def get_import(request: Request, import_id: Word) -> dict[str, Any]:
    """Say how far an import came, and why rows were rejected."""
    tenant, _ = await user_of(request)
    record = await Imports(services_of(request).databases.tenant(tenant.tenant_id)).one(import_id)
    if record is None:
        raise ImportUnknown
    return record.document()


@router.get(PATH, response_model=Page[ImportSummary], **documented(USER, CursorInvalid))
async def list_imports(request: Request, cursor: Cursor = None, limit: Limit = PAGE_ROWS_DEFAULT) -> dict[str, Any]:
    """List imports, newest first, without their rejections."""
    tenant, _ = await user_of(request)
    imports = Imports(services_of(request).databases.tenant(tenant.tenant_id))
    records = await imports.page(before=read_moment(cursor) if cursor else None, limit=limit)
    last = records[-1] if len(records) == limit else None
    return {
        "data": [record.document() for record in records],
        "next_cursor": last and write_cursor(last.created_at.isoformat(), last.import_id),
    }
