"""The registry of learned models on the real database: one champion a scope, a history, and who hears of a change."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing

import asyncpg
import pytest

from attribution.ml.artifacts import dump
from jobs.lake_environment import lake_environment
from jobs.learning_work import LearningWork
from jobs.model_trials import refusal_of
from schemas.ids import TenantId
from schemas.learning import LearnedKind, LearnedModelDocument, LearnedState
from schemas.learning_jobs import LearningDetail, LearningJobKind
from schemas.learning_problems import ModelUnloadable
from storage.lake.artifacts import Artifacts
from storage.lake.lake import Lake
from storage.postgres.connect import Database, Databases
from storage.postgres.jobs import JobSupersededError
from storage.postgres.learned_models import LearnedModels
from storage.postgres.learning_jobs import LearningJobs
from tenancy.provisioning import ProvisionedTenant
from tests import learned_models
from tests.stack_fixtures import RunningStack

pytestmark = pytest.mark.anyio

KIND = LearnedKind.CONVERSION


@pytest.fixture
async def control(running: RunningStack) -> AsyncIterator[Database]:
    """The control database, as the platform reaches it."""
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    yield databases.control()
    await databases.close()


def document_of(tenant_id: str | None, kind: LearnedKind = KIND) -> LearnedModelDocument:
    """Make what a training says of a model."""
    return learned_models.document_of(b"", tenant_id, kind)


async def test_promotes_and_rolls_back(control: Database, tenant: ProvisionedTenant) -> None:
    """Each promotion retires the champion before; two rollbacks go two back, and a third leaves none."""
    models = LearnedModels(control)
    scope = TenantId(tenant.tenant_id)
    first, second, third = (document_of(scope) for _ in range(3))
    for each in (first, second, third):
        await models.register(each)
        assert await models.promote(each.model_id, by="u1", reason="better")
        assert not await models.promote(each.model_id, by="u1", reason="again")
    await models.register(third)
    champions = [each for each in await models.champions() if each.tenant_id == scope]
    assert [(each.document, each.state) for each in champions] == [(third, LearnedState.CHAMPION)]
    assert champions[0].promoted_at is not None
    for expected in (second.model_id, first.model_id, None):
        assert await models.roll_back(KIND, scope, by="u2", reason="worse") == expected
    with pytest.raises(KeyError):
        await models.roll_back(KIND, scope, by="u2", reason="worse")
    with pytest.raises(KeyError):
        await models.promote("nobody", by="u2", reason="")
    history = [
        (each.previous_model_id, each.model_id, each.promoted_by) for each in await models.promotions(KIND, scope)
    ]
    one, two, three = first.model_id, second.model_id, third.model_id
    assert history == [
        (one, None, "u2"),
        (two, one, "u2"),
        (three, two, "u2"),
        (two, three, "u1"),
        (one, two, "u1"),
        (None, one, "u1"),
    ]
    # What was rolled back may come again, and going back leads to what it came after.
    await models.promote(two, by="u1", reason="again")
    (champion,) = await models.of_scope(KIND, scope, LearnedState.CHAMPION)
    assert champion.model_id == two
    assert [each.model_id for each in await models.before(champion, 9)] == [one]
    # Nor does going back lead in a circle.
    for model_id in (three, one):
        await models.promote(model_id, by="u1", reason="again")
    (champion,) = await models.of_scope(KIND, scope, LearnedState.CHAMPION)
    assert [each.model_id for each in await models.before(champion, 9)] == [three, two]
    assert [each.model_id for each in await models.before(champion, 1)] == [three]
    assert await models.roll_back(KIND, scope, by="u2", reason="worse", past=[three]) == two


async def test_one_champion_a_scope(control: Database, tenant: ProvisionedTenant) -> None:
    """Of many promotions at once one model is champion in the end; another kind, and all tenants', have their own."""
    models = LearnedModels(control)
    scope = TenantId(tenant.tenant_id)
    documents = [document_of(scope) for _ in range(6)]
    for each in (*documents, other := document_of(scope, LearnedKind.PLTV)):
        await models.register(each)
    await models.promote(other.model_id, by="u", reason="")
    await asyncio.gather(*(models.promote(each.model_id, by="u", reason="") for each in documents))
    states = [(await models.one(each.model_id)) for each in documents]
    assert sorted(each.state for each in states if each) == ["champion", *["retired"] * 5]
    assert (await models.of_scope(LearnedKind.PLTV, scope, LearnedState.CHAMPION))[0].model_id == other.model_id
    async with control.connection() as connection:
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.execute(
                "UPDATE learned_models SET state = 'champion' WHERE tenant_id = $1 AND kind = $2", scope, KIND
            )


async def test_a_shadow_is_of_one_champion(control: Database, tenant: ProvisionedTenant) -> None:
    """Each tenant's sums take the place of its own; those beside another champion, and of whoever goes, are gone."""
    models = LearnedModels(control)
    scope = TenantId(tenant.tenant_id)
    documents = [document_of(scope) for _ in range(4)]
    for each in documents:
        await models.register(each)
    old, better, also_better, latest = (each.model_id for each in documents)
    await models.promote(old, by="u", reason="")
    sums = [3, -0.5, 0.25, 1.0]
    assert await models.add_to_shadow(better, latest, scope, sums) is None, "the other is no champion"
    assert await models.add_to_shadow(better, old, TenantId("tnobody"), sums) is None
    assert await models.add_to_shadow(better, old, scope, sums) == {scope: sums}
    await models.tell_in_shadow(better, {"rows": 3, "verdict": "better"})
    assert await models.add_to_shadow(better, old, scope, None) == {}
    for model_id in (better, also_better):
        assert await models.add_to_shadow(model_id, old, scope, sums) == {scope: sums}
    # Of two that won over the same champion one takes its place.
    assert await models.promote(better, by="u", reason="", instead_of=old)
    assert not await models.promote(also_better, by="u", reason="", instead_of=old)
    assert await models.add_to_shadow(also_better, old, scope, sums) is None
    assert await models.add_to_shadow(also_better, better, scope, None) == {}
    assert await models.add_to_shadow(also_better, better, scope, sums) == {scope: sums}
    await models.forget_in_shadows(scope)
    for model_id in (better, also_better):
        record = await models.one(model_id)
        assert record is not None
        assert (record.shadow or {})["by_tenant"] == {}
    # What is decided of a challenger does not hit one that was promoted in the meantime.
    await models.set_aside(better, LearnedState.REFUSED)
    await models.set_aside(also_better, LearnedState.REFUSED)
    states = [(await models.one(model_id)) for model_id in (better, also_better)]
    assert [each.state for each in states if each] == [LearnedState.CHAMPION, LearnedState.REFUSED]


async def test_whoever_listens_hears_of_a_promotion(control: Database, tenant: ProvisionedTenant) -> None:
    """Once at first, then within moments of each change."""
    models = LearnedModels(control)
    document = document_of(tenant.tenant_id)
    await models.register(document)
    async with asyncio.timeout(10), aclosing(models.promoted()) as promoted:
        await anext(promoted)
        await models.promote(document.model_id, by="u", reason="")
        await anext(promoted)


async def loaded_here(kind: LearnedKind, artifact: bytes) -> None:
    """Load an artifact in this process, which no cluster knows."""
    refusal = await asyncio.to_thread(refusal_of, kind, artifact)
    if refusal is not None:
        raise ModelUnloadable(refusal)


async def test_what_trainings_by_hand_left_is_entered(
    running: RunningStack, control: Database, tenant: ProvisionedTenant, lake_url: str
) -> None:
    """From whatever lake: one that loads counts, one that does not or is not there is refused, a gone tenant's deleted.

    One that was entered by a supervisor that died before it judged it is judged, too.
    """
    settings = running.stack.settings.model_copy(update={"lake_url": lake_url})
    artifacts, models = Artifacts(Lake.open(lake_url)), LearnedModels(control)
    content, damaged = dump(await asyncio.to_thread(learned_models.anomaly_model)), secrets.token_bytes(64)
    for each in (content, damaged):
        artifacts.put(each)
    whole, without, unloadable, gone = (
        learned_models.document_of(artifact, tenant_id, LearnedKind.ANOMALY)
        for artifact, tenant_id in (
            (content, tenant.tenant_id),
            (secrets.token_bytes(64), tenant.tenant_id),
            (damaged, tenant.tenant_id),
            (secrets.token_bytes(64), "neverwas"),
        )
    )
    entered = learned_models.document_of(content, tenant.tenant_id)
    assert await models.register(entered)
    for document in (whole, without, unloadable, gone, entered):
        artifacts.put_candidate(document.model_dump_json().encode(), document.model_id)
    work = LearningWork(running.stack.backends, settings, lake_environment(lake_url), loaded_here)
    await work.register_candidates()
    await work._databases.close()
    every = (whole, without, unloadable, gone)
    states = [record.state if (record := await models.one(each.model_id)) else None for each in every]
    assert states == [LearnedState.CHAMPION, LearnedState.REFUSED, LearnedState.REFUSED, None]
    judged = await models.one(entered.model_id)
    assert judged is not None
    assert judged.state is LearnedState.REFUSED
    assert "does not beat last_touch" in (judged.shadow or {})["verdict"]
    for document, why in (
        (without, "The lake has no artifact"),
        (unloadable, "does not load: no artifact of a learned"),
    ):
        refused = await models.one(document.model_id)
        assert refused is not None
        assert why in (refused.shadow or {})["verdict"]
    assert sorted(artifacts.candidates()) == sorted(each.model_id for each in (whole, without, unloadable, entered))
    # The stack's own keeper looks into another lake.
    await models.roll_back(LearnedKind.ANOMALY, TenantId(tenant.tenant_id), by="test", reason="over")


async def test_pages_show_a_tenant_what_serves_it(control: Database, tenant: ProvisionedTenant) -> None:
    """Its own models and the global champion, newest first; neither another tenant's nor a global challenger."""
    models = LearnedModels(control)
    scope = TenantId(tenant.tenant_id)
    own, challenger = [document_of(scope) for _ in range(3)], document_of(None)
    for each in (*own, challenger):
        await models.register(each)

    async def ids(*, with_global: bool) -> list[str]:
        found: list[str] = []
        before = None
        while page := await models.page(before=before, kind=KIND, tenant_id=scope, with_global=with_global, limit=2):
            found += [each.model_id for each in page]
            before = (page[-1].document.created_at, page[-1].model_id)
        return found

    assert await ids(with_global=False) == [each.model_id for each in reversed(own)]
    seen = await ids(with_global=True)
    assert set(seen) >= {each.model_id for each in own}
    assert challenger.model_id not in seen
    # Others list global models, too, and promote what they find.
    async with control.connection() as connection:
        await connection.execute("DELETE FROM learned_models WHERE model_id = $1", challenger.model_id)


async def test_no_job_twice_at_once(control: Database, tenant: ProvisionedTenant) -> None:
    """Of a model and a scope one training is under way; a superseded run records nothing more."""
    jobs = LearningJobs(control)
    scope = TenantId(tenant.tenant_id)
    detail = LearningDetail(model=LearnedKind.ANOMALY, asked_by="test")
    # Entered as done, so that the supervisor has nothing to do with it.
    async with control.transaction():
        made = await jobs.add(LearningJobKind.RETRAIN, scope, detail)
        assert made is not None
        assert await jobs.add(LearningJobKind.RETRAIN, scope, detail) is None
        assert await jobs.add(LearningJobKind.RETRAIN, TenantId("tnobody"), detail) is None
        run = await jobs.begin(made.job_id)
        assert run is not None
        await jobs.record(run, detail, ["one", "two"])
        with pytest.raises(JobSupersededError):
            await jobs.record(made, detail, ["never"])
        await jobs.finish(run, "not wanted")
    assert [each.line for each in await jobs.logs(made.job_id)] == ["one", "two"]
    assert (await jobs.of_tenant(scope, before=None, limit=10))[0].error == "not wanted"
    assert (LearningJobKind.RETRAIN, scope, LearnedKind.ANOMALY) in await jobs.newest()
