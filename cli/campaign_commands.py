"""`unmogrow campaign`: enter and list campaigns."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, collected, console, print_json, user_api
from cli.options import JsonOption, TenantOption, UrlOption

app = typer.Typer(help="Enter and list campaigns.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What people call it.")],
    media_source: Annotated[str, typer.Option(help="Who runs it, as events name it.")],
    campaign: Annotated[str, typer.Option(help="The name that its events and costs bear.")],
    tenant: TenantOption = "t123",
    channel: Annotated[str | None, typer.Option(help="The channel it runs in.")] = None,
    starts_on: Annotated[str | None, typer.Option(help="First day, such as 2026-11-30.")] = None,
    ends_on: Annotated[str | None, typer.Option(help="Last day.")] = None,
    budget: Annotated[str | None, typer.Option(help="A decimal; goes together with --currency.")] = None,
    currency: Annotated[str | None, typer.Option(help="Of the budget, ISO 4217.")] = None,
    note: Annotated[str | None, typer.Option(help="Anything else.")] = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Enter a campaign: its events are those of its media source that bear its name.

    Example: unmogrow campaign create --name "Spring sale" --media-source meta_ads --campaign spring_2026
    """
    chosen = {
        "name": name,
        "media_source": media_source,
        "campaign": campaign,
        "channel": channel,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "budget": budget,
        "currency": currency,
        "note": note,
    }
    document = {field: value for field, value in chosen.items() if value is not None}
    made = ask(user_api(tenant, url), lambda api: api.create_campaign(document))
    if as_json:
        print_json(made)
    else:
        typer.echo(made.campaign_id)


@app.command(name="list")
def list_campaigns(tenant: TenantOption = "t123", url: UrlOption = None, *, as_json: JsonOption = False) -> None:
    """List a tenant's campaigns, newest first."""
    campaigns = ask(user_api(tenant, url), lambda api: collected(api.iter_campaigns()))
    if as_json:
        print_json(campaigns)
        return
    table = Table("name", "media source", "campaign", "first day", "last day", "budget")
    for each in campaigns:
        days = (each.starts_on, each.ends_on)
        budget = f"{each.budget} {each.currency}" if each.budget else ""
        cells = (each.name, each.media_source, each.campaign, *(str(day or "") for day in days), budget)
        table.add_row(*map(escape, cells))
    console.print(table)
