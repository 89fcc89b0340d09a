"""The two ways to say who calls: a person who logs in, and a key."""

import asyncio
from time import monotonic

from pydantic import TypeAdapter

from unmogrow.client.errors import UnauthorizedError
from unmogrow.client.shape import Shape
from unmogrow.client.transport import Call, Transport

_SPARE_SECONDS = 30.0
"""A token that ends sooner is exchanged before it is used: the request may wait on its way."""


class Key:
    """A key that is sent as it is: a tenant's secret key or write key, or a platform key."""

    def __init__(self, text: str) -> None:
        self._headers = {"Authorization": f"Bearer {text}"}

    async def headers(self, _: Transport) -> dict[str, str]:
        """Give the headers that say so."""
        return self._headers

    async def renew(self, _: Transport, refused: dict[str, str]) -> bool:
        """A key that is refused stays so."""
        del refused
        return False


class _Session(Shape):
    access_token: str
    refresh_token: str
    expires_in: float


class Login:
    """A person: logs in when first needed, and goes on with the refresh token as long as that is taken."""

    def __init__(self, email: str, password: str) -> None:
        self._credentials = TypeAdapter(dict[str, str]).dump_json({"email": email, "password": password})
        self._session: _Session | None = None
        self._ends_at = 0.0
        # A refresh token is taken once: two calls that exchanged the same would end the session.
        self._lock = asyncio.Lock()

    async def headers(self, transport: Transport) -> dict[str, str]:
        """Give the headers that say so; logs in, or exchanges the token that is about to end."""
        async with self._lock:
            if self._session is None or monotonic() > self._ends_at:
                await self._renew(transport)
            return self._headers()

    async def renew(self, transport: Transport, refused: dict[str, str]) -> bool:
        """Get another token, unless another call did so already."""
        async with self._lock:
            if self._headers() == refused:
                await self._renew(transport)
        return True

    async def log_out(self, transport: Transport) -> None:
        """End the session on the platform, if there is one."""
        async with self._lock:
            if self._session is not None:
                await transport.send(_post("/api/v1/auth/logout", _renewal(self._session)))
                self._session = None

    async def _renew(self, transport: Transport) -> None:
        begun = monotonic()
        self._session = await self._refreshed(transport) or await self._ask(transport, "", self._credentials)
        self._ends_at = begun + self._session.expires_in - _SPARE_SECONDS

    async def _refreshed(self, transport: Transport) -> _Session | None:
        if self._session is None:
            return None
        try:
            return await self._ask(transport, "/refresh", _renewal(self._session))
        except UnauthorizedError:
            return None

    async def _ask(self, transport: Transport, door: str, content: bytes) -> _Session:
        return _Session.model_validate_json((await transport.send(_post(f"/api/v1/auth{door}", content))).content)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._session.access_token}"} if self._session else {}


def _renewal(session: _Session) -> bytes:
    return TypeAdapter(dict[str, str]).dump_json({"refresh_token": session.refresh_token})


def _post(path: str, content: bytes) -> Call:
    # Logging in twice makes two sessions and harms nobody; a refresh that is sent again is answered 401 at worst.
    return Call("POST", path, headers={"Content-Type": "application/json"}, content=content, is_repeatable=True)
