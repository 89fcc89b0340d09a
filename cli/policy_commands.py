"""`unmogrow policy`: who gets a conversion, in versions: show, set, adopt, compare."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, console, fail, user_api
from cli.options import EmailOption, PasswordOption, TenantOption, UrlOption
from unmogrow.client import TenantClient
from unmogrow.client.tenant_models import NewPolicy, PolicyDetails, PolicyListing

app = typer.Typer(help="The tenant's policies: who gets a conversion, in versions.", no_args_is_help=True)

_TIME = "%Y-%m-%dT%H:%M:%S"

VersionArgument = Annotated[int, typer.Argument(help="Number of a version.", min=1)]


@app.command()
def show(
    version: Annotated[int | None, typer.Argument(help="Default: the one in force.", min=1)] = None,
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """List the versions, and print one as JSON: to read, to change, to set.

    Example: unmogrow policy show > policy.json
    """
    listed = ask(user_api(tenant, url, email=email, password=password), lambda api: api.list_policies())
    table = Table("version", "made", "note", "adopted")
    for each in listed.data:
        adopted = f"{each.adopted_at:{_TIME}}" if each.adopted_at else ""
        in_force = " [bold green]in force[/]" if each.is_adopted else ""
        table.add_row(str(each.version), f"{each.created_at:{_TIME}}", escape(each.note), adopted + in_force)
    console.print(table)
    shown = _chosen(listed, version or listed.adopted_version)
    sys.stdout.buffer.write(orjson.dumps(shown.policy, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


@app.command(name="set")
def set_policy(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A policy as JSON.")],
    note: Annotated[str, typer.Option(help="What it is for, for those who come later.")] = "",
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    adopt: Annotated[bool, typer.Option("--adopt", help="Put it in force at once.")] = False,
) -> None:
    """Keep a policy as the next version: a draft until it is adopted.

    Example: unmogrow policy set policy.json --note "Clicks count for three days."
    """
    try:
        document = NewPolicy(policy=orjson.loads(file.read_bytes()), note=note)
    except orjson.JSONDecodeError as error:
        raise fail(f"{file} is not JSON: {error}") from error
    client = user_api(tenant, url, email=email, password=password)
    made = ask(client, lambda api: _set(api, document, adopt=adopt))
    console.print(f"version {made.version}: {'in force' if made.is_adopted else 'a draft'}")


@app.command()
def adopt(
    version: VersionArgument,
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Put a version in force, newer or older. What was attributed stays as it is; see `unmogrow recompute`.

    Example: unmogrow policy adopt 3
    """
    ask(user_api(tenant, url, email=email, password=password), lambda api: api.adopt_policy(version))
    console.print(f"version {version} is in force")


@app.command()
def diff(
    before: VersionArgument,
    after: VersionArgument,
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Show the fields in which two versions differ.

    Example: unmogrow policy diff 1 2
    """
    listed = ask(user_api(tenant, url, email=email, password=password), lambda api: api.list_policies())
    old, new = (dict(_fields(_chosen(listed, version).policy)) for version in (before, after))
    table = Table("field", f"version {before}", f"version {after}")
    for field in dict.fromkeys((*old, *new)):
        if old.get(field) != new.get(field):
            table.add_row(escape(field), escape(_said(old, field)), escape(_said(new, field)))
    console.print(table if table.row_count else "They are the same.")


def _chosen(listed: PolicyListing, version: int) -> PolicyDetails:
    for each in listed.data:
        if each.version == version:
            return each
    raise fail(f"There is no version {version}.")


def _fields(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Write a document as single fields, each with its JSON Pointer."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _fields(part, f"{path}/{name}")
    else:
        yield path, value


def _said(fields: dict[str, Any], field: str) -> str:
    return orjson.dumps(fields[field]).decode() if field in fields else ""


async def _set(api: TenantClient, document: NewPolicy, *, adopt: bool) -> PolicyDetails:
    made = await api.put_policy(document)
    return await api.adopt_policy(made.version) if adopt else made
