"""The learned models that a replica of the pool has at hand, and how it follows promotions.

It asks every second whether others are champions. What it has in use it loads anew in the background, and one
assignment puts the new model in the place of the old: whoever asks gets the one or the other, and waits for neither.
What a tenant has not needed yet, or not for long, is loaded when it asks. If nobody can be asked, what is known goes
on.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from actors.champion_calls import Champions, ChampionsUnknownError
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings

log = structlog.get_logger()

M = TypeVar("M")
M_co = TypeVar("M_co", covariant=True)
Scope = TenantId | None


@dataclass(frozen=True, slots=True)
class LoadedModel(Generic[M_co]):
    """A champion, ready to be used."""

    model_id: str
    model: M_co


class ModelShelf(Generic[M]):
    """Holds the champions of one kind, those used last, up to a bound."""

    def __init__(
        self,
        kind: LearnedKind,
        champions: Champions,
        load: Callable[[bytes], M],
        thread: ThreadPoolExecutor,
        settings: LearningSettings,
    ) -> None:
        """Take whom to ask, what makes a model of an artifact, and the thread on which that is done."""
        self._kind = kind
        self._champions = champions
        self._load = load
        self._thread = thread
        self._settings = settings
        self._version = ""
        self._wanted: dict[Scope, str] = {}
        self._before: dict[str, tuple[str, ...]] = {}
        self._stood_in: dict[str, str | None] = {}
        self._loaded: OrderedDict[Scope, LoadedModel[M]] = OrderedDict()
        self._loading: dict[str, asyncio.Task[LoadedModel[M]]] = {}
        self._known = asyncio.Event()
        self._patient_until = time.monotonic() + settings.deadline_seconds

    async def of(self, tenant_id: TenantId) -> LoadedModel[M] | None:
        """Give the tenant's own champion, else the global one; None where there is neither.

        Raises:
            ChampionsUnknownError: nobody could be asked yet.
            Exception: it cannot be loaded.
        """
        if not self._known.is_set():
            await self._first_look()
        scope = tenant_id if tenant_id in self._wanted else None
        model_id = self._wanted.get(scope)
        if model_id is None:
            return None
        if scope not in self._loaded:
            await self._put(scope, model_id)
        found = self._loaded[scope]
        self._loaded.move_to_end(scope)
        return found

    async def follow(self) -> None:
        """Look for other champions again and again, and load those in the place of which others are in use."""
        while True:
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - the keeper is away: what is known goes on
                log.warning("champions_unknown", error=repr(error))
            else:
                await self._renew()
            await asyncio.sleep(self._settings.pool_look_seconds)

    async def _first_look(self) -> None:
        try:
            async with asyncio.timeout(max(0.0, self._patient_until - time.monotonic())):
                await self._known.wait()
        except TimeoutError as error:
            raise ChampionsUnknownError from error

    async def _look(self) -> None:
        wanted = set(self._wanted.values())
        self._stood_in = {model_id: by for model_id, by in self._stood_in.items() if model_id in wanted}
        standing = await self._champions.current(self._version, self._stood_in)
        if standing is not None:
            self._version = standing.version
            own = [each for each in standing.champions if each.kind is self._kind]
            self._wanted = {each.tenant_id: each.model_id for each in own}
            self._before = {each.model_id: each.before for each in own}
            self._known.set()

    async def _renew(self) -> None:
        for scope in [scope for scope in self._loaded if scope not in self._wanted]:
            del self._loaded[scope]
        for scope in {*self._loaded, *({None} & self._wanted.keys())}:
            loaded, wanted = self._loaded.get(scope), self._wanted[scope]
            if loaded is None or loaded.model_id != wanted:
                try:
                    await self._put(scope, wanted)
                except Exception as error:  # noqa: BLE001 - it is tried again; until then the one before goes on
                    log.warning("model_not_loaded", model_id=wanted, error=repr(error))

    async def _put(self, scope: Scope, model_id: str) -> None:
        """Load a model and put it in the place of the one that was used; whoever asks at the same time shares that."""
        loading = self._loading.get(model_id)
        if loading is None:
            loading = self._loading[model_id] = asyncio.create_task(self._made(model_id, self._loaded.get(scope)))
            loading.add_done_callback(lambda _: self._loading.pop(model_id, None))
        loaded = await asyncio.shield(loading)
        # Meanwhile there may be another champion, loaded already.
        if scope not in self._loaded or self._wanted.get(scope) == model_id:
            self._loaded[scope] = loaded
        while len(self._loaded) > self._settings.pool_models_max:
            # The one that was used longest ago.
            self._loaded.popitem(last=False)

    async def _made(self, model_id: str, present: LoadedModel[M] | None) -> LoadedModel[M]:
        """Load a model; where that fails, one that counted before it stands in, `present` if it is one of them."""
        try:
            loaded = await self._loaded_of(model_id)
        except Exception as error:
            log.warning("model_not_loaded", model_id=model_id, error=repr(error))
            for stand_in in self._before.get(model_id, ()):
                if present is not None and present.model_id == stand_in:
                    self._stood_in[model_id] = stand_in
                    return present
                try:
                    loaded = await self._loaded_of(stand_in)
                except Exception as other:  # noqa: BLE001 - the one before it may do
                    log.warning("model_not_loaded", model_id=stand_in, error=repr(other))
                else:
                    log.warning("model_stands_in", model_id=stand_in, champion=model_id)
                    self._stood_in[model_id] = stand_in
                    return loaded
            # What is in use already goes on.
            self._stood_in[model_id] = present.model_id if present else None
            raise
        self._stood_in.pop(model_id, None)
        return loaded

    async def _loaded_of(self, model_id: str) -> LoadedModel[M]:
        artifact = await self._champions.artifact(model_id)
        model = await asyncio.get_running_loop().run_in_executor(self._thread, self._load, artifact)
        log.info("model_loaded", model_id=model_id, bytes=len(artifact))
        return LoadedModel(model_id, model)
