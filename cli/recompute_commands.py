"""`unmogrow recompute`: what another policy would have said, as a table, before it is adopted."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, console, fail, progress_bar, user_api
from cli.options import EmailOption, PasswordOption, TenantOption, UrlOption
from unmogrow.client import TenantClient
from unmogrow.client.tenant_models import AskedRecompute, Recompute

_RUNNING = frozenset({"queued", "running"})
_POLL_SECONDS = 0.3
_EXAMPLES_SHOWN = 5

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def recompute(
    policy: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A policy as JSON.")] = None,
    version: Annotated[int | None, typer.Option("--policy-version", help="Or a version that is there.", min=1)] = None,
    since: Annotated[datetime | None, typer.Option("--from", formats=_FORMATS, help="UTC, inclusive.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=_FORMATS, help="UTC, exclusive.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="Look at one that was begun before.")] = None,
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    adopt: Annotated[bool, typer.Option("--adopt", help="Adopt it when the difference was shown.")] = False,
) -> None:
    """Attribute past conversions under another policy in the background, and show what would change.

    Nothing changes before it is adopted. Ctrl-C ends the watching, not the work.

    Example: unmogrow recompute --policy policy.json --from 2026-10-01 --to 2026-11-01
    """
    asked = None if status else _asked(policy, version, since, until)
    client = user_api(tenant, url, email=email, password=password)
    ended = ask(client, lambda api: _recompute(api, asked, status, adopt=adopt))
    _print(ended)
    if ended.state == "failed":
        raise fail(ended.error or "it failed")


def _asked(policy: Path | None, version: int | None, since: datetime | None, until: datetime | None) -> AskedRecompute:
    if (policy is None) == (version is None):
        raise typer.BadParameter("name a file, or a version by --policy-version", param_hint="--policy")
    if since is None or until is None:
        raise typer.BadParameter("say which conversions, by --from and --to", param_hint="--from")
    times = {"from": since.replace(tzinfo=UTC), "to": until.replace(tzinfo=UTC)}
    if policy is None:
        return AskedRecompute.model_validate(times | {"policy_version": version})
    try:
        return AskedRecompute.model_validate(times | {"policy": orjson.loads(policy.read_bytes())})
    except orjson.JSONDecodeError as error:
        raise fail(f"{policy} is not JSON: {error}") from error


async def _recompute(
    api: TenantClient, asked: AskedRecompute | None, recompute_id: str | None, *, adopt: bool
) -> Recompute:
    if asked is not None:
        recompute_id = (await api.create_recompute(asked)).recompute_id
        console.print(f"Recomputation {recompute_id} runs in the background; Ctrl-C ends the watching alone.")
    assert recompute_id is not None
    ended = await _follow(api, recompute_id)
    return await api.adopt_recompute(recompute_id) if adopt and ended.state == "done" else ended


async def _follow(api: TenantClient, recompute_id: str) -> Recompute:
    with progress_bar("events") as progress:
        task = progress.add_task("Recomputing", total=None)
        while True:
            found = await api.get_recompute(recompute_id)
            progress.update(
                task,
                description=f"Recomputing ({found.state}, {found.moved:,} moved)",
                total=found.conversions,
                completed=found.conversions_done,
            )
            if found.state not in _RUNNING:
                return found
            await asyncio.sleep(_POLL_SECONDS)


def _print(ended: Recompute) -> None:
    table = Table("media source", "before", "after", "difference", title=f"Policy {ended.policy_version}")
    for each in ended.media_sources:
        change = each.difference
        colour = "green" if change > 0 else "red" if change < 0 else "dim"
        table.add_row(escape(each.media_source), f"{each.before:,}", f"{each.after:,}", f"[{colour}]{change:+,}[/]")
    console.print(table)
    for moved in ended.examples[:_EXAMPLES_SHOWN]:
        before, after = moved.changes.get("media_source", ("the same source", "another touch"))
        console.print(f"  {escape(moved.conversion_id)}: {escape(before)} → {escape(after)}")
    said = "adopted: its revisions are being written" if ended.state == "adopted" else "nothing was changed"
    console.print(
        f"{ended.moved:,} of {ended.conversions_done:,} conversions move, {ended.failed:,} failed; {said}. "
        f"[dim]{ended.recompute_id}[/]"
    )
