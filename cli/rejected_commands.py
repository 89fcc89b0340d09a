"""`unmogrow rejected`: what was not taken, why, and another try."""

import sys
from typing import Annotated

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, console, user_api
from cli.options import EmailOption, PasswordOption, TenantOption, UrlOption
from unmogrow.client import TenantClient
from unmogrow.client.tenant_models import Replay

app = typer.Typer(
    help="Dead letters: see which events were rejected and why, mend them, send them again.", no_args_is_help=True
)

_PAGE_ROWS = 1_000
_EXAMPLES_SHOWN = 5

ReasonOption = Annotated[str | None, typer.Option(help="Only those with this kind of fault; see `counts`.")]
TypeOption = Annotated[str | None, typer.Option("--type", help="Only events of this type.")]


@app.command()
def counts(
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Count what waits, by kind of fault and field.

    Example: unmogrow rejected counts --tenant t123
    """
    found = ask(user_api(tenant, url, email=email, password=password), lambda api: api.count_rejected()).data
    if not found:
        console.print("Nothing waits: every event was taken.")
        return
    table = Table("events", "reason", "field", "event type", "last", "an example's id")
    for row in found:
        table.add_row(
            f"{row.events:,}",
            row.reason,
            escape(row.pointer),
            escape(row.event_type or ""),
            f"{row.last_at:%Y-%m-%dT%H:%M:%S}",
            str(row.newest_id),
        )
    console.print(table)


@app.command(name="list")
def list_letters(
    tenant: TenantOption = "t123",
    reason: ReasonOption = None,
    event_type: TypeOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Print dead letters as NDJSON, newest first: to read, to mend with jq, to keep.

    Example: unmogrow rejected list --reason required | jq .errors
    """
    client = user_api(tenant, url, email=email, password=password)
    ask(client, lambda api: _print(api, reason, event_type))


@app.command()
def replay(
    tenant: TenantOption = "t123",
    reason: ReasonOption = None,
    event_type: TypeOption = None,
    patch: Annotated[
        str, typer.Option(help='JSON Merge Patch for each event, for example \'{"currency":"EUR"}\'.')
    ] = "{}",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would become of them.")] = False,
) -> None:
    """Mend rejected events and send them again; those that are still wrong stay.

    Example: unmogrow rejected replay --reason required --type purchase --patch '{"currency":"EUR"}' --dry-run
    """
    try:
        fields = orjson.loads(patch)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"it is not JSON: {error}", param_hint="--patch") from error
    if not isinstance(fields, dict):
        raise typer.BadParameter("it must be a JSON object", param_hint="--patch")
    chosen = {name: value for name, value in (("reason", reason), ("event_type", event_type)) if value}
    order = Replay(patch=fields, dry_run=dry_run, **chosen)
    answer = ask(user_api(tenant, url, email=email, password=password), lambda api: api.replay_rejected(order))
    would = "would be " if dry_run else ""
    console.print(
        f"{would}accepted {answer.accepted:,}, duplicates {answer.duplicates:,}, "
        f"still rejected {len(answer.rejected):,}, cut or no JSON {len(answer.cut_or_not_json):,}"
    )
    for letter in answer.rejected[:_EXAMPLES_SHOWN]:
        first = letter.errors[0]
        console.print(f"  [dim]{letter.dead_letter_id}[/] {escape(first.pointer)} {escape(first.detail)}")


async def _print(api: TenantClient, reason: str | None, event_type: str | None) -> None:
    async for letter in api.iter_rejected(reason=reason, event_type=event_type, limit=_PAGE_ROWS):
        sys.stdout.buffer.write(letter.json_bytes() + b"\n")
