"""`unmogrow retrain` and `unmogrow model`: learned models, trained anew, looked at, promoted and rolled back.

With --tenant as the tenant's owner; without, on the global plane, where the global models are.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from cli.context import ask, console, fail, platform_client, print_json, progress_bar, run_platform, user_api
from cli.options import (
    EmailOption,
    JsonOption,
    PasswordOption,
    PlatformKeyOption,
)
from schemas.learning import LearnedKind
from unmogrow.client import PlatformClient, TenantClient

app = typer.Typer(
    help="Learned models: list, show, promote, roll back. (`unmogrow models` shares out conversions by formula.)",
    no_args_is_help=True,
)

ScopeOption = Annotated[
    str | None, typer.Option("--tenant", "-t", help="Whose model. Default: the global one, on the global plane.")
]
PlaneUrlOption = Annotated[
    str | None, typer.Option("--url", help="Where the plane is: the tenant's, or without --tenant the global one.")
]
ModelOption = Annotated[LearnedKind, typer.Option("--model", help="Which kind of model.")]
ModelArgument = Annotated[str, typer.Argument(help="See `unmogrow model list`.")]
SeedOption = Annotated[
    int | None, typer.Option(min=0, help="The same seed and days give the same model. Default: the platform's.")
]
FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Stay, and show how far it is and what it says.")]

_POLL_SECONDS = 0.5
_STEPS = 4


def _ask(
    tenant: str | None,
    url: str | None,
    email: str | None,
    password: str | None,
    key: str | None,
    *,
    own: Callable[[TenantClient], Awaitable[Any]],
    of_all: Callable[[PlatformClient], Awaitable[Any]],
) -> Any:
    """Ask a tenant's API about its own models, or, where no tenant was named, the global plane about those of all."""
    if tenant is not None:
        return ask(user_api(tenant, url, email=email, password=password), own)
    return run_platform(platform_client(url, key), of_all)


def retrain(
    model: ModelOption = LearnedKind.CONVERSION,
    tenant: ScopeOption = None,
    seed: SeedOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    url: PlaneUrlOption = None,
    key: PlatformKeyOption = None,
    *,
    follow: FollowOption = False,
) -> None:
    """Train a learned model anew, in the background: a tenant's own, or the global one from all that contribute.

    Ctrl-C ends the watching, not the training.

    Example: unmogrow retrain --tenant t123 --model conversion --follow
    """
    asked = {"model": model.value, "seed": seed}

    async def on_tenant(api: Any) -> Any:
        made = await api.retrain_learned_model(asked)
        return await _followed(made, api.get_learning_job) if follow else made

    async def on_platform(api: Any) -> Any:
        made = await api.retrain_platform_model(asked)
        return await _followed(made, api.get_job) if follow else made

    job = _ask(tenant, url, email, password, key, own=on_tenant, of_all=on_platform)
    if job.error is not None and job.state == "failed":
        raise fail(job.error)
    console.print(f"[bold]{escape(job.job_id)}[/] {job.state}" + (f": {escape(job.verdict)}" if job.verdict else ""))


async def _followed(job: Any, look: Callable[[str], Awaitable[Any]]) -> Any:
    """Show a job's steps as a bar and its lines above it, until it has ended."""
    shown = 0
    with progress_bar("events") as progress:
        steps = progress.add_task("Training", total=_STEPS)
        rows = progress.add_task("rows", total=None, visible=False)
        while True:
            found = await look(job.job_id)
            # The API gives the newest lines alone; a training has fewer.
            for line in found.logs[shown:]:
                progress.console.print(f"[dim]{line.at:%H:%M:%S}[/] {escape(line.line)}")
            shown = len(found.logs)
            _show(progress, steps, rows, found.progress)
            if found.finished_at is not None:
                return found
            await asyncio.sleep(_POLL_SECONDS)


def _show(progress: Progress, steps: Any, rows: Any, come: Any) -> None:
    progress.update(steps, description=escape(come.current or "Training"), completed=come.done, total=come.total)
    progress.update(
        rows, visible=bool(come.stage_done), completed=come.stage_done or 0, total=come.stage_total, description="rows"
    )


@app.command(name="list")
def list_models(
    tenant: ScopeOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    url: PlaneUrlOption = None,
    key: PlatformKeyOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List learned models, newest first: a tenant's own with the global champions, or all of the platform."""
    page = _ask(
        *(tenant, url, email, password, key),
        own=lambda api: api.list_learned_models(),
        of_all=lambda api: api.list_platform_models(),
    )
    if as_json:
        print_json(page)
        return
    table = Table("model", "kind", "of", "state", "log-loss", "AUC", "trained")
    for each in page.data:
        owner = getattr(each, "tenant_id", None) or (tenant if each.scope == "own" else None) or "all"
        figures = [_figure(each, name) for name in ("log_loss", "auc")]
        table.add_row(each.model_id, each.kind, owner, each.state, *figures, f"{each.created_at:%Y-%m-%d %H:%M}")
    console.print(table)


@app.command()
def show(
    model_id: ModelArgument,
    tenant: ScopeOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    url: PlaneUrlOption = None,
    key: PlatformKeyOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show one learned model: how good it is on its holdout beside the baselines, and the history of its scope."""
    found = _ask(
        *(tenant, url, email, password, key),
        own=lambda api: api.get_learned_model(model_id),
        of_all=lambda api: api.get_platform_model(model_id),
    )
    if as_json:
        print_json(found)
        return
    table = Table("measure", "of", "on", "value", "95 % interval", title=f"{found.model_id} ({found.state})")
    for each in found.metrics:
        estimate = each.estimate
        interval = "" if estimate.low is None else f"{estimate.low:.4f} … {estimate.high:.4f}"
        table.add_row(each.metric, each.subject, each.split, f"{estimate.value:.4f}", interval)
    console.print(table)
    if found.stand_in is not None:
        serving = found.stand_in.model_id or "no model of its scope"
        console.print(f"[red]It cannot be loaded[/]; since {found.stand_in.since:%Y-%m-%d %H:%M} {serving} serves.")
    if found.shadow is not None:
        console.print(f"Beside the champion: {escape(found.shadow.verdict or '')}")
    for promoted in found.history:
        became = promoted.model_id or "none"
        console.print(f"[dim]{promoted.at:%Y-%m-%d %H:%M}[/] {became} champion: {escape(promoted.reason)}")


@app.command()
def promote(
    model_id: ModelArgument,
    tenant: ScopeOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    url: PlaneUrlOption = None,
    key: PlatformKeyOption = None,
) -> None:
    """Make a learned model the champion of its scope: within seconds its word counts.

    Example: unmogrow model promote conversion-t123-0b9c5c1e4f6e --tenant t123
    """
    _ask(
        *(tenant, url, email, password, key),
        own=lambda api: api.promote_learned_model(model_id),
        of_all=lambda api: api.promote_platform_model(model_id),
    )
    console.print(f"[bold]{escape(model_id)}[/] is champion.")


@app.command()
def rollback(
    model: ModelOption,
    tenant: ScopeOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    url: PlaneUrlOption = None,
    key: PlatformKeyOption = None,
) -> None:
    """Put the champion before back.

    Example: unmogrow model rollback --model conversion --tenant t123
    """
    asked = {"model": model.value}
    now = _ask(
        *(tenant, url, email, password, key),
        own=lambda api: api.roll_back_learned_model(asked),
        of_all=lambda api: api.roll_back_platform_model(asked),
    )
    console.print(f"[bold]{escape(now.model_id)}[/] is champion." if now.model_id else "The scope has no champion now.")


def _figure(model: Any, metric: str) -> str:
    """Write a measure on the holdout."""
    for each in model.metrics:
        if (each.metric, each.subject, each.split) == (metric, "model", "holdout"):
            return f"{each.estimate.value:.4f}"
    return ""
