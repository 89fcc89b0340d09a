"""`unmogrow rejected`: what was not taken, why, and another try."""

import sys
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import api_url, console, credentials_for, run_api
from cli.ingest_commands import TenantOption, UrlOption
from cli.tenant_api import TenantApi
from schemas.settings import Settings

app = typer.Typer(
    help="Dead letters: see which events were rejected and why, mend them, send them again.", no_args_is_help=True
)

REJECTED = "/api/v1/events/rejected"
_EXAMPLES_SHOWN = 5

ReasonOption = Annotated[str | None, typer.Option(help="Only those with this kind of fault; see `counts`.")]
TypeOption = Annotated[str | None, typer.Option("--type", help="Only events of this type.")]
EmailOption = Annotated[str | None, typer.Option(help="Default: the owner kept when the tenant was made here.")]
PasswordOption = Annotated[str | None, typer.Option(envvar="UNMOGROW_PASSWORD", help="The user's password.")]


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
    found = run_api(_get(_Connection(tenant, email, password, url), f"{REJECTED}/counts"))["data"]
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
    run_api(_list(_Connection(tenant, email, password, url), _chosen(reason, event_type)))


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
    answer = run_api(_replay(_Connection(tenant, email, password, url), order))
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


class _Connection:
    """How to reach the tenant's API as its user."""

    def __init__(self, tenant: str, email: str | None, password: str | None, url: str | None) -> None:
        settings = Settings()
        self._credentials = credentials_for(settings, tenant, email=email, password=password)
        self._url = api_url(settings, url)

    def open(self) -> TenantApi:
        return TenantApi(self._url, self._credentials)


async def _get(connection: _Connection, path: str) -> dict[str, Any]:
    async with connection.open() as api:
        return await api.get(path)


async def _list(connection: _Connection, chosen: dict[str, Any]) -> None:
    async with connection.open() as api:
        async for letter in api.pages(REJECTED, limit=1000, **chosen):
            sys.stdout.buffer.write(orjson.dumps(letter, option=orjson.OPT_APPEND_NEWLINE))


async def _replay(connection: _Connection, order: dict[str, Any]) -> dict[str, Any]:
    async with connection.open() as api:
        return await api.post(f"{REJECTED}/replay", order)
