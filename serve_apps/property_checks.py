"""The tenants' own schemas, each compiled once in a replica and again when its tenant registers another."""

from collections.abc import Mapping

import orjson

from ingest.property_checks import PropertyCheck, compile_schema
from schemas.ids import TenantId
from storage.postgres.directory import EventSchemaRecord
from tenancy.directory import DirectoryFeed


class PropertyChecks:
    """What applies to each tenant's in-app events, by event name."""

    def __init__(self, feed: DirectoryFeed) -> None:
        self._feed = feed
        self._compiled: dict[TenantId, tuple[tuple[EventSchemaRecord, ...], Mapping[str, PropertyCheck]]] = {}

    def of(self, tenant_id: TenantId) -> Mapping[str, PropertyCheck]:
        """Give the checks of a tenant as of the present snapshot."""
        records = self._feed.snapshot.event_schemas.get(tenant_id, ())
        known = self._compiled.get(tenant_id)
        if known is None or known[0] != records:
            before = {check.name: check for check in known[1].values()} if known else {}
            known = self._compiled[tenant_id] = (records, {each.event_name: _check(each, before) for each in records})
        return known[1]


def _check(record: EventSchemaRecord, before: Mapping[str, PropertyCheck]) -> PropertyCheck:
    name = f"{record.event_name}@{record.version}"
    return before.get(name) or PropertyCheck(
        name, record.on_violation == "reject", compile_schema(orjson.loads(record.definition))
    )
