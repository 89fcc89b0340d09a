"""The edge's configuration, run by its own HAProxy before a server that says what reached it."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from local import edge
from local.free_ports import free_block
from local.places import make_private, places_of
from schemas.ids import TenantId
from schemas.listening_settings import EdgeSettings, PortSettings, TlsSettings
from schemas.settings import ServeSettings, Settings
from tests.certificates import Authority

_ANOTHER_ADDRESS = "127.0.0.2"
"""Of this machine, but not where the stack listens by itself."""

_HEADER_SECONDS = 10
"""As `timeout http-request` in the configuration."""


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked, or as the path says."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[dict[str, tuple[int, str, dict[str, str], bytes]]] = {
        "/busy": (503, "application/problem+json", {"Retry-After": "7"}, b'{"code":"spool-full"}'),
        "/problem": (500, "application/problem+json", {}, b'{"code":"internal"}'),
        "/no-replica": (500, "text/plain", {}, b"Internal Server Error"),
        "/long": (400, "text/html", {}, b"<h1>400 Bad request</h1>"),
        "/page": (
            200,
            "text/html",
            {"Cache-Control": "max-age=60", "Content-Security-Policy": "default-src 'self'"},
            b"",
        ),
        "/redirect": (302, "text/html", {"Location": "https://x.example/", "Referrer-Policy": "origin"}, b""),
    }
    on_post: ClassVar[Callable[[], object]] = object

    def do_GET(self) -> None:
        """Answer."""
        told = json.dumps({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}}).encode()
        status, kind, headers, body = self.answers.get(self.path, (200, "application/json", {}, told))
        self.send_response(status)
        for name, value in {**headers, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Tell of it, and answer."""
        type(self).on_post()
        self.do_GET()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Edge:
    """A running edge."""

    ports: PortSettings
    client: httpx.Client

    def tenant(self, path: str, **headers: str) -> httpx.Response:
        """Ask the tenants' plane."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(f"http://127.0.0.1:{self.ports.tenant}{path}", headers=named)

    def on_post(self, tell: Callable[[], object]) -> None:
        """Have the server behind tell of each POST that reaches it."""
        Echo.on_post = tell

    def platform(self, path: str, **headers: str) -> httpx.Response:
        """Ask the global plane."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(f"http://127.0.0.1:{self.ports.global_}{path}", headers=named)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        else:
            return


@contextmanager
def _edge(
    folder: Path,
    *,
    tls: TlsSettings | None = None,
    edge_settings: EdgeSettings | None = None,
    serve_settings: ServeSettings | None = None,
) -> Iterator[PortSettings]:
    """Run an edge before whatever listens, or does not, on Serve's port."""
    settings = Settings(
        data_dir=folder,
        ports=free_block(),
        tls=tls or TlsSettings(),
        edge=edge_settings or EdgeSettings(),
        serve=serve_settings or ServeSettings(),
    )
    places = places_of(settings)
    make_private(places.run.parent)
    make_private(places.run)
    process = subprocess.Popen(edge.command(), env=os.environ | edge.environment(settings, places))
    try:
        _wait_for(settings.ports.tenant)
        yield settings.ports
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(places.run.parent)


@contextmanager
def edge_before_echo(
    folder: Path, edge_settings: EdgeSettings, serve_settings: ServeSettings | None = None
) -> Iterator[Edge]:
    """Run an edge, and the server behind it."""
    with _edge(folder, edge_settings=edge_settings, serve_settings=serve_settings) as ports:
        server = ThreadingHTTPServer(("127.0.0.1", ports.serve), Echo)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with httpx.Client(trust_env=False, timeout=20) as client:
            yield Edge(ports, client)
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def running_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Start the edge as it is by default."""
    with edge_before_echo(tmp_path_factory.mktemp("edge"), EdgeSettings()) as running:
        yield running


def test_dedicated_hosts(tmp_path: Path) -> None:
    """A host with replicas of its own is led to them, however it is written; others are not, nor can ask for it."""
    own = ServeSettings(dedicated={TenantId("town"): "own.localhost", TenantId("ttoo"): "too.localhost"})
    with edge_before_echo(tmp_path, EdgeSettings(), own) as running:
        for host, path in (
            (f"OWN.localhost:{running.ports.tenant}", "/dedicated/own.localhost/x?y=1"),
            ("too.localhost", "/dedicated/too.localhost/x?y=1"),
            ("town.localhost", "/x?y=1"),
            ("sub.own.localhost", "/x?y=1"),
        ):
            assert running.tenant("/x?y=1", Host=host).json()["path"] == path
        for asked in ("/dedicated/own.localhost/x", "/%64edicated/x", "//dedicated"):
            assert running.tenant(asked, Host="town.localhost").status_code == 404


def test_tls(tmp_path: Path) -> None:
    """With a certificate the edge speaks TLS 1.2 at least, insists on it, and serves nothing in clear but probes."""
    authority = Authority.new(tmp_path)
    tls = TlsSettings(certificate=authority.issue("localhost"), hsts_seconds=99)
    with _edge(tmp_path, tls=tls) as ports:
        _wait_for(ports.tenant_tls)
        trusting = ssl.create_default_context(cafile=authority.file)
        with httpx.Client(trust_env=False, timeout=20, verify=trusting) as client:
            for plain, secure in ((ports.tenant, ports.tenant_tls), (ports.global_, ports.global_tls)):
                told = client.get(f"http://localhost:{plain}/x?y=1", headers={"Host": f"A.example:{plain}"})
                assert (told.status_code, told.headers["Location"]) == (308, f"https://a.example:{secure}/x?y=1")
                assert "Strict-Transport-Security" not in told.headers
                assert client.get(f"http://localhost:{plain}/x").status_code == 503
                probe = client.get(f"http://localhost:{plain}/readyz", headers={"Host": "10.0.0.1"})
                assert probe.status_code == 503
                answer = client.get(f"https://localhost:{secure}/api/v1/x")
                assert (answer.status_code, answer.headers["Strict-Transport-Security"]) == (503, "max-age=99")
        old = ssl.create_default_context(cafile=authority.file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", ports.tenant_tls)) as plain_socket, pytest.raises(ssl.SSLError):
            old.wrap_socket(plain_socket, server_hostname="localhost")


def test_networks_reach_it_by_tls_alone(tmp_path: Path) -> None:
    """By default no other address answers; with a host, one does by TLS, and sends plain requests there."""
    authority = Authority.new(tmp_path)
    with _edge(tmp_path) as ports, pytest.raises(ConnectionRefusedError):
        socket.create_connection((_ANOTHER_ADDRESS, ports.tenant))
    tls = TlsSettings(certificate=authority.issue(_ANOTHER_ADDRESS))
    everywhere = EdgeSettings(host=ip_address("0.0.0.0"))  # noqa: S104 - as an operator would
    with _edge(tmp_path, tls=tls, edge_settings=everywhere) as ports:
        trusting = ssl.create_default_context(cafile=authority.file)
        with httpx.Client(trust_env=False, timeout=20, verify=trusting) as client:
            for plain, secure in ((ports.tenant, ports.tenant_tls), (ports.global_, ports.global_tls)):
                assert client.get(f"http://{_ANOTHER_ADDRESS}:{plain}/x").status_code == 308
                assert client.get(f"https://{_ANOTHER_ADDRESS}:{secure}/x").status_code == 503
            assert client.get(f"http://127.0.0.1:{ports.tenant}/x").status_code == 503


def test_what_clients_may_not_say(running_edge: Edge) -> None:
    """The peer's own address arrives, whatever the client claims; headers in the platform's name do not."""
    headers = running_edge.tenant("/x", X_Forwarded_For="6.6.6.6", X_Unmogrow_Tenant="t1", Host="a.localhost").json()[
        "headers"
    ]
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["host"] == "a.localhost"
    assert "x-unmogrow-tenant" not in headers


def test_request_id(running_edge: Edge) -> None:
    """A sound id is kept; a missing one, or one that could break a log, is replaced."""
    assert running_edge.tenant("/x", X_Request_ID="abc-1").json()["headers"]["x-request-id"] == "abc-1"
    made = {running_edge.tenant("/x").json()["headers"]["x-request-id"] for _ in range(2)}
    made.add(running_edge.tenant("/x", X_Request_ID="a b\tc").json()["headers"]["x-request-id"])
    assert [len(each) for each in made] == [36, 36, 36]


def test_global_plane(running_edge: Edge) -> None:
    """The path gets its prefix, and no header names a tenant."""
    told = running_edge.platform("/api/v1/tenants?limit=1", X_Tenant_ID="t1").json()
    assert told["path"] == "/global/api/v1/tenants?limit=1"
    assert "x-tenant-id" not in told["headers"]


@pytest.mark.parametrize(
    "path",
    ["/global", "/global/x", "//global/x", "/%67lobal/x", "/GLOBAL/x", "/global%2fx", "/-/routes", "/%2d/routes"],
)
def test_no_way_to_other_planes(running_edge: Edge, path: str) -> None:
    """404 for the global plane and for Serve's own pages, however they are spelled."""
    with socket.create_connection(("127.0.0.1", running_edge.ports.tenant)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b'"code":"route-unknown"' in answer


def test_path_that_only_begins_so(running_edge: Edge) -> None:
    """A tenant's own path may begin with the same letters."""
    assert running_edge.tenant("/globally").json()["path"] == "/globally"


def test_problems_of_the_app_pass(running_edge: Edge) -> None:
    """The status, the body and Retry-After of the app's own problems arrive untouched."""
    busy = running_edge.tenant("/busy")
    assert (busy.status_code, busy.headers["Retry-After"], busy.json()) == (503, "7", {"code": "spool-full"})
    assert running_edge.tenant("/problem").status_code == 500


def test_no_replica(running_edge: Edge) -> None:
    """503 with Retry-After, where Serve's proxy says 500 because nobody is there to ask."""
    answer = running_edge.tenant("/no-replica")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (503, "1", "unavailable")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_head_too_long_for_serve(running_edge: Edge) -> None:
    """400 as a problem, where Serve's proxy answers with a page of its own."""
    answer = running_edge.tenant("/long")
    assert (answer.status_code, answer.json()["code"], len(answer.json()["instance"])) == (400, "bad-request", 36)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_browsers_find_it(running_edge: Edge) -> None:
    """Names under localhost lead to IPv6 first where there is any."""
    if "[::1]" not in edge.environment(Settings(), places_of(Settings()))["UNMOGROW_EDGE_TENANT_BIND"]:
        pytest.skip("this machine has no IPv6 loopback")
    assert running_edge.client.get(f"http://[::1]:{running_edge.ports.tenant}/x").status_code == 200


def test_slow_client_is_cut_off(running_edge: Edge) -> None:
    """Headers that do not end within ten seconds cost the client its connection."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", running_edge.ports.tenant), timeout=30) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: a\r\n")
        # To the end: the connection is closed too.
        assert b"".join(iter(lambda: connection.recv(65_536), b"")).startswith(b"HTTP/1.1 408 ")
    assert _HEADER_SECONDS - 1 < time.monotonic() - started < _HEADER_SECONDS + 5


def test_nothing_behind_it(tmp_path: Path) -> None:
    """503 with Retry-After while Serve is not up yet."""
    with _edge(tmp_path) as ports:
        answer = httpx.get(f"http://127.0.0.1:{ports.global_}/livez", trust_env=False, timeout=30)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (503, "1", "unavailable")
    assert answer.headers["Content-Type"] == "application/problem+json"
