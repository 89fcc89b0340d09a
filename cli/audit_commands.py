"""`unmogrow audit`: what was changed in a tenant, by whom, and from where."""

from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import console, run_api, user_api
from cli.options import EmailOption, JsonOption, PasswordOption, TenantOption, UrlOption
from cli.tenant_api import TenantApi


def audit(
    tenant: TenantOption = "t123",
    actor: Annotated[str | None, typer.Option(help="A user's email or id, or a key's name or id.")] = None,
    action: Annotated[str | None, typer.Option(help="For example link.create, login.failed, user.role.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="First moment, as in 2026-11-30T00:00:00Z.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="First moment after the last.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 50,
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Read a tenant's audit log, newest first: every change and login, with who, what, from where and when.

    Nobody can change or delete an entry, this command neither: the database has no role that could and logs in. The id
    of the request leads to the same request in the logs.

    Example: unmogrow audit --action login.failed --from 2026-11-01T00:00:00Z
    """
    chosen = {"actor": actor, "action": action, "from": since, "to": until}
    parameters: dict[str, str | int] = {name: value for name, value in chosen.items() if value is not None}
    client = user_api(tenant, url, email=email, password=password)
    entries = run_api(_list(client, parameters | {"limit": limit}))
    if as_json:
        typer.echo(orjson.dumps(entries).decode())
        return
    table = Table("when", "who", "what", "subject", "from", "detail")
    for entry in entries:
        who = entry["actor"]["label"] or entry["actor"]["id"] or entry["actor"]["kind"]
        detail = ", ".join(f"{name}={value}" for name, value in entry["detail"].items())
        cells = (entry["at"][:19], who, entry["action"], entry["subject"], entry["ip"], detail)
        table.add_row(*map(escape, cells))
    console.print(table)


async def _list(client: TenantApi, parameters: dict[str, str | int]) -> list[dict[str, Any]]:
    async with client as api:
        entries: list[dict[str, Any]] = (await api.get("/api/v1/audit", **parameters))["data"]
        return entries
