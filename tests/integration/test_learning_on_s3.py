"""The supervisor of learning over a lake on S3: on a stack of its own, where few tenants are to be exported."""

import asyncio
import secrets
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from attribution.ml.artifacts import load
from attribution.ml.conversion import ConversionModel
from attribution.ml.vocabulary import OTHER
from cli.main import app
from local.free_ports import free_block
from local.stack import Stack
from schemas.ids import TenantId
from schemas.learning_settings import LearningSettings
from schemas.settings import Settings
from storage.lake.artifacts import Artifacts
from storage.lake.lake import Lake
from storage.postgres.connect import Databases
from storage.postgres.learned_models import LearnedModels
from storage.postgres.tenant_settings import TenantSettings
from tenancy.provisioning import TenantRequest
from tests.lake_fixtures import BUCKET, REGION
from tests.planted_tenant import plant
from tests.replica_process import replica
from tests.stack_fixtures import keep_no_sync

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]


@pytest.fixture
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a stack without apps."""
    stack = Stack(Settings(data_dir=tmp_path_factory.mktemp("s3"), ports=free_block()))
    keep_no_sync(stack)
    try:
        asyncio.run(stack.up(lambda _: None))
        yield stack
    finally:
        stack.destroy()


async def test_learns_from_a_lake_on_s3(bare: Stack, s3_endpoint: str) -> None:
    """Asked by the command line, the supervisor exports every tenant there, and who contributes teaches one model."""
    tenants = TenantId("teacher"), TenantId("silent")
    async with bare.provisioner() as provisioner:
        await provisioner.prepare_platform()
        await provisioner.keep_operator_key(bare.operator_key)
    databases = Databases(bare.backends, bare.settings.postgres)
    url = f"s3://{BUCKET}/{secrets.token_hex(4)}?endpoint_override={s3_endpoint}&region={REGION}"
    # So that tasks read, too: they need what opens the lake.
    learning = LearningSettings(task_bytes=50_000)
    settings = bare.settings.model_copy(update={"lake_url": url, "learning": learning})
    async with replica("global", bare, settings) as plane:
        async with bare.provisioner() as provisioner:
            for each in tenants:
                request = TenantRequest(each, f"{each}.localhost", each, f"owner@{each}.localhost")
                await provisioner.create_tenant(request)
                await plant(bare, each)
        await TenantSettings(databases.tenant(tenants[1])).write("EUR", "UTC", contributes_to_global_model=False)
        asked = ["retrain", "--model", "conversion", "--seed", "7", "--follow", "--url", plane]
        options = ["--platform-key", bare.operator_key]
        done = await asyncio.to_thread(CliRunner().invoke, app, [*asked, *options], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    (champion,) = await LearnedModels(databases.control()).champions()
    await databases.close()
    assert (champion.document.tenant_id, list(champion.document.data.manifests)) == (None, ["teacher"])
    assert f"{champion.model_id} done: promote" in done.output
    lake = Lake.open(url)
    assert sorted(await asyncio.to_thread(lake.tenants)) == ["silent", "teacher"]
    model = load(await asyncio.to_thread(Artifacts(lake).get, champion.document.artifact.sha256))
    assert isinstance(model, ConversionModel)
    assert set(model.vocabulary.channels) == {"search", "social", "display", OTHER}
    assert not bare.places.data.joinpath("lake").exists()
