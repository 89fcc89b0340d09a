"""What follows from a new root secret: each role's password derives from it, and what was sealed is sealed anew.

Every part may be repeated; until the last one is done, the root secret before must be known.
"""

from schemas.backends import Backends
from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.tenant_user import ensure_user
from storage.postgres.connect import Databases
from storage.postgres.provisioner_role import TenantDatabases
from storage.postgres.sealed import SealedSecrets
from telemetry.failpoints import reached
from telemetry.side_by_side import side_by_side
from tenancy.registration import secrets_owner
from tenancy.sealing import Sealer


async def renew_passwords(
    backends: Backends, databases: Databases, store: ClickHouse, provisioner: TenantDatabases
) -> int:
    """Set the passwords of all tenants' roles and users; give how many tenants that were."""

    async def renew(tenant_id: TenantId) -> None:
        await provisioner.renew_password(tenant_id)
        reached("rotation_password_renewed")
        await ensure_user(store, backends, tenant_id)

    tenants = await SealedSecrets(databases.control()).tenants()
    await side_by_side(renew, tenants)
    return len(tenants)


async def seal_anew(backends: Backends, databases: Databases) -> int:
    """Seal all secrets under the root secret of now; give how many were not.

    Whatever runs must know that root secret by then: it could not open them.
    """
    sealer, sealed = Sealer(backends), SealedSecrets(databases.control())
    count = 0
    for kid, tenant_id, private_key in await sealed.signing_keys():
        if not sealer.is_current(private_key):
            await sealed.replace_signing_key(kid, sealer.seal(sealer.open(private_key, tenant_id), tenant_id))
            reached("rotation_key_sealed")
            count += 1
    for job_id, first_secrets in await sealed.job_secrets():
        if not sealer.is_current(first_secrets):
            owner = secrets_owner(job_id)
            await sealed.replace_job_secrets(job_id, sealer.seal(sealer.open(first_secrets, owner), owner))
            count += 1
    return count
