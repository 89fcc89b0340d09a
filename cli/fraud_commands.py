"""`unmogrow fraud`: what the rules found, the lists, what another policy would do, and judging again."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import console, fail, run_api, user_api
from cli.options import EmailOption, JsonOption, PasswordOption, TenantOption, UrlOption
from cli.tenant_api import TenantApi
from schemas.fraud import ListKind
from schemas.fraud_policy import FraudMode, FraudRule
from telemetry.clock import utc_now

app = typer.Typer(help="Fraud: what was found, lists, previews and reviews.", no_args_is_help=True)

_PATH = "/api/v1/fraud"
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
    found = run_api(_get(api, "/api/v1/reports/fraud", **{"from": since}))
    if as_json:
        typer.echo(orjson.dumps(found).decode())
        return
    rules = Table("rule", "mode", "claims", "moved", "precision", title="By rule")
    for row in found["rules"]:
        precision = "-" if row["precision"] is None else f"{row['precision']:.0%}"
        rules.add_row(row["rule"], row["mode"], f"{row['claims']:,}", f"{row['moved']:,}", precision)
    sites = Table("media source", "site", "rule", "mode", "claims", title="By site")
    for row in found["sites"][:_ROWS_SHOWN]:
        place = escape(row["media_source"]), escape(row["site_id"])
        sites.add_row(*place, row["rule"], row["mode"], f"{row['claims']:,}")
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
        for entry in run_api(_get(api, f"{_PATH}/lists/{kind.value}"))["entries"]:
            typer.echo(entry)
        return
    entries = file.read_text(encoding="utf-8").splitlines()
    stored = run_api(_put(api, f"{_PATH}/lists/{kind.value}", {"entries": entries}))
    console.print(f"{stored['size']:,} entries; version {stored['version']}.")


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
    found = run_api(_preview(api, policy, modes))
    if as_json:
        typer.echo(orjson.dumps(found).decode())
        return
    sample = f", a sample of {found['judged']:,}" if found["is_sample"] else ""
    console.print(
        f"{found['installs']:,} installs{sample}: " + ", ".join(f"{n:,} {v}" for v, n in found["verdicts"].items())
    )
    table = Table("rule", "mode", "flagged", "moved")
    for row in found["rules"]:
        table.add_row(row["rule"], row["mode"], f"{row['estimated_flagged']:,}", f"{row['estimated_moved']:,}")
    console.print(table)
    for cost in found["cost_rejected"]:
        console.print(f"Cost of rejected touches: {cost['amount']} {cost['currency']}")


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
    ended = run_api(_review(user_api(tenant, url, email=email, password=password), days))
    if ended["error"]:
        raise fail(ended["error"])
    console.print(f"{ended['judged']:,} judged, {ended['changed']:,} changed, {ended['sites']:,} flooding sites.")


async def _get(client: TenantApi, path: str, **parameters: str) -> dict[str, Any]:
    async with client as api:
        return await api.get(path, **parameters)


async def _put(client: TenantApi, path: str, document: dict[str, Any]) -> dict[str, Any]:
    async with client as api:
        return await api.put(path, document)


async def _preview(
    client: TenantApi, policy: dict[str, Any] | None, modes: dict[FraudRule, FraudMode]
) -> dict[str, Any]:
    async with client as api:
        if policy is None:
            versions = await api.get("/api/v1/policies")
            policy = next(
                each["policy"]["fraud"] for each in versions["data"] if each["version"] == versions["adopted_version"]
            )
        for rule, mode in modes.items():
            policy[rule.value] = policy.get(rule.value, {}) | {"mode": mode.value}
        return await api.post(f"{_PATH}/preview", policy)


async def _review(client: TenantApi, days: int) -> dict[str, Any]:
    async with client as api:
        found = await api.post(f"{_PATH}/reviews", {"days": days})
        while found["state"] not in _ENDED:
            await asyncio.sleep(_POLL_SECONDS)
            found = await api.get(f"{_PATH}/reviews/{found['review_id']}")
        return found
