"""`unmogrow tenant`: make, list, change and delete tenants, by the global plane's API."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from cli.context import console, fail, platform_client, print_json, run_api, run_platform
from cli.credentials import Credentials, forget_credentials, save_credentials
from cli.options import JsonOption, PlatformKeyOption, PlatformUrlOption
from local.stack import Stack
from schemas.ids import TenantId, parse_tenant_id
from schemas.limits import SHARDS_MAX
from schemas.problems import TenantIdInvalid
from schemas.settings import Settings
from tenancy.registration import TenantRequest
from unmogrow.client import PlatformClient
from unmogrow.client.global_models import JobWithLogs, NewTenantAnswer, Tenant

app = typer.Typer(help="Make, list, change and delete tenants.", no_args_is_help=True)

_LOOK_SECONDS = 0.5

TenantArgument = Annotated[str, typer.Argument(help="For example t124.")]


@app.command()
def create(
    tenant_id: Annotated[str, typer.Argument(help="For example t124: a letter, then letters or digits.")],
    host: Annotated[str, typer.Option(help="Host name of its site and API, for example client124.localhost.")],
    name: Annotated[str | None, typer.Option(help="Name on its site. Default: the id.")] = None,
    email: Annotated[str | None, typer.Option(help="Email of its owner. Default: owner@<host>.")] = None,
    url: PlatformUrlOption = None,
    key: PlatformKeyOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a tenant: database, role, tables, keys and owner. Its first event can be sent when this ends.

    Running it again for the same tenant finishes what a broken run left, and makes one more write key.

    Example: unmogrow tenant create t124 --host client124.localhost
    """
    request = TenantRequest(_checked(tenant_id), host, name or tenant_id, email or f"owner@{host}")
    made = run_platform(platform_client(url, key), lambda client: create_tenant(client, request))
    settings = Settings()
    path = save_credentials(settings.data_dir, credentials_of(made))
    if as_json:
        print_json(made)
        return
    table = Table(show_header=False, box=None)
    table.add_row("site", f"http://{made.host}:{settings.ports.tenant}")
    table.add_row("write key", made.write_key)
    table.add_row("owner", made.owner.email)
    table.add_row("password", made.owner.password or "(as it was)")
    console.print(table)
    console.print(f"[dim]Shown once; kept in {path} for this command line.[/]")


async def create_tenant(client: PlatformClient, request: TenantRequest) -> NewTenantAnswer:
    """Make a tenant, or finish making it; give what the API told."""
    return await client.create_tenant(asdict(request))


def credentials_of(made: NewTenantAnswer) -> Credentials:
    """Take from a new tenant what the command line keeps."""
    return Credentials(made.tenant_id, made.host, made.write_key, made.owner.email, made.owner.password)


@app.command()
def limits(
    tenant_id: TenantArgument,
    events_per_second: Annotated[float | None, typer.Option(min=0.001, help="Default: what the settings say.")] = None,
    events_per_day: Annotated[int | None, typer.Option(min=1, help="Default: as many as it likes.")] = None,
    requests_at_once: Annotated[
        int | None, typer.Option(min=1, help="Open at each replica. Default: what the settings say.")
    ] = None,
    shards: Annotated[
        int | None, typer.Option(min=1, max=SHARDS_MAX, help="Actors that share its work. Left out: as many as it has.")
    ] = None,
    url: PlatformUrlOption = None,
    key: PlatformKeyOption = None,
) -> None:
    """Set how much a tenant may send, and how many actors share its work. Takes effect within a second.

    A limit left out goes back to its default. Shards can be changed at any time, also under load: no event is lost or
    stored twice. One is enough until its actor fills a core; each is a process of about 100 MB.

    Example: unmogrow tenant limits t124 --events-per-second 2000 --events-per-day 10000000 --shards 4
    """
    patch: dict[str, Any] = {
        "events_per_second": events_per_second,
        "events_per_day": events_per_day,
        "requests_at_once": requests_at_once,
    }
    if shards is not None:
        patch["shards"] = shards
    checked = _checked(tenant_id)
    run_platform(platform_client(url, key), lambda client: client.change_tenant(checked, patch))
    console.print(f"Set for [bold]{tenant_id}[/].")


@app.command(name="rotate-keys")
def rotate_keys(
    tenant_id: Annotated[str, typer.Argument(help="For example t124.")],
    *,
    at_once: Annotated[bool, typer.Option("--at-once", help="A key was betrayed: end all that it signed.")] = False,
) -> None:
    """Rotate the key that signs a tenant's access tokens. Nobody is logged out.

    The next key is published at /.well-known/jwks.json at once and signs 15 minutes later, when whoever checks tokens
    has it; the old one verifies until the last token that it signed has expired. `--at-once` replaces it now: access
    tokens are void within a second, and whoever has a session gets others by their refresh tokens.

    Example: unmogrow tenant rotate-keys t124
    """
    run_api(_rotate_keys(Stack(Settings()), _checked(tenant_id), at_once=at_once))
    console.print(f"The next key of [bold]{tenant_id}[/] {'signs' if at_once else 'is published'}.")


async def _rotate_keys(stack: Stack, tenant_id: TenantId, *, at_once: bool) -> None:
    async with stack.provisioner() as provisioner:
        await provisioner.rotate_keys(tenant_id, at_once=at_once)


@app.command(name="list")
def list_tenants(
    search: Annotated[str | None, typer.Option(help="A part of their id, host or name, in any case.")] = None,
    url: PlatformUrlOption = None,
    key: PlatformKeyOption = None,
) -> None:
    """List the tenants of this platform, in whatever state: host, name, state and shards of each."""

    async def read(client: PlatformClient) -> list[Tenant]:
        return [tenant async for tenant in client.iter_tenants(search=search, limit=1_000)]

    table = Table("tenant", "host", "name", "state", "shards")
    for tenant in run_platform(platform_client(url, key), read):
        table.add_row(tenant.tenant_id, tenant.host, tenant.name, tenant.state, str(tenant.shards))
    console.print(table)


@app.command()
def show(tenant_id: TenantArgument, url: PlatformUrlOption = None, key: PlatformKeyOption = None) -> None:
    """Show a tenant as JSON: its host, name, state, limits and shards, and what it used in the last 24 hours."""
    checked = _checked(tenant_id)

    async def read(client: PlatformClient) -> dict[str, Any]:
        tenant = await client.get_tenant(checked)
        used = await client.list_usage(tenant_id=checked)
        usage = used.data[0].model_dump(mode="json") if used.data else None
        return tenant.model_dump(mode="json") | {"usage": usage}

    typer.echo(orjson.dumps(run_platform(platform_client(url, key), read), option=orjson.OPT_INDENT_2).decode())


@app.command()
def suspend(tenant_id: TenantArgument, url: PlatformUrlOption = None, key: PlatformKeyOption = None) -> None:
    """Suspend a tenant: within a second nothing comes in or out, with 403. What it had sent is stored, and stays.

    Example: unmogrow tenant suspend t124
    """
    checked = _checked(tenant_id)
    run_platform(platform_client(url, key), lambda client: client.suspend_tenant(checked))
    console.print(f"Suspended [bold]{tenant_id}[/]. `unmogrow tenant resume {tenant_id}` serves it again.")


@app.command()
def resume(tenant_id: TenantArgument, url: PlatformUrlOption = None, key: PlatformKeyOption = None) -> None:
    """Serve a suspended tenant again: within a second it is as it was, with all that it had before.

    Example: unmogrow tenant resume t124
    """
    checked = _checked(tenant_id)
    run_platform(platform_client(url, key), lambda client: client.resume_tenant(checked))
    console.print(f"[bold]{tenant_id}[/] is served.")


@app.command()
def delete(
    tenant_id: TenantArgument,
    url: PlatformUrlOption = None,
    key: PlatformKeyOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")] = False,
) -> None:
    """Export all that a tenant has to the platform's folder of exports, then erase it. This cannot be undone.

    What is begun goes on though this command is broken off; run again, it follows the same job.

    Example: unmogrow tenant delete t124
    """
    checked = _checked(tenant_id)
    if not yes and typer.prompt(f"To delete it with all its data, type {tenant_id}") != tenant_id:
        raise fail("Nothing was deleted.")
    job = run_platform(platform_client(url, key), lambda client: _delete(client, checked))
    forget_credentials(Settings().data_dir, tenant_id)
    kept = f" Its archive is {job.archive}, in the folder of exports." if job.archive else ""
    console.print(f"[bold]{tenant_id}[/] is gone.{kept}")


async def _delete(client: PlatformClient, tenant_id: str) -> JobWithLogs:
    begun = await client.delete_tenant(tenant_id, confirm=tenant_id)
    with console.status("Deleting") as status:
        while (job := await client.get_job(begun.job_id)).finished_at is None:
            said = f": {job.error}" if job.error else ""
            status.update(f"{job.progress.done} of {job.progress.total} steps, {job.progress.current}{said}")
            await asyncio.sleep(_LOOK_SECONDS)
    return job


def _checked(tenant_id: str) -> TenantId:
    try:
        return parse_tenant_id(tenant_id)
    except TenantIdInvalid as problem:
        raise fail(f"{problem.detail} {problem.remedy}") from problem
