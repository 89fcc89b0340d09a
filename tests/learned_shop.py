"""A tenant whose conversions a learned model shares out, and what it sends."""

import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx
from typer.testing import CliRunner

from cli.main import app
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, ago, event
from tests.tenant_api import TenantApi

INGEST = "/api/v1/events/ingest"


@dataclass
class Shop:
    """A tenant with two fitted models, of which the first is champion."""

    running: RunningStack
    tenant: ProvisionedTenant
    api: TenantApi
    http: httpx.AsyncClient
    artifacts: tuple[bytes, bytes]
    first: str = ""
    sent: list[str] = field(default_factory=list)

    async def send(self) -> str:
        """Send a person's three touches and then their install; the answer says that all of it is taken."""
        device = {"device_id": secrets.token_hex(8), "platform": "android", "country": "DE"}
        touches = [
            event("click" if place else "impression", media_source=source, event_time=ago(hours=3 - place), **device)
            for place, source in enumerate(("mail", "tv", "search"))
        ]
        install = event("install", **device)
        answer = await self.http.post(INGEST, json=[*touches, install])
        assert answer.status_code == 202, answer.text
        self.sent.append(install["event_id"])
        return str(install["event_id"])


async def clicks_and_install(shop: Shop, clicks: int, **fields: Any) -> str:
    """Send an install after clicks of a network, the last one 20 minutes before it, and a purchase; give its id."""
    device = {"device_id": secrets.token_hex(8), "platform": "android"}
    touches = [
        event("click", media_source="tv", event_time=ago(minutes=20 + place, seconds=1), country="DE", **device)
        for place in range(clicks)
    ]
    install = event("install", event_time=ago(seconds=1), **device | {"country": "DE", "app_version": "4.1"} | fields)
    later = event("purchase", event_id=f"{install['event_id']}-bought", **device)
    assert (await shop.http.post(INGEST, json=[*touches, install, later])).status_code == 202
    shop.sent.append(install["event_id"])
    return str(install["event_id"])


def run(shop: Shop, *arguments: str) -> str:
    """Run a command to its end; give what it printed."""
    stack = shop.running.stack
    environment = {
        "UNMOGROW_DATA_DIR": str(stack.settings.data_dir),
        "UNMOGROW_PORTS__TENANT": str(stack.settings.ports.tenant),
    }
    done = CliRunner().invoke(app, [*arguments, "--tenant", shop.tenant.tenant_id], env=environment)
    assert done.exit_code == 0, done.output
    return done.stdout + done.stderr
