"""The problems of learned models: more leaves of the tree in `schemas/problems.py`."""

from schemas.problems import Conflict, NotFound, Unavailable


class LearnedModelUnknown(NotFound):
    """There is no learned model with this id, or none that may be looked at or changed from here."""

    slug = "learned-model-unknown"
    title = "Learned model unknown"
    remedy = "GET /api/v1/models lists them; a global model is promoted on the global plane alone."


class LearningUnderWay(Conflict):
    """A training of the same model for the same scope has not ended yet."""

    slug = "learning-under-way"
    title = "Training under way"
    remedy = "Follow the job that the detail names; ask again when it has ended."


class ChampionMissing(Conflict):
    """No model of this kind and scope is champion, so there is nothing to roll back."""

    slug = "champion-missing"
    title = "Champion missing"
    remedy = "GET /api/v1/models lists the models; promote the one that is to count."


class ArtifactMissing(Conflict):
    """The lake does not have the fitted model, or not as it was trained, so it cannot become champion."""

    slug = "artifact-missing"
    title = "Artifact missing"
    remedy = "Promote another model, or train this one anew: the same seed and days give the same artifact."


class ModelUnloadable(Conflict):
    """The lake has the model as it was trained, but this version cannot load it, so it cannot become champion."""

    slug = "model-unloadable"
    title = "Model does not load"
    remedy = "Promote another model, or train this one anew: what is trained now loads in this version."


class LoadingUnavailable(Unavailable):
    """Whether the model loads could not be found out in time."""

    slug = "loading-unavailable"
    title = "Loading unavailable"
    remedy = "Try again after Retry-After; the champion stays as it is."


class LakeUnavailable(Unavailable):
    """The lake, where the fitted models are, does not answer at the moment."""

    slug = "lake-unavailable"
    title = "Lake unavailable"
    remedy = "Try again after Retry-After; the champion stays as it is."
