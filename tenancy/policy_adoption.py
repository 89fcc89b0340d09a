"""What follows from the adoption of a policy outside of the tenant's own database."""

from schemas.ids import TenantId
from schemas.policy import parse_policy
from schemas.policy_versions import PolicyVersion
from storage.postgres.connect import Databases
from storage.postgres.directory import DirectoryWriter


async def name_conversions(databases: Databases, tenant_id: TenantId, version: PolicyVersion) -> None:
    """Tell whoever takes events in which of them are conversions; repeating it changes nothing."""
    named = parse_policy(version.document, version.version).conversion_events
    await DirectoryWriter(databases.control()).set_conversion_events(tenant_id, named)
