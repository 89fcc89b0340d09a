"""Tracking links as people meet them: the redirect, the pixel, and the files by which apps open links themselves.

Nothing here waits for a database.
"""

from base64 import b64decode
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ingest.link_targets import target_of
from ingest.link_touches import Parameters, platform_of, touch_event, touch_fields
from schemas.event_types import EventType
from schemas.ids import new_touch_id
from schemas.link_problems import AppsUnknown, LinkUnknown
from schemas.links import AppLinks, Link
from schemas.user_agents import is_preview
from serve_apps.callers import tenant_of
from serve_apps.openapi import TENANT, documented
from serve_apps.services import services_of
from telemetry.clock import utc_now

router = APIRouter()

_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "strict-origin", "X-Robots-Tag": "noindex"}
_PIXEL = b64decode("R0lGODlhAQABAPAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")


@router.head("/c/{link_id}", include_in_schema=False)
@router.get(
    "/c/{link_id}",
    status_code=302,
    response_class=Response,
    **documented(
        TENANT,
        LinkUnknown,
        responses={
            302: {
                "description": "The store, the app or the web, with the click's id.",
                "headers": {"Location": {"schema": {"type": "string"}, "required": True}},
            }
        },
    ),
)
async def click(request: Request, link_id: str) -> Response:
    """Record a click and send the caller on to the store, the app or the web, with the click's id."""
    link, click_id, parameters = await _touch(request, link_id, EventType.CLICK)
    platform = platform_of(_user_agent(request))
    target = target_of(link, platform, touch_fields(link, parameters), click_id, parameters)
    return Response(status_code=302, headers=_HEADERS | {"Location": target})


@router.head("/i/{link_id}.gif", include_in_schema=False)
@router.get(
    "/i/{link_id}.gif",
    response_class=Response,
    **documented(
        TENANT,
        LinkUnknown,
        responses={200: {"content": {"image/gif": {"schema": {"type": "string", "format": "binary"}}}}},
    ),
)
async def impression(request: Request, link_id: str) -> Response:
    """Record an impression and answer with a transparent pixel."""
    await _touch(request, link_id, EventType.IMPRESSION)
    return Response(_PIXEL, media_type="image/gif", headers=_HEADERS)


@router.get("/.well-known/apple-app-site-association", **documented(TENANT, AppsUnknown))
async def get_apple_app_site_association(request: Request) -> dict[str, Any]:
    """Tell Apple's devices which apps open the tenant's links."""
    app_ids = (await _app_links(request)).apple_app_ids
    if not app_ids:
        raise AppsUnknown
    return {"applinks": {"details": [{"appIDs": app_ids, "components": [{"/": "/c/*"}]}]}}


@router.get("/.well-known/assetlinks.json", **documented(TENANT, AppsUnknown))
async def get_assetlinks(request: Request) -> list[dict[str, Any]]:
    """Tell Android which apps open the tenant's links."""
    apps = (await _app_links(request)).android_apps
    if not apps:
        raise AppsUnknown
    relation = ["delegate_permission/common.handle_all_urls"]
    return [{"relation": relation, "target": {"namespace": "android_app"} | app.model_dump()} for app in apps]


async def _touch(request: Request, link_id: str, kind: EventType) -> tuple[Link, str, Parameters]:
    """Find the link and record the touch; its id is empty if it does not count."""
    services = services_of(request)
    tenant = await tenant_of(request)
    link = await services.feed.link(tenant.tenant_id, link_id)
    parameters = request.query_params.multi_items()
    user_agent = _user_agent(request)
    if request.method == "HEAD" or is_preview(user_agent):
        return link, "", parameters
    touch_id = new_touch_id()
    event = touch_event(kind, touch_id, utc_now(), link, parameters, user_agent)
    await services.touches.record(tenant.tenant_id, event, request)
    return link, touch_id, parameters


async def _app_links(request: Request) -> AppLinks:
    tenant = await tenant_of(request)
    return services_of(request).feed.app_links(tenant.tenant_id)


def _user_agent(request: Request) -> str:
    return request.headers.get("user-agent", "")
