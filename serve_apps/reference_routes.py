"""What the product publishes about itself: event schemas and problem pages."""

import base64
import hashlib
from html import escape
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from schemas.event_types import EventType, event_schema
from schemas.problem import every_problem
from schemas.problems import ProblemUnknown, SchemaUnknown
from serve_apps.answers import EventTypes
from serve_apps.openapi import ANYBODY, documented

router = APIRouter()

_STYLE = """body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}
@media(prefers-color-scheme:dark){body{background:#111;color:#eee}a{color:#8cf}}"""
_PAGE = (
    '<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    f"<title>{{title}}</title><style>{_STYLE.replace('{', '{{').replace('}', '}}')}</style>"
    "<h1>{title}</h1>{body}</html>"
)
# The pages hold their style, so browsers are told to take this one and nothing else.
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {"Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'"}


@router.get("/schemas/events", response_model=EventTypes, **documented(ANYBODY))
async def list_event_types() -> dict[str, list[str]]:
    """List the event types; the schema of each is at /schemas/events/{type}.json."""
    return {"event_types": [kind.value for kind in EventType]}


@router.get("/schemas/events/{event_type}.json", **documented(ANYBODY, SchemaUnknown))
async def get_event_type_schema(event_type: str) -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of an event type."""
    try:
        return event_schema(EventType(event_type))
    except ValueError as error:
        raise SchemaUnknown from error


@router.get("/problems", response_class=HTMLResponse, **documented(ANYBODY))
async def list_problems() -> HTMLResponse:
    """List the problem types."""
    rows = "".join(
        f'<li><a href="problems/{kind.slug}">{escape(kind.title)}</a> ({kind.status})</li>' for kind in every_problem()
    )
    return HTMLResponse(_PAGE.format(title="Problems", body=f"<ul>{rows}</ul>"), headers=_HEADERS)


@router.get("/problems/{slug}", response_class=HTMLResponse, **documented(ANYBODY, ProblemUnknown))
async def get_problem(slug: str) -> HTMLResponse:
    """Explain a problem type and its remedy."""
    for kind in every_problem():
        if kind.slug == slug:
            body = f"<p>Status {kind.status}. {escape(kind().detail)}</p><p>{escape(kind.remedy)}</p>"
            return HTMLResponse(_PAGE.format(title=escape(kind.title), body=body), headers=_HEADERS)
    raise ProblemUnknown
