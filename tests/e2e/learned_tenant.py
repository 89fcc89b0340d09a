"""A tenant whose conversions a learned model shares out, and whose newest days it has been observed on."""

import asyncio
import secrets
from typing import Any

from attribution.ml.artifacts import dump
from local.demo_sources import EVERY_SOURCE
from schemas.learning import LearnedKind
from tenancy.provisioning import ProvisionedTenant
from tests.learned_models import lake_of, pltv_champion, promote, register, trained_conversion
from tests.stack_fixtures import RunningStack, ago, api_of, event, eventually, ndjson, new_tenant, result_of
from tests.tenant_api import TenantApi

_HOURS_BEFORE_THE_DEMO = 40 * 24
_OBSERVED_SECONDS = 60.0


async def learn(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Give a tenant champions, and wait until the pool has its: what is attributed from then on has its credits.

    Another tenant gets the same as a challenger, which operators may promote, and a champion that the lake has lost.
    """
    async with api_of(running, tenant) as api:
        await _contribute(api, contributes=False)
    sources = tuple(source.name for source in EVERY_SOURCE)
    trained = await asyncio.to_thread(trained_conversion, 1, sources=sources)
    artifact = dump(trained.model)
    lake_of(running).put(artifact)
    champion = await register(running, artifact, tenant.tenant_id, trained=trained)
    await promote(running, champion)
    await pltv_champion(running, tenant.tenant_id, "USD")
    other = (await new_tenant(running)).tenant_id
    await register(running, artifact, other, trained=trained)
    await promote(running, await register(running, b"lost", other, LearnedKind.ANOMALY))
    async with api_of(running, tenant) as api:

        async def counts() -> bool:
            return bool((await result_of(api, await _converts(api)))["model_version"].endswith(champion))

        await eventually(counts)


async def observe(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Have a tenant's days exported, and the champion looked at on them: whoever changes their mind is, at once."""
    async with api_of(running, tenant) as api:
        await _contribute(api, contributes=True)

        async def is_observed() -> bool:
            jobs = (await api.get("/api/v1/models/jobs"))["data"]
            has_ended = bool(jobs) and all(job["finished_at"] for job in jobs)
            return has_ended and bool((await api.get("/api/v1/models/drift"))["data"])

        await eventually(is_observed, seconds=_OBSERVED_SECONDS)


async def _contribute(api: TenantApi, *, contributes: bool) -> None:
    settings = await api.get("/api/v1/settings")
    await api.put("/api/v1/settings", settings | {"contributes_to_global_model": contributes})


async def _converts(api: TenantApi) -> str:
    """Send a person's click and install of long before the demo's days."""
    person: dict[str, Any] = {"device_id": secrets.token_hex(8), "platform": "android"}
    click = event("click", media_source="google_ads", event_time=ago(hours=_HOURS_BEFORE_THE_DEMO + 1), **person)
    install = event("install", event_time=ago(hours=_HOURS_BEFORE_THE_DEMO), **person)
    await api.send(ndjson([click, install]))
    return str(install["event_id"])
