"""Settings of what listens: ports, the edge, TLS."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, IPvAnyAddress, IPvAnyNetwork

from schemas.settings_group import SettingsGroup


def _is_loopback(address: str) -> str:
    if not ip_address(address).is_loopback:
        raise ValueError("must be a loopback address; UNMOGROW_EDGE__HOST says where clients of a network call")
    return address


class PortSettings(SettingsGroup):
    """Where things listen. Everything binds to `host` alone, and the edge to its own address, too."""

    host: Annotated[str, AfterValidator(_is_loopback)] = Field(
        "127.0.0.1", description="Loopback: what is behind the edge is not for a network."
    )
    tenant: int = Field(8080, description="The tenant plane, as the contracts promise.")
    global_: int = Field(9080, description="The global plane, as the contracts promise.")
    tenant_tls: int = Field(8443, description="The tenant plane by TLS, if there is a certificate.")
    global_tls: int = Field(9443, description="The global plane by TLS, if there is a certificate.")
    serve: int = Field(8000, description="Ray Serve's own ingress, behind the edge; Serve's default.")
    postgres: int = Field(5433, description="One past the default, beside a server you may already run.")
    clickhouse: int = Field(8123, description="ClickHouse's usual HTTP port.")
    ray: int = Field(6380, description="Ray's control service; one past Redis, whose port is Ray's default.")
    dashboard: int = Field(8265, description="Ray's job API, for holders of the cluster's token; Ray's default.")
    serve_metrics: int = Field(9101, description="Prometheus metrics of Serve's HAProxy.")
    serve_stats: int = Field(8404, description="Statistics page of Serve's HAProxy.")
    serve_fallback: int = Field(8500, description="Serve's Python proxy: where HAProxy turns without a replica.")
    replica_first: int = Field(30000, description="First of the ports on which replicas take requests.")
    replica_count: int = Field(200, description="How many; a freed one rests for minutes before it is used again.")
    worker_first: int = Field(11000, description="First of the ports that Ray's processes use among themselves.")
    worker_count: int = Field(900, description="How many: one for each process and a few for Ray itself.")


class EdgeSettings(SettingsGroup):
    """The edge: where it listens, whom it believes, and how long it waits."""

    host: IPvAnyAddress | None = Field(
        None,
        description="Where networks reach it, beside loopback: an address, or 0.0.0.0. With TLS alone.",
    )

    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        default=(), description="Networks of your own proxies, as a JSON list of CIDRs. None: clients come directly."
    )
    client_header: Literal["X-Forwarded-For", "X-Real-IP"] = Field(
        default="X-Forwarded-For", description="In which these proxies write whom they serve; no other one is read."
    )
    body_seconds: int = Field(
        default=30, ge=1, description="A body, or its first 64 KB, that takes longer is refused before it costs more."
    )


class TlsSettings(SettingsGroup):
    """TLS at the edge."""

    certificate: Path | None = Field(
        None, description="PEM file with certificate, chain and key. Unset: no TLS here, which is for loopback alone."
    )
    in_front: bool = Field(
        default=False, description="Whether something before the edge ends TLS: cookies are Secure, addresses https."
    )
    hsts_seconds: int = Field(31_536_000, description="So long do browsers insist on TLS: a year, as is usual.")

    @property
    def is_on(self) -> bool:
        """Whether clients speak TLS."""
        return self.in_front or self.certificate is not None
