"""Files of costs and rates: read within a limit, checked line by line, taken whole or not at all."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request

from ingest.money_rows import CheckedLines, Line, UnreadableLinesError, parse_columns
from schemas.report_problems import UploadInvalid, UploadUnreadable
from serve_apps.audited import audited
from serve_apps.intake import body_text, read_body

Reader = Callable[[bytes, dict[str, str | None]], CheckedLines[Line]]


async def take_upload(
    request: Request,
    action: str,
    read: Reader[Line],
    count: Callable[[Sequence[Line]], Awaitable[tuple[int, int]]],
    store: Callable[[Sequence[Line]], Awaitable[tuple[int, int]]],
    *,
    mapping: str | None,
    dry_run: bool,
) -> dict[str, Any]:
    """Take a file; `count` and `store` give how many lines are new and how many have another value.

    `action` is what the audit log calls it.

    Raises:
        ReportParameterInvalid: the mapping is none.
        UploadUnreadable: it is no CSV, or lacks a column.
        UploadInvalid: lines are at fault, and it is no dry run; nothing was stored.
    """
    content = body_text(request, await read_body(request))
    named = parse_columns(mapping or "{}")
    try:
        checked = await asyncio.to_thread(read, content, named)
    except UnreadableLinesError as error:
        raise UploadUnreadable(str(error)) from error
    if checked.faulty and not dry_run:
        raise UploadInvalid(f"{checked.faulty} lines are at fault; nothing was stored.", errors=tuple(checked.errors))
    new, changed = (0, 0)
    if checked.lines and dry_run:
        new, changed = await count(checked.lines)
    elif checked.lines:
        async with audited(request, action) as entry:
            new, changed = await store(checked.lines)
            entry.detail = {"lines": len(checked.lines), "new": new, "changed": changed}
    faults = [{"line": each.index, "field": each.pointer[1:], "detail": each.detail} for each in checked.errors]
    return {
        "dry_run": dry_run,
        "lines": len(checked.lines) + checked.faulty,
        "new": new,
        "changed": changed,
        "unchanged": len(checked.lines) - new - changed,
        "faulty": checked.faulty,
        "faults": faults,
    }
