"""From stored journeys to a champion, on the real stack: by the API, by hand, and with the supervisor killed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import psutil
import pytest
from typer.testing import CliRunner

from attribution.ml.artifacts import dump
from cli.credentials import Credentials, save_credentials
from cli.main import app
from local import ray_cluster
from schemas.ids import TenantId
from storage.lake.lake import Lake
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.crash.load import titled
from tests.learned_models import document_of, lake_of, registry, trained_conversion
from tests.planted_tenant import PERSONS, plant
from tests.stack_fixtures import RunningStack, eventually, new_tenant
from tests.tenant_api import TenantApi
from unmogrow.client import ProblemError

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 200.0
SEED = 7


@pytest.fixture
async def platform(running: RunningStack) -> AsyncIterator[httpx.AsyncClient]:
    """Call the global plane with this machine's own key."""
    headers = {"Authorization": f"Bearer {running.platform_key}"}
    async with httpx.AsyncClient(base_url=running.global_url, headers=headers, timeout=30, trust_env=False) as client:
        yield client


async def ended(api: TenantApi, job_id: str) -> dict[str, Any]:
    """Wait for the end of a job."""

    async def look() -> dict[str, Any] | None:
        job = await api.get(f"/api/v1/models/jobs/{job_id}")
        return job if job["finished_at"] else None

    job: dict[str, Any] = await eventually(look, seconds=PATIENCE_SECONDS)
    return job


async def killed_with_its_process(running: RunningStack, job_id: str) -> None:
    """Kill what trains as soon as it runs, as a machine without memory does."""

    async def processes() -> list[psutil.Process]:
        found = []
        for each in running.stack.supervisor.processes():
            with suppress(psutil.NoSuchProcess):
                if {"jobs.retrain", job_id} <= set(each.cmdline()):
                    found.append(each)
        return found

    for each in await eventually(processes, seconds=60):
        each.kill()


async def submitted_by_hand(running: RunningStack, *arguments: str) -> str:
    """Submit a training as docs/learning-jobs.md says, wait for its end, and give what was said."""
    settings = running.stack.settings
    driver = os.environ | ray_cluster.driver_environment(running.stack.places)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ray.scripts.scripts", "job", "submit"),
        *("--address", settings.jobs_address, "--", "python", "-m", "jobs.retrain", *arguments),
        env=driver,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_learns_and_serves(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, platform: httpx.AsyncClient
) -> None:
    """A training survives its supervisor and its process, becomes champion, and is the same by hand with its seed."""
    await plant(running.stack, tenant.tenant_id)
    (running.failpoints / "learning_submitted").touch()
    asked = await api.post("/api/v1/models/retrain", {"model": "conversion", "seed": SEED})
    with pytest.raises(ProblemError) as refused:
        await api.post("/api/v1/models/retrain", {"model": "conversion"})
    assert refused.value.document["code"] == "learning-under-way"
    await killed_with_its_process(running, asked["job_id"])
    job = await ended(api, asked["job_id"])
    assert not (running.failpoints / "learning_submitted").exists()
    assert (job["state"], job["error"], job["progress"]["done"]) == ("done", None, 4)
    assert job["verdict"].startswith("promote")
    lines = [each["line"] for each in job["logs"]]
    assert any("learning from" in line for line in lines)
    assert any(line.startswith("lost (1), and submitted again: Job entrypoint command failed") for line in lines)
    assert len(lines) == len(set(lines))
    champion = await api.get(f"/api/v1/models/{job['job_id']}")
    assert (champion["state"], champion["scope"], champion["seed"]) == ("champion", "own", SEED)
    difference = [each for each in champion["metrics"] if each["metric"] == "log_loss_difference"]
    assert {each["subject"]: each["estimate"]["high"] < 0 for each in difference}["last_touch"]

    # By tasks, where the supervisor's had few enough files to read them itself.
    arguments = ("--tenant", tenant.tenant_id, "--model", "conversion", "--seed", str(SEED), "--task-bytes", "50000")
    said = await submitted_by_hand(running, *arguments)
    assert champion["artifact_sha256"] in said

    async def registered() -> dict[str, Any] | None:
        page = await api.get("/api/v1/models", kind="conversion")
        own = [each for each in page["data"] if each["scope"] == "own" and each["model_id"] != champion["model_id"]]
        return own[0] if own else None

    second = await eventually(registered)
    assert (second["artifact_sha256"], second["state"]) == (champion["artifact_sha256"], "challenger")
    answer = await platform.post(f"/api/v1/models/{second['model_id']}/promote")
    assert (answer.status_code, answer.json()["state"]) == (200, "champion")
    assert (await api.post("/api/v1/models/rollback", {"model": "conversion"}))["model_id"] == champion["model_id"]
    shown = (await platform.get(f"/api/v1/models/{champion['model_id']}")).json()
    assert [each["reason"] for each in shown["history"]][:2] == ["rolled back", "by hand"]
    listed = (await platform.get("/api/v1/jobs", params={"tenant_id": tenant.tenant_id, "kind": "retrain"})).json()
    assert [(each["job_id"], each["model"]) for each in listed["data"]] == [(job["job_id"], "conversion")]

    await opts_out(running, tenant, api)
    await one_challenger_does_not_load(running, tenant, api, champion["model_id"])
    await shown_by_the_command_line(running, tenant, champion["model_id"])


async def one_challenger_does_not_load(
    running: RunningStack, tenant: ProvisionedTenant, api: TenantApi, good_id: str
) -> None:
    """It is refused, though by what others' rows said it had won; the next one is compared all the same, and wins."""
    artifacts = lake_of(running)
    learned = await asyncio.to_thread(artifacts.document, good_id)
    month_ago = utc_now().date() - timedelta(days=30)
    earlier = {"data": learned.data.model_copy(update={"last_day": month_ago}), "created_at": utc_now()}
    trained = await asyncio.to_thread(trained_conversion, SEED, sources=("display", "social", "search"))
    artifact = dump(trained.model)
    for each in (artifact, b"unloadable"):
        await asyncio.to_thread(artifacts.put, each)
    poor = document_of(artifact, tenant.tenant_id, trained=trained).model_copy(update=earlier)
    good = learned.model_copy(update=earlier | {"model_id": f"{good_id}-again"})
    bad = document_of(b"unloadable", tenant.tenant_id).model_copy(update={"data": earlier["data"]})
    async with registry(running) as models:
        for document in (poor, good, bad):
            assert await models.register(document)
        await models.promote(poor.model_id, by="test", reason="test")
        other = TenantId((await new_tenant(running)).tenant_id)
        assert await models.add_to_shadow(bad.model_id, poor.model_id, other, [1_000, -300.0, 100.0, 600.0])
    settings = {"currency": "EUR", "time_zone": "UTC", "contributes_to_global_model": True}
    await api.put("/api/v1/settings", settings)
    job = await ended(api, (await api.get("/api/v1/models/jobs"))["data"][0]["job_id"])
    assert job["error"] is None
    found = {each.model_id: await api.get(f"/api/v1/models/{each.model_id}") for each in (poor, good, bad)}
    assert [each["state"] for each in found.values()] == ["retired", "champion", "refused"]
    assert found[bad.model_id]["shadow"]["verdict"].endswith("no artifact of a learned model: File is not a zip file")
    assert found[good.model_id]["shadow"]["rows"] > 500
    assert (await api.get("/api/v1/models/drift"))["data"][0]["model_id"] == poor.model_id
    lines = [each["line"] for each in job["logs"]]
    metrics = f"http://127.0.0.1:{running.stack.settings.ports.worker_first + 5}/metrics"
    async with httpx.AsyncClient(trust_env=False) as client:
        told = (await client.get(metrics)).text
    for name in ("drift_tenants_shifted", "drift_oldest_look_seconds", "conversions_foretold", "conversions_came"):
        assert f"ray_unmogrow_{name}{{" in told
    for model_id, outcome in ((bad.model_id, "refuse"), (good.model_id, "promote")):
        assert any(line.startswith(f"{model_id}: {outcome}") for line in lines)


async def shown_by_the_command_line(running: RunningStack, tenant: ProvisionedTenant, model_id: str) -> None:
    """The command line lists and shows the same, and follows a training to its end."""
    settings = running.stack.settings
    save_credentials(
        settings.data_dir,
        Credentials(tenant.tenant_id, tenant.host, tenant.write_key, tenant.owner_email, tenant.owner_password),
    )
    ports = {f"UNMOGROW_PORTS__{name.upper()}": str(port) for name, port in settings.ports.model_dump().items()}
    environment = ports | {"UNMOGROW_DATA_DIR": str(settings.data_dir), "COLUMNS": "200", "NO_COLOR": "1"}
    said = []
    for command in (f"model list -t {tenant.tenant_id}", f"model show {model_id} -t {tenant.tenant_id}", "model list"):
        done = await asyncio.to_thread(CliRunner().invoke, app, command.split(), env=environment)
        assert done.exit_code == 0, done.stderr
        said.append(done.stdout + done.stderr)
    assert all(model_id in text for text in said)
    assert "log_loss_difference" in said[1]
    # It has too few installs to foretell revenue: the training ends, and says why.
    # Whoever runs it dies meanwhile, as with a node: it is submitted again.
    training = f"retrain -t {tenant.tenant_id} --model pltv --follow".split()
    following = asyncio.create_task(asyncio.to_thread(CliRunner().invoke, app, training, env=environment))

    async def runners() -> list[psutil.Process]:
        return titled(running, "ray::_ray_internal_job_actor_pltv", "ray::JobSupervisor")

    for each in await eventually(runners, seconds=60):
        each.kill()
    done = await following
    assert done.exit_code == 1
    followed = done.stdout + done.stderr
    assert "lost (1), and submitted again" in followed
    assert "tell of no horizon" in followed


async def opts_out(running: RunningStack, tenant: ProvisionedTenant, api: TenantApi) -> None:
    """Whoever withdraws is exported at once, and sees how the model does on its newest days."""
    settings = await api.get("/api/v1/settings")
    assert settings["contributes_to_global_model"]
    changed = {"currency": "EUR", "time_zone": "UTC", "contributes_to_global_model": False}
    assert not (await api.put("/api/v1/settings", changed))["contributes_to_global_model"]
    newest = (await api.get("/api/v1/models/jobs"))["data"][0]
    assert newest["kind"] == "lake_export"
    job = await ended(api, newest["job_id"])
    assert (job["state"], job["error"]) == ("done", None)
    manifest = await asyncio.to_thread(Lake.open(running.stack.settings.lake_address).manifest, tenant.tenant_id)
    assert manifest is not None
    assert not manifest.contributes
    (drift,) = (await api.get("/api/v1/models/drift"))["data"]
    assert drift["kind"] == "conversion"
    assert max(drift["weeks"][-2]["psi"].values()) < 1
    assert sum(each["journeys"] for each in drift["calibration"]) > PERSONS / 2
