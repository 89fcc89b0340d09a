"""Takes away the prefix by which Serve tells applications apart: it is no part of any address that clients see."""

from starlette.types import ASGIApp, Receive, Scope, Send


def without_prefix(app: ASGIApp) -> ASGIApp:
    """Have an app believe that it is mounted nowhere; scopes other than requests pass untouched."""

    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        prefix = scope.get("root_path", "")
        if prefix:
            path, raw = scope["path"].removeprefix(prefix), scope.get("raw_path") or b""
            scope = {**scope, "root_path": "", "path": path, "raw_path": raw.removeprefix(prefix.encode())}
        await app(scope, receive, send)

    return bare
