"""`unmogrow user`: who may log in to a tenant, and as what."""

from typing import Annotated, Any
from urllib.parse import quote

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from cli.context import console, fail, run_api, user_api
from cli.options import EmailOption, JsonOption, PasswordOption, TenantOption, UrlOption
from cli.tenant_api import TenantApi

app = typer.Typer(
    help="""The people who may log in to a tenant: invite, list, give roles, remove, reset passwords.

    Roles: [bold]owner[/] may do all, [bold]analyst[/] all but users, keys, settings, schemas and the adoption of
    policies, [bold]viewer[/] may only look. A tenant always keeps one owner.
    """,
    no_args_is_help=True,
    rich_markup_mode="rich",
)

_PATH = "/api/v1/users"

EmailArgument = Annotated[str, typer.Argument(help="The user's email.")]
RoleArgument = Annotated[str, typer.Argument(help="owner, analyst or viewer.")]


@app.command()
def invite(
    who: EmailArgument,
    role: Annotated[str, typer.Option(help="owner, analyst or viewer.")] = "viewer",
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Invite somebody. They choose a password at the link, which works once and for three days.

    With a mail server in the settings (UNMOGROW_MAIL__HOST) the link is mailed; without one it is printed, for you to
    hand over. Inviting again makes another link, and voids the one before.

    Example: unmogrow user invite ann@example.com --role analyst
    """
    client = user_api(tenant, url, email=email, password=password)
    made = run_api(_call(client, "POST", _PATH, {"email": who, "role": role}))
    _print_link(made["email"], made["invitation_url"])


@app.command(name="list")
def list_users(
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List the users of a tenant, the invited included.

    Example: unmogrow user list --tenant t123
    """
    users = run_api(_call(user_api(tenant, url, email=email, password=password), "GET", _PATH))["data"]
    if as_json:
        typer.echo(orjson.dumps(users).decode())
        return
    table = Table("email", "role", "state", "last login")
    for user in users:
        table.add_row(escape(user["email"]), user["role"], user["state"], (user["last_login_at"] or "never")[:19])
    console.print(table)


@app.command()
def role(
    who: EmailArgument,
    role: RoleArgument,
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Give a user another role. It holds at once: the user's tokens of before end within a second.

    Example: unmogrow user role ann@example.com owner
    """
    client = user_api(tenant, url, email=email, password=password)
    changed = run_api(_of_user(client, who, "PATCH", "", {"role": role}))
    console.print(f"{escape(changed['email'])} is now [bold]{changed['role']}[/].")


@app.command()
def remove(
    who: EmailArgument,
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Remove a user. Sessions end at once, access tokens within a second; what the user did stays in the audit log.

    Example: unmogrow user remove ann@example.com
    """
    run_api(_of_user(user_api(tenant, url, email=email, password=password), who, "DELETE", ""))
    console.print(f"{escape(who)} is removed.")


@app.command()
def reset(
    who: EmailArgument,
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Make a link by which a user chooses another password. It works once, within the hour; the old one works on.

    Example: unmogrow user reset ann@example.com
    """
    made = run_api(_of_user(user_api(tenant, url, email=email, password=password), who, "POST", "/reset", {}))
    _print_link(who, made["reset_url"])


def _print_link(who: str, link: str | None) -> None:
    if link is None:
        console.print(f"The link was mailed to {escape(who)}.")
        return
    console.print(f"[dim]For {escape(who)} alone; it works once:[/]")
    typer.echo(link)


async def _call(client: TenantApi, method: str, path: str, document: dict[str, Any] | None = None) -> dict[str, Any]:
    async with client as api:
        return await api.call(method, path, document)


async def _of_user(
    client: TenantApi, who: str, method: str, path: str, document: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Call for the user with an email."""
    async with client as api:
        users = (await api.get(_PATH))["data"]
        found = [user["user_id"] for user in users if user["email"].lower() == who.lower()]
        if not found:
            raise fail(f"There is no user {who}; see `unmogrow user list`.")
        return await api.call(method, f"{_PATH}/{quote(found[0])}{path}", document)
