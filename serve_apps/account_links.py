"""Accounts as routes use them: the parts for one tenant, and how a link reaches its user."""

import structlog
from starlette.requests import Request

from schemas.settings import Settings
from serve_apps.services import Services, services_of
from storage.mail import MailAwayError
from storage.postgres.directory import TenantRecord
from storage.postgres.users import UserRecord
from tenancy.accounts import Accounts
from tenancy.letters import letter
from tenancy.login import Logins

_HTTP_PORT = 80
_HTTPS_PORT = 443

log = structlog.get_logger()


def logins_of(request: Request, tenant: TenantRecord) -> Logins:
    """Give the logins of a tenant."""
    services = services_of(request)
    return Logins(tenant.tenant_id, services.databases, services.passwords, services.tokens, services.settings.auth)


def accounts_of(request: Request, tenant: TenantRecord) -> Accounts:
    """Give the accounts of a tenant."""
    services = services_of(request)
    logins = logins_of(request, tenant)
    return Accounts(tenant.tenant_id, services.databases, logins, services.passwords, services.settings.auth)


def link_url(settings: Settings, tenant: TenantRecord, token: str) -> str:
    """Say where a link leads: by the settings alone, for what a request says of host and port may be forged."""
    if not settings.tls.is_on:
        scheme, port, usual = "http", settings.ports.tenant, _HTTP_PORT
    else:
        scheme, port, usual = "https", _HTTPS_PORT if settings.tls.in_front else settings.ports.tenant_tls, _HTTPS_PORT
    return f"{scheme}://{tenant.host}{'' if port == usual else f':{port}'}/#/accept?token={token}"


async def mail_link(services: Services, tenant: TenantRecord, user: UserRecord, token: str) -> str | None:
    """Mail a link to its user; give it back where no mail could be sent, for somebody to hand it over."""
    url = link_url(services.settings, tenant, token)
    if not services.mailer.is_on:
        return url
    mail = letter(user, tenant.name, url)
    try:
        await services.mailer.send(mail.recipient, mail.subject, mail.text)
    except MailAwayError as error:
        log.warning("mail_away", tenant=tenant.tenant_id, error=str(error))
        return url
    return None
