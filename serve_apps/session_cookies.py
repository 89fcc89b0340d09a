"""Sessions in cookies, for the tenant's own site: what scripts cannot read cannot be stolen by one.

A browser sends cookies also when another site asks for a request. Three things see to it that none of those changes
anything: `SameSite=Strict`; a header that repeats the cookie `unmogrow_csrf`, which only a script of this host can
read, and which is bound to the session by an HMAC; and `Origin`, if the browser sends it, which must be this host.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from schemas.access_problems import CsrfInvalid
from tenancy.login import Session

CSRF_HEADER = "x-csrf-token"
REFRESH_PATH = "/api/v1/auth"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DAY_SECONDS = 86_400

_CookieName = Literal["access", "refresh", "csrf"]


class SessionCookies:
    """Writes and reads the cookies of sessions."""

    def __init__(self, proof_keys: Sequence[bytes], refresh_days: int, *, secure: bool) -> None:
        """Take the keys of proofs, the one of now first: a session outlives the rotation of the root secret.

        With TLS the names have prefixes by which browsers take the cookies from this host alone.
        """
        self._proof_keys = proof_keys
        self._refresh_seconds = refresh_days * _DAY_SECONDS
        self._secure = secure

    def write(self, response: Response, session: Session) -> None:
        """Give a session to a browser."""
        proof = f"{session.session_id}.{_sign(session.session_id, self._proof_keys[0])}"
        self._set(response, "access", session.access_token, session.expires_in)
        self._set(response, "refresh", session.refresh_token, self._refresh_seconds)
        self._set(response, "csrf", proof, self._refresh_seconds)

    def clear(self, response: Response) -> None:
        """Take a session from a browser."""
        for name in ("access", "refresh", "csrf"):
            self._set(response, name, "", 0)

    def access_token(self, request: Request) -> str | None:
        """Give the access token that a browser sent."""
        return request.cookies.get(self._name("access"))

    def refresh_token(self, request: Request) -> str | None:
        """Give the refresh token that a browser sent."""
        return request.cookies.get(self._name("refresh"))

    def check(self, request: Request, session_id: str | None = None) -> None:
        """Let a request by cookie pass if it changes nothing, or comes from a page of this host; see above.

        Raises:
            CsrfInvalid: it does not, or not in the session that the cookies are of (None: not known yet).
        """
        if request.method in _SAFE_METHODS:
            return
        origin = request.headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != request.headers.get("host", "").lower():
            raise CsrfInvalid("The Origin is not this host.")
        proof = request.cookies.get(self._name("csrf"), "")
        named, _, signature = proof.partition(".")
        repeated = request.headers.get(CSRF_HEADER, "")
        if (
            not hmac.compare_digest(repeated.encode(), proof.encode())
            or not any(hmac.compare_digest(signature.encode(), _sign(named, key).encode()) for key in self._proof_keys)
            or (session_id or named) != named
        ):
            raise CsrfInvalid

    def _name(self, name: _CookieName) -> str:
        # Browsers take a __Host- cookie only if its path is everything.
        prefix = "" if not self._secure else "__Secure-" if name == "refresh" else "__Host-"
        return f"{prefix}unmogrow_{name}"

    def _set(self, response: Response, name: _CookieName, value: str, seconds: int) -> None:
        response.set_cookie(
            self._name(name),
            value,
            max_age=seconds,
            path=REFRESH_PATH if name == "refresh" else "/",
            secure=self._secure,
            httponly=name != "csrf",
            samesite="strict",
        )


def _sign(session_id: str, key: bytes) -> str:
    return hmac.digest(key, session_id.encode(), hashlib.sha256).hex()
