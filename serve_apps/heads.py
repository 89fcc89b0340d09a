"""HEAD, wherever anybody may GET: pages, files and documents are asked for so by caches, probes and link checkers."""

from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.routing import APIRoute


def head_router(routers: Iterable[APIRouter]) -> APIRouter:
    """Make a HEAD of each GET that asks for no credentials, but for those whose routers have one of their own.

    The server below leaves the body out (RFC 9110, 9.3.2). The document does not name them: they say nothing new.
    """
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    answered = {route.path for route in routes if "HEAD" in (route.methods or ())}
    heads = APIRouter()
    for route in routes:
        is_open = not (route.openapi_extra or {}).get("security")
        if is_open and "GET" in (route.methods or ()) and route.path not in answered:
            heads.add_api_route(
                route.path,
                route.endpoint,
                methods=["HEAD"],
                response_class=route.response_class,
                response_model=None,
                include_in_schema=False,
            )
    return heads
