"""The site of a plane: its page, and what the page loads. No tenant is needed: `/config.json` says whose it is.

Files under `/assets/` bear a hash of what they hold in their names, so a browser may keep them for ever; the others are
asked for each time, and answered by 304 while they are the same.
"""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.problems import RouteUnknown
from schemas.site_problems import SiteNotBuilt
from serve_apps.openapi import ANYBODY, documented
from serve_apps.services import services_of

_KEPT = "public, max-age=31536000, immutable"
_ASKED_FOR = "no-cache"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""What the page may load: what this host serves, and nothing that is written into the page itself."""

_AT_THE_ROOT = {"favicon.svg": "image/svg+xml", "theme.js": "text/javascript", "robots.txt": "text/plain"}
"""Files whose names others know; their media types."""


def site_router(page: str) -> APIRouter:
    """Make the routes of a plane whose page is this file of the built site."""
    router = APIRouter()

    @router.get("/", response_class=Response, **_documented(SiteNotBuilt, "text/html"))
    async def get_site(request: Request) -> Response:
        """Give the page of the site."""
        response = _answer(request, page, _ASKED_FOR)
        if response is None:
            raise SiteNotBuilt
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    @router.get("/assets/{name}", response_class=Response, **_documented(RouteUnknown, "*/*"))
    async def get_site_asset(request: Request, name: str) -> Response:
        """Give a file that the page loads; its name changes with what it holds."""
        return _there(_answer(request, f"assets/{name}", _KEPT))

    async def get_site_file(request: Request) -> Response:
        """Give a file of the site that has the same name always."""
        return _there(_answer(request, request.url.path.rpartition("/")[2], _ASKED_FOR))

    for file, media_type in _AT_THE_ROOT.items():
        router.add_api_route(
            f"/{file}",
            get_site_file,
            name=f"get_site_{file.replace('.', '_')}",
            response_class=Response,
            **_documented(RouteUnknown, media_type),
        )
    return router


def _documented(problem: type[RouteUnknown | SiteNotBuilt], media_type: str) -> dict[str, Any]:
    content = {media_type: {"schema": {"type": "string"}}}
    responses: dict[int | str, dict[str, Any]] = {
        200: {"content": content},
        304: {"description": "The caller has it as it is."},
    }
    return documented(ANYBODY, problem, responses=responses)


def _answer(request: Request, name: str, kept: str) -> Response | None:
    """Answer with a file in the encoding that suits the caller, or by 304; None if there is no such file."""
    file = services_of(request).site.get(name)
    if file is None:
        return None
    encoding = file.best(request.headers.get("accept-encoding", ""))
    tag = f'"{file.tag}-{encoding}"'
    headers = {
        "Cache-Control": kept,
        "ETag": tag,
        "Vary": "Accept-Encoding",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if encoding != "identity":
        headers["Content-Encoding"] = encoding
    return Response(file.encoded[encoding], headers=headers | {"Content-Type": file.media_type})


def _there(response: Response | None) -> Response:
    if response is None:
        raise RouteUnknown
    return response
