"""Makes what both planes say at `/openapi.json`, from the routes alone: nothing has to run for it."""

from typing import Any

import orjson

from schemas.backends import Backends
from schemas.settings import Settings
from serve_apps.builder import global_app, tenant_app

Document = dict[str, Any]


def documents() -> dict[str, Document]:
    """Make each plane's document, by the plane's name."""
    # No route is called, so nobody looks at where the databases would be.
    nowhere = Backends("", 0, "", "", b"")
    apps = {"tenant": tenant_app(nowhere, Settings()), "global": global_app(nowhere, Settings())}
    return {plane: app.openapi() for plane, app in apps.items()}


def written(document: Document) -> bytes:
    """Write a document down as it is kept: the same routes give the same bytes on every machine."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
