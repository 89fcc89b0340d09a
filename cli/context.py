"""What every command needs: the console, progress bars, and errors told in a sentence instead of a traceback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, Literal, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.credentials import Credentials, CredentialsMissingError, load_credentials, operator_key_path
from schemas.problem import Problem
from schemas.settings import Settings
from unmogrow.client import ClientError, Login, PlatformClient, TenantClient
from unmogrow.client.shape import Shape

console = Console(stderr=True, highlight=False)

Result = TypeVar("Result")


def progress_bar(unit: Literal["bytes", "events"]) -> Progress:
    """Make a progress bar that counts bytes or events."""
    counted: ProgressColumn = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        counted,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def fail(message: str) -> typer.Exit:
    """Print an error; raise what this returns."""
    console.print(f"[bold red]error[/] {escape(message)}")
    return typer.Exit(1)


def run_api(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine that calls the API or the databases; its known errors end the command with a sentence."""
    try:
        return asyncio.run(work)
    except ClientError as error:
        raise fail(str(error)) from error
    except Problem as problem:
        raise fail(f"{problem.detail} {problem.remedy}") from problem
    except KeyboardInterrupt as interrupt:
        raise typer.Exit(130) from interrupt


def ask(client: TenantClient, call: Callable[[TenantClient], Awaitable[Result]]) -> Result:
    """Make one call, or several in one coroutine, and close the client."""

    async def asked() -> Result:
        async with client as api:
            return await call(api)

    return run_api(asked())


async def collected(rows: AsyncIterator[Result]) -> list[Result]:
    """Read a list to its end."""
    return [row async for row in rows]


def api_url(settings: Settings, url: str | None) -> str:
    """Where the tenant plane is: as told, or on this machine."""
    return url or f"http://{settings.ports.host}:{settings.ports.tenant}"


def platform_client(url: str | None, key: str | None) -> PlatformClient:
    """Make a client of the global plane, with the key that was passed or this machine's own."""
    settings = Settings()
    kept = operator_key_path(settings.data_dir)
    if key is None and not kept.exists():
        raise fail("There is no platform key here. Pass --platform-key, or run `unmogrow up`, which makes one.")
    own = url or f"http://{settings.ports.host}:{settings.ports.global_}"
    return PlatformClient(own, key or kept.read_text(encoding="ascii").strip())


def run_platform(client: PlatformClient, work: Callable[[PlatformClient], Awaitable[Result]]) -> Result:
    """Do something with the global plane; its known errors end the command with a sentence."""

    async def run() -> Result:
        async with client:
            return await work(client)

    return run_api(run())


def user_api(tenant_id: str, url: str | None, *, email: str | None = None, password: str | None = None) -> TenantClient:
    """Make a client of a tenant's API, as the user who was named or the one kept on this machine."""
    settings = Settings()
    return client_of(api_url(settings, url), credentials_for(settings, tenant_id, email=email, password=password))


def client_of(url: str, credentials: Credentials) -> TenantClient:
    """Make a client of a tenant's API with whatever of its credentials there is."""
    login = Login(credentials.email, credentials.password) if credentials.password else None
    return TenantClient(url, tenant_id=credentials.tenant_id, auth=login, write_key=credentials.write_key or None)


def print_json(found: Shape | Sequence[Shape]) -> None:
    """Print an answer as the API gave it."""
    rows = [found] if isinstance(found, Shape) else found
    text = b",".join(row.json_bytes() for row in rows).decode()
    typer.echo(text if isinstance(found, Shape) else f"[{text}]")


def credentials_for(
    settings: Settings,
    tenant_id: str,
    *,
    write_key: str | None = None,
    email: str | None = None,
    password: str | None = None,
) -> Credentials:
    """Put together what was passed and what was kept when the tenant was made on this machine."""
    if write_key or (email and password):
        return Credentials(tenant_id, "", write_key or "", email or "", password)
    try:
        return load_credentials(settings.data_dir, tenant_id)
    except CredentialsMissingError as error:
        raise fail(str(error)) from error
