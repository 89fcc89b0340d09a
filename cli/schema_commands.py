"""`unmogrow schema`: a tenant's own schemas of its in-app events."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, console, fail, user_api
from cli.options import TenantOption, UrlOption
from unmogrow.client import ProblemError, TenantClient
from unmogrow.client.tenant_models import EventSchema, NewEventSchema

app = typer.Typer(help="Say what the properties of in-app events must look like.", no_args_is_help=True)


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
    document = NewEventSchema.model_validate({"schema": definition, "on_violation": "flag" if flag else "reject"})
    registered = ask(user_api(tenant, url), lambda api: _put(api, event_name, document, force=force))
    console.print(f"{escape(event_name)}@{registered.version}: {registered.on_violation}")


@app.command(name="list")
def list_schemas(tenant: TenantOption = "t123", url: UrlOption = None) -> None:
    """List the newest version of each schema."""
    table = Table("event name", "version", "on violation", "since")
    for each in ask(user_api(tenant, url), lambda api: api.list_event_schemas()).data:
        since = f"{each.created_at:%Y-%m-%dT%H:%M:%S}"
        table.add_row(escape(each.event_name), str(each.version), each.on_violation, since)
    console.print(table)


async def _put(api: TenantClient, event_name: str, document: NewEventSchema, *, force: bool) -> EventSchema:
    try:
        return await api.put_event_schema(event_name, document, force=force)
    except ProblemError as error:
        for line in error.document.get("breaking", ()):
            console.print(f"  [yellow]{escape(line)}[/]")
        raise
