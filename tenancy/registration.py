"""A new tenant as it is asked for, and as it is answered: what lies between is the job of `tenancy.tenant_life`.

Key and password are made before the tenant is, and kept sealed with the job: whoever finishes it, after however many
crashes, answers the same. A day later they are forgotten.
"""

import secrets
import uuid
from dataclasses import asdict, dataclass, field

import orjson

from schemas.ids import TenantId, parse_tenant_id
from schemas.tenant_problems import TenantStateConflict
from storage.postgres.connect import Database
from storage.postgres.directory import DirectoryWriter, KeyRecord
from storage.postgres.jobs import JobRecord
from storage.postgres.tenant_lives import TenantLives
from tenancy.keys import SHOWN_CHARS, hash_key, make_key
from tenancy.sealing import Sealer

_PASSWORD_BYTES = 12


@dataclass(frozen=True, slots=True)
class TenantRequest:
    """What a new tenant is to be."""

    tenant_id: str
    host: str
    name: str
    owner_email: str


@dataclass(frozen=True, slots=True)
class ProvisionedTenant:
    """A tenant that can take its first event. Key and password are in clear here and nowhere else.

    `owner_password` is None when the tenant was there before: a password is never read back.
    """

    tenant_id: TenantId
    host: str
    name: str
    write_key: str = field(repr=False)
    owner_email: str
    owner_password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class FirstSecrets:
    """What a new tenant's first answer tells."""

    write_key: str = field(repr=False)
    owner_password: str = field(repr=False)


class Registration:
    """Enters new tenants in the control database, and words the answers."""

    def __init__(self, control: Database, sealer: Sealer) -> None:
        self._directory = DirectoryWriter(control)
        self._lives = TenantLives(control)
        self._sealer = sealer

    async def claim(self, request: TenantRequest, idempotency_key: str) -> JobRecord | None:
        """Enter a tenant and the job that makes it, or find the job of the same request; None if it is made already.

        Raises:
            TenantIdInvalid: the id is none.
            TenantExists, HostTaken: it contradicts a tenant that is there.
            IdempotencyKeyReused: the key came with another request.
        """
        parse_tenant_id(request.tenant_id)
        job_id = str(uuid.uuid4())
        made = FirstSecrets(make_key("write"), secrets.token_urlsafe(_PASSWORD_BYTES))
        sealed = self._sealer.seal(orjson.dumps(asdict(made)), secrets_owner(job_id))
        return await self._lives.claim(job_id, asdict(request), sealed, idempotency_key)

    def answer(self, job: JobRecord) -> ProvisionedTenant:
        """Word the answer of a job that has ended.

        Raises:
            TenantStateConflict: the tenant was deleted meanwhile.
        """
        if job.error is not None or job.secrets_sealed is None:
            raise TenantStateConflict("The tenant was deleted meanwhile.")
        made = first_secrets(job, self._sealer)
        request = TenantRequest(**job.detail)
        return ProvisionedTenant(
            job.tenant_id, request.host, request.name, made.write_key, request.owner_email, made.owner_password
        )

    async def greet_again(self, request: TenantRequest) -> ProvisionedTenant:
        """Answer for a tenant that was made before: with one more write key, without a password."""
        tenant_id = parse_tenant_id(request.tenant_id)
        write_key = make_key("write")
        await self._directory.add_key(write_key_record(tenant_id, write_key), write_key[:SHOWN_CHARS])
        return ProvisionedTenant(tenant_id, request.host, request.name, write_key, request.owner_email, None)


def first_secrets(job: JobRecord, sealer: Sealer) -> FirstSecrets:
    """Open what a job keeps for the first answer."""
    assert job.secrets_sealed is not None
    return FirstSecrets(**orjson.loads(sealer.open(job.secrets_sealed, secrets_owner(job.job_id))))


def secrets_owner(job_id: str) -> str:
    """Name the owner for whom a job's secrets are sealed."""
    return f"job/{job_id}"


def write_key_record(tenant_id: TenantId, write_key: str) -> KeyRecord:
    """Make the directory's record of a write key."""
    return KeyRecord(hash_key(write_key), tenant_id, "write", frozenset({"ingest"}))
