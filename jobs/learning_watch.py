"""How models do on what came since they were trained: challengers beside the champion, and drift; as a Ray task.

The task knows the lake and no database. What it gives are sums and shares, from which no row can be told.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import structlog

from attribution.journeys import Floats
from attribution.ml import artifacts as learned_artifacts
from attribution.ml.artifacts import ArtifactRefusedError
from attribution.ml.conversion import ConversionModel
from attribution.ml.drift import calibration_by_week, drift
from attribution.ml.features import names_of_channels
from attribution.ml.install_tables import InstallTable
from attribution.ml.journey_table import JourneyTable
from attribution.ml.judgement import Shadow
from attribution.ml.pltv import FEATURES, PltvModel, errors_beside
from attribution.ml.quality import losses
from jobs.lake_installs import commonest_currency, days_of_installs, read_installs
from jobs.lake_journeys import read_journeys
from jobs.lake_rows import Days
from jobs.learning_views import Seen, Watched
from schemas.ids import TenantId
from schemas.learning import LearnedKind, LearnedModelDocument
from schemas.learning_settings import LearningSettings
from storage.lake.artifacts import ArtifactCorruptError, Artifacts
from storage.lake.lake import Lake

_WEEK_SECONDS = 7 * 86_400.0

log = structlog.get_logger()


def watch(lake_url: str, tenant_id: TenantId, watched: Sequence[Watched], learning: LearningSettings) -> Seen:
    """Do the Ray task: read a tenant's newest days once for each kind, and have the models foretell them.

    Drift is told of the tenant's own champion, or of the global one if it has none.
    """
    lake = Lake.open(lake_url)
    manifest = lake.manifest(tenant_id)
    is_heard = manifest is not None and manifest.contributes
    # Of a tenant that has withdrawn nothing takes part in what is decided for all: neither what it said before.
    shadows = {
        challenger.model_id: Shadow()
        for each in watched
        if each.champion.tenant_id is None and not is_heard
        for challenger in each.challengers
    }
    days = learning.days
    drifts: dict[LearnedKind, dict[str, Any]] = {}
    unread: dict[str, str] = {}
    for kind, back in ((LearnedKind.CONVERSION, days), (LearnedKind.PLTV, days_of_installs(days))):
        of_kind = [each for each in watched if each.champion.kind is kind]
        span = None if manifest is None else Days.newest(lake, manifest, back, learning.task_bytes)
        if not of_kind or span is None:
            continue
        look = _Look(lake, kind, span, learning.rows_max)
        serving = min(of_kind, key=lambda each: each.champion.tenant_id is None).champion
        for each in of_kind:
            if each.champion.tenant_id or is_heard:
                shadows |= look.shadows(each)
        unread |= look.unread
        if (told := look.drift(serving, _start_of(span.last - timedelta(days=days - 1)))) is not None:
            drifts[kind] = told | {"newest_day": str(span.last), "model_id": serving.model_id}
    return Seen(shadows, drifts, unread)


class _Look:
    """The rows of one kind, read once, and the models that foretell them."""

    def __init__(self, lake: Lake, kind: LearnedKind, span: Days, rows_max: int) -> None:
        self.unread: dict[str, str] = {}
        """By challenger, why it could not be compared: it, or its champion, cannot be read."""
        self._kept = Artifacts(lake)
        self._currency = commonest_currency(span) if kind is LearnedKind.PLTV else ""
        self._table: JourneyTable | InstallTable
        if kind is LearnedKind.CONVERSION:
            self._table = read_journeys(span, rows_max, _unsaid)
        else:
            self._table = read_installs(span, rows_max, _unsaid, self._currency)

    def shadows(self, watched: Watched) -> dict[str, Shadow]:
        """Compare each challenger with the champion on the rows after the last day that either learned from.

        Of one that cannot be read no row says anything, and the others are compared all the same.
        """
        made = {}
        champion = self._model(watched.champion)
        for document in watched.challengers:
            challenger = self._model(document)
            if champion is None or challenger is None:
                unread = watched.champion if champion is None else document
                self.unread[document.model_id] = f"it cannot be compared: {unread.model_id} cannot be read"
                made[document.model_id] = Shadow()
                continue
            if not self._foretells(watched.champion) or not self._foretells(document):
                made[document.model_id] = Shadow()
                continue
            last = max(document.data.last_day, watched.champion.data.last_day)
            since = _start_of(last + timedelta(days=1))
            lost = self._losses(champion, challenger, since)
            difference = lost[1] - lost[0]
            made[document.model_id] = Shadow(
                len(difference), float(difference.sum()), float((difference**2).sum()), float(lost[0].sum())
            )
        return made

    def drift(self, document: LearnedModelDocument, since: float) -> dict[str, Any] | None:
        """Tell, week by week since a moment, how far each feature has moved, and what was foretold and what came.

        None of a model that cannot be read: it serves nobody.
        """
        model, table = self._model(document), self._table
        if model is None:
            return None
        profile = document.feature_profile
        weeks: list[dict[str, Any]] = []
        calibration: list[dict[str, Any]] = []
        if isinstance(table, JourneyTable) and isinstance(model, ConversionModel):
            matrix, names, moments = model.features(table), model.feature_names, table.ends
            found = calibration_by_week(table.ends, table.converted, model.probability(table), table.weights)
            calibration = [asdict(each) | {"week": str(each.week)} for each in found]
            if document.tenant_id is None:
                # Its channels are those of all tenants: each hears of its own.
                profile = {name: profile[name] for name in names_of_channels(profile, table.channels)}
        elif isinstance(table, InstallTable) and isinstance(model, PltvModel):
            matrix, names, moments = model.features(table), FEATURES, table.installed_at
        else:
            raise TypeError(f"{document.model_id} does not fit its kind")
        for week in np.unique(_week_of(moments[moments >= since])):
            rows = _week_of(moments) == week
            psi = drift(profile, matrix[rows], names, np.ones(int(rows.sum())))
            weeks.append({"week": _monday(week), "rows": int(rows.sum()), "psi": psi})
        return {"weeks": weeks, "calibration": calibration}

    def _foretells(self, document: LearnedModelDocument) -> bool:
        """Say whether a model speaks of the rows' revenue, or of none."""
        return (document.currency or "") == self._currency

    def _losses(self, champion: Any, challenger: Any, since: float) -> tuple[Floats, Floats]:
        """Give what each loses on each of the later rows, by the row; on none, if they foretell nothing alike."""
        table = self._table
        if isinstance(table, JourneyTable):
            # What began before is partly what the models have learned from.
            later = table.select(table.times[table.starts[:-1]] >= since)
            if not len(later):
                return np.empty(0), np.empty(0)
            own, others = (losses(later.converted, each.probability(later)) for each in (champion, challenger))
            return own, others
        return errors_beside(champion, challenger, table.select(table.installed_at >= since))

    def _model(self, document: LearnedModelDocument) -> Any:
        """Read a model; None, which the log says, where it cannot be."""
        try:
            return learned_artifacts.load_kind(document.kind, self._kept.get(document.artifact.sha256))
        except (FileNotFoundError, ArtifactCorruptError, ArtifactRefusedError) as error:
            log.warning("model_unreadable", model_id=document.model_id, error=repr(error))
            return None


def _start_of(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _week_of(moments: Floats) -> Floats:
    # 1970 began on a Thursday: three days later than a week does.
    return (moments + 3 * 86_400.0) // _WEEK_SECONDS


def _monday(week: float) -> str:
    return str(datetime.fromtimestamp(week * _WEEK_SECONDS - 3 * 86_400.0, UTC).date())


def _unsaid(_dataset: str, _rows: int) -> None:
    """Nobody listens."""
