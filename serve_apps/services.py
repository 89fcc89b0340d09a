"""What the routes of a plane are given: one of each, made by the composition root."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from actors.handles import TenantActors
from jobs.model_trials import ModelTrials
from schemas.settings import Settings
from serve_apps.allowed_origins import AllowedOrigins
from serve_apps.fair_turns import FairTurns
from serve_apps.fraud_preview import FraudPreviews
from serve_apps.import_intake import ImportIntake
from serve_apps.intake import Intake
from serve_apps.model_runs import ModelRuns
from serve_apps.session_cookies import SessionCookies
from serve_apps.site_files import SiteFile
from serve_apps.touch_recorder import TouchRecorder
from storage.clickhouse.connect import ClickHouse
from storage.mail import Mailer
from storage.postgres.connect import Databases
from tenancy.directory import DirectoryFeed
from tenancy.key_rotation import KeyRotation
from tenancy.life_jobs import LifeJobs
from tenancy.passwords import Passwords
from tenancy.quotas import Quotas
from tenancy.registration import Registration
from tenancy.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Services:
    """The collaborators of a replica."""

    settings: Settings
    databases: Databases
    store: ClickHouse
    feed: DirectoryFeed
    actors: TenantActors
    intake: Intake
    quotas: Quotas
    turns: FairTurns
    origins: AllowedOrigins
    touches: TouchRecorder
    models: ModelRuns
    trials: ModelTrials
    imports: ImportIntake
    previews: FraudPreviews
    passwords: Passwords
    tokens: Tokens
    registration: Registration
    lives: LifeJobs
    key_rotation: KeyRotation
    cookies: SessionCookies
    mailer: Mailer
    site: Mapping[str, SiteFile]


def services_of(request: Request) -> Services:
    """Give the services of the app that a request came to."""
    services: Services = request.app.state.services
    return services
