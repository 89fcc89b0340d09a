"""`unmogrow person`: which ids are one human being, and taking a wrong link back."""

from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, console, user_api
from cli.options import EmailOption, PasswordOption, TenantOption, UrlOption
from unmogrow.client.tenant_models import PersonEdge

app = typer.Typer(help="Persons: the ids that events have joined, and why.", no_args_is_help=True)

IdKind = Literal["user_id", "advertising_id", "vendor_id", "anonymous_id", "device_id", "idfv", "gaid", "idfa", "oaid"]


@app.command()
def show(
    kind: Annotated[IdKind, typer.Argument(help="What kind of id it is.")],
    value: Annotated[str, typer.Argument(help="The id.")],
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Show all ids of whoever has this one, and the event behind each link.

    Example: unmogrow person show user_id customer-4711
    """
    found = ask(user_api(tenant, url, email=email, password=password), lambda api: api.get_person(kind, value))
    for key in found.keys:
        console.print(f"[bold]{key.kind}[/] {escape(key.value)}")
    table = Table("edge", "user", "other id", "since", "by event")
    for edge in found.edges:
        table.add_row(*_row(edge))
    for edge in found.removed:
        table.add_row(*_row(edge), style="dim strike")
    console.print(table)
    for key in found.shared:
        console.print(f"[yellow]{key.kind} {escape(key.value)}[/] stands for too many people and joins nobody.")


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
    edge = ask(user_api(tenant, url, email=email, password=password), lambda api: api.delete_edge(edge_id))
    console.print(f"{escape(edge.user_id)} and {edge.kind} {escape(edge.value)} are no longer one person.")


def _row(edge: PersonEdge) -> tuple[str, ...]:
    return (
        str(edge.edge_id),
        escape(edge.user_id),
        escape(f"{edge.kind} {edge.value}"),
        f"{edge.linked_at:%Y-%m-%dT%H:%M:%S}",
        escape(edge.event_id),
    )
