"""Which champions others stand in for: what their keeper cannot read, and what replicas of the pool cannot load.

Replicas say so with each question; what none has said for a while is over. The count is a metric, and the registry has
it by model, for whoever looks at one.
"""

import time
from collections.abc import Mapping

from schemas.learning import LearnedKind
from storage.postgres.learned_models import LearnedModels
from telemetry.metrics import CHAMPIONS_STOOD_IN

_HEARD_SECONDS = 20.0
"""Replicas ask every second; one that loads something large is silent for longer."""

Standing = tuple[LearnedKind, str, str | None]
"""A champion's kind and id, and which of its scope counts in its place as far as the keeper knows: mostly itself."""


class StandIns:
    """Hears of them, and tells of them."""

    def __init__(self, models: LearnedModels, kinds: frozenset[LearnedKind]) -> None:
        self._models = models
        self._kinds = kinds
        self._heard: dict[str, tuple[str | None, float]] = {}
        self._told: dict[str, str | None] | None = None
        self._gauge = CHAMPIONS_STOOD_IN.gauge()

    def hear(self, stood_in: Mapping[str, str | None]) -> bool:
        """Hear from a replica which model serves in the place of which (None: none can be); say whether that is new."""
        now = time.monotonic()
        is_new = any(model_id not in self._heard or self._heard[model_id][0] != by for model_id, by in stood_in.items())
        self._heard |= {model_id: (by, now) for model_id, by in stood_in.items()}
        return is_new

    async def tell(self, standings: list[Standing]) -> None:
        """Tell of all champions which are stood in for, and by whom.

        Raises:
            CONNECTION_LOST: the registry did not hear of it.
        """
        now = time.monotonic()
        self._heard = {each: heard for each, heard in self._heard.items() if now - heard[1] < _HEARD_SECONDS}
        found = {champion: self._serving(counting) for _, champion, counting in standings}
        stood_in = {champion: by for champion, by in found.items() if by != champion}
        for kind in self._kinds:
            count = sum(champion in stood_in for of, champion, _ in standings if of is kind)
            self._gauge.set(count, {"kind": kind})
        if stood_in != self._told:
            await self._models.tell_stand_ins(stood_in)
            self._told = stood_in

    def _serving(self, counting: str | None) -> str | None:
        """Say what replicas use where this model counts."""
        return self._heard[counting][0] if counting in self._heard else counting
