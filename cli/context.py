"""What every command needs: the console, progress bars, and errors told in a sentence instead of a traceback."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
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
from cli.platform_api import PlatformApi
from cli.tenant_api import ApiError, TenantApi, UnreachableError
from schemas.problem import Problem
from schemas.settings import Settings

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
    except (ApiError, UnreachableError) as error:
        raise fail(str(error)) from error
    except Problem as problem:
        raise fail(f"{problem.detail} {problem.remedy}") from problem
    except KeyboardInterrupt as interrupt:
        raise typer.Exit(130) from interrupt


def api_url(settings: Settings, url: str | None) -> str:
    """Where the tenant plane is: as told, or on this machine."""
    return url or f"http://{settings.ports.host}:{settings.ports.tenant}"


def platform_api(url: str | None, key: str | None) -> PlatformApi:
    """Make a client of the global plane, with the key that was passed or this machine's own."""
    settings = Settings()
    kept = operator_key_path(settings.data_dir)
    if key is None and not kept.exists():
        raise fail("There is no platform key here. Pass --platform-key, or run `unmogrow up`, which makes one.")
    own = url or f"http://{settings.ports.host}:{settings.ports.global_}"
    return PlatformApi(own, key or kept.read_text(encoding="ascii").strip())


def run_platform(api: PlatformApi, work: Callable[[PlatformApi], Awaitable[Result]]) -> Result:
    """Do something with the global plane; its known errors end the command with a sentence."""

    async def run() -> Result:
        async with api:
            return await work(api)

    return run_api(run())


def user_api(tenant_id: str, url: str | None, *, email: str | None = None, password: str | None = None) -> TenantApi:
    """Make a client of a tenant's API, as the user who was named or the one kept on this machine."""
    settings = Settings()
    return TenantApi(api_url(settings, url), credentials_for(settings, tenant_id, email=email, password=password))


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
