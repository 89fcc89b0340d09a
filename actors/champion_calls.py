"""What the keeper of champions and the replicas of the pool agree on: which models count, and how to ask for them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ray import serve

from schemas.ids import TenantId
from schemas.learning import LearnedKind

KEEPER_APP = "champions"
KEEPER_DEPLOYMENT = "ModelKeeper"


@dataclass(frozen=True, slots=True)
class Champion:
    """A learned model that counts: for one tenant, or (None) for all that have none of their own.

    `before` are those that counted before it, the newest first: they stand in where it cannot be loaded.
    """

    kind: LearnedKind
    tenant_id: TenantId | None
    model_id: str
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """All champions, and the version by which whoever knows them asks for changes."""

    version: str
    champions: tuple[Champion, ...]


class ChampionsUnknownError(Exception):
    """Which models count could not be found out yet."""


class Champions(Protocol):
    """Where champions are asked for."""

    async def current(self, known_version: str, stood_in: Mapping[str, str | None]) -> Standing | None:
        """Give the champions, or None where they are those of the version that is known.

        Who asks says for which of them another stands in, since they do not load (None: none does).

        Raises:
            ChampionsUnknownError: it does not know yet.
        """

    async def artifact(self, model_id: str) -> bytes:
        """Give the fitted model of a champion, or of one that may stand in for it.

        Raises:
            KeyError: it is none any more.
        """


class RemoteChampions:
    """Asks the keeper by its deployment's handle, which brings nothing along of what the keeper was started with."""

    def __init__(self, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds

    @property
    def _keeper(self) -> Any:
        return serve.get_deployment_handle(KEEPER_DEPLOYMENT, app_name=KEEPER_APP)

    async def current(self, known_version: str, stood_in: Mapping[str, str | None]) -> Standing | None:
        """Ask for changes.

        Raises:
            RayError, TimeoutError: the keeper is away, or does not know yet; here and below.
        """
        async with asyncio.timeout(self._patience_seconds):
            found: Standing | None = await self._keeper.current.remote(known_version, dict(stood_in))
        return found

    async def artifact(self, model_id: str) -> bytes:
        """Ask for a fitted model."""
        async with asyncio.timeout(self._patience_seconds):
            found: bytes = await self._keeper.artifact.remote(model_id)
        return found
