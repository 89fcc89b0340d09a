"""`unmogrow platform-key`: keys of the global plane."""

from typing import Annotated

import typer
from rich.table import Table

from cli.context import console, platform_client, print_json, run_platform
from cli.options import JsonOption, PlatformKeyOption, PlatformUrlOption
from tenancy.platform_keys import SCOPES

app = typer.Typer(help="Make, list and revoke keys of the global plane.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for, for example forwarder-eu.")],
    scope: Annotated[list[str], typer.Option("--scope", "-s", help=f"May be repeated: {', '.join(SCOPES)}.")],
    url: PlatformUrlOption = None,
    key: PlatformKeyOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a platform key. It is shown once, and may have no scope that the key which makes it lacks.

    Example: unmogrow platform-key create forwarder-eu --scope ingest
    """
    asked = {"name": name, "scopes": scope}
    made = run_platform(platform_client(url, key), lambda client: client.create_platform_key(asked))
    if as_json:
        print_json(made)
        return
    # Plain print: it is to be copied, so nothing may wrap it.
    typer.echo(made.key)
    console.print(f"[dim]Shown once. `unmogrow platform-key revoke {made.key_id}` ends it.[/]")


@app.command(name="list")
def list_keys(url: PlatformUrlOption = None, key: PlatformKeyOption = None) -> None:
    """List the platform keys that work, without the keys themselves: what each may do, and when it was last used."""
    table = Table("id", "key", "name", "scopes", "last used")
    for each in run_platform(platform_client(url, key), lambda client: client.list_platform_keys()).data:
        used = str(each.last_used_on or "never")
        table.add_row(each.key_id, each.key_prefix, each.name, " ".join(each.scopes), used)
    console.print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="See `unmogrow platform-key list`.")],
    url: PlatformUrlOption = None,
    key: PlatformKeyOption = None,
) -> None:
    """Revoke a platform key: within a second nobody can use it any more, and it never works again.

    Example: unmogrow platform-key revoke 0b9c5c1e-4f6e-4c39-9f0c-3c7f5a0f7a55
    """
    run_platform(platform_client(url, key), lambda client: client.revoke_platform_key(key_id))
    console.print(f"Revoked [bold]{key_id}[/].")
