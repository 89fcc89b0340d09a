"""How a replica of the pool follows promotions."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest

from actors.champion_calls import Champion, ChampionsUnknownError, Standing
from actors.model_shelf import ModelShelf
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.learning_settings import LearningSettings

pytestmark = pytest.mark.anyio

KIND = LearnedKind.CONVERSION
SETTINGS = LearningSettings(pool_look_seconds=0.01, pool_models_max=2, deadline_seconds=0.2)


class Registry:
    """Champions by tenant, as a keeper answers; an artifact is the model's name, and some are damaged."""

    def __init__(self, **champions: str) -> None:
        self.champions = champions
        self.asked: list[str] = []
        self.damaged: set[str] = set()
        self.before: dict[str, tuple[str, ...]] = {}
        self.is_away = False
        self.stood_in: dict[str, str | None] = {}

    async def current(self, known_version: str, stood_in: Mapping[str, str | None]) -> Standing | None:
        """Say who counts."""
        self.stood_in = dict(stood_in)
        if self.is_away:
            raise ChampionsUnknownError
        version = str(sorted(self.champions.items()))
        if version == known_version:
            return None
        named = {None if tenant == "all" else TenantId(tenant): model for tenant, model in self.champions.items()}
        return Standing(version, tuple(map(self._champion, named.items())))

    def _champion(self, named: tuple[TenantId | None, str]) -> Champion:
        return Champion(KIND, *named, self.before.get(named[1], ()))

    async def artifact(self, model_id: str) -> bytes:
        """Give a model."""
        self.asked.append(model_id)
        return model_id.encode()

    def load(self, artifact: bytes) -> str:
        """Make a model of an artifact."""
        if artifact.decode() in self.damaged:
            raise ValueError("damaged")
        return artifact.decode()


@asynccontextmanager
async def shelf_of(registry: Registry) -> AsyncIterator[ModelShelf[str]]:
    shelf = ModelShelf(KIND, registry, registry.load, ThreadPoolExecutor(1), SETTINGS)
    following = asyncio.create_task(shelf.follow())
    yield shelf
    following.cancel()


async def model_of(shelf: ModelShelf[str], tenant_id: str) -> str | None:
    found = await shelf.of(TenantId(tenant_id))
    return found.model if found else None


async def test_a_tenants_own_champion_comes_before_the_global_one() -> None:
    """t1 has its own, t2 the global one; after a promotion both follow, and after a roll-back t1 has the global one."""
    registry = Registry(all="g1", t1="a1")
    async with shelf_of(registry) as shelf:
        assert (await model_of(shelf, "t1"), await model_of(shelf, "t2")) == ("a1", "g1")
        registry.champions = {"all": "g2", "t1": "a2"}
        await asyncio.sleep(0.1)
        assert (await model_of(shelf, "t1"), await model_of(shelf, "t2")) == ("a2", "g2")
        registry.champions = {"all": "g2"}
        await asyncio.sleep(0.1)
        assert await model_of(shelf, "t1") == "g2"
        registry.champions = {}
        await asyncio.sleep(0.1)
        assert await model_of(shelf, "t1") is None


async def test_what_is_known_goes_on() -> None:
    """While the keeper is away, and while a new champion cannot be loaded; the others are followed all the same."""
    registry = Registry(all="g1", t1="a1")
    async with shelf_of(registry) as shelf:
        await model_of(shelf, "t1")
        registry.damaged = {"a2"}
        registry.champions = {"all": "g2", "t1": "a2"}
        await asyncio.sleep(0.1)
        assert (await model_of(shelf, "t1"), await model_of(shelf, "t2")) == ("a1", "g2")
        assert registry.stood_in == {"a2": "a1"}
        registry.is_away = True
        await asyncio.sleep(0.05)
        assert await model_of(shelf, "t1") == "a1"
        registry.is_away, registry.damaged = False, set()
        await asyncio.sleep(0.1)
        assert await model_of(shelf, "t1") == "a2"


async def test_one_that_cannot_be_loaded_is_stood_in_for() -> None:
    """By the newest before it that can be, loaded once, which the keeper hears; when it can be, it takes its place."""
    registry = Registry(t1="a3")
    registry.before = {"a3": ("a2", "a1")}
    registry.damaged = {"a3", "a2"}
    async with shelf_of(registry) as shelf:
        assert await model_of(shelf, "t1") == "a1"
        await asyncio.sleep(0.1)
        assert await model_of(shelf, "t1") == "a1"
        assert registry.asked.count("a1") == 1
        assert registry.stood_in == {"a3": "a1"}
        registry.damaged = {"a2"}
        await asyncio.sleep(0.1)
        assert await model_of(shelf, "t1") == "a3"
        await asyncio.sleep(0.05)
        assert registry.stood_in == {}
    registry.damaged = {"a3", "a2", "a1"}
    async with shelf_of(registry) as shelf:
        with pytest.raises(ValueError, match="damaged"):
            await model_of(shelf, "t1")
        await asyncio.sleep(0.1)
        assert registry.stood_in == {"a3": None}
        registry.champions = {}
        await asyncio.sleep(0.1)
        assert registry.stood_in == {}


async def test_so_many_are_loaded() -> None:
    """Two at most: the one that was used longest ago is loaded again when it is needed."""
    registry = Registry(t1="a", t2="b", t3="c")
    async with shelf_of(registry) as shelf:
        for tenant_id in ("t1", "t2", "t1", "t3", "t1", "t2"):
            await model_of(shelf, tenant_id)
    assert registry.asked == ["a", "b", "c", "b"]


async def test_nobody_knows_which_count() -> None:
    """A replica that has just begun waits for its keeper for the deadline and no longer, and then for nobody."""
    registry = Registry(all="g1")
    registry.is_away = True
    async with shelf_of(registry) as shelf:
        for _ in range(20):
            with pytest.raises(ChampionsUnknownError):
                await model_of(shelf, "t1")
        registry.is_away = False
        await asyncio.sleep(0.1)
        assert await model_of(shelf, "t1") == "g1"
