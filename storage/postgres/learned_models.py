"""The registry of learned models in the control database: which there are, which count, and who said so.

A promotion is one transaction: the champion of the scope steps down, the other steps up, and both stand in the history.
Whoever keeps champions at hand hears of it by a notification and asks again.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from schemas.ids import TenantId
from schemas.learning import LearnedKind, LearnedModelDocument, LearnedState
from storage.postgres.connect import Database
from storage.postgres.notifications import notifications
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "learned_models.sql")
_CHANNEL = "learned_models"
_PROMOTIONS_MAX = 200


@dataclass(frozen=True, slots=True)
class StandIn:
    """Which model serves in the place of a champion (None: none of its scope), and since when."""

    model_id: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class LearnedModelRecord:
    """A learned model of the registry; `shadow` is how it did beside the champion, as it was judged last.

    Of a champion that cannot be read or loaded there is a `stand_in`.
    """

    document: LearnedModelDocument
    state: LearnedState
    promoted_at: datetime | None
    shadow: dict[str, Any] | None
    stand_in: StandIn | None

    @property
    def model_id(self) -> str:
        """Its name."""
        return self.document.model_id

    @property
    def tenant_id(self) -> TenantId | None:
        """Whose it is; None: the global one."""
        return self.document.tenant_id


@dataclass(frozen=True, slots=True)
class Promotion:
    """One line of the history; `model_id` None: since then the scope has no champion."""

    kind: LearnedKind
    tenant_id: TenantId | None
    model_id: str | None
    previous_model_id: str | None
    promoted_by: str
    reason: str
    at: datetime


def _record(row: Mapping[str, Any]) -> LearnedModelRecord:
    return LearnedModelRecord(
        LearnedModelDocument.model_validate_json(row["document"]),
        LearnedState(row["state"]),
        row["promoted_at"],
        orjson.loads(row["shadow"]) if row["shadow"] else None,
        StandIn(row["stood_in_by"], row["stood_in_since"]) if row["stood_in_since"] else None,
    )


class LearnedModels:
    """Reads and changes the registry."""

    def __init__(self, control: Database) -> None:
        self._control = control

    async def register(self, document: LearnedModelDocument) -> bool:
        """Enter a model as a challenger; one that is there already stays as it is.

        False: its tenant is being deleted, or is gone, so that nothing of it is entered.
        """
        async with self._control.connection() as connection:
            is_there: bool = await connection.fetchval(
                _SQL["register"],
                document.model_id,
                document.kind,
                document.tenant_id,
                document.model_dump_json(),
                document.artifact.sha256,
                document.created_at,
            )
        return is_there

    async def artifacts(self) -> list[tuple[str, TenantId | None, str]]:
        """List of every model its id, its tenant (None: the global ones), and the SHA-256 of its artifact."""
        async with self._control.connection() as connection:
            return [tuple(row) for row in await connection.fetch(_SQL["artifacts"])]

    async def one(self, model_id: str) -> LearnedModelRecord | None:
        """Find a model."""
        async with self._control.connection() as connection:
            row = await connection.fetchrow(_SQL["one"], model_id)
        return None if row is None else _record(row)

    async def page(
        self,
        *,
        before: tuple[datetime, str] | None,
        kind: LearnedKind | None,
        tenant_id: TenantId | None,
        with_global: bool,
        limit: int,
    ) -> list[LearnedModelRecord]:
        """Read models, newest first: of one tenant (and with `with_global` all tenants' champions), or every one."""
        created_at, model_id = before or (None, "")
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["page"], created_at, model_id, kind, tenant_id, with_global, limit)
        return [_record(row) for row in rows]

    async def champions(self) -> list[LearnedModelRecord]:
        """Read the models that count."""
        async with self._control.connection() as connection:
            return [_record(row) for row in await connection.fetch(_SQL["champions"])]

    async def of_scope(
        self, kind: LearnedKind, tenant_id: TenantId | None, state: LearnedState
    ) -> list[LearnedModelRecord]:
        """Read the models of a kind and a scope that are in a state, newest first."""
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["of_scope"], kind, tenant_id, state)
        return [_record(row) for row in rows]

    async def promote(self, model_id: str, *, by: str, reason: str, instead_of: str | None = None) -> bool:
        """Make a model the champion of its scope; say whether it was not so before.

        With `instead_of` only if that one is champion still: who wins over one has not won over the next.

        Raises:
            KeyError: there is no such model.
        """
        async with self._control.connection() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["one"], model_id)
            if row is None:
                raise KeyError(model_id)
            kind, tenant_id = row["kind"], row["tenant_id"]
            await connection.execute(_SQL["lock_scope"], kind, tenant_id)
            if instead_of is not None:
                beaten = await connection.fetchrow(_SQL["one"], instead_of)
                if beaten is None or beaten["state"] != LearnedState.CHAMPION:
                    return False
            return await self._put(connection, kind, tenant_id, model_id, by, reason, is_rollback=False)

    async def before(self, champion: LearnedModelRecord, limit: int) -> list[LearnedModelRecord]:
        """Read the newest of the models that counted before a champion, in the order of going back."""
        kind, tenant_id, model_id = champion.document.kind, champion.tenant_id, champion.model_id
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["champions_before"], kind, tenant_id, model_id, limit)
        return [_record(row) for row in rows]

    async def roll_back(
        self,
        kind: LearnedKind,
        tenant_id: TenantId | None,
        *,
        by: str,
        reason: str,
        past: Collection[str] = (),
    ) -> str | None:
        """Put the champion before the present one back; without one, the scope has none. Give the one that counts now.

        Those that are in `past` are gone past, to the one before them.

        Raises:
            KeyError: the scope has no champion.
        """
        async with self._control.connection() as connection, connection.transaction():
            await connection.execute(_SQL["lock_scope"], kind, tenant_id)
            rows = await connection.fetch(_SQL["of_scope"], kind, tenant_id, LearnedState.CHAMPION)
            if not rows:
                raise KeyError(kind)
            # One more than those to go past: whoever is not among them is wanted.
            before = await connection.fetch(
                _SQL["champions_before"], kind, tenant_id, rows[0]["model_id"], len(past) + 1
            )
            target = next((row["model_id"] for row in before if row["model_id"] not in past), None)
            await self._put(connection, kind, tenant_id, target, by, reason, is_rollback=True)
            return target

    async def tell_stand_ins(self, stood_in: Mapping[str, str | None]) -> None:
        """Record which model serves in the place of which champion (None: none of its scope); of all others none."""
        async with self._control.connection() as connection:
            await connection.execute(_SQL["tell_stand_ins"], list(stood_in), list(stood_in.values()))

    async def set_aside(self, model_id: str, state: LearnedState) -> None:
        """Retire or refuse a challenger; one that has been promoted stays."""
        async with self._control.connection() as connection:
            await connection.execute(_SQL["set_aside"], model_id, state)

    async def add_to_shadow(
        self, model_id: str, champion_id: str, tenant_id: TenantId, sums: Sequence[float] | None
    ) -> dict[TenantId, list[float]] | None:
        """Put what a tenant's rows say of a challenger in the place of what they said; give what those of all say.

        With `sums` None they say nothing more. None: there is nothing to decide, as the one is no challenger any more,
        the other no champion, or the tenant goes.
        """
        own = {} if sums is None else {tenant_id: sums}
        async with self._control.connection() as connection:
            text = orjson.dumps(own).decode()
            found = await connection.fetchval(_SQL["add_to_shadow"], model_id, champion_id, tenant_id, text)
        return None if found is None else orjson.loads(found)

    async def tell_in_shadow(self, model_id: str, told: dict[str, Any]) -> None:
        """Record how a challenger did beside the champion: the verdict, and what it comes from."""
        async with self._control.connection() as connection:
            await connection.execute(_SQL["tell_in_shadow"], model_id, orjson.dumps(told).decode())

    async def forget_in_shadows(self, tenant_id: TenantId) -> None:
        """Take a tenant out of what is decided about global models."""
        async with self._control.connection() as connection:
            await connection.execute(_SQL["forget_in_shadows"], tenant_id)

    async def promotions(self, kind: LearnedKind | None, tenant_id: TenantId | None) -> list[Promotion]:
        """Read the history of a scope, newest first."""
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["promotions"], kind, tenant_id, _PROMOTIONS_MAX)
        return [
            Promotion(
                kind=LearnedKind(row["kind"]),
                tenant_id=row["tenant_id"],
                model_id=row["model_id"],
                previous_model_id=row["previous_model_id"],
                promoted_by=row["promoted_by"],
                reason=row["reason"],
                at=row["at"],
            )
            for row in rows
        ]

    def promoted(self) -> AsyncGenerator[str, None]:
        """Give once at first, and then whenever champions have changed. It ends when the connection breaks.

        Raises:
            CONNECTION_LOST: the database is away.
        """
        return notifications(self._control, _CHANNEL)

    @staticmethod
    async def _put(
        connection: Any,
        kind: str,
        tenant_id: TenantId | None,
        model_id: str | None,
        by: str,
        reason: str,
        *,
        is_rollback: bool,
    ) -> bool:
        champions = await connection.fetch(_SQL["of_scope"], kind, tenant_id, LearnedState.CHAMPION)
        previous = champions[0]["model_id"] if champions else None
        if previous == model_id:
            return False
        if previous is not None:
            await connection.execute(_SQL["set_state"], previous, LearnedState.RETIRED)
        if model_id is not None:
            await connection.execute(_SQL["set_state"], model_id, LearnedState.CHAMPION)
        await connection.execute(_SQL["note_promotion"], kind, tenant_id, model_id, previous, by, reason, is_rollback)
        return True
