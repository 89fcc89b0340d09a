"""`unmogrow person`: which ids are one human being, and taking a wrong link back."""

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from cli.context import console, run_api, user_api
from cli.options import EmailOption, PasswordOption, TenantOption, UrlOption
from cli.tenant_api import TenantApi

app = typer.Typer(help="Persons: the ids that events have joined, and why.", no_args_is_help=True)

_PATH = "/api/v1/persons"


@app.command()
def show(
    kind: Annotated[str, typer.Argument(help="user_id, device_id, anonymous_id, gaid, idfa, idfv or oaid.")],
    value: Annotated[str, typer.Argument(help="The id.")],
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Show all ids of whoever has this one, and the event behind each link.

    Example: unmogrow person show user_id customer-4711
    """
    found = run_api(_get(user_api(tenant, url, email=email, password=password), f"{_PATH}/{kind}/{quote(value, '')}"))
    for key in found["keys"]:
        console.print(f"[bold]{key['kind']}[/] {escape(key['value'])}")
    table = Table("edge", "user", "other id", "since", "by event")
    for edge in found["edges"]:
        table.add_row(*_row(edge))
    for edge in found["removed"]:
        table.add_row(*_row(edge), style="dim strike")
    console.print(table)
    for key in found["shared"]:
        console.print(f"[yellow]{key['kind']} {escape(key['value'])}[/] stands for too many people and joins nobody.")


@app.command()
def unlink(
    edge_id: Annotated[int, typer.Argument(help="The number of a link, as `person show` gives it.")],
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Take a wrong link back, for good; conversions that it had a part in are attributed once more.

    Example: unmogrow person unlink 42
    """
    edge = run_api(_delete(user_api(tenant, url, email=email, password=password), f"{_PATH}/edges/{edge_id}"))
    console.print(f"{escape(edge['user_id'])} and {edge['kind']} {escape(edge['value'])} are no longer one person.")


def _row(edge: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(edge["edge_id"]),
        escape(edge["user_id"]),
        escape(f"{edge['kind']} {edge['value']}"),
        edge["linked_at"][:19],
        escape(edge["event_id"]),
    )


async def _get(client: TenantApi, path: str) -> dict[str, Any]:
    async with client as api:
        return await api.get(path)


async def _delete(client: TenantApi, path: str) -> dict[str, Any]:
    async with client as api:
        return await api.delete(path)
