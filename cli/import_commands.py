"""`unmogrow import`: have the platform import a file in the background, and watch it do so."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from cli.context import console, fail, progress_bar, run_api, user_api
from cli.options import EmailOption, MappingOption, PasswordOption, TenantOption, UrlOption, mapping_json
from cli.tenant_api import TenantApi
from schemas.imports import ImportFormat, ImportState, UnknownColumns

_PATH = "/api/v1/imports"
_ENDED = frozenset({ImportState.DONE, ImportState.FAILED})
_POLL_SECONDS = 0.5
_REJECTIONS_SHOWN = 10


def import_file(
    tenant: TenantOption,
    file: Annotated[Path | None, typer.Argument(help="NDJSON, CSV (both also .gz or .zst) or Parquet.")] = None,
    format_: Annotated[ImportFormat | None, typer.Option("--format", help="Default: as the file says.")] = None,
    mapping: MappingOption = None,
    unknown: Annotated[
        UnknownColumns, typer.Option(help="What becomes of columns that are no fields.")
    ] = UnknownColumns.PROPERTIES,
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
    parameters = {"dry_run": str(dry_run).lower(), "unknown": unknown.value, "mapping": mapping_json(mapping)}
    if format_:
        parameters["format"] = format_.value
    if (file is None) == (status is None):
        raise typer.BadParameter("name a file, or an import by --status", param_hint="FILE")
    if file is not None and not file.is_file():
        raise typer.BadParameter(f"there is no file {file}", param_hint="FILE")
    client = user_api(tenant, url, email=email, password=password)
    ended = run_api(_import(client, tenant, file, parameters, status))
    _print(ended)
    if ended["state"] == ImportState.FAILED:
        raise fail(ended["error"])


async def _import(
    client: TenantApi, tenant: str, file: Path | None, parameters: dict[str, str], import_id: str | None
) -> dict[str, Any]:
    async with client as api:
        if file is not None:
            import_id = await _upload(api, file, parameters)
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


async def _upload(api: TenantApi, file: Path, parameters: dict[str, str]) -> str:
    size_bytes = (await asyncio.to_thread(file.stat)).st_size
    with progress_bar("bytes") as progress:
        task = progress.add_task(f"Sending {escape(file.name)}", total=size_bytes)
        begun = await api.send_file(
            _PATH,
            file,
            parameters | {"filename": file.name},
            lambda sent_bytes: progress.update(task, completed=sent_bytes),
        )
    return str(begun["import_id"])


async def _follow(api: TenantApi, import_id: str) -> dict[str, Any]:
    with progress_bar("bytes") as progress:
        task = progress.add_task("Importing", total=None)
        while True:
            found = await api.get(f"{_PATH}/{import_id}")
            progress.update(
                task,
                description=f"Importing ({found['state']}, {found['rows_done']:,} rows)",
                total=found["bytes_total"],
                completed=found["bytes_done"],
            )
            if found["state"] in _ENDED:
                return found
            await asyncio.sleep(_POLL_SECONDS)


def _print(ended: dict[str, Any]) -> None:
    if ended["dry_run"]:
        console.print("A dry run: nothing was stored; this is what would be.")
    table = Table(show_header=False, box=None)
    table.add_row("import", ended["import_id"])
    for name in ("accepted", "duplicates", "rejected"):
        table.add_row(name, f"{ended[name]:,}")
    console.print(table)
    if ended["rejections"]:
        reasons = Table("row", "field", "why", title="The first rejected rows")
        for rejection in ended["rejections"][:_REJECTIONS_SHOWN]:
            for error in rejection["errors"]:
                reasons.add_row(f"{rejection['row']:,}", escape(error["pointer"]), escape(error["detail"]))
        console.print(reasons)
