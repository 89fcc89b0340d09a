"""What the generated calls are made of: one call with a typed answer, and lists read page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter

from unmogrow.client.shape import Shape
from unmogrow.client.transport import Auth, Call, Content, Transport, Value

Body = Shape | Mapping[str, Any]
"""A document to send: a model, or JSON that is there already, which the platform checks as it would the model."""

Answer = TypeVar("Answer")
Row_co = TypeVar("Row_co", covariant=True)
_JSON: TypeAdapter[Any] = TypeAdapter(Any)
_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


class Paged(Protocol[Row_co]):
    """Some rows of a list, and where the next ones begin."""

    @property
    def data(self) -> Sequence[Row_co]:
        """The rows."""
        ...

    @property
    def next_cursor(self) -> str | None:
        """None after the last rows."""
        ...


class Caller:
    """One plane, as somebody calls it."""

    def __init__(self, transport: Transport, auth: Auth | None) -> None:
        self._transport = transport
        self._auth = auth

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    async def _call(
        self,
        answer: Any,
        method: str,
        path: str,
        *,
        query: Mapping[str, Value] | None = None,
        body: Body | None = None,
        content: Content = b"",
        media_type: str = "application/json",
        is_repeatable: bool | None = None,
    ) -> Any:
        if body is not None:
            content = body.json_bytes() if isinstance(body, Shape) else _JSON.dump_json(body)
        headers = {"Content-Type": media_type} if content else {}
        call = Call(method, path, query or {}, headers, content, is_repeatable)
        response = await self._transport.send(call, self._auth)
        return _adapter(answer).validate_json(response.content or b"null")


async def pages(ask: Callable[[str | None], Awaitable[Paged[Answer]]]) -> AsyncIterator[Answer]:
    """Give the rows of a list, asking for the next page when they are used up."""
    cursor = None
    while True:
        page = await ask(cursor)
        for row in page.data:
            yield row
        cursor = page.next_cursor
        if cursor is None:
            return


def segment(value: object) -> str:
    """Write a value as one segment of a path."""
    return quote(str(value), safe="")


def _adapter(kind: Any) -> TypeAdapter[Any]:
    found = _ADAPTERS.get(kind)
    if found is None:
        found = _ADAPTERS[kind] = TypeAdapter(kind)
    return found
