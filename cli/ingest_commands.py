"""`unmogrow ingest`: send a file of events. `unmogrow tail`: watch events arrive."""

import asyncio
import gzip
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
import zstandard
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.bookmark import Bookmark
from cli.context import api_url, ask, client_of, console, credentials_for, progress_bar, user_api
from cli.options import EmailOption, PasswordOption, TenantOption, UrlOption, WriteKeyOption
from schemas.settings import Settings
from unmogrow.client import Ingested, TenantClient
from unmogrow.client.tenant_models import StoredEvent

_REASONS_SHOWN = 10
_ZSTD = zstandard.ZstdDecompressor()
_SOURCE_STYLES = ("cyan", "magenta", "green", "yellow", "blue")


def ingest(
    file: Annotated[str, typer.Argument(help="NDJSON: one event a line; .gz and .zst too; - reads standard input.")],
    tenant: TenantOption,
    write_key: WriteKeyOption = None,
    url: UrlOption = None,
    *,
    restart: Annotated[
        bool, typer.Option("--restart", help="Send from the start, not from where a run broke off.")
    ] = False,
) -> None:
    """Send a file of events to a tenant, through the public HTTP API.

    Events go in the order of the file. A run that was broken off goes on where it stopped;
    an event that was sent before counts as a duplicate, so nothing is ever counted twice.

    Example: unmogrow ingest events.ndjson.gz --tenant t123
    """
    settings = Settings()
    credentials = credentials_for(settings, tenant, write_key=write_key)
    path = None if file == "-" else Path(file)
    if path is not None and not path.is_file():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")
    bookmark = Bookmark(settings.data_dir, path, tenant) if path else None
    if bookmark and restart:
        bookmark.remove()
    if bookmark and bookmark.rows:
        console.print(f"Going on after the first {bookmark.rows:,} rows, which were acknowledged before.")
    client = client_of(api_url(settings, url), credentials)
    done = ask(client, lambda api: _send_file(api, path, bookmark))
    if bookmark:
        bookmark.remove()
    print_ingested(done)
    if done.rejected_count:
        raise typer.Exit(1)


async def _send_file(api: TenantClient, path: Path | None, bookmark: Bookmark | None) -> Ingested:
    done = Ingested()
    raw, name, size_bytes = _open(path)
    with raw, progress_bar("bytes") as progress:
        task = progress.add_task(f"Sending {name}", total=size_bytes)
        async for receipt in api.ingest_batches(_rows(raw, path, bookmark.rows if bookmark else 0)):
            done.add(receipt)
            if bookmark:
                bookmark.move(receipt.rows)
                progress.update(task, completed=raw.tell())
            else:
                progress.advance(task, receipt.bytes_sent)
    return done


def _open(path: Path | None) -> tuple[BinaryIO, str, int | None]:
    return (path.open("rb"), path.name, path.stat().st_size) if path else (sys.stdin.buffer, "standard input", None)


def _rows(raw: BinaryIO, path: Path | None, skip: int) -> Iterator[bytes]:
    suffix = path.suffix if path else ""
    lines: Any = raw
    if suffix == ".gz":
        lines = gzip.GzipFile(fileobj=raw)
    elif suffix in {".zst", ".zstd"}:
        # The progress bar asks the file where it is, also after its last row.
        lines = io.BufferedReader(_ZSTD.stream_reader(raw, read_across_frames=True, closefd=False))
    count = 0
    for line in lines:
        if line.strip():
            count += 1
            if count > skip:
                yield line


def print_ingested(done: Ingested, target: Console = console) -> None:
    """Say what became of the rows, and why some were rejected."""
    table = Table(show_header=False, box=None)
    for name, count in (
        ("accepted", done.accepted),
        ("duplicates", done.duplicates),
        ("rejected", done.rejected_count),
        ("sent", done.sent),
    ):
        table.add_row(name, f"{count:,}")
    target.print(table)
    if done.reasons:
        reasons = Table("rejected", "field", "why", title="Why events were rejected")
        for (pointer, detail), count in done.reasons.most_common(_REASONS_SHOWN):
            reasons.add_row(f"{count:,}", escape(pointer), escape(detail))
        target.print(reasons)


def tail(
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    raw: Annotated[bool, typer.Option("--json", help="Print whole events as NDJSON, for jq and the like.")] = False,
) -> None:
    """Watch a tenant's events arrive, live, until Ctrl-C.

    Example: unmogrow tail --tenant t123
    """
    client = user_api(tenant, url, email=email, password=password)
    if not raw:
        console.print(f"Waiting for events of [bold]{tenant}[/]; Ctrl-C ends.")
    ask(client, lambda api: _follow(api, raw=raw))


async def _follow(api: TenantClient, *, raw: bool) -> None:
    try:
        async for event in api.tail():
            if raw:
                sys.stdout.buffer.write(event.json_bytes() + b"\n")
                sys.stdout.buffer.flush()
            else:
                console.print(_line(event))
    except asyncio.CancelledError:
        return


def _line(stored: StoredEvent) -> str:
    event = stored.model_dump()
    source = event.get("media_source", "")
    style = _SOURCE_STYLES[sum(source.encode()) % len(_SOURCE_STYLES)]
    parts = [
        f"[dim]{event['received_at'][11:23]}[/]",
        f"[bold]{event['event_type']:<11}[/]",
        f"[{style}]{escape(source):<18}[/]",
        escape(event.get("event_name") or event.get("campaign", "")),
        f"{event['revenue']} {event.get('currency', '')}" if event.get("revenue") else "",
        f"[dim]{escape(event['event_id'])}[/]",
    ]
    return " ".join(part for part in parts if part)
