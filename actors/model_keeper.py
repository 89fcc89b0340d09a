"""The keeper of learned models: a deployment of one replica that reads registry and lake, so that the pool need not.

Replicas of the pool ask it for the champions. One counts from when its artifact has been read and its checksum is
right; until then the one before goes on, also one that this keeper never knew as champion. When the control database or
the lake is away, so does all that is known. While the keeper is away, replicas go on with what they have.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping

import structlog

from actors.champion_calls import Champion, ChampionsUnknownError, Standing
from actors.stand_ins import StandIns
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.settings import Settings
from storage.lake.artifacts import Artifacts
from storage.lake.lake import Lake
from storage.postgres.connect import Databases
from storage.postgres.learned_models import LearnedModelRecord, LearnedModels
from telemetry.backoff import Backoff
from telemetry.logs import configure_logs

_LOOK_SECONDS = 15.0
"""How often the registry is read though nothing was heard of a promotion: a tenant may have been deleted."""

_AGAIN_SECONDS = 1.0
"""How often, while something could not be read."""

_KINDS = frozenset({LearnedKind.CONVERSION, LearnedKind.ANOMALY})
"""Those that the pool evaluates."""

_BEFORE_MAX = 3
"""So many that counted before a champion may stand in for it."""

log = structlog.get_logger()

Scope = tuple[LearnedKind, TenantId | None]


class ModelKeeper:
    """The deployment: follows the registry, and answers."""

    def __init__(self, known: Callable[[], tuple[Backends, Settings]]) -> None:
        configure_logs()
        backends, settings = known()
        self._models = LearnedModels(Databases(backends, settings.postgres).control())
        self._stand_ins = StandIns(self._models, _KINDS)
        self._artifacts = Artifacts(Lake.open(settings.lake_address))
        self._bytes_max = settings.learning.keeper_bytes_max
        self._counting: dict[Scope, LearnedModelRecord] = {}
        self._before: dict[Scope, list[LearnedModelRecord]] = {}
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        # Of this incarnation: another one counts anew.
        self._incarnation = secrets.token_hex(8)
        self._changes = 0
        self._has_read = False
        self._heard = asyncio.Event()
        # Serve runs the constructor on the replica's loop.
        loop = asyncio.get_running_loop()
        self._life = (loop.create_task(self._listen()), loop.create_task(self._follow()))

    async def current(self, known_version: str, stood_in: Mapping[str, str | None]) -> Standing | None:
        """Give the champions, or None where they are those of the version that is known.

        Who asks says for which of them another stands in, since they do not load (None: none does).

        Raises:
            ChampionsUnknownError: the registry could not be read yet.
        """
        if self._stand_ins.hear(stood_in):
            self._heard.set()
        if not self._has_read:
            raise ChampionsUnknownError
        version = f"{self._incarnation}:{self._changes}"
        if version == known_version:
            return None
        champions = (
            Champion(*scope, record.model_id, tuple(each.model_id for each in self._before.get(scope, ())))
            for scope, record in self._counting.items()
        )
        return Standing(version, tuple(champions))

    async def artifact(self, model_id: str) -> bytes:
        """Give the fitted model of a champion, or of one that may stand in for it.

        Raises:
            KeyError: it is none any more.
            OSError, ArtifactCorruptError: the lake does not give it.
        """
        known = (each for some in (self._counting.values(), *self._before.values()) for each in some)
        record = next((each for each in known if each.model_id == model_id), None)
        if record is None:
            raise KeyError(model_id)
        return await self._read(record)

    async def _listen(self) -> None:
        backoff = Backoff()
        while True:
            try:
                async for _ in self._models.promoted():
                    self._heard.set()
                    backoff.reset()
            except Exception as error:  # noqa: BLE001 - it listens again, and the registry is read meanwhile
                log.warning("promotions_unheard", error=repr(error))
            await backoff.wait()

    async def _follow(self) -> None:
        while True:
            self._heard.clear()
            try:
                is_whole = await self._look()
            except Exception as error:  # noqa: BLE001 - what is known goes on
                log.warning("registry_not_read", error=repr(error))
                is_whole = False
            try:
                async with asyncio.timeout(_LOOK_SECONDS if is_whole else _AGAIN_SECONDS):
                    await self._heard.wait()
            except TimeoutError:
                continue

    async def _look(self) -> bool:
        """Read the champions, and the artifacts of those that are new; say whether all could be read."""
        records = [each for each in await self._models.champions() if each.document.kind in _KINDS]
        wanted: dict[Scope, LearnedModelRecord] = {(each.document.kind, each.tenant_id): each for each in records}
        for scope in self._counting.keys() - wanted.keys():
            # What was learned of a tenant goes with it.
            for gone in (self._counting.pop(scope), *self._before.pop(scope, ())):
                self._kept.pop(gone.document.artifact.sha256, None)
            self._changes += 1
        is_whole = True
        # The global ones first: they serve most.
        for scope in sorted(wanted, key=lambda scope: scope[1] or ""):
            known, record = self._counting.get(scope), wanted[scope]
            if known is None or known.model_id != record.model_id:
                is_whole = await self._count(scope, record) and is_whole
        self._has_read = True
        counting = {scope: record.model_id for scope, record in self._counting.items()}
        await self._stand_ins.tell(
            [(scope[0], record.model_id, counting.get(scope)) for scope, record in wanted.items()]
        )
        return is_whole

    async def _count(self, scope: Scope, record: LearnedModelRecord) -> bool:
        """Let a model count if its artifact can be read, else one before it; say whether it can."""
        before = await self._models.before(record, _BEFORE_MAX)
        # What goes on already is better than whatever came before it.
        known = self._counting.get(scope)
        for place, each in enumerate((record, *(() if known else before))):
            try:
                await self._read(each)
            except Exception as error:  # noqa: BLE001 - the lake is away or damaged: the one before goes on
                log.warning("artifact_not_read", model_id=each.model_id, champion=record.model_id, error=repr(error))
                continue
            self._counting[scope], self._before[scope] = each, before[place:]
            self._changes += 1
            log.info("champion_counts", model_id=each.model_id, stands_in=bool(place), kind=scope[0], tenant=scope[1])
            return not place
        return False

    async def _read(self, record: LearnedModelRecord) -> bytes:
        """Give an artifact; those asked for last are kept, up to a bound."""
        sha256 = record.document.artifact.sha256
        artifact = self._kept.get(sha256)
        if artifact is None:
            artifact = self._kept[sha256] = await asyncio.to_thread(self._artifacts.get, sha256)
        self._kept.move_to_end(sha256)
        while len(self._kept) > 1 and sum(map(len, self._kept.values())) > self._bytes_max:
            self._kept.popitem(last=False)
        return artifact
