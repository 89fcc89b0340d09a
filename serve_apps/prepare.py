"""`python -m serve_apps.prepare`: brings the databases of a cluster up to date, before its code is deployed.

Needs POSTGRES_URL with an administrator's credentials, which nothing that runs afterwards has. What it does may be
repeated, and may be broken off: it makes what is missing.
"""

import asyncio

from schemas.settings import Settings
from serve_apps.entry import SettingMissingError, known, password
from storage.postgres.admin import PostgresAdministrator
from telemetry.logs import configure_logs
from tenancy.provisioning import Provisioner


async def prepare() -> None:
    """Make the control database and the provisioner's role, migrate every tenant, and enter the operators' key.

    Raises:
        SettingMissingError: a setting is missing.
    """
    own = Settings()
    if own.operator_key is None or own.postgres_url is None:
        raise SettingMissingError("Set POSTGRES_URL and UNMOGROW_OPERATOR_KEY.")
    backends, settings = known()
    administrator = PostgresAdministrator(own.postgres_url.get_secret_value(), backends)
    provisioner = Provisioner(administrator, backends, settings, password())
    try:
        await provisioner.prepare_platform()
        await provisioner.keep_operator_key(own.operator_key.get_secret_value())
        await provisioner.renew_tenants()
    finally:
        await provisioner.close()


if __name__ == "__main__":
    configure_logs()
    asyncio.run(prepare())
