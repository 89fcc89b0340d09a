"""Promotions of learned models: whoever becomes champion has to be there, as it was trained, and to load."""

import asyncio
from collections.abc import Awaitable, Callable

from schemas.ids import TenantId
from schemas.learning import LearnedKind, LearnedState
from schemas.learning_problems import (
    ArtifactMissing,
    ChampionMissing,
    LakeUnavailable,
    LearnedModelUnknown,
    ModelUnloadable,
)
from schemas.settings import Settings
from storage.lake.artifacts import ArtifactCorruptError, Artifacts
from storage.lake.lake import Lake
from storage.postgres.learned_models import LearnedModelRecord, LearnedModels

_RETRY_AFTER_SECONDS = 10
_BACK_MAX = 100

Trial = Callable[[LearnedKind, bytes], Awaitable[None]]
"""Loads an artifact as a model of a kind, somewhere else; raises ModelUnloadable, or LoadingUnavailable."""


class Promotions:
    """Promotes models and rolls back; what a model is loaded by is handed in."""

    def __init__(self, models: LearnedModels, settings: Settings, trial: Trial) -> None:
        self._models = models
        self._lake_address = settings.lake_address
        self._trial = trial

    async def promote(self, model_id: str, *, by: str, reason: str, instead_of: str | None = None) -> None:
        """Make a model the champion of its scope if the lake has its artifact as it was trained, and it loads.

        With `instead_of` only if that one is champion still.

        Raises:
            LearnedModelUnknown: there is no such model.
            ArtifactMissing: its artifact is not there, or is another one.
            ModelUnloadable: its artifact is there, but no model can be made of it.
            LakeUnavailable, LoadingUnavailable: it could not be found out.
        """
        record = await self._models.one(model_id)
        if record is None:
            raise LearnedModelUnknown
        await self._require_loadable(record)
        await self._models.promote(model_id, by=by, reason=reason, instead_of=instead_of)

    async def roll_back(self, kind: LearnedKind, tenant_id: TenantId | None, *, by: str) -> str | None:
        """Put the champion before back, past those that are lost or do not load; give the one that counts now.

        None: there is none left, and the scope does without. The reason in the history names what was gone past.

        Raises:
            ChampionMissing: the scope has no champion.
            LakeUnavailable, LoadingUnavailable: it could not be found out.
        """
        past: dict[str, str] = {}
        try:
            champions = await self._models.of_scope(kind, tenant_id, LearnedState.CHAMPION)
            for record in await self._models.before(champions[0], _BACK_MAX) if champions else ():
                try:
                    await self._require_loadable(record)
                except (ArtifactMissing, ModelUnloadable) as refused:
                    past[record.model_id] = refused.title.lower()
                else:
                    break
            told = ", ".join(f"{model_id} ({why})" for model_id, why in past.items())
            reason = "rolled back" + (f", past {told}" if past else "")
            return await self._models.roll_back(kind, tenant_id, by=by, reason=reason, past=past)
        except KeyError:
            raise ChampionMissing from None

    async def _require_loadable(self, record: LearnedModelRecord) -> None:
        artifact = await self._artifact(record)
        try:
            await self._trial(record.document.kind, artifact)
        except ModelUnloadable as refused:
            raise ModelUnloadable(f"{record.model_id} does not load: {refused.detail}") from refused

    async def _artifact(self, record: LearnedModelRecord) -> bytes:
        model_id, sha256 = record.model_id, record.document.artifact.sha256
        try:
            return await asyncio.to_thread(lambda: Artifacts(Lake.open(self._lake_address)).get(sha256))
        except FileNotFoundError:
            raise ArtifactMissing(f"The lake has no artifact {sha256} of {model_id}.") from None
        except ArtifactCorruptError as error:
            raise ArtifactMissing(f"The artifact of {model_id} is damaged: its checksum is not {sha256}.") from error
        except OSError as error:
            raise LakeUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error
