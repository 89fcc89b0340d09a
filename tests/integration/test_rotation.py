"""What was sealed under the root secret before is sealed anew, and every password follows the one of now."""

from dataclasses import replace

import httpx
import pytest

from storage.clickhouse.connect import ClickHouse
from storage.postgres.connect import Databases
from storage.postgres.provisioner_role import TenantDatabases
from storage.postgres.sealed import SealedSecrets
from tenancy.provisioning import ProvisionedTenant
from tenancy.sealing import Sealer
from tenancy.secret_rotation import renew_secrets
from tests.stack_fixtures import RunningStack

pytestmark = pytest.mark.anyio


async def test_seals_anew(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """A token key under the old root secret is under the new one then, and signs; a second time nothing is left."""
    backends, settings = running.stack.backends, running.stack.settings
    old = b"o" * 32
    now = replace(backends, secret_key_previous=old)
    databases, store = Databases(now, settings.postgres), ClickHouse(now, settings.clickhouse)
    provisioner = TenantDatabases(now, running.stack.provisioner_password)
    sealed = SealedSecrets(databases.control())
    ((kid, _, bytes_now),) = [key for key in await sealed.signing_keys() if key[1] == tenant.tenant_id]
    private = Sealer(now).open(bytes_now, tenant.tenant_id)
    await sealed.replace_signing_key(kid, Sealer(replace(backends, secret_key=old)).seal(private, tenant.tenant_id))
    tenants, secrets = await renew_secrets(now, databases, store, provisioner)
    assert (tenants >= 1, secrets >= 1) == (True, True)
    assert (await renew_secrets(now, databases, store, provisioner))[1] == 0
    login = {"email": tenant.owner_email, "password": tenant.owner_password}
    token = (await http.post("/api/v1/auth", json=login)).json()["access_token"]
    assert (await http.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200
    await databases.tenant(tenant.tenant_id).ping()
    await databases.close()
    await store.close()
