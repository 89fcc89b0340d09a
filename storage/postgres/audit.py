"""The audit log of a tenant: entries that its role can add and read, and nobody can change.

The table belongs to a role that nobody logs in as (`PostgresAdministrator`); the database, not this module, refuses
every change.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import orjson

from schemas.problem import Problem
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "audit.sql")

ActorKind = Literal["user", "key", "platform", "system", "nobody"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: a user, a key, the platform's operators, the platform itself, or nobody who is known.

    A user's label is the email, which the database fills in.
    """

    kind: ActorKind
    actor_id: str = ""
    label: str = ""


SYSTEM = Actor("system", "system", "system")
OPERATOR = Actor("platform", "operator", "operator")
NOBODY = Actor("nobody")


@dataclass(frozen=True, slots=True)
class Origin:
    """From where a request came."""

    ip: str = ""
    request_id: str = ""


@dataclass(slots=True)
class AuditEntry:
    """What is about to be written: subject and detail may be filled in while the change is made.

    `detail` is small, and has no secret in it.
    """

    actor: Actor
    origin: Origin
    action: str
    subject: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries: of an actor (id or label), of an action, from a time until before another."""

    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditLog:
    """The audit log of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: AuditEntry) -> None:
        """Write an entry: in the transaction that the task has open on this database, if it has one."""
        actor = entry.actor
        async with self._database.connection() as connection:
            await connection.execute(
                _SQL["add"],
                *(actor.kind, actor.actor_id, actor.label),
                *map(_storable, (entry.action, entry.subject, entry.origin.ip, entry.origin.request_id)),
                orjson.dumps(_storable(entry.detail), default=str),
            )

    @asynccontextmanager
    async def announced(self, entry: AuditEntry) -> AsyncIterator[None]:
        """Write an entry before what is done inside, and another if that is refused.

        For changes outside of the tenant's database, so that none is without an entry whatever fails between.
        """
        await self.add(entry)
        try:
            yield
        except Problem as problem:
            await self.add(replace(entry, action=f"{entry.action}.refused", detail={"problem": problem.slug}))
            raise

    async def page(self, chosen: AuditFilter, *, before: int | None, limit: int) -> list[Mapping[str, Any]]:
        """Read entries, newest first, those before a number; `detail` is JSON text."""
        async with self._database.connection() as connection:
            rows: list[Mapping[str, Any]] = await connection.fetch(
                _SQL["page"],
                before or 2**63 - 1,
                *(chosen.actor, chosen.action, chosen.since, chosen.until),
                limit,
            )
        return rows

    async def sweep(self) -> int:
        """Have entries removed that are past their time, and say how many there were."""
        async with self._database.connection() as connection:
            return int(await connection.fetchval(_SQL["sweep"]))


def _storable(value: Any) -> Any:
    """Leave out the one character that Postgres takes in no text."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, Mapping):
        return {_storable(str(name)): _storable(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_storable(each) for each in value]
    return value
