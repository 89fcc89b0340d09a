"""`unmogrow tenant`: make and list tenants."""

from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.table import Table

from cli.context import console, fail, run_api
from cli.credentials import Credentials, save_credentials
from cli.options import JsonOption
from local.stack import Stack
from schemas.ids import TenantId, parse_tenant_id
from schemas.limits import SHARDS_MAX
from schemas.settings import Settings
from tenancy.provisioning import ProvisionedTenant, TenantRequest

app = typer.Typer(help="Make and list tenants.", no_args_is_help=True)


@app.command()
def create(
    tenant_id: Annotated[str, typer.Argument(help="For example t124: a letter, then letters or digits.")],
    host: Annotated[str, typer.Option(help="Host name of its site and API, for example client124.localhost.")],
    name: Annotated[str | None, typer.Option(help="Name on its site. Default: the id.")] = None,
    email: Annotated[str | None, typer.Option(help="Email of its owner. Default: owner@<host>.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a tenant: database, role, tables, keys and owner. Its first event can be sent when this ends.

    Running it again for the same tenant finishes what a broken run left, and makes one more write key.

    Example: unmogrow tenant create t124 --host client124.localhost
    """
    settings = Settings()
    request = TenantRequest(tenant_id, host, name or tenant_id, email or f"owner@{host}")
    tenant = run_api(_create(Stack(settings), request))
    path = save_credentials(settings.data_dir, credentials_of(tenant))
    if as_json:
        typer.echo(orjson.dumps(asdict(tenant)).decode())
        return
    table = Table(show_header=False, box=None)
    table.add_row("site", f"http://{tenant.host}:{settings.ports.tenant}")
    table.add_row("write key", tenant.write_key)
    table.add_row("owner", tenant.owner_email)
    table.add_row("password", tenant.owner_password or "(as it was)")
    console.print(table)
    console.print(f"[dim]Shown once; kept in {path} for this command line.[/]")


async def _create(stack: Stack, request: TenantRequest) -> ProvisionedTenant:
    async with stack.provisioner() as provisioner:
        return await provisioner.create_tenant(request)


def credentials_of(tenant: ProvisionedTenant) -> Credentials:
    """Take from a new tenant what the command line keeps."""
    return Credentials(tenant.tenant_id, tenant.host, tenant.write_key, tenant.owner_email, tenant.owner_password)


@app.command()
def limits(
    tenant_id: Annotated[str, typer.Argument(help="For example t124.")],
    events_per_second: Annotated[float | None, typer.Option(min=0.001, help="Default: what the settings say.")] = None,
    events_per_day: Annotated[int | None, typer.Option(min=1, help="Default: as many as it likes.")] = None,
    shards: Annotated[
        int | None, typer.Option(min=1, max=SHARDS_MAX, help="Actors that share its work. Left out: as many as it has.")
    ] = None,
) -> None:
    """Set how much a tenant may send, and how many actors share its work. Takes effect within a second.

    A limit left out goes back to its default. Shards can be changed at any time, also under load: no event is lost or
    stored twice. One is enough until its actor fills a core; each is a process of about 100 MB.

    Example: unmogrow tenant limits t124 --events-per-second 2000 --events-per-day 10000000 --shards 4
    """
    parsed = parse_tenant_id(tenant_id)
    if not run_api(_set_limits(Stack(Settings()), parsed, events_per_second, events_per_day, shards)):
        raise fail(f"There is no tenant {tenant_id}.")
    console.print(f"Set for [bold]{tenant_id}[/].")


async def _set_limits(
    stack: Stack, tenant_id: TenantId, events_per_second: float | None, events_per_day: int | None, shards: int | None
) -> bool:
    async with stack.provisioner() as provisioner:
        return await provisioner.set_limits(
            tenant_id, events_per_second=events_per_second, events_per_day=events_per_day, shards=shards
        )


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
    run_api(_rotate_keys(Stack(Settings()), parse_tenant_id(tenant_id), at_once=at_once))
    console.print(f"The next key of [bold]{tenant_id}[/] {'signs' if at_once else 'is published'}.")


async def _rotate_keys(stack: Stack, tenant_id: TenantId, *, at_once: bool) -> None:
    async with stack.provisioner() as provisioner:
        await provisioner.rotate_keys(tenant_id, at_once=at_once)


@app.command(name="list")
def list_tenants() -> None:
    """List the tenants of this platform."""
    tenants = run_api(Stack(Settings()).tenants())
    table = Table("tenant", "host", "name", "state", "shards")
    for tenant in tenants:
        table.add_row(tenant.tenant_id, tenant.host, tenant.name, tenant.state, str(tenant.shards))
    console.print(table)
