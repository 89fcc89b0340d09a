"""`unmogrow explain`: why a conversion has the source it has, as a timeline."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape

from attribution.explanations import duration
from cli.context import ask, console, user_api
from cli.options import EmailOption, PasswordOption, TenantOption, UrlOption
from unmogrow.client.tenant_models import Attribution, AttributionRevision

_WON = "[bold green]●[/]"
_LOST = "[dim]○[/]"
_END = "[bold]◆[/]"
_TIME = "%Y-%m-%d %H:%M:%S"
_FALLBACKS = {"late": "did not answer in time", "failed": "failed on it"}


def explain(
    conversion_id: Annotated[str, typer.Argument(help="The event_id of an install, reinstall or purchase.")],
    tenant: TenantOption = "t123",
    email: EmailOption = None,
    password: PasswordOption = None,
    url: UrlOption = None,
) -> None:
    """Tell how a conversion was attributed: every touch that was considered, in time, and why it won or lost.

    Below it, how the answer came to be: each revision, why it was made and what it changed.

    Example: unmogrow explain 018f3c --tenant t123
    """
    api = user_api(tenant, url, email=email, password=password)
    for line in timeline(ask(api, lambda api: api.get_attribution(conversion_id))):
        console.print(line, soft_wrap=True)


def timeline(found: Attribution) -> list[str]:
    """Write an attribution line by line in Rich's markup: oldest touch first."""
    at = found.conversion_time
    shared = found.touch_credits or {}
    lines = []
    for candidate in sorted(found.candidates or (), key=lambda each: each.touch.touch_time):
        touch = candidate.touch
        named = " / ".join(filter(None, (touch.media_source or "unknown", touch.campaign)))
        mark = _WON if candidate.reason == "won" else _LOST
        said = f"{touch.touch_type} of [bold]{escape(named)}[/], matched by {touch.match_type.replace('_', ' ')}"
        lines += [
            f"{mark} {_when(touch.touch_time, at)}  {said}",
            f"[dim]│[/]   {escape(candidate.reason)}: {escape(candidate.explanation)}",
        ]
        if touch.touch_id in shared:
            lines.append(f"[dim]│[/]   data-driven credit {shared[touch.touch_id]:.1%}")
    kind = (found.conversion_kind or found.conversion_type).replace("_", "-")
    lines.append(f"{_END} {at:{_TIME}}  {kind} {escape(found.conversion_id)}")
    return [*lines, f"    {_verdict(found)}", *_judged(found), *_learned(found), *_history(found.revisions or ())]


def _judged(found: Attribution) -> list[str]:
    """Say what speaks against the claim, and how unusual the install is."""
    findings = found.fraud.findings if found.fraud else []
    lines = [f"    {each.rule} ({each.mode}): {escape(each.explanation)}" for each in findings if each.touch_id is None]
    if found.anomaly is not None:
        score = found.anomaly
        place = "above" if score.score > score.threshold else "within"
        lines.append(
            f"    Anomaly score {score.score:.3f}, {place} the usual (up to {score.threshold:.3f}), "
            f"by the learned model {escape(score.model_id)}."
        )
    return lines


def _learned(found: Attribution) -> list[str]:
    """Say which learned model shared the conversion out, or why none did though there is one."""
    if found.model_fallback:
        return [
            f"    No data-driven credits, by the rules alone: the learned model {_FALLBACKS[found.model_fallback]}."
        ]
    if not found.touch_credits:
        return []
    _, _, model_id = (found.model_version or "").partition("+")
    return [f"    Data-driven credits by the learned model {escape(model_id)}."]


def _history(revisions: Sequence[AttributionRevision]) -> list[str]:
    """Write why each revision was made, and what it changed."""
    lines = ["[bold]Revisions[/]"] if revisions else []
    for each in revisions:
        named = "organic" if each.is_organic else "/".join(filter(None, (each.media_source, each.campaign)))
        lines.append(
            f"{each.revision:>3}  {each.attributed_at:{_TIME}}  {each.cause}: "
            f"[bold]{escape(named)}[/] [dim](policy {each.policy_version})[/]"
        )
        lines += [
            f"       [dim]{change.field}: {escape(_said(change.before))} → {escape(_said(change.after))}[/]"
            for change in each.changes
        ]
    return lines


def _said(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _when(touch_time: datetime, conversion_time: datetime) -> str:
    before = conversion_time - touch_time
    place = f"{duration(before)} before" if before >= timedelta() else f"{duration(-before)} after"
    return f"{touch_time:{_TIME}} [dim]({place})[/]"


def _verdict(found: Attribution) -> str:
    if found.state != "attributed":
        return f"{found.state}: it has no result yet."
    revision = f"[dim]revision {found.revision}, policy {found.policy_version}, {found.model_version}[/]"
    is_own = found.install_id in {None, found.conversion_id}
    heritage = "" if is_own else f", inherited from {escape(found.install_id or '')}"
    if found.is_organic:
        return f"[bold]organic[/]{heritage}: no touch led to it.  {revision}"
    named = " / ".join(filter(None, (found.media_source, found.campaign)))
    return f"goes to [bold green]{escape(named)}[/]{heritage}.  {revision}"
