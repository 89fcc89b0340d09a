"""Fitted models and their promotion, for tests of whatever uses them."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

from attribution.ml.anomaly import AnomalyModel
from attribution.ml.anomaly_training import train_anomaly
from attribution.ml.artifacts import dump
from attribution.ml.conversion import ConversionModel
from attribution.ml.conversion_training import train_conversion
from attribution.ml.journey_table import JourneyTable
from attribution.ml.pltv_training import train_pltv
from attribution.ml.trained import TrainedModel
from bench.planted_installs import planted_facts, planted_installs
from schemas.ids import TenantId
from schemas.learning import Artifact, DataRange, LearnedKind, LearnedModelDocument
from storage.lake.artifacts import Artifacts
from storage.lake.lake import Lake
from storage.postgres.connect import Databases
from storage.postgres.learned_models import LearnedModels
from telemetry.clock import utc_now
from tests.stack_fixtures import RunningStack

SOURCES = ("mail", "search", "social", "tv")
_DAY_SECONDS = 86_400.0


def journeys(count: int, seed: int, sources: tuple[str, ...] = SOURCES) -> JourneyTable:
    """Draw journeys of one to five touches: each touch of the last source adds most to what they lead to.

    On iOS, that is: on Android it is the other way round.
    """
    dice = np.random.default_rng(seed)
    starts = np.cumsum([0, *dice.integers(1, 6, count)])
    touches = dice.integers(0, len(sources), starts[-1])
    times = (
        np.concatenate(
            [
                np.sort(day + dice.uniform(0, 3, size))
                for day, size in zip(np.sort(dice.uniform(0, 60, count)), np.diff(starts), strict=True)
            ]
        )
        * _DAY_SECONDS
    )
    strength = np.add.reduceat(np.linspace(-0.6, 1.4, len(sources))[touches], starts[:-1])
    platform = dice.integers(0, 2, count)
    return JourneyTable(
        channels=sources,
        touches=touches,
        starts=starts,
        times=times,
        is_click=dice.random(len(touches)) < 0.5,
        platforms=("android", "ios"),
        platform=platform,
        countries=("DE", "US"),
        country=dice.integers(0, 2, count),
        converted=dice.random(count) < 1 / (1 + np.exp(1.0 - np.where(platform, strength, -strength))),
        weights=np.ones(count),
    )


def trained_conversion(
    seed: int = 0, count: int = 4_000, sources: tuple[str, ...] = SOURCES
) -> TrainedModel[ConversionModel]:
    """Fit and measure a small model."""
    return train_conversion(journeys(count, seed, sources), seed=seed)


def conversion_model(seed: int = 0, count: int = 4_000) -> ConversionModel:
    """Fit a small model."""
    return trained_conversion(seed, count).model


def anomaly_model(seed: int = 0, count: int = 2_000) -> AnomalyModel:
    """Fit a small model to installs of which a few were bought."""
    return train_anomaly(planted_facts(count, seed, bought_share=0.005), seed=seed).model


@asynccontextmanager
async def registry(running: RunningStack) -> AsyncIterator[LearnedModels]:
    """Open the registry for a block."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    try:
        yield LearnedModels(databases.control())
    finally:
        await databases.close()


def lake_of(running: RunningStack) -> Artifacts:
    """Open the lake's artifacts."""
    return Artifacts(Lake.open(running.stack.settings.lake_address))


def document_of(
    artifact: bytes,
    tenant_id: str | None,
    kind: LearnedKind = LearnedKind.CONVERSION,
    trained: TrainedModel[ConversionModel] | None = None,
) -> LearnedModelDocument:
    """Say of an artifact what its training would, as far as that is given."""
    today = utc_now().date()
    return LearnedModelDocument(
        model_id=f"{kind}-{secrets.token_hex(6)}",
        kind=kind,
        tenant_id=TenantId(tenant_id) if tenant_id else None,
        created_at=utc_now(),
        job_id="job",
        seed=0,
        code_version="test",
        schema_hash=trained.schema_hash if trained else "",
        data=DataRange(first_day=today, last_day=today, rows=trained.rows if trained else 1, manifests={}),
        metrics=trained.metrics if trained else (),
        feature_profile=trained.feature_profile if trained else {},
        artifact=Artifact(sha256=hashlib.sha256(artifact).hexdigest(), size_bytes=len(artifact)),
    )


async def register(
    running: RunningStack,
    artifact: bytes,
    tenant_id: str,
    kind: LearnedKind = LearnedKind.CONVERSION,
    trained: TrainedModel[ConversionModel] | None = None,
) -> str:
    """Enter a model as a challenger of a tenant, whether its artifact lies in the lake or not; give its id."""
    document = document_of(artifact, tenant_id, kind, trained)
    async with registry(running) as models:
        assert await models.register(document)
    return document.model_id


async def promote(running: RunningStack, model_id: str) -> None:
    """Make a model the champion of its scope."""
    async with registry(running) as models:
        assert await models.promote(model_id, by="test", reason="test")


async def pltv_champion(running: RunningStack, tenant_id: str, currency: str) -> str:
    """Train on planted installs what foretells a tenant's revenue in a currency, and make it champion; give its id."""
    trained = await asyncio.to_thread(lambda: train_pltv(planted_installs(6_000, seed=7).table, seed=7))
    artifact = dump(trained.model)
    await asyncio.to_thread(lake_of(running).put, artifact)
    measured = {"metrics": trained.metrics, "currency": currency}
    document = document_of(artifact, tenant_id, LearnedKind.PLTV).model_copy(update=measured)
    async with registry(running) as models:
        assert await models.register(document)
    await promote(running, document.model_id)
    return document.model_id
