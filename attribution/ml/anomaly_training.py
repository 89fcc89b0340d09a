"""Training of anomaly models: an isolation forest on older installs, a threshold by the whole history."""

import numpy as np
from sklearn.ensemble import IsolationForest

from attribution.journeys import Floats, Ints, summed
from attribution.ml.anomaly import FALSE_POSITIVE_SHARE, FEATURES, AnomalyModel, Versions, fact_features, filled
from attribution.ml.drift import profile
from attribution.ml.install_tables import InstallFactTable
from attribution.ml.isolation import Isolation
from attribution.ml.quality import Statistic, auc_of, estimates, ratio_of
from attribution.ml.threads import at_most
from attribution.ml.trained import HOLDOUT, THE_MODEL, TRAIN, TooFewRowsError, TrainedModel
from attribution.ml.vocabulary import commonest
from schemas.learning import MetricValue

ROWS_MIN = 500
"""Of fewer installs, one percent are too few to set a threshold by."""

_TREES = 100
_TREE_ROWS = 256
_VERSIONS_MAX = 100


def train_anomaly(
    installs: InstallFactTable, *, seed: int, holdout_share: float = 0.2, threads: int = 1
) -> TrainedModel[AnomalyModel]:
    """Grow the forest on the earlier installs; of those that no rule flagged, 1 % score above the threshold.

    The metrics are `suspect_share`, of installs that no rule flagged, on the earlier ones (`train`) and on the later
    ones (`holdout`), where it is about the same unless something new came; and, where rules flagged some, `auc`: how
    often one of those scores above one that they did not. `threads` bounds the cores.

    Raises:
        TooFewRowsError: fewer than `ROWS_MIN` installs before the holdout.
    """
    order = np.argsort(installs.happened_at, kind="stable")
    until = round(len(order) * (1.0 - holdout_share))
    if until < ROWS_MIN:
        raise TooFewRowsError(f"{until} installs before the holdout, {ROWS_MIN} are needed")
    history, holdout = installs.select(order[:until]), installs.select(order[until:])
    os_versions = _versions(history.os_versions, history.os_version)
    app_versions = _versions(history.app_versions, history.app_version)
    matrix = fact_features(history, os_versions, app_versions)
    usual = _usual(matrix)
    rows = filled(matrix, usual)
    with at_most(threads):
        forest = IsolationForest(
            n_estimators=_TREES, max_samples=min(_TREE_ROWS, len(rows)), random_state=seed, n_jobs=1
        ).fit(rows)
    trees = Isolation.of(forest)
    genuine = rows if history.flagged.all() else rows[~history.flagged]
    threshold = float(np.quantile(trees.scores(genuine), 1.0 - FALSE_POSITIVE_SHARE, method="higher"))
    model = AnomalyModel(os_versions, app_versions, usual, trees, threshold)
    return TrainedModel(
        model=model,
        metrics=(*_metrics(model, history, TRAIN, seed), *_metrics(model, holdout, HOLDOUT, seed)),
        schema_hash=model.schema_hash,
        rows=len(installs),
        feature_profile=profile(matrix, FEATURES, {}, np.ones(len(matrix))),
    )


def _versions(words: tuple[str, ...], codes: Ints) -> Versions:
    """Say how rare each version is; one more install than there was counts for what is not known."""
    known = commonest(words, codes, np.ones(len(codes)), _VERSIONS_MAX)
    counts = dict(zip(words, summed(codes[codes >= 0], np.ones(int((codes >= 0).sum())), len(words)), strict=True))
    seen = np.array([counts[word] for word in known[:-1]])
    shares = np.concatenate([seen, [len(codes) - seen.sum() + 1.0]]) / (len(codes) + 1.0)
    return Versions(known, -np.log(shares))


def _usual(matrix: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> Floats:
    """Give the median of each feature where it is known, 0 where it never is."""
    known = np.isfinite(matrix).any(axis=0)
    usual = np.zeros(matrix.shape[1])
    usual[known] = np.nanmedian(matrix[:, known], axis=0)
    return usual


def _metrics(model: AnomalyModel, installs: InstallFactTable, split: str, seed: int) -> tuple[MetricValue, ...]:
    scores = model.score(installs)
    genuine = (~installs.flagged).astype(np.float64)
    asked: dict[str, Statistic] = {"suspect_share": ratio_of(genuine * (scores > model.threshold), genuine)}
    if installs.flagged.any() and not installs.flagged.all():
        asked["auc"] = auc_of(installs.flagged, scores)
    return tuple(
        MetricValue(metric=metric, subject=THE_MODEL, split=split, estimate=estimate)
        for metric, estimate in estimates(asked, np.ones(len(installs)), seed).items()
        if np.isfinite(estimate.value)
    )
