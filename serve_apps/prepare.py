"""`python -m serve_apps.prepare`: brings the databases of a cluster up to date, before its code is deployed.

Needs POSTGRES_URL with an administrator's credentials, which nothing that runs afterwards has. What it does may be
repeated, and may be broken off: it makes what is missing.

With UNMOGROW_SECRET_KEY_PREVIOUS the root secret is a new one, and passwords follow it. Once nothing runs any more that
knows only the one before, `--seal-anew` ends the rotation.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from schemas.settings import Settings
from serve_apps.entry import SettingMissingError, known, password
from storage.postgres.admin import PostgresAdministrator
from telemetry.logs import configure_logs
from tenancy.provisioning import Provisioner

_SEAL_ANEW = "--seal-anew"


async def prepare() -> None:
    """Make the control database and the provisioner's role, migrate every tenant, and enter the operators' key.

    If the root secret before is known, tenants' passwords are set to what derives from the one of now.

    Raises:
        SettingMissingError: a setting is missing.
    """
    own = Settings()
    if own.operator_key is None:
        raise SettingMissingError("Set UNMOGROW_OPERATOR_KEY.")
    async with _provisioner() as provisioner:
        await provisioner.prepare_platform()
        await provisioner.keep_operator_key(own.operator_key.get_secret_value())
        if own.secret_key_previous is not None:
            await provisioner.renew_passwords()
        await provisioner.renew_tenants()


async def seal_anew() -> None:
    """Seal anew what was sealed under the root secret before, when whatever runs knows the one of now.

    Raises:
        SettingMissingError: a setting is missing.
    """
    async with _provisioner() as provisioner:
        # Those of tenants that were made meanwhile by what ran before.
        await provisioner.renew_passwords()
        await provisioner.seal_anew()


@asynccontextmanager
async def _provisioner() -> AsyncIterator[Provisioner]:
    backends, settings = known()
    url = Settings().postgres_url
    assert url is not None, "known() has refused"
    provisioner = Provisioner(PostgresAdministrator(url.get_secret_value(), backends), backends, settings, password())
    try:
        yield provisioner
    finally:
        await provisioner.close()


if __name__ == "__main__":
    configure_logs()
    asyncio.run(seal_anew() if sys.argv[1:] == [_SEAL_ANEW] else prepare())
