"""`unmogrow link`: make and list tracking links."""

from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import console, fail, run_api, user_api
from cli.options import JsonOption, TenantOption, UrlOption
from cli.tenant_api import TenantApi

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
    made = run_api(_create(user_api(tenant, url), document))
    typer.echo(orjson.dumps(made).decode() if as_json else made["click_url"])


@app.command(name="list")
def list_links(tenant: TenantOption = "t123", url: UrlOption = None, *, as_json: JsonOption = False) -> None:
    """List a tenant's tracking links, newest first."""
    links = run_api(_list(user_api(tenant, url)))
    if as_json:
        typer.echo(orjson.dumps(links).decode())
        return
    table = Table("link", "media source", "campaign", "address")
    for link in links:
        cells = (link["link_id"], link["media_source"], link.get("campaign", ""), link["click_url"])
        table.add_row(*map(escape, cells))
    console.print(table)


async def _create(client: TenantApi, document: dict[str, Any]) -> dict[str, Any]:
    async with client as api:
        return await api.post("/api/v1/links", document)


async def _list(client: TenantApi) -> list[dict[str, Any]]:
    async with client as api:
        return [link async for link in api.pages("/api/v1/links")]


def _named(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise fail(f"--field takes name=value, not {text}")
    return name, value
