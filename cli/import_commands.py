"""`unmogrow import`: have the platform import a file in the background, and watch it do so."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal, TypedDict

import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, console, fail, progress_bar, user_api
from cli.options import EmailOption, MappingOption, PasswordOption, TenantOption, UrlOption, mapping_json
from cli.upload import file_pieces
from unmogrow.client import TenantClient
from unmogrow.client.tenant_models import Import

FileFormat = Literal["ndjson", "csv", "parquet"]
Unknown = Literal["properties", "reject"]

_ENDED = frozenset({"done", "failed"})
_POLL_SECONDS = 0.5
_REJECTIONS_SHOWN = 10


class _Options(TypedDict):
    """How a file is to be read."""

    format: FileFormat | None
    mapping: str
    unknown: Unknown
    dry_run: bool


def import_file(
    tenant: TenantOption,
    file: Annotated[Path | None, typer.Argument(help="NDJSON, CSV (both also .gz or .zst) or Parquet.")] = None,
    format_: Annotated[FileFormat | None, typer.Option("--format", help="Default: as the file says.")] = None,
    mapping: MappingOption = None,
    unknown: Annotated[Unknown, typer.Option(help="What becomes of columns that are no fields.")] = "properties",
    status: Annotated[str | None, typer.Option("--status", help="Watch an import that was begun before.")] = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, store nothing.")] = False,
) -> None:
    """Import a file of events in the background, and watch it.

    The platform takes the file, then imports it by itself: Ctrl-C ends the watching, not the import.
    The same file sent again is the same import, so nothing is ever counted twice.

    Example: unmogrow import events.parquet --tenant t123 --mapping ts=event_time --dry-run
    """
    options = _Options(format=format_, mapping=mapping_json(mapping), unknown=unknown, dry_run=dry_run)
    if (file is None) == (status is None):
        raise typer.BadParameter("name a file, or an import by --status", param_hint="FILE")
    if file is not None and not file.is_file():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")
    client = user_api(tenant, url, email=email, password=password)
    ended = ask(client, lambda api: _import(api, tenant, file, options, status))
    _print(ended)
    if ended.state == "failed":
        raise fail(ended.error or "it failed")


async def _import(
    api: TenantClient, tenant: str, file: Path | None, options: _Options, import_id: str | None
) -> Import:
    if file is not None:
        import_id = await _upload(api, file, options)
    assert import_id is not None
    try:
        console.print(f"Import {import_id} runs in the background; Ctrl-C ends the watching alone.")
        return await _follow(api, import_id)
    except asyncio.CancelledError:
        console.print(
            f"The import goes on. Look again: [bold]unmogrow import --tenant {tenant} --status {import_id}[/]",
            soft_wrap=True,
        )
        raise


async def _upload(api: TenantClient, file: Path, options: _Options) -> str:
    size_bytes = (await asyncio.to_thread(file.stat)).st_size
    with progress_bar("bytes") as progress:
        task = progress.add_task(f"Sending {escape(file.name)}", total=size_bytes)
        content = file_pieces(file, lambda sent_bytes: progress.update(task, completed=sent_bytes))
        return (await api.create_import(content, filename=file.name, **options)).import_id


async def _follow(api: TenantClient, import_id: str) -> Import:
    with progress_bar("bytes") as progress:
        task = progress.add_task("Importing", total=None)
        while True:
            found = await api.get_import(import_id)
            progress.update(
                task,
                description=f"Importing ({found.state}, {found.rows_done:,} rows)",
                total=found.bytes_total,
                completed=found.bytes_done,
            )
            if found.state in _ENDED:
                return found
            await asyncio.sleep(_POLL_SECONDS)


def _print(ended: Import) -> None:
    if ended.dry_run:
        console.print("A dry run: nothing was stored; this is what would be.")
    table = Table(show_header=False, box=None)
    table.add_row("import", ended.import_id)
    for name, count in (
        ("accepted", ended.accepted),
        ("duplicates", ended.duplicates),
        ("rejected", ended.rejected),
    ):
        table.add_row(name, f"{count:,}")
    console.print(table)
    if ended.rejections:
        reasons = Table("row", "field", "why", title="The first rejected rows")
        for rejection in ended.rejections[:_REJECTIONS_SHOWN]:
            for error in rejection.errors:
                reasons.add_row(f"{rejection.row:,}", escape(error.pointer), escape(error.detail))
        console.print(reasons)
