"""Learned models in the pool: promotions under load, the credits that they give, and what goes on without them."""

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest

from attribution.ml.artifacts import dump
from attribution.ml.artifacts import load as load_artifact
from attribution.ml.conversion import ConversionModel
from attribution.ml.journey_table import JourneyTable
from cli.credentials import Credentials, save_credentials
from jobs.export_lake import export_tenant
from jobs.lake_journeys import read_journeys
from jobs.lake_rows import Days
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from storage.lake.lake import Lake
from telemetry.clock import utc_now
from tests.crash.load import titled
from tests.learned_models import SOURCES, anomaly_model, conversion_model, lake_of, promote, register
from tests.learned_shop import INGEST, Shop, clicks_and_install, run
from tests.stack_fixtures import RunningStack, ago, api_of, event, eventually, new_tenant, result_of
from unmogrow.client import ProblemError

pytestmark = pytest.mark.anyio

PICKED_UP_SECONDS = 5.0


@pytest.fixture(scope="module")
async def shop(running: RunningStack) -> AsyncIterator[Shop]:
    tenant = await new_tenant(running)
    one, other = [dump(await asyncio.to_thread(conversion_model, seed)) for seed in (1, 2)]
    headers = {"X-Tenant-ID": tenant.tenant_id, "X-Write-Key": tenant.write_key}
    async with (
        api_of(running, tenant) as api,
        httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as http,
    ):
        made = Shop(running, tenant, api, http, (one, other))
        before = await result_of(api, await made.send())
        assert before["model_version"] == "rules-2"
        assert "data_driven" not in before["credits"]
        lake_of(running).put(one)
        made.first = await register(running, one, tenant.tenant_id)
        await promote(running, made.first)

        async def counts() -> bool:
            return bool((await result_of(api, await made.send()))["model_version"] == f"rules-2+{made.first}")

        await eventually(counts)
        yield made


async def test_a_result_has_the_credits_of_its_tenants_champion(shop: Shop) -> None:
    """What it gave each touch, which adds up to 1, and by source the same; another tenant's result has none."""
    found = await result_of(shop.api, await shop.send())
    assert found["model_version"] == f"rules-2+{shop.first}"
    by_source = found["credits"]["data_driven"]
    assert set(by_source) <= set(SOURCES)
    assert sum(by_source.values()) == pytest.approx(1, abs=1e-5)
    sources = {each["touch"]["touch_id"]: each["touch"]["media_source"] for each in found["candidates"]}
    assert {sources[touch]: credit for touch, credit in found["touch_credits"].items()} == by_source
    assert found["model_fallback"] is None
    # Its last touch has all of it by the rules.
    assert found["credits"]["last_touch"] == {"search": 1.0}
    other = await new_tenant(shop.running)
    async with api_of(shop.running, other) as api:
        await api.send(
            b'{"event_id":"i","event_type":"install","event_time":"%b","platform":"ios","device_id":"d"}'
            % utc_now().isoformat().encode()
        )
        assert (await result_of(api, "i"))["model_version"] == "rules-2"


async def test_training_sees_of_a_journey_what_the_pool_sees(shop: Shop) -> None:
    """The model gives its touches as the lake has them what it gave them in the pool: by the last touch's place."""
    device = {"device_id": secrets.token_hex(8)}
    touches = [
        event("click", media_source="tv", event_time=ago(days=20, hours=5), platform="android", country="DE", **device),
        event("click", media_source="mail", event_time=ago(days=20, hours=3), platform="ios", country="US", **device),
    ]
    install = event("install", event_time=ago(days=20), platform="android", country="DE", **device)
    assert (await shop.http.post(INGEST, json=[*touches, install])).status_code == 202
    shop.sent.append(install["event_id"])
    found = await result_of(shop.api, install["event_id"])
    assert found["model_version"] == f"rules-2+{shop.first}"
    stack, tenant_id = shop.running.stack, TenantId(shop.tenant.tenant_id)
    lake = Lake.open(stack.settings.lake_address)

    async def learned_from() -> JourneyTable | None:
        manifest = await asyncio.to_thread(export_tenant, stack.backends, stack.settings, tenant_id, contributes=True)
        days = Days.newest(lake, manifest, 90, stack.settings.learning.task_bytes)
        table = read_journeys(days, 1_000, lambda *_: None) if days else None
        # What this module's others sent is too young to learn from.
        return table if table is not None and len(table) == 1 and table.converted.all() else None

    table = await eventually(learned_from)
    model = load_artifact(shop.artifacts[0])
    assert isinstance(model, ConversionModel)
    given = [found["touch_credits"][each["event_id"]] for each in touches]
    assert given == pytest.approx(model.credits(table).tolist(), abs=1e-6)
    assert (table.platforms[table.platform[0]], table.countries[table.country[0]]) == ("ios", "US")
    elsewhere = replace(
        table, platforms=("android",), platform=table.platform * 0, countries=("DE",), country=table.country * 0
    )
    assert given != pytest.approx(model.credits(elsewhere).tolist(), abs=1e-6)


async def test_a_promotion_under_load(shop: Shop) -> None:
    """No request is refused and none is without a result; the new champion's name is in them within 5 seconds."""
    lake_of(shop.running).put(shop.artifacts[1])
    second = await register(shop.running, shop.artifacts[1], shop.tenant.tenant_id)
    began = len(shop.sent)
    loading = [asyncio.create_task(load(shop, until=7.0)) for _ in range(4)]
    await asyncio.sleep(1.5)
    await promote(shop.running, second)
    promoted_at = utc_now()
    await asyncio.gather(*loading)
    results = await asyncio.gather(*(result_of(shop.api, each) for each in shop.sent[began:]))
    assert len(results) > 50
    versions = [
        (datetime.fromisoformat(each["attributed_at"]), each["model_version"])
        for each in sorted(results, key=lambda each: str(each["attributed_at"]))
    ]
    assert {version for _, version in versions} == {f"rules-2+{shop.first}", f"rules-2+{second}"}
    assert all("data_driven" in each["credits"] for each in results)
    first_new = min(at for at, version in versions if version.endswith(second))
    last_old = max(at for at, version in versions if version.endswith(shop.first))
    assert (first_new - promoted_at).total_seconds() < PICKED_UP_SECONDS
    assert (last_old - promoted_at).total_seconds() < PICKED_UP_SECONDS
    shop.first = second


async def load(shop: Shop, until: float) -> None:
    async with asyncio.timeout(until + 20):
        end = asyncio.get_running_loop().time() + until
        while asyncio.get_running_loop().time() < end:
            await shop.send()
            await asyncio.sleep(0.1)


async def test_a_champion_that_is_not_in_the_lake(shop: Shop) -> None:
    """The one before goes on; when the artifact is there, the new one counts."""
    artifact = dump(await asyncio.to_thread(conversion_model, 3, 1_500))
    third = await register(shop.running, artifact, shop.tenant.tenant_id)
    await promote(shop.running, third)
    await asyncio.sleep(2.5)
    assert (await result_of(shop.api, await shop.send()))["model_version"] == f"rules-2+{shop.first}"
    lake_of(shop.running).put(artifact)

    async def counts() -> bool:
        return bool((await result_of(shop.api, await shop.send()))["model_version"] == f"rules-2+{third}")

    await eventually(counts)
    shop.first = third


async def test_only_what_loads_from_the_lake_is_promoted(shop: Shop) -> None:
    """A problem that names it where the lake has no artifact, another one, or one that does not load."""
    artifact = dump(await asyncio.to_thread(conversion_model, 4, 1_500))
    fifth = await register(shop.running, artifact, shop.tenant.tenant_id)
    lake = Lake.open(shop.running.stack.settings.lake_address)
    sha256 = hashlib.sha256(artifact).hexdigest()
    for content in (None, artifact[:-1]):
        if content is not None:
            lake.write(f"models/artifacts/{sha256}.skops", content)
        with pytest.raises(ProblemError) as refused:
            await shop.api.post(f"/api/v1/models/{fifth}/promote", {})
        assert (refused.value.document["status"], refused.value.document["code"]) == (409, "artifact-missing")
        assert fifth in refused.value.document["detail"]
        headers = {"Authorization": f"Bearer {shop.running.platform_key}"}
        async with httpx.AsyncClient(base_url=shop.running.global_url, headers=headers, trust_env=False) as operator:
            by_operator = await operator.post(f"/api/v1/models/{fifth}/promote")
        assert (by_operator.status_code, by_operator.json()["code"]) == (409, "artifact-missing")
    await refuses_what_does_not_load(shop)
    assert (await shop.api.get(f"/api/v1/models/{shop.first}"))["state"] == "champion"
    lake_of(shop.running).put(artifact)
    assert (await shop.api.post(f"/api/v1/models/{fifth}/promote", {}))["state"] == "champion"
    # Between the two came some that do not serve any more: going back goes past them, and says so.
    lost = await register(shop.running, b"lost", shop.tenant.tenant_id)
    lake_of(shop.running).put(b"unloadable")
    unloadable = await register(shop.running, b"unloadable", shop.tenant.tenant_id)
    latest = await register(shop.running, artifact, shop.tenant.tenant_id)
    for each in (lost, unloadable, latest):
        await promote(shop.running, each)
    assert (await shop.api.post("/api/v1/models/rollback", {"model": "conversion"}))["model_id"] == fifth
    newest = (await shop.api.get(f"/api/v1/models/{fifth}"))["history"][0]
    assert newest["model_id"] == fifth
    assert f"past {unloadable} (model does not load), {lost} (artifact missing)" in newest["reason"]
    await shop.api.post("/api/v1/models/rollback", {"model": "conversion"})


async def refuses_what_does_not_load(shop: Shop) -> None:
    """Bytes that are no model, and a model of another kind: as their training left them, and yet not promoted."""
    of_another_kind = dump(await asyncio.to_thread(anomaly_model, 1, 1_000))
    for artifact, why in ((b"no model", "no artifact of a learned model"), (of_another_kind, "another kind")):
        lake_of(shop.running).put(artifact)
        model_id = await register(shop.running, artifact, shop.tenant.tenant_id)
        with pytest.raises(ProblemError) as refused:
            await shop.api.post(f"/api/v1/models/{model_id}/promote", {})
        document = refused.value.document
        assert (document["status"], document["code"]) == (409, "model-unloadable")
        assert document["detail"].startswith(f"{model_id} does not load: ")
        assert why in document["detail"]
        assert "train this one anew" in document["remedy"]


async def test_a_champion_that_does_not_load_is_told_of(shop: Shop) -> None:
    """Its page names who serves in its place, and a metric counts it; when it steps down, that is over."""

    async def serves_first() -> bool:
        return bool((await result_of(shop.api, await shop.send()))["model_version"] == f"rules-2+{shop.first}")

    # The pool hears of a promotion that another test has taken back within seconds.
    await eventually(serves_first)
    artifact = secrets.token_bytes(100)
    lake_of(shop.running).put(artifact)
    unloadable = await register(shop.running, artifact, shop.tenant.tenant_id)
    await promote(shop.running, unloadable)

    async def stand_in() -> dict[str, Any] | None:
        assert await serves_first()
        shown: dict[str, Any] | None = (await shop.api.get(f"/api/v1/models/{unloadable}"))["stand_in"]
        return shown

    assert (await eventually(stand_in))["model_id"] == shop.first
    metrics = f"http://127.0.0.1:{shop.running.stack.settings.ports.worker_first + 5}/metrics"

    async def counted() -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            lines = (await client.get(metrics)).text.splitlines()
        own = [each for each in lines if each.startswith("ray_unmogrow_champions_stood_in{")]
        await asyncio.sleep(0.5)
        return any('kind="conversion"' in each and float(each.rpartition(" ")[2]) >= 1 for each in own)

    # Ray gathers them every ten seconds.
    await eventually(counted, seconds=40)
    assert (await shop.api.post("/api/v1/models/rollback", {"model": "conversion"}))["model_id"] == shop.first
    shown = await shop.api.get(f"/api/v1/models/{unloadable}")
    assert (shown["state"], shown["stand_in"]) == ("retired", None)


async def test_the_keeper_dies(shop: Shop) -> None:
    """Results have their credits all the while; the next one hears of a promotion, too.

    For a champion that the lake has lost the next one finds the one before it, which it never knew as champion.
    """
    lost = await register(shop.running, b"lost for good", shop.tenant.tenant_id)
    await promote(shop.running, lost)
    (keeper,) = titled(shop.running, "ray::ServeReplica:champions")
    keeper.kill()
    assert "data_driven" in (await result_of(shop.api, await shop.send()))["credits"]

    async def is_there_again() -> bool:
        return any(each.pid != keeper.pid for each in titled(shop.running, "ray::ServeReplica:champions"))

    await eventually(is_there_again)
    # It has read the registry, and the replicas have asked it.
    await asyncio.sleep(4)
    assert (await shop.api.get(f"/api/v1/models/{lost}"))["stand_in"]["model_id"] == shop.first
    assert (await result_of(shop.api, await shop.send()))["model_version"] == f"rules-2+{shop.first}"
    fourth = await register(shop.running, shop.artifacts[0], shop.tenant.tenant_id)
    await promote(shop.running, fourth)

    async def counts() -> bool:
        found = await result_of(shop.api, await shop.send())
        assert "data_driven" in found["credits"]
        return bool(found["model_version"] == f"rules-2+{fourth}")

    await eventually(counts)
    shop.first = fourth


def _models(results: Sequence[dict[str, Any]]) -> Counter[str]:
    """Count results by the learned model that shared them out."""
    return Counter(each["model_version"].partition("+")[2] for each in results if "data_driven" in each["credits"])


async def test_reports_add_the_credits_up(shop: Shop) -> None:
    """By the default too, with intervals; what has no credits is counted apart; the terminal says the same."""

    # A result may still be revised: what is published of it comes a moment later.
    async def published() -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        results = await asyncio.gather(*(result_of(shop.api, each) for each in shop.sent))
        report = await shop.api.get("/api/v1/reports/models", replicates=50)
        journeys = report["journeys"]
        shared = {each["model_id"]: each["conversions"] for each in journeys["learned_models"]}
        return (report, results) if (journeys["converting"], shared) == (len(results), _models(results)) else None

    report, results = await eventually(published)
    expected: dict[str, float] = {}
    for each in results:
        for source, share in each["credits"].get("data_driven", {}).items():
            expected[source] = expected.get(source, 0.0) + share
    without = sum("data_driven" not in each["credits"] for each in results)
    rows = [row for row in report["data"] if row["model"] == "data_driven"]
    assert {row["channel"]: row["credit"] for row in rows} == pytest.approx(expected, abs=1e-3)
    assert all(row["low"] <= row["credit"] <= row["high"] for row in rows)
    assert report["journeys"]["without_credits"] == without
    assert len(_models(results)) > 1
    assert [each["model"] for each in report["models"]][-1] == "data_driven"
    credentials = Credentials(
        shop.tenant.tenant_id,
        shop.tenant.host,
        shop.tenant.write_key,
        shop.tenant.owner_email,
        shop.tenant.owner_password,
    )
    save_credentials(shop.running.stack.settings.data_dir, credentials)
    shown = await asyncio.to_thread(run, shop, "models", "--model", "data_driven")
    assert not without or f"{without} conversions with touches have no credits" in shown
    shown = await asyncio.to_thread(run, shop, "explain", shop.sent[-1])
    assert f"model {shop.first}" in shown


async def adopt(shop: Shop, fraud: dict[str, Any]) -> None:
    version = (await shop.api.put("/api/v1/policies", {"policy": {"fraud": fraud}}))["version"]
    await shop.api.post(f"/api/v1/policies/{version}/adopt", {})


async def test_installs_are_scored_and_a_policy_may_act_on_it(shop: Shop) -> None:
    """The score stands in the result and changes nothing; a rule that is on takes the unusual one away."""
    artifact = dump(await asyncio.to_thread(anomaly_model))
    lake_of(shop.running).put(artifact)
    model_id = await register(shop.running, artifact, shop.tenant.tenant_id, LearnedKind.ANOMALY)
    await promote(shop.running, model_id)
    unusual = {"os_version": "Android 5.1", "app_version": "0.0.1", "country": "NZ"}

    async def scored() -> dict[str, Any] | None:
        found = await result_of(shop.api, await clicks_and_install(shop, 40, **unusual))
        return found if found["anomaly"] else None

    odd = await eventually(scored)
    assert odd["anomaly"]["model_id"] == model_id
    assert odd["anomaly"]["score"] > odd["anomaly"]["threshold"]
    assert (odd["media_source"], "anomaly" in odd["fraud"]["rules"]) == ("tv", False)
    usual = await result_of(shop.api, await clicks_and_install(shop, 1, os_version="Android 14"))
    assert usual["anomaly"]["score"] < usual["anomaly"]["threshold"]

    await adopt(shop, {"anomaly": {"mode": "on"}})

    async def rejected() -> dict[str, Any] | None:
        found = await result_of(shop.api, await clicks_and_install(shop, 40, **unusual))
        return found if "anomaly" in found["fraud"]["rules"] else None

    found = await eventually(rejected)
    assert (found["is_organic"], found["fraud"]["conversion_verdict"]) == (True, "rejected")
    assert {each["reason"] for each in found["candidates"]} >= {"fraud:anomaly"}
    (finding,) = [each for each in found["fraud"]["findings"] if each["rule"] == "anomaly"]
    threshold = found["anomaly"]["threshold"]
    expected = {"score": found["anomaly"]["score"], "score_max": threshold, "model_id": model_id}
    assert (finding["mode"], finding["touch_id"], finding["evidence"]) == ("on", None, expected)
    # Those that came in the same call have its source, which is none.
    assert (await result_of(shop.api, f"{found['conversion_id']}-bought"))["is_organic"]
    report = await shop.api.get("/api/v1/reports/fraud")
    assert [(each["mode"], each["claims"]) for each in report["rules"] if each["rule"] == "anomaly"] == [("on", 1)]
    shown = await asyncio.to_thread(run, shop, "explain", found["conversion_id"])
    assert "anomaly (on)" in shown
    assert f"by the learned model {model_id}" in shown
