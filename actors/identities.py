"""Tells on which links came or went: to the table of aliases, and to conversions whose person they changed.

One shard of a tenant does this for all. A link came: recent conversions of its person are attributed once more. A link
was taken back: all of them are, however old. What was not told when the process died is told by the next.
"""

from collections.abc import Sequence

import structlog

from actors.old_conversions import OldConversions
from actors.persons import Persons
from actors.signal import Signal
from actors.store_turns import StoreTurns
from attribution.identity import canonical, match_key
from schemas.identity import IdentityKey
from storage.clickhouse.connect import RowsRefusedError, StoreAwayError
from storage.clickhouse.key_rows import key_hash
from storage.clickhouse.person_aliases import PersonAliases
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.identity_edges import IdentityChange, IdentityEdges
from telemetry.backoff import Backoff

_AT_ONCE = 100

log = structlog.get_logger()


class Identities:
    """The loop of one tenant's persons."""

    def __init__(
        self,
        edges: IdentityEdges,
        aliases: PersonAliases,
        turns: StoreTurns,
        stored: Signal,
        poll_seconds: float | None,
    ) -> None:
        """Take the tenant's stores, the host's turns, and the signal after which links may be there.

        `poll_seconds` says how often to look without the signal.
        """
        self._edges = edges
        self._persons = Persons(edges)
        self._aliases = aliases
        self._old = OldConversions(aliases)
        self._turns = turns
        self._stored = stored
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """Tell on what changed, until cancelled."""
        backoff = Backoff(most_seconds=60.0)
        while True:
            given = self._stored.count
            try:
                changes = await self._edges.changes(_AT_ONCE)
                if changes:
                    await self._tell(changes)
                    # The attributor has something to do.
                    self._stored.give()
            except (StoreAwayError, RowsRefusedError, *CONNECTION_LOST) as error:
                log.warning("identity_not_told", error=repr(error))
                await backoff.wait()
                continue
            backoff.reset()
            if not changes:
                await self._stored.after(given, self._poll_seconds)

    async def _tell(self, changes: Sequence[IdentityChange]) -> None:
        ends = {end for change in changes for end in (change.user, change.other)}
        # An id that now stands for too many people, or no longer does, changes the persons of its neighbours.
        near = await self._persons.around(ends)
        ends |= {end for edge in near.edges for end in (edge.link.user, edge.link.key)}
        people = await self._persons.around(ends)
        affected = people.of(ends)
        names = {key: canonical(people.persons.get(key, frozenset({key}))) for key in affected}
        async with self._turns.turn():
            await self._aliases.write(names, max(change.change_id for change in changes))
        removed: set[str] = set()
        if any(change.is_removal for change in changes):
            removed = await self._old.of(affected)
        await self._edges.told(changes, _match_hashes(affected), removed)


def _match_hashes(keys: set[IdentityKey]) -> set[int]:
    return {key_hash(match_key(key)) for key in keys}
