"""Whom each call of the tenant plane is for: declared with the route, and told in docs/access.md.

Run as a module (`python -m tests.unit.serve_apps.test_whom_calls_are_for`) this writes the table there anew.
"""

import inspect
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute

from schemas.backends import Backends
from schemas.settings import Settings
from serve_apps.builder import tenant_app

DOCS = Path(__file__).parents[3] / "docs" / "access.md"
BEGIN = "<!-- calls: written from the routes -->\n"
END = "<!-- end of calls -->\n"
CHANGING = {"post", "put", "patch", "delete"}
HARMLESS = {"post /api/v1/fraud/preview"}
"""Posts that change nothing."""
WRITTEN_BY_PARTS = {
    # `tenancy/login.py` and `tenancy/accounts.py`: also who fails is written down.
    *(f"post /api/v1/auth{path}" for path in ("", "/refresh", "/logout", "/forgot", "/accept")),
    "put /api/v1/auth/password",
    # `serve_apps/money_uploads.py`, once the file was read.
    "post /api/v1/costs/upload",
    "post /api/v1/rates/upload",
    # Events are in the ledger.
    "post /api/v1/events/ingest",
}


def operations() -> dict[str, dict[str, Any]]:
    """Give what `/openapi.json` says of each call, by method and path."""
    app = tenant_app(Backends("", 0, "", "", b""), Settings())
    document = app.openapi()
    return {f"{method} {path}": each for path, methods in document["paths"].items() for method, each in methods.items()}


def table() -> str:
    """Write the table of the calls that are for somebody."""
    lines = ["| call | owner | analyst | viewer | secret key |\n", "|---|---|---|---|---|\n"]
    for name, operation in sorted(operations().items(), key=lambda item: item[0].split(" ")[::-1]):
        if "x-roles" in operation:
            method, path = name.split(" ")
            roles = " | ".join("yes" if role in operation["x-roles"] else "" for role in ("owner", "analyst", "viewer"))
            lines.append(f"| `{method.upper()} {path}` | {roles} | {operation.get('x-scope', '')} |\n")
    return "".join(lines)


def test_every_call_says_whom_it_is_for() -> None:
    """A call needs a user's role or a key, or is one of the few that are for everybody."""
    everybody = {name for name, each in operations().items() if not each.get("security")}
    api = {name for name in everybody if "/api/" in name}
    assert api == {f"post /api/v1/auth{path}" for path in ("", "/refresh", "/logout", "/forgot", "/accept")}


def test_who_may_look_may_not_change() -> None:
    """No call that changes anything is for viewers, but those about their own account; nor for keys that only read."""
    for name, operation in operations().items():
        if "x-roles" not in operation or name.split(" ")[0] not in CHANGING or name in HARMLESS:
            continue
        assert operation.get("x-scope") != "read", name
        assert "viewer" not in operation["x-roles"] or "/auth/" in name, name


def test_every_change_is_written_down() -> None:
    """A route that changes anything writes the audit log itself, or is one of those whose parts do."""
    app = tenant_app(Backends("", 0, "", "", b""), Settings())
    changing = {
        f"{method.lower()} {route.path}": inspect.getsource(route.endpoint)
        for route in app.state.routes
        if isinstance(route, APIRoute) and route.path.startswith("/api/")
        for method in (route.methods or set()) & {each.upper() for each in CHANGING}
    }
    assert changing.keys() > HARMLESS | WRITTEN_BY_PARTS
    for name, source in changing.items():
        assert "audited" in source or name in HARMLESS | WRITTEN_BY_PARTS, name


def test_the_table_in_the_docs() -> None:
    """docs/access.md has the calls and their callers as the routes declare them."""
    text = DOCS.read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0] == table(), "write it anew; see the module's first lines"


if __name__ == "__main__":
    before, _, rest = DOCS.read_text(encoding="utf-8").partition(BEGIN)
    DOCS.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")
