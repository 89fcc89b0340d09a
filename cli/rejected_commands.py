"""`unmogrow rejected`: what was not taken, why, and another try."""

import sys
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import console, run_api, user_api
from cli.options import EmailOption, PasswordOption, TenantOption, UrlOption
from cli.tenant_api import TenantApi

app = typer.Typer(
    help="Dead letters: see which events were rejected and why, mend them, send them again.", no_args_is_help=True
)

REJECTED = "/api/v1/events/rejected"
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
    found = run_api(_counts(user_api(tenant, url, email=email, password=password)))
    if not found:
        console.print("Nothing waits: every event was taken.")
        return
    table = Table("events", "reason", "field", "event type", "last", "an example's id")
    for row in found:
        table.add_row(
            f"{row['events']:,}",
            row["reason"],
            escape(row["pointer"]),
            escape(row["event_type"] or ""),
            row["last_at"][:19],
            str(row["newest_id"]),
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
    run_api(_list(user_api(tenant, url, email=email, password=password), _chosen(reason, event_type)))


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
    order = _chosen(reason, event_type) | {"patch": fields, "dry_run": dry_run}
    answer = run_api(_replay(user_api(tenant, url, email=email, password=password), order))
    would = "would be " if dry_run else ""
    console.print(
        f"{would}accepted {answer['accepted']:,}, duplicates {answer['duplicates']:,}, "
        f"still rejected {len(answer['rejected']):,}, cut or no JSON {len(answer['cut_or_not_json']):,}"
    )
    for letter in answer["rejected"][:_EXAMPLES_SHOWN]:
        first = letter["errors"][0]
        console.print(f"  [dim]{letter['dead_letter_id']}[/] {escape(first['pointer'])} {escape(first['detail'])}")


def _chosen(reason: str | None, event_type: str | None) -> dict[str, Any]:
    return {name: value for name, value in (("reason", reason), ("event_type", event_type)) if value}


async def _counts(client: TenantApi) -> list[dict[str, Any]]:
    async with client as api:
        found: list[dict[str, Any]] = (await api.get(f"{REJECTED}/counts"))["data"]
        return found


async def _list(client: TenantApi, chosen: dict[str, Any]) -> None:
    async with client as api:
        async for letter in api.pages(REJECTED, limit=1000, **chosen):
            sys.stdout.buffer.write(orjson.dumps(letter, option=orjson.OPT_APPEND_NEWLINE))


async def _replay(client: TenantApi, order: dict[str, Any]) -> dict[str, Any]:
    async with client as api:
        return await api.post(f"{REJECTED}/replay", order)
