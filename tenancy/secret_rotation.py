"""What follows from a new root secret: each role's password derives from it, and what was sealed is sealed anew.

Every part may be repeated; until the last one is done, the root secret before must be known.
"""

from schemas.backends import Backends
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.tenant_user import ensure_user
from storage.postgres.connect import Databases
from storage.postgres.directory import DirectoryReader, TenantRecord
from storage.postgres.provisioner_role import TenantDatabases
from storage.postgres.sealed import SealedSecrets
from telemetry.side_by_side import side_by_side
from tenancy.registration import secrets_owner
from tenancy.sealing import Sealer


async def renew_secrets(
    backends: Backends, databases: Databases, store: ClickHouse, provisioner: TenantDatabases
) -> tuple[int, int]:
    """Set all tenants' passwords and seal all secrets anew; give how many tenants and how many secrets that were."""

    async def renew(tenant: TenantRecord) -> None:
        await provisioner.renew_password(tenant.tenant_id)
        await ensure_user(store, backends, tenant.tenant_id)

    rows = await DirectoryReader(databases.control()).rows()
    await side_by_side(renew, rows.tenants)
    sealer, sealed = Sealer(backends), SealedSecrets(databases.control())
    count = 0
    for kid, tenant_id, private_key in await sealed.signing_keys():
        if not sealer.is_current(private_key):
            await sealed.replace_signing_key(kid, sealer.seal(sealer.open(private_key, tenant_id), tenant_id))
            count += 1
    for job_id, first_secrets in await sealed.job_secrets():
        if not sealer.is_current(first_secrets):
            owner = secrets_owner(job_id)
            await sealed.replace_job_secrets(job_id, sealer.seal(sealer.open(first_secrets, owner), owner))
            count += 1
    return len(rows.tenants), count
