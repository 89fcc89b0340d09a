"""Sessions in cookies."""

import uuid
from datetime import UTC, datetime

import pytest
from starlette.requests import Request
from starlette.responses import Response

from schemas.access_problems import CsrfInvalid
from serve_apps.session_cookies import SessionCookies
from storage.postgres.users import UserRecord
from tenancy.login import Session

USER = UserRecord(uuid.uuid4(), "a@example.com", "hash", "owner", 1, datetime(2026, 1, 1, tzinfo=UTC), None)


def written(cookies: SessionCookies, session_id: str) -> dict[str, str]:
    """Write a session; give the lines of Set-Cookie by name."""
    response = Response()
    cookies.write(response, Session("access", 900, "refresh", session_id, USER))
    lines = [value.decode() for name, value in response.raw_headers if name == b"set-cookie"]
    return {line.partition("=")[0]: line for line in lines}


def request(method: str, cookie: str, token: str | None = None, origin: str | None = None) -> Request:
    """Make a request as a browser at t1.example sends it."""
    headers = {"host": "t1.example", "cookie": cookie}
    if token is not None:
        headers["x-csrf-token"] = token
    if origin is not None:
        headers["origin"] = origin
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "path": "/", "query_string": b"", "headers": raw})


def value_of(line: str) -> str:
    """Give the value of a line of Set-Cookie."""
    return line.partition("=")[2].partition(";")[0]


def test_with_tls_browsers_keep_them_to_this_host() -> None:
    """By TLS the names have the prefixes that forbid other hosts to set them, and all are Secure."""
    lines = written(SessionCookies([b"key"], 30, secure=True), "s1")
    assert set(lines) == {"__Host-unmogrow_access", "__Secure-unmogrow_refresh", "__Host-unmogrow_csrf"}
    assert all("; Secure" in line and "Domain" not in line for line in lines.values())


def test_proof_is_of_one_session_and_one_key() -> None:
    """The proof of a session passes for that one, and neither for another nor under another key."""
    cookies = SessionCookies([b"key"], 30, secure=False)
    proof = value_of(written(cookies, "s1")["unmogrow_csrf"])
    asked = request("POST", f"unmogrow_csrf={proof}", proof, "http://t1.example")
    cookies.check(asked, "s1")
    cookies.check(asked)
    for others, session_id in ((cookies, "s2"), (SessionCookies([b"other"], 30, secure=False), "s1")):
        with pytest.raises(CsrfInvalid):
            others.check(asked, session_id)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://", "http://t1.example.evil", "http://["])
def test_other_origins(origin: str) -> None:
    """An Origin that is not this host is refused, whatever else is right."""
    cookies = SessionCookies([b"key"], 30, secure=False)
    proof = value_of(written(cookies, "s1")["unmogrow_csrf"])
    with pytest.raises(CsrfInvalid):
        cookies.check(request("DELETE", f"unmogrow_csrf={proof}", proof, origin), "s1")


@pytest.mark.parametrize("token", [None, "", "s1", "s1.", ".", "é"])
def test_a_forged_proof(token: str | None) -> None:
    """A header that was not signed here is refused, also if the cookie says the same."""
    cookies = SessionCookies([b"key"], 30, secure=False)
    with pytest.raises(CsrfInvalid):
        cookies.check(request("PUT", f"unmogrow_csrf={token or ''}", token))


def test_reading_needs_no_proof() -> None:
    """A GET passes: other sites cannot read its answer."""
    SessionCookies([b"key"], 30, secure=False).check(request("GET", ""), "s1")
