"""Which pages of other origins may call a plane from a browser, and read what it answers (CORS).

Doors for events are open to every page: what it sends is authorised by its write key alone, which is public. The rest
of a tenant's API is open to the origins that its owner named. Nobody is ever allowed to send cookies along: a page of
another origin calls with a token or key that it was given.
"""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from schemas.problem import Problem
from serve_apps import ingest_routes, segment_routes
from serve_apps.callers import tenant_of
from serve_apps.segment_settings_routes import is_settings_path
from serve_apps.services import services_of

_OPEN = segment_routes.PATHS | {ingest_routes.PATH}
_API = "/api/v1/"
_EXPOSED = ["Retry-After", "X-Durability", "Idempotent-Replayed", "Location", "X-Unconverted"]
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_SENT = ["Accept", "Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "X-Tenant-ID", "X-Write-Key"]


class CrossOrigin:
    """Answers preflight requests, and opens answers to those pages that may read them; passes all else through."""

    def __init__(self, app: ASGIApp, state_of: ASGIApp) -> None:
        self._app = app
        self._state_of = state_of
        self._open = CORSMiddleware(
            app, allow_origins=["*"], allow_methods=["GET", "POST"], allow_headers=["*"], expose_headers=_EXPOSED
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request: nearly all have no Origin, and cost nothing here."""
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None:
            await self._app(scope, receive, send)
        elif scope["path"] in _OPEN or is_settings_path(scope["path"]):
            await self._open(scope, receive, send)
        elif scope["path"].startswith(_API) and origin in await self._allowed(scope):
            named = CORSMiddleware(
                self._app,
                allow_origins=[origin],
                allow_methods=_METHODS,
                allow_headers=_SENT,
                expose_headers=_EXPOSED,
            )
            await named(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _allowed(self, scope: Scope) -> frozenset[str]:
        """Give the origins that the tenant named; none if it cannot be told whose request it is."""
        request = Request({**scope, "app": self._state_of})
        try:
            tenant = await tenant_of(request)
        except Problem:
            return frozenset()
        return await services_of(request).origins.of(tenant.tenant_id)
