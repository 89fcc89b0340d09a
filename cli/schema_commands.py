"""`unmogrow schema`: a tenant's own schemas of its in-app events."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import console, fail, run_api, user_api
from cli.options import TenantOption, UrlOption
from cli.tenant_api import ApiError, TenantApi

app = typer.Typer(help="Say what the properties of in-app events must look like.", no_args_is_help=True)

PATH = "/api/v1/schemas"


@app.command()
def put(
    event_name: Annotated[str, typer.Argument(help="The in-app events it is for.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON Schema of `properties`.")],
    tenant: TenantOption = "t123",
    url: UrlOption = None,
    *,
    flag: Annotated[bool, typer.Option("--flag", help="Store violating events with a mark; default: reject.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Register it though it is stricter than the last.")] = False,
) -> None:
    """Register a schema, or its next version; it applies within a second.

    Example: unmogrow schema put level_up level_up.schema.json --flag
    """
    try:
        definition = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise fail(f"{file} is not JSON: {error}") from error
    document = {"schema": definition, "on_violation": "flag" if flag else "reject"}
    path = f"{PATH}/{event_name}" + ("?force=true" if force else "")
    registered = run_api(_put(user_api(tenant, url), path, document))
    console.print(f"{escape(event_name)}@{registered['version']}: {registered['on_violation']}")


@app.command(name="list")
def list_schemas(tenant: TenantOption = "t123", url: UrlOption = None) -> None:
    """List the newest version of each schema."""
    table = Table("event name", "version", "on violation", "since")
    for each in run_api(_list(user_api(tenant, url))):
        table.add_row(escape(each["event_name"]), str(each["version"]), each["on_violation"], each["created_at"][:19])
    console.print(table)


async def _put(client: TenantApi, path: str, document: dict[str, Any]) -> dict[str, Any]:
    async with client as api:
        try:
            return await api.put(path, document)
        except ApiError as error:
            for line in error.document.get("breaking", ()):
                console.print(f"  [yellow]{escape(line)}[/]")
            raise


async def _list(client: TenantApi) -> list[dict[str, Any]]:
    async with client as api:
        listed: list[dict[str, Any]] = (await api.get(PATH))["data"]
        return listed
