"""`unmogrow explain`: why a conversion has the source it has, as a timeline."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape

from attribution.explanations import duration
from cli.context import console, run_api, user_api
from cli.options import EmailOption, PasswordOption, TenantOption, UrlOption
from cli.tenant_api import TenantApi

_WON = "[bold green]●[/]"
_LOST = "[dim]○[/]"
_END = "[bold]◆[/]"


def explain(
    conversion_id: Annotated[str, typer.Argument(help="The event_id of an install, reinstall or purchase.")],
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Tell how a conversion was attributed: every touch that was considered, in time, and why it won or lost.

    Example: unmogrow explain 018f3c --tenant t123
    """
    found = run_api(_get(user_api(tenant, url, email=email, password=password), conversion_id))
    for line in timeline(found):
        console.print(line, soft_wrap=True)


async def _get(client: TenantApi, conversion_id: str) -> dict[str, Any]:
    async with client as api:
        return await api.get(f"/api/v1/attributions/{conversion_id}")


def timeline(found: dict[str, Any]) -> list[str]:
    """Write an attribution, as the API gives it, line by line in Rich's markup: oldest touch first."""
    at = datetime.fromisoformat(found["conversion_time"])
    lines = []
    for candidate in sorted(found.get("candidates", ()), key=lambda each: each["touch"]["touch_time"]):
        touch = candidate["touch"]
        named = " / ".join(filter(None, (touch["media_source"] or "unknown", touch["campaign"])))
        mark = _WON if candidate["reason"] == "won" else _LOST
        said = f"{touch['touch_type']} of [bold]{escape(named)}[/], matched by {touch['match_type'].replace('_', ' ')}"
        lines += [
            f"{mark} {_when(touch['touch_time'], at)}  {said}",
            f"[dim]│[/]   {escape(candidate['reason'])}: {escape(candidate['explanation'])}",
        ]
    kind = (found.get("conversion_kind") or found["conversion_type"]).replace("_", "-")
    lines.append(f"{_END} {at:%Y-%m-%d %H:%M:%S}  {kind} {escape(found['conversion_id'])}")
    return [*lines, f"    {_verdict(found)}"]


def _when(touch_time: str, conversion_time: datetime) -> str:
    time = datetime.fromisoformat(touch_time)
    before = conversion_time - time
    place = f"{duration(before)} before" if before >= timedelta() else f"{duration(-before)} after"
    return f"{time:%Y-%m-%d %H:%M:%S} [dim]({place})[/]"


def _verdict(found: dict[str, Any]) -> str:
    if found["state"] != "attributed":
        return f"{found['state']}: it has no result yet."
    revision = f"[dim]revision {found['revision']}, policy {found['policy_version']}, {found['model_version']}[/]"
    install_id = found.get("install_id")
    heritage = f", inherited from {escape(install_id)}" if install_id not in {None, found["conversion_id"]} else ""
    if found["is_organic"]:
        return f"[bold]organic[/]{heritage}: no touch led to it.  {revision}"
    named = " / ".join(filter(None, (found["media_source"], found["campaign"])))
    return f"goes to [bold green]{escape(named)}[/]{heritage}.  {revision}"
