"""The problems of multi-touch models. See `schemas/problems.py` for the tree they belong to."""

from schemas.problems import Unavailable, Unprocessable


class ModelsTooLarge(Unprocessable):
    """So much cannot be computed while somebody waits."""

    slug = "models-too-large"
    title = "Too much to compute"
    remedy = "Ask for fewer days, models, replicates or channels (by a coarser breakdown), or a lower order."


class ModelsBusy(Unavailable):
    """Other models are being computed, and this question has waited long enough for its turn."""

    slug = "models-busy"
    title = "Models busy"
    remedy = "Ask again after Retry-After."
