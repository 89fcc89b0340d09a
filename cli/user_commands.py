"""`unmogrow user`: who may log in to a tenant, and as what."""

from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from cli.context import ask, console, fail, print_json, user_api
from cli.options import EmailOption, JsonOption, PasswordOption, TenantOption, UrlOption
from unmogrow.client import TenantClient
from unmogrow.client.tenant_models import NewUser, ResetLink, RoleChange, User

app = typer.Typer(
    help="""The people who may log in to a tenant: invite, list, give roles, remove, reset passwords.

    Roles: [bold]owner[/] may do all, [bold]analyst[/] all but users, keys, settings, schemas and the adoption of
    policies, [bold]viewer[/] may only look. A tenant always keeps one owner.
    """,
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Role = Literal["owner", "analyst", "viewer"]
EmailArgument = Annotated[str, typer.Argument(help="The user's email.")]
RoleArgument = Annotated[Role, typer.Argument(help="What the user is to be.")]


@app.command()
def invite(
    who: EmailArgument,
    role: Annotated[Role, typer.Option(help="What they are to be.")] = "viewer",
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
    made = ask(client, lambda api: api.invite_user(NewUser(email=who, role=role)))
    _print_link(made.email, made.invitation_url)


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
    users = ask(user_api(tenant, url, email=email, password=password), lambda api: api.list_users()).data
    if as_json:
        print_json(users)
        return
    table = Table("email", "role", "state", "last login")
    for user in users:
        last_login = f"{user.last_login_at:%Y-%m-%dT%H:%M:%S}" if user.last_login_at else "never"
        table.add_row(escape(user.email), user.role, user.state, last_login)
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
    changed = ask(client, lambda api: _change(api, who, RoleChange(role=role)))
    console.print(f"{escape(changed.email)} is now [bold]{changed.role}[/].")


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
    ask(user_api(tenant, url, email=email, password=password), lambda api: _remove(api, who))
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
    made = ask(user_api(tenant, url, email=email, password=password), lambda api: _reset(api, who))
    _print_link(who, made.reset_url)


def _print_link(who: str, link: str | None) -> None:
    if link is None:
        console.print(f"The link was mailed to {escape(who)}.")
        return
    console.print(f"[dim]For {escape(who)} alone; it works once:[/]")
    typer.echo(link)


async def _change(api: TenantClient, who: str, change: RoleChange) -> User:
    return await api.change_role(await _id_of(api, who), change)


async def _remove(api: TenantClient, who: str) -> None:
    await api.remove_user(await _id_of(api, who))


async def _reset(api: TenantClient, who: str) -> ResetLink:
    return await api.reset_user(await _id_of(api, who))


async def _id_of(api: TenantClient, who: str) -> str:
    """Find the user with an email."""
    for user in (await api.list_users()).data:
        if user.email.lower() == who.lower():
            return user.user_id
    raise fail(f"There is no user {who}; see `unmogrow user list`.")
