"""The composition root of the planes: makes each part once and hands it to whom it concerns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from actors.handles import TenantActors
from actors.pool_client import PoolClient
from jobs.import_supervisor import ImportJobs
from jobs.model_trials import ModelTrials
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.limits import JOURNAL_SEGMENT_BYTES_MAX
from schemas.settings import Settings
from serve_apps import (
    attribution_routes,
    audit_routes,
    auth_routes,
    brand_routes,
    campaign_routes,
    cost_routes,
    event_routes,
    event_schema_routes,
    fraud_finding_routes,
    fraud_list_routes,
    fraud_report_routes,
    fraud_routes,
    global_routes,
    health_routes,
    import_routes,
    ingest_routes,
    job_routes,
    key_routes,
    learned_model_routes,
    learned_platform_routes,
    link_admin_routes,
    link_routes,
    model_routes,
    person_routes,
    platform_key_routes,
    policy_routes,
    quality_routes,
    rate_routes,
    recompute_routes,
    reference_routes,
    rejected_routes,
    report_routes,
    segment_routes,
    segment_settings_routes,
    tenant_admin_routes,
    usage_routes,
    user_routes,
    violation_routes,
    work_routes,
)
from serve_apps.allowed_origins import AllowedOrigins
from serve_apps.bodies import BoundedBodies
from serve_apps.conversion_rules import ConversionRules
from serve_apps.cross_origin import CrossOrigin
from serve_apps.direct import Direct
from serve_apps.fair_turns import FairTurns
from serve_apps.fraud_preview import FraudPreviews
from serve_apps.heads import head_router
from serve_apps.import_intake import ImportIntake
from serve_apps.intake import Intake
from serve_apps.model_runs import ModelRuns
from serve_apps.openapi import operation_id, publish
from serve_apps.problem_responses import install_problem_handlers
from serve_apps.property_checks import PropertyChecks
from serve_apps.services import Services
from serve_apps.session_cookies import SessionCookies
from serve_apps.site_files import BUILT, read_site
from serve_apps.site_routes import site_router
from serve_apps.touch_recorder import TouchRecorder
from serve_apps.without_prefix import without_prefix
from storage.clickhouse.connect import ClickHouse
from storage.directory_copy import DirectoryCopy
from storage.journal import Journal
from storage.mail import Mailer
from storage.postgres.api_keys import KeyUses
from storage.postgres.connect import Databases
from storage.postgres.directory import DirectoryReader
from telemetry.heap import settle_heap
from telemetry.logs import configure_logs
from tenancy.directory import DirectoryFeed
from tenancy.key_rotation import KeyRotation
from tenancy.key_uses import KeyUseNotes
from tenancy.life_jobs import LifeJobs
from tenancy.passwords import Passwords
from tenancy.quotas import Quotas
from tenancy.registration import Registration
from tenancy.sealing import Sealer
from tenancy.tokens import Tokens

_TENANT_ROUTERS = (
    health_routes.router,
    health_routes.tenant_router,
    ingest_routes.router,
    link_routes.router,
    link_admin_routes.router,
    auth_routes.router,
    user_routes.router,
    key_routes.router,
    audit_routes.router,
    recompute_routes.router,
    attribution_routes.router,
    person_routes.router,
    policy_routes.router,
    rejected_routes.router,
    event_routes.router,
    quality_routes.router,
    violation_routes.router,
    model_routes.router,
    learned_model_routes.router,
    report_routes.router,
    campaign_routes.router,
    cost_routes.router,
    rate_routes.router,
    event_schema_routes.router,
    fraud_report_routes.router,
    fraud_routes.router,
    fraud_finding_routes.router,
    fraud_list_routes.router,
    import_routes.router,
    reference_routes.router,
    brand_routes.router,
    segment_routes.router,
    segment_settings_routes.router,
    site_router("index.html"),
)
_GLOBAL_ROUTERS = (
    health_routes.router,
    global_routes.router,
    tenant_admin_routes.router,
    platform_key_routes.router,
    usage_routes.router,
    work_routes.router,
    job_routes.router,
    learned_platform_routes.router,
    reference_routes.router,
    site_router("console.html"),
)


def build_services(backends: Backends, settings: Settings, only: TenantId | None = None) -> Services:
    """Make the collaborators of one replica, which may be of one tenant `only`."""
    databases = Databases(backends, settings.postgres)
    folder = settings.links.journal_dir or settings.data_dir / "journal"
    reader, copy = DirectoryReader(databases.control()), DirectoryCopy(folder / "directory")
    feed = DirectoryFeed(reader, copy, settings.serve.directory_seconds, only)
    journal = Journal(folder, bytes_max=settings.links.journal_bytes_max, segment_bytes_max=JOURNAL_SEGMENT_BYTES_MAX)
    actors = TenantActors(backends, settings)
    quotas = Quotas(settings.limits, settings.serve.replicas_max)
    store = ClickHouse(backends, settings.clickhouse)
    return Services(
        settings=settings,
        databases=databases,
        store=store,
        feed=feed,
        actors=actors,
        intake=Intake(actors, quotas, PropertyChecks(feed), ConversionRules(feed)),
        quotas=quotas,
        turns=FairTurns(),
        origins=AllowedOrigins(databases),
        touches=TouchRecorder(actors, journal, settings.links, feed.is_gone),
        models=ModelRuns(settings.models, settings.placement.jobs),
        trials=ModelTrials(settings.learning),
        imports=ImportIntake(databases, ImportJobs(backends, settings, TenantActors), settings),
        previews=FraudPreviews(databases, store, PoolClient(settings.pool), settings.fraud),
        passwords=Passwords(settings.auth),
        tokens=Tokens(feed, Sealer(backends), settings.auth),
        registration=Registration(databases.control(), Sealer(backends)),
        lives=LifeJobs(databases.control(), settings.tenants.create_seconds),
        key_rotation=KeyRotation(databases, Sealer(backends), settings.auth),
        cookies=SessionCookies(
            [each.derive("csrf") for each in (backends, *backends.previous())],
            settings.auth.refresh_days,
            secure=settings.tls.is_on,
        ),
        mailer=Mailer(settings.mail),
        site=read_site(BUILT),
    )


def _plane(
    title: str, routers: tuple[APIRouter, ...], backends: Backends, settings: Settings, only: TenantId | None = None
) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_logs()
        services = app.state.services = build_services(backends, settings, only)
        following = asyncio.create_task(services.feed.run())
        recording = asyncio.create_task(services.touches.run())
        meeting = asyncio.create_task(services.actors.meet())
        noting = asyncio.create_task(KeyUseNotes(services.feed, KeyUses(services.databases.control())).run())
        settle_heap()
        yield
        following.cancel()
        recording.cancel()
        meeting.cancel()
        noting.cancel()
        await services.touches.close()
        await services.databases.close()
        await services.store.close()

    app = FastAPI(
        title=title,
        version=version("unmogrow"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
        # The prefix by which Serve tells the planes apart is no part of any address that clients see.
        root_path_in_servers=False,
    )
    own = app.routes.copy()
    routers = (*routers, head_router(routers))
    for router in routers:
        app.include_router(router)
    install_problem_handlers(app, (*own, *(route for router in routers for route in router.routes)))
    publish(app)
    return app


def tenant_app(backends: Backends, settings: Settings, only: TenantId | None = None) -> FastAPI:
    """Build the app of every tenant's own endpoints, or of one tenant's `only`."""
    return _plane("UnMoGrowP tenant plane", _TENANT_ROUTERS, backends, settings, only)


def tenant_plane(backends: Backends, settings: Settings, only: TenantId | None = None) -> ASGIApp:
    """Build what a replica of the tenant plane runs, or one of the tenant's that has its own."""
    app = tenant_app(backends, settings, only)
    direct = Direct(app, {ingest_routes.PATH: ingest_routes.ingest_events})
    plane = BoundedBodies(CrossOrigin(direct, app), endless={import_routes.PATH})
    return plane if only is None else without_prefix(plane)


def global_app(backends: Backends, settings: Settings) -> FastAPI:
    """Build the app of the platform's operators."""
    return _plane("UnMoGrowP global plane", _GLOBAL_ROUTERS, backends, settings)


def global_plane(backends: Backends, settings: Settings) -> ASGIApp:
    """Build what a replica of the global plane runs."""
    return BoundedBodies(global_app(backends, settings))
