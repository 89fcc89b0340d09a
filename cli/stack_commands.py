"""`unmogrow up`, `down`, `status`, `doctor`: the embedded stack of this machine."""

import time
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.panel import Panel
from rich.table import Table

from cli.context import api_url, client_of, console, fail, run_api
from cli.credentials import save_credentials, write_private
from cli.demo_commands import DEMO_SEED, load_demo
from cli.ingest_commands import print_ingested
from cli.tenant_commands import create_tenant, credentials_of
from local.doctor import diagnose
from local.stack import Stack, StackError
from schemas.settings import Settings
from storage.postgres.migrate import MigrationEditedError
from tenancy.provisioning import TenantRequest
from unmogrow.client import PlatformClient

DEMO_TENANT = TenantRequest("t123", "client123.localhost", "Demo Games", "owner@client123.localhost")
_MIB = 1024 * 1024


def up() -> None:
    """Start everything on this machine, with a demo tenant whose data has a known truth.

    What runs already stays as it is: a second `up` changes nothing.
    """
    settings = Settings()
    troubles = [finding for finding in diagnose(settings) if not finding.ok and finding.fatal]
    if troubles and not Stack(settings).status():
        raise fail("; ".join(f"{finding.detail} {finding.remedy}" for finding in troubles))
    started = time.monotonic()
    try:
        demo = run_api(_up(Stack(settings)))
    except (StackError, MigrationEditedError) as error:
        raise fail(str(error)) from error
    _print_welcome(settings, demo, time.monotonic() - started)


async def _up(stack: Stack) -> dict[str, Any]:
    with console.status("Starting") as status:
        await stack.up(status.update)
        await stack.prepare(status.update)
    demo_file = stack.places.data / "demo.json"
    if demo_file.exists():
        demo: dict[str, Any] = orjson.loads(demo_file.read_bytes())
        return demo
    return await _make_demo(stack, demo_file)


async def _make_demo(stack: Stack, demo_file: Path) -> dict[str, Any]:
    ports = stack.settings.ports
    async with PlatformClient(f"http://{ports.host}:{ports.global_}", stack.operator_key) as platform:
        credentials = credentials_of(await create_tenant(platform, DEMO_TENANT))
    save_credentials(stack.settings.data_dir, credentials)
    async with client_of(api_url(stack.settings, None), credentials) as api:
        print_ingested(await load_demo(api, stack.settings.data_dir, DEMO_SEED))
    demo = {
        "tenant_id": credentials.tenant_id,
        "host": credentials.host,
        "write_key": credentials.write_key,
        "email": credentials.email,
        "password": credentials.password,
        "platform_key": stack.operator_key,
        "clickhouse_url": stack.clickhouse_url,
        "postgres_url": stack.postgres_url,
    }
    # Last: its presence says that all of the above is done.
    write_private(demo_file, demo)
    return demo


def _print_welcome(settings: Settings, demo: dict[str, Any], seconds: float) -> None:
    ports = settings.ports
    url = f"http://localhost:{ports.tenant}"
    tenant, host = demo["tenant_id"], demo["host"]
    table = Table(show_header=False, box=None)
    table.add_row("site", f"http://{host}:{ports.tenant}")
    table.add_row("tenant plane", f"{url} with X-Tenant-ID: {tenant}, or http://{host}:{ports.tenant}")
    table.add_row("global plane", f"http://localhost:{ports.global_}")
    table.add_row("login", f"{demo['email']}  {demo['password']}")
    table.add_row("write key", demo["write_key"])
    console.print(Panel(table, title=f"UnMoGrowP is up ({seconds:.0f} s)", expand=False))
    event = '{"event_id":"first","event_type":"click","event_time":"\'$(date -u +%FT%TZ)\'","media_source":"me"}'
    login = orjson.dumps({name: demo[name] for name in ("email", "password")}).decode()
    named = f"curl -H 'X-Tenant-ID: {tenant}'"
    console.print("Try:")
    # Plain print: these lines are to be copied, so nothing may wrap them.
    typer.echo(f"  {named} {url}/health")
    typer.echo(f"  {named} -H 'X-Write-Key: {demo['write_key']}' {url}/api/v1/events/ingest -d '{event}'")
    typer.echo(f"  {named} -H 'Content-Type: application/json' {url}/api/v1/auth -d '{login}'")
    console.print("[dim]Then: unmogrow tail, unmogrow demo load --help. `make down` ends it all.[/]")


def down(
    *,
    delete_data: Annotated[bool, typer.Option("--delete-data", help="Delete every tenant's data, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")] = False,
) -> None:
    """End everything that `up` started, and nothing else. Data stays, unless you say otherwise."""
    stack = Stack(Settings())
    if delete_data and not yes:
        typer.confirm(f"Delete all data in {stack.places.data}?", abort=True)
    with console.status("Stopping"):
        if delete_data:
            stack.destroy()
        else:
            stack.down()
    console.print("Stopped, and all data deleted." if delete_data else "Stopped.")


def status() -> None:
    """Say what runs, where it listens, and how much memory it takes."""
    parts = Stack(Settings()).status()
    if not parts:
        console.print("Nothing runs; `make up` starts it.")
        raise typer.Exit(1)
    table = Table("part", "state", "pid", "listens on", "memory")
    for part in parts:
        table.add_row(part.name, part.state, str(part.pid), part.address, f"{part.memory_bytes / _MIB:,.0f} MiB")
    table.add_row("", "", "", "", f"{sum(part.memory_bytes for part in parts) / _MIB:,.0f} MiB", style="bold")
    console.print(table)


def doctor() -> None:
    """Say what is wrong with this machine, and how to mend it."""
    findings = diagnose(Settings())
    for finding in findings:
        mark = "[green]ok[/]  " if finding.ok else "[red]bad[/] "
        console.print(f"{mark} {finding.name}: {finding.detail}")
        if not finding.ok:
            console.print(f"     [yellow]{finding.remedy}[/]")
    if any(finding.fatal and not finding.ok for finding in findings):
        raise typer.Exit(1)
