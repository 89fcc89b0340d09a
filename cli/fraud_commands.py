"""`unmogrow fraud`: what the rules found, the lists, what another policy would do, and judging again."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, console, fail, print_json, user_api
from cli.options import EmailOption, JsonOption, PasswordOption, TenantOption, UrlOption
from schemas.fraud_policy import FraudMode, FraudRule
from telemetry.clock import utc_now
from unmogrow.client import TenantClient
from unmogrow.client.tenant_models import FraudPreview, FraudReviewShown, NewReview

app = typer.Typer(help="Fraud: what was found, lists, previews and reviews.", no_args_is_help=True)

ListKind = Literal["ip", "site", "device", "user_agent", "datacenter"]

_POLL_SECONDS = 1.0
_ROWS_SHOWN = 20
_ENDED = {"done", "failed"}


@app.command()
def report(
    tenant: TenantOption = "t123",
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days back.")] = 30,
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what the rules found: by rule with the precision by your labels, and by site.

    Example: unmogrow fraud report --days 7
    """
    since = (utc_now() - timedelta(days=days - 1)).date().isoformat()
    api = user_api(tenant, url, email=email, password=password)
    found = ask(api, lambda api: api.get_fraud_report(from_=since))
    if as_json:
        print_json(found)
        return
    rules = Table("rule", "mode", "claims", "moved", "precision", title="By rule")
    for rule in found.rules:
        precision = "-" if rule.precision is None else f"{rule.precision:.0%}"
        rules.add_row(rule.rule, rule.mode, f"{rule.claims:,}", f"{rule.moved:,}", precision)
    sites = Table("media source", "site", "rule", "mode", "claims", title="By site")
    for site in found.sites[:_ROWS_SHOWN]:
        place = escape(site.media_source), escape(site.site_id)
        sites.add_row(*place, site.rule, site.mode, f"{site.claims:,}")
    console.print(rules, sites)


@app.command()
def lists(
    kind: Annotated[ListKind, typer.Argument(help="Which list.")],
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Replace it by this file's lines.")
    ] = None,
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Print a list, or replace it by a file of one entry a line (text or CSV).

    Example: unmogrow fraud lists datacenter --file ranges.txt
    """
    api = user_api(tenant, url, email=email, password=password)
    if file is None:
        for entry in ask(api, lambda api: api.get_fraud_list(kind)).entries:
            typer.echo(entry)
        return
    entries = file.read_text(encoding="utf-8").splitlines()
    stored = ask(api, lambda api: api.put_fraud_list(kind, {"entries": entries}))
    console.print(f"{stored.size:,} entries; version {stored.version}.")


@app.command()
def preview(
    file: Annotated[
        Path | None,
        typer.Option("--policy", exists=True, dir_okay=False, help="Fraud policy as JSON. Default: the one in force."),
    ] = None,
    on: Annotated[list[FraudRule] | None, typer.Option(help="A rule to turn on.")] = None,
    off: Annotated[list[FraudRule] | None, typer.Option(help="A rule to turn off.")] = None,
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say what a fraud policy would do with the installs of the last 30 days.

    Example: unmogrow fraud preview --on short_ctit
    """
    try:
        policy = orjson.loads(file.read_bytes()) if file else None
    except orjson.JSONDecodeError as error:
        raise fail(f"{file} is not JSON: {error}") from error
    modes = dict.fromkeys(on or (), FraudMode.ON) | dict.fromkeys(off or (), FraudMode.OFF)
    api = user_api(tenant, url, email=email, password=password)
    found = ask(api, lambda api: _preview(api, policy, modes))
    if as_json:
        print_json(found)
        return
    sample = f", a sample of {found.judged:,}" if found.is_sample else ""
    console.print(f"{found.installs:,} installs{sample}: " + ", ".join(f"{n:,} {v}" for v, n in found.verdicts.items()))
    table = Table("rule", "mode", "flagged", "moved")
    for row in found.rules:
        table.add_row(row.rule, row.mode, f"{row.estimated_flagged:,}", f"{row.estimated_moved:,}")
    console.print(table)
    for cost in found.cost_rejected:
        console.print(f"Cost of rejected touches: {cost.amount} {cost.currency}")


@app.command()
def review(
    tenant: TenantOption = "t123",
    days: Annotated[int, typer.Option(min=1, max=90, help="How many days back.")] = 7,
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Judge the conversions of the last days again with what is known by now, and wait for the end.

    Example: unmogrow fraud review --days 30
    """
    ended = ask(user_api(tenant, url, email=email, password=password), lambda api: _review(api, days))
    if ended.error:
        raise fail(ended.error)
    console.print(f"{ended.judged:,} judged, {ended.changed:,} changed, {ended.sites:,} flooding sites.")


async def _preview(api: TenantClient, policy: dict[str, Any] | None, modes: dict[FraudRule, FraudMode]) -> FraudPreview:
    if policy is None:
        listed = await api.list_policies()
        in_force = next(each for each in listed.data if each.version == listed.adopted_version)
        policy = in_force.policy["fraud"]
    changed = {rule.value: policy.get(rule.value, {}) | {"mode": mode.value} for rule, mode in modes.items()}
    return await api.preview_fraud(policy | changed)


async def _review(api: TenantClient, days: int) -> FraudReviewShown:
    found = await api.review_fraud(NewReview(days=days))
    while found.state not in _ENDED:
        await asyncio.sleep(_POLL_SECONDS)
        found = await api.get_fraud_review(found.review_id)
    return found
