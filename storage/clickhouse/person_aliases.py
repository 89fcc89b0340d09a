"""Persons in ClickHouse: which id stands for which person, and the conversions that bear a person's ids."""

from collections.abc import Collection, Mapping
from datetime import datetime

from schemas.identity import IdentityKey
from schemas.ids import TenantId
from storage.clickhouse.brought_tables import BroughtTable, external_data
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.literals import moment
from storage.identity_hashes import identity_hash
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "identity.sql")


class PersonAliases:
    """The aliases of one tenant."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        self._tables = clickhouse_tables(tenant_id)

    async def write(self, persons: Mapping[IdentityKey, IdentityKey], version: int) -> None:
        """Say by which id each id's person goes; a row of a lower version counts no more. Repeating it is harmless.

        Raises:
            StoreAwayError: the store did not answer.
        """
        rows = [(identity_hash(key), identity_hash(person), version) for key, person in persons.items()]
        async with self._store.client() as client:
            await client.insert(
                self._tables["person_aliases"],
                rows,
                column_names=["alias_key", "person_key", "version"],
                column_type_names=["UInt64", "UInt64", "UInt64"],
                settings={"async_insert": "0"},
            )

    async def conversions_of(self, keys: Collection[IdentityKey], since: datetime, until: datetime) -> set[str]:
        """Find the events from one time to before another that bear any of these ids and may be conversions.

        Raises:
            QueryTooLargeError: it would take longer than a query may.
            StoreAwayError: the store did not answer.
        """
        rows = [(key.kind.value, key.value) for key in keys]
        async with self._store.client() as client:
            answer = await client.query(
                fill(_SQL["conversions_of"], self._tables | {"since": moment(since), "until": moment(until)}),
                settings={
                    "max_threads": self._store.settings.query_threads,
                    "max_execution_time": self._store.settings.query_seconds,
                },
                external_data=external_data([BroughtTable.of("brought_ids", "kind String, value String", rows)]),
            )
        return {row[0] for row in answer.result_rows}
