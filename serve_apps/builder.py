"""The composition root: makes each part once, hands it to whom it concerns, and deploys the planes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from ray import serve
from starlette.types import ASGIApp

from actors.attribution_pool import pool_application
from actors.handles import TenantActors
from actors.pool_calls import POOL_APP
from actors.pool_client import PoolClient
from actors.recovery import renew_hosts
from jobs.import_supervisor import ImportJobs
from jobs.lake_environment import lake_environment
from jobs.learning_supervisor import start_learning_supervisor
from jobs.life_supervisor import start_life_supervisor
from schemas.backends import Backends
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
)
from serve_apps.allowed_origins import AllowedOrigins
from serve_apps.bodies import BoundedBodies
from serve_apps.conversion_rules import ConversionRules
from serve_apps.cross_origin import CrossOrigin
from serve_apps.direct import Direct
from serve_apps.fair_turns import FairTurns
from serve_apps.fraud_preview import FraudPreviews
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

GLOBAL_PREFIX = "/global"
"""Where Serve, which has one port, keeps the global plane; the edge puts it before the paths of port 9080."""

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
    job_routes.router,
    learned_platform_routes.router,
    reference_routes.router,
    site_router("console.html"),
)


def build_services(backends: Backends, settings: Settings) -> Services:
    """Make the collaborators of one replica."""
    databases = Databases(backends, settings.postgres)
    folder = settings.links.journal_dir or settings.data_dir / "journal"
    reader, copy = DirectoryReader(databases.control()), DirectoryCopy(folder / "directory")
    feed = DirectoryFeed(reader, copy, settings.serve.directory_seconds)
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
        models=ModelRuns(settings.models),
        imports=ImportIntake(databases, ImportJobs(backends, settings, TenantActors), settings),
        previews=FraudPreviews(databases, store, PoolClient(settings.pool.deadline_seconds), settings.fraud),
        passwords=Passwords(settings.auth),
        tokens=Tokens(feed, Sealer(backends), settings.auth),
        registration=Registration(databases.control(), Sealer(backends)),
        lives=LifeJobs(databases.control(), settings.tenants.create_seconds),
        key_rotation=KeyRotation(databases, Sealer(backends), settings.auth),
        cookies=SessionCookies(backends.derive("csrf"), settings.auth.refresh_days, secure=settings.tls.is_on),
        mailer=Mailer(settings.mail),
        site=read_site(BUILT),
    )


def _plane(title: str, routers: tuple[APIRouter, ...], backends: Backends, settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_logs()
        services = app.state.services = build_services(backends, settings)
        following = asyncio.create_task(services.feed.run())
        recording = asyncio.create_task(services.touches.run())
        noting = asyncio.create_task(KeyUseNotes(services.feed, KeyUses(services.databases.control())).run())
        settle_heap()
        yield
        following.cancel()
        recording.cancel()
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
    install_problem_handlers(app, (*app.routes, *(route for router in routers for route in router.routes)))
    for router in routers:
        app.include_router(router)
    publish(app)
    return app


def tenant_app(backends: Backends, settings: Settings) -> FastAPI:
    """Build the app of every tenant's own endpoints."""
    return _plane("UnMoGrowP tenant plane", _TENANT_ROUTERS, backends, settings)


def tenant_plane(backends: Backends, settings: Settings) -> ASGIApp:
    """Build what a replica of the tenant plane runs."""
    app = tenant_app(backends, settings)
    direct = Direct(app, {ingest_routes.PATH: ingest_routes.ingest_events})
    return BoundedBodies(CrossOrigin(direct, app), endless={import_routes.PATH})


def global_app(backends: Backends, settings: Settings) -> FastAPI:
    """Build the app of the platform's operators."""
    return _plane("UnMoGrowP global plane", _GLOBAL_ROUTERS, backends, settings)


def global_plane(backends: Backends, settings: Settings) -> ASGIApp:
    """Build what a replica of the global plane runs."""
    return BoundedBodies(global_app(backends, settings))


def _application(name: str, build: Callable[[], ASGIApp], settings: Settings) -> serve.Application:
    configured = serve.deployment(
        name=name,
        max_ongoing_requests=settings.serve.requests_ongoing_max,
        autoscaling_config={
            "min_replicas": settings.serve.replicas_min,
            "max_replicas": settings.serve.replicas_max,
            "target_ongoing_requests": settings.serve.requests_ongoing_max // 4,
        },
        ray_actor_options={"num_cpus": settings.serve.replica_cpus},
        logging_config={"enable_access_log": False, "log_level": "WARNING"},
        graceful_shutdown_timeout_s=5,
        health_check_period_s=settings.serve.check_seconds,
    )
    return configured(serve.ingress(build)()).bind()


def deploy(backends: Backends, settings: Settings, provisioner_password: str) -> None:
    """Deploy or update both planes and the pool, wait until all take calls, and take up what was left undone.

    The provisioner's password goes to the supervisor of tenants' lives and to nobody else.
    """
    supervisors = (
        start_life_supervisor(backends, settings, provisioner_password, TenantActors),
        start_learning_supervisor(backends, settings, lake_environment(settings.lake_address)),
    )
    # The builders run in the replicas, which get these two values and nothing else of this process.
    serve.run_many(
        [
            serve.RunTarget(pool_application(settings.pool), name=POOL_APP, route_prefix=None),
            serve.RunTarget(
                _application("TenantPlane", lambda: tenant_plane(backends, settings), settings), name="tenant"
            ),
            serve.RunTarget(
                _application("GlobalPlane", lambda: global_plane(backends, settings), settings),
                name="global",
                route_prefix=GLOBAL_PREFIX,
            ),
        ]
    )
    asyncio.run(_take_up(backends, settings, supervisors))


async def _take_up(backends: Backends, settings: Settings, supervisors: Sequence[Any]) -> None:
    for supervisor in supervisors:
        await supervisor.begun.remote()
    await renew_hosts(backends, settings)
    await ImportJobs(backends, settings, TenantActors).renew()
