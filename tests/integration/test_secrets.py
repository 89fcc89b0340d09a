"""Secrets stay out of logs and of processes' arguments, wherever clients put them."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from local import postgres
from local.supervision import STACK_VARIABLE
from schemas.ids import TenantId
from storage.names import tenant_database
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, event

pytestmark = pytest.mark.anyio

INGEST = "/api/v1/events/ingest"


async def test_no_secret_is_logged_or_passed_as_an_argument(
    running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient
) -> None:
    """Not after logins, bad logins, renewals, and requests with keys, tokens and passwords in the wrong places."""
    password = tenant.owner_password or ""
    login = {"email": tenant.owner_email, "password": password}
    session = (await http.post("/api/v1/auth", json=login)).json()
    renewal = {"refresh_token": session["refresh_token"]}
    renewed = (await http.post("/api/v1/auth/refresh", json=renewal)).json()
    used = {
        "password": password,
        "wrong password": "wrong-password-but-somebodys",
        "write key": tenant.write_key,
        "platform key": running.platform_key,
        "access token": session["access_token"],
        "refresh token": session["refresh_token"],
        "renewed access token": renewed["access_token"],
        "renewed refresh token": renewed["refresh_token"],
    }
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    asked = {"name": "all", "kind": "secret", "scopes": ["ingest", "read", "write"]}
    used["secret key"] = (await http.post("/api/v1/keys", json=asked, headers=bearer)).json()["key"]
    guest = {"email": "guest@example.com", "role": "viewer"}
    link = (await http.post("/api/v1/users", json=guest, headers=bearer)).json()["invitation_url"]
    used["invitation"] = link.partition("token=")[2]
    await http.post("/api/v1/auth", json=login | {"password": used["wrong password"]})
    await http.post("/api/v1/auth/refresh", json=renewal)
    await asyncio.gather(*(misplaced(running, http, secret) for secret in used.values()))
    kept = await asyncio.to_thread(secrets_of, running, tenant)
    found = await asyncio.to_thread(places_of_secrets, running, used | kept)
    assert found == []


async def misplaced(running: RunningStack, http: httpx.AsyncClient, secret: str) -> None:
    """Send a secret where it does not belong: address, headers, bodies of every kind."""
    bearer = {"Authorization": f"Bearer {secret}"}
    asked = (
        http.get(f"/api/v1/attributions/{secret}", headers=bearer),
        http.get("/api/v1/events", params={"cursor": secret, "token": secret}, headers=bearer),
        http.get(f"/c/{secret}"),
        http.get(f"/v1/projects/{secret}/settings"),
        http.post(INGEST, json=event(properties={"key": secret}, **{secret[:40]: secret})),
        http.post(INGEST, json=event(event_type=secret)),
        http.post(INGEST, content=f'{{"not json": {secret}'.encode()),
        http.post(INGEST, json=event(), headers={"X-Write-Key": secret, "Idempotency-Key": secret[:200]}),
        http.post("/beacon/v1/batch", params={"writeKey": secret}, json={"batch": [{"writeKey": secret}]}),
        http.post("/api/v1/auth", json={"email": secret, "password": [secret]}),
        http.post("/api/v1/auth", json={"email": secret[:300], "password": secret}),
        http.post("/api/v1/auth/refresh", json={"refresh_token": secret[:200]}),
        http.get("/health", headers={"X-Tenant-ID": secret}),
        http.get("/health", headers={"X-Request-ID": secret}),
        http.post(f"{running.global_url}/api/v1/ingest", json={"tenant_id": secret, "events": []}, headers=bearer),
    )
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers if answer.status_code >= 500} == set()


def secrets_of(running: RunningStack, tenant: ProvisionedTenant) -> dict[str, str]:
    """Give the platform's own secrets."""
    stack = running.stack
    backends = stack.backends
    return {
        "root secret": (stack.places.data / "secret.key").read_text(encoding="ascii").strip(),
        "administrator's password": postgres.password(stack.places),
        "provisioner's password": stack.provisioner_password,
        "Ray's token": (stack.places.data / "ray.token").read_text(encoding="ascii").strip(),
        "tenant role's password": backends.role_password(tenant_database(TenantId(tenant.tenant_id))),
    }


def places_of_secrets(running: RunningStack, secrets: dict[str, str]) -> list[str]:
    """Say which secret stands in which log, or in which process's arguments."""
    texts = {**dict(logs(running)), **dict(arguments(running))}
    assert len(texts) > 10
    assert any(b"haproxy" in text for text in texts.values())
    return [
        f"{name} in {place}" for name, secret in secrets.items() for place in texts if secret.encode() in texts[place]
    ]


def logs(running: RunningStack) -> Iterator[tuple[str, bytes]]:
    """Read every log of the stack: supervisord's, Postgres's, the edge's, ClickHouse's, Ray's and its workers'."""
    places = running.stack.places
    for folder in (places.logs, *Path(places.ray).glob("session_*/logs")):
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield str(path), path.read_bytes()


def arguments(running: RunningStack) -> Iterator[tuple[str, bytes]]:
    """Read the arguments of every process of the stack."""
    for process in psutil.process_iter():
        try:
            if process.environ().get(STACK_VARIABLE) == running.stack.places.stack_id and process.pid != os.getpid():
                yield f"arguments of {process.pid}", " ".join(process.cmdline()).encode()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
