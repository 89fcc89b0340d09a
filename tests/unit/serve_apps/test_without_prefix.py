"""The prefix by which Serve tells applications apart."""

import pytest
from starlette.types import Message, Receive, Scope, Send

from serve_apps.without_prefix import without_prefix

pytestmark = pytest.mark.anyio


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


async def _unheard(_: Message) -> None:
    return


async def seen_of(scope: Scope) -> Scope:
    """Give the scope that the app behind gets."""
    seen: list[Scope] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope)

    await without_prefix(app)(scope, _nothing, _unheard)
    return seen[0]


async def test_the_app_sees_the_address_that_the_client_used() -> None:
    """Its path, as bytes too; and no prefix that would come before it in what it says."""
    seen = await seen_of(
        {"type": "http", "root_path": "/dedicated/a.b", "path": "/dedicated/a.b/x", "raw_path": b"/dedicated/a.b/x"}
    )
    assert (seen["path"], seen["raw_path"], seen["root_path"]) == ("/x", b"/x", "")


async def test_what_has_no_prefix_stays() -> None:
    """A start, or a request that came without one."""
    start = {"type": "lifespan"}
    assert await seen_of(start) is start
