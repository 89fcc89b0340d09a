"""`unmogrow key`: the keys by which programs call a tenant."""

from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, console, print_json, user_api
from cli.options import EmailOption, JsonOption, PasswordOption, TenantOption, UrlOption

app = typer.Typer(
    help="""The keys by which programs call a tenant: make, list, revoke.

    A [bold]write[/] key may only send events and is safe to ship in an app. A [bold]secret[/] key stays on servers, and
    may do what its scopes say: [bold]ingest[/] events, [bold]read[/] what a viewer reads, [bold]write[/] what an owner
    or analyst changes. No key reaches users, keys or the audit log.
    """,
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for: the list and the audit log show it.")],
    kind: Annotated[Literal["write", "secret"], typer.Option(help="What it is.")] = "secret",
    scope: Annotated[list[str] | None, typer.Option(help="ingest, read or write. May be repeated.")] = None,
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it: this once, for only its hash is kept. It works within a second.

    Example: unmogrow key create warehouse --scope read

    To replace a key without a gap, make the new one, change whoever uses the old one, see in `unmogrow key list` that
    its last day is past, and revoke it.
    """
    client = user_api(tenant, url, email=email, password=password)
    wanted = {"name": name, "kind": kind, "scopes": scope or []}
    made = ask(client, lambda api: api.create_key(wanted))
    if as_json:
        print_json(made)
        return
    console.print(f"[dim]{escape(made.name)}: shown once.[/]")
    typer.echo(made.key)


@app.command(name="list")
def list_keys(
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the keys that have not been revoked, with the last day on which each was used.

    Example: unmogrow key list
    """
    keys = ask(user_api(tenant, url, email=email, password=password), lambda api: api.list_keys()).data
    if as_json:
        print_json(keys)
        return
    table = Table("id", "name", "kind", "scopes", "begins", "made", "last used")
    for key in keys:
        cells = (key.name, key.kind, ", ".join(key.scopes), f"{key.key_prefix}…", f"{key.created_at:%Y-%m-%d}")
        table.add_row(key.key_id, *map(escape, cells), str(key.last_used_on or "never"))
    console.print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Its id, from `unmogrow key list`.")],
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Revoke a key: within a second it is refused everywhere, and for good.

    Example: unmogrow key revoke 0192e0a6-5e2c-4d52-9d0f-2f6f6b1c9a11
    """
    client = user_api(tenant, url, email=email, password=password)
    ask(client, lambda api: api.revoke_key(key_id))
    console.print("Revoked.")
