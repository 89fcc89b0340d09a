"""What the edge does against clients that are slow or lie, and what it tells browsers, before a server that echoes."""

import socket
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from schemas.listening_settings import EdgeSettings
from tests.integration.test_edge import Edge, edge_before_echo
from tests.stack_fixtures import SECURITY_HEADERS

PROXIES = ("127.0.0.0/8", "10.0.0.0/8")
BODY_SECONDS = 1


@pytest.fixture(scope="module")
def trusting_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Start an edge that believes proxies of this machine, and waits a second for bodies."""
    settings = EdgeSettings(trusted_proxies=tuple(map(ip_network, PROXIES)), body_seconds=BODY_SECONDS)
    with edge_before_echo(tmp_path_factory.mktemp("edge"), settings) as running:
        yield running


@pytest.fixture(scope="module")
def cautious_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Start an edge with the default settings."""
    with edge_before_echo(tmp_path_factory.mktemp("edge"), EdgeSettings()) as running:
        yield running


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_clients_do_not_say_who_they_are(cautious_edge: Edge, header: str) -> None:
    """By default nobody is believed: the peer's address arrives, and no other header about it."""
    for ask in (cautious_edge.tenant, cautious_edge.platform):
        headers = ask("/x", **{header: "for=6.6.6.6" if header == "Forwarded" else "6.6.6.6"}).json()["headers"]
        assert headers["x-forwarded-for"] == "127.0.0.1"
        assert not {"x-real-ip", "forwarded", "x-forwarded-host"} & headers.keys()


def test_clients_do_not_say_which_scheme_they_used(cautious_edge: Edge, trusting_edge: Edge) -> None:
    """The edge knows; a trusted proxy in front of it knows better."""
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    assert cautious_edge.tenant("/x", **said).json()["headers"]["x-forwarded-proto"] == "http"
    headers = trusting_edge.tenant("/x", **said).json()["headers"]
    assert (headers["x-forwarded-proto"], "x-forwarded-host" in headers) == ("https", False)


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("6.6.6.6", "6.6.6.6"),
        ("1.1.1.1, 6.6.6.6", "6.6.6.6"),
        ("1.1.1.1, 6.6.6.6, 10.1.2.3", "6.6.6.6"),
        ("1.1.1.1, 6.6.6.6, 10.1.2.3, 10.4.5.6", "6.6.6.6"),
        ("2001:db8::1", "2001:db8::1"),
        ("nonsense", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_trusted_proxies_say_whom_they_serve(trusting_edge: Edge, said: str, client: str) -> None:
    """The last address that is no trusted proxy's; what stands before it is the client's own word."""
    headers = trusting_edge.tenant("/x", **{"X-Forwarded-For": said, "X-Real-IP": "7.7.7.7"}).json()["headers"]
    assert headers["x-forwarded-for"] == client


def test_a_body_that_dribbles_ends_at_the_edge(trusting_edge: Edge) -> None:
    """408 as a problem within the edge's patience; the server behind it never hears of the request."""
    heard = threading.Event()
    trusting_edge.on_post(heard.set)
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", trusting_edge.ports.tenant), timeout=20) as connection:
        connection.sendall(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        answer = _dribbled(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request-timeout"' in answer
    assert BODY_SECONDS <= time.monotonic() - started < BODY_SECONDS + 5
    assert not heard.is_set()


def _dribbled(connection: socket.socket) -> bytes:
    """Send a byte now and then until an answer comes; give the answer."""
    connection.settimeout(0.1)
    while True:
        try:
            connection.sendall(b"x")
            return connection.recv(65_536)
        except TimeoutError:
            continue


@pytest.mark.parametrize("path", ["/x", "/busy", "/no-replica", "/long", "/global/x"])
def test_every_answer_tells_browsers_what_they_may_do(cautious_edge: Edge, path: str) -> None:
    """The same headers on what the app says and on what the edge says itself; none says which programs answer."""
    for ask in (cautious_edge.tenant, cautious_edge.platform):
        assert "Server" not in ask(path).headers
        assert {name: ask(path).headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_the_app_knows_better(cautious_edge: Edge) -> None:
    """What the app says of caching, of content and of referrers stands."""
    page = cautious_edge.tenant("/page").headers
    assert (page["Cache-Control"], page["Content-Security-Policy"]) == ("max-age=60", "default-src 'self'")
    assert cautious_edge.tenant("/redirect").headers["Referrer-Policy"] == "origin"
