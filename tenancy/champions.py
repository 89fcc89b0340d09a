"""Promotions of learned models: whoever becomes champion has to be there, as it was trained."""

import asyncio

from schemas.learning_problems import ArtifactMissing, LakeUnavailable, LearnedModelUnknown
from schemas.settings import Settings
from storage.lake.artifacts import ArtifactCorruptError, Artifacts
from storage.lake.lake import Lake
from storage.postgres.learned_models import LearnedModels

_RETRY_AFTER_SECONDS = 10


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
    sha256 = record.document.artifact.sha256
    try:
        await asyncio.to_thread(lambda: Artifacts(Lake.open(settings.lake_address)).get(sha256))
    except FileNotFoundError:
        raise ArtifactMissing(f"The lake has no artifact {sha256} of {model_id}.") from None
    except ArtifactCorruptError as error:
        raise ArtifactMissing(f"The artifact of {model_id} is damaged: its checksum is not {sha256}.") from error
    except OSError as error:
        raise LakeUnavailable(retry_after_seconds=_RETRY_AFTER_SECONDS) from error
    await models.promote(model_id, by=by, reason=reason, instead_of=instead_of)
