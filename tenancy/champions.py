"""Promotions of learned models: whoever becomes champion has to be there, as it was trained."""

import asyncio

from schemas.ids import TenantId
from schemas.learning import LearnedKind, LearnedState
from schemas.learning_problems import ArtifactMissing, ChampionMissing, LakeUnavailable, LearnedModelUnknown
from schemas.settings import Settings
from storage.lake.artifacts import ArtifactCorruptError, Artifacts
from storage.lake.lake import Lake
from storage.postgres.learned_models import LearnedModelRecord, LearnedModels

_RETRY_AFTER_SECONDS = 10
_BACK_MAX = 100


async def promote(
    models: LearnedModels, settings: Settings, model_id: str, *, by: str, reason: str, instead_of: str | None = None
) -> None:
    """Make a model the champion of its scope if the lake has its artifact, under the checksum that it was trained with.

    With `instead_of` only if that one is champion still.

    Raises:
        LearnedModelUnknown: there is no such model.
        ArtifactMissing: its artifact is not there, or is another one.
        LakeUnavailable: the lake does not say.
    """
    record = await models.one(model_id)
    if record is None:
        raise LearnedModelUnknown
    await _require_artifact(settings, record)
    await models.promote(model_id, by=by, reason=reason, instead_of=instead_of)


async def roll_back(
    models: LearnedModels, settings: Settings, kind: LearnedKind, tenant_id: TenantId | None, *, by: str
) -> str | None:
    """Put the champion before back, past those that the lake does not have any more; give the one that counts now.

    None: there is none left, and the scope does without. The reason in the history names what was gone past.

    Raises:
        ChampionMissing: the scope has no champion.
        LakeUnavailable: the lake does not say.
    """
    past: list[str] = []
    try:
        champions = await models.of_scope(kind, tenant_id, LearnedState.CHAMPION)
        for record in await models.before(champions[0], _BACK_MAX) if champions else ():
            try:
                await _require_artifact(settings, record)
            except ArtifactMissing:
                past.append(record.model_id)
            else:
                break
        reason = "rolled back" + (f", past what the lake does not have: {', '.join(past)}" if past else "")
        return await models.roll_back(kind, tenant_id, by=by, reason=reason, past=past)
    except KeyError:
        raise ChampionMissing from None


async def _require_artifact(settings: Settings, record: LearnedModelRecord) -> None:
    model_id, sha256 = record.model_id, record.document.artifact.sha256
    try:
        await asyncio.to_thread(lambda: Artifacts(Lake.open(settings.lake_address)).get(sha256))
    except FileNotFoundError:
        raise ArtifactMissing(f"The lake has no artifact {sha256} of {model_id}.") from None
    except ArtifactCorruptError as error:
        raise ArtifactMissing(f"The artifact of {model_id} is damaged: its checksum is not {sha256}.") from error
    except OSError as error:
        raise LakeUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error
