"""Makes the tenant by the global plane's API, and keeps what it is told once in a secret of this namespace.

Run by a job, which may be repeated: a tenant that is there stays as it is and gets one more write key.
"""

import asyncio
import os
import ssl
from base64 import b64encode
from http import HTTPStatus
from pathlib import Path

import httpx

from unmogrow.client import PlatformClient
from unmogrow.client.global_models import NewTenant

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


async def main() -> None:
    """Make the tenant, then the secret."""
    async with PlatformClient(os.environ["PLATFORM_URL"], os.environ["UNMOGROW_PLATFORM_KEY"]) as platform:
        made = await platform.create_tenant(
            NewTenant(
                tenant_id=os.environ["TENANT_ID"],
                host=os.environ["TENANT_HOST"],
                name=os.environ["TENANT_NAME"],
                owner_email=os.environ["OWNER_EMAIL"],
            )
        )
    told = {"TENANT_ID": made.tenant_id, "WRITE_KEY": made.write_key, "OWNER_EMAIL": made.owner.email}
    if made.owner.password:
        told["OWNER_PASSWORD"] = made.owner.password
    await keep(told)


async def keep(told: dict[str, str]) -> None:
    """Write the secret, or change what is another in the one that is there."""
    name, namespace = os.environ["SECRET_NAME"], (_ACCOUNT / "namespace").read_text(encoding="ascii")
    data = {key: b64encode(value.encode()).decode() for key, value in told.items()}
    token = (_ACCOUNT / "token").read_text(encoding="ascii")
    trusted = ssl.create_default_context(cafile=_ACCOUNT / "ca.crt")
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url="https://kubernetes.default.svc", headers=headers, verify=trusted) as api:
        path = f"/api/v1/namespaces/{namespace}/secrets"
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "Opaque", "data": data}
        answer = await api.post(path, json=secret)
        if answer.status_code == HTTPStatus.CONFLICT:
            patch = {"Content-Type": "application/merge-patch+json"}
            answer = await api.patch(f"{path}/{name}", json={"data": data}, headers=patch)
        answer.raise_for_status()


if __name__ == "__main__":
    asyncio.run(main())
