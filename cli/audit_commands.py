"""`unmogrow audit`: what was changed in a tenant, by whom, and from where."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, console, print_json, user_api
from cli.options import EmailOption, JsonOption, PasswordOption, TenantOption, UrlOption

_FORMATS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]


def audit(
    tenant: TenantOption = "t123",
    actor: Annotated[str | None, typer.Option(help="A user's email or id, or a key's name or id.")] = None,
    action: Annotated[str | None, typer.Option(help="For example link.create, login.failed, user.role.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=_FORMATS, help="First moment, as in 2026-11-30T00:00:00Z.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=_FORMATS, help="First moment after the last.")
    ] = None,
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
    client = user_api(tenant, url, email=email, password=password)
    first, last = (moment and _aware(moment) for moment in (since, until))
    page = ask(client, lambda api: api.list_audit(actor=actor, action=action, from_=first, to=last, limit=limit))
    if as_json:
        print_json(page.data)
        return
    table = Table("when", "who", "what", "subject", "from", "detail")
    for entry in page.data:
        who = entry.actor.label or entry.actor.id or entry.actor.kind
        detail = ", ".join(f"{name}={value}" for name, value in entry.detail.items())
        cells = (f"{entry.at:%Y-%m-%dT%H:%M:%S}", who, entry.action, entry.subject, entry.ip, detail)
        table.add_row(*map(escape, cells))
    console.print(table)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
