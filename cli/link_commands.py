"""`unmogrow link`: make and list tracking links."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, collected, console, fail, print_json, user_api
from cli.options import JsonOption, TenantOption, UrlOption

app = typer.Typer(help="Make and list tracking links.", no_args_is_help=True)


@app.command()
def create(
    media_source: Annotated[str, typer.Option(help="Who shows the link, and gets the credit.")],
    tenant: TenantOption = "t123",
    link_id: Annotated[str | None, typer.Option("--id", help="Last part of its address. Default: random.")] = None,
    campaign: Annotated[str | None, typer.Option(help="The campaign it belongs to.")] = None,
    ios: Annotated[str | None, typer.Option(help="App Store address.")] = None,
    android: Annotated[str | None, typer.Option(help="Google Play address.")] = None,
    web: Annotated[str | None, typer.Option(help="Where desktop browsers go.")] = None,
    deep_link: Annotated[str | None, typer.Option(help="A place in the app, such as game://shop.")] = None,
    fallback: Annotated[str | None, typer.Option(help="Where everybody else goes.")] = None,
    field: Annotated[list[str] | None, typer.Option(help="Any other field of a link, as name=value.")] = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Make a tracking link. It redirects within a second.

    Example: unmogrow link create --media-source newsletter --web "https://example.com/sale?c={click_id}"
    """
    others = dict(_named(text) for text in field or ())
    chosen = {
        "link_id": link_id,
        "media_source": media_source,
        "campaign": campaign,
        "ios_store_url": ios,
        "android_store_url": android,
        "web_url": web,
        "deep_link_url": deep_link,
        "fallback_url": fallback,
    }
    document = {name: value for name, value in chosen.items() if value is not None} | others
    made = ask(user_api(tenant, url), lambda api: api.create_link(document))
    if as_json:
        print_json(made)
    else:
        typer.echo(made.click_url)


@app.command(name="list")
def list_links(tenant: TenantOption = "t123", url: UrlOption = None, *, as_json: JsonOption = False) -> None:
    """List a tenant's tracking links, newest first."""
    links = ask(user_api(tenant, url), lambda api: collected(api.iter_links()))
    if as_json:
        print_json(links)
        return
    table = Table("link", "media source", "campaign", "address")
    for link in links:
        cells = (link.link_id, link.media_source, link.campaign or "", link.click_url)
        table.add_row(*map(escape, cells))
    console.print(table)


def _named(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise fail(f"--field takes name=value, not {text}")
    return name, value
