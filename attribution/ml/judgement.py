"""Which model is to count: pure decisions over measures, with the margin by which a challenger must win.

A model wins over another when its loss is lower by at least the margin, as a share of the other's loss, and the 95 %
interval of the difference of the two on the same rows lies below 0. In shadow the difference is that of each row's
losses; its interval is the normal one, from the sums that each tenant's rows give.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from schemas.learning import Estimate, LearnedKind, LearnedModelDocument

RATIO_MIN, RATIO_MAX = 0.8, 1.25
"""Between these the total that is foretold may be planned with."""

_NORMAL_95 = 1.959964
_LOSING_ROWS = 4
"""A challenger that is worse on so many times the rows that suffice to win is refused."""

_GLOBAL = "global"
_LAST_TOUCH, _MEAN_BY_SOURCE = "last_touch", "mean_by_source"


class Outcome(StrEnum):
    """What is to be done with a model."""

    PROMOTE = "promote"
    REFUSE = "refuse"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done with a model, and why."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Shadow:
    """Two models' losses on rows that came after both were trained: sums over one tenant's rows, or over all."""

    rows: int = 0
    difference: float = 0.0
    difference_squared: float = 0.0
    champion_loss: float = 0.0

    def plus(self, other: "Shadow") -> "Shadow":
        """Put two sets of rows together."""
        return Shadow(
            self.rows + other.rows,
            self.difference + other.difference,
            self.difference_squared + other.difference_squared,
            self.champion_loss + other.champion_loss,
        )

    def interval(self) -> tuple[float, float, float]:
        """Give the mean difference, challenger less champion, and its 95 % interval; of no rows it is infinite."""
        if not self.rows:
            return 0.0, float("-inf"), float("inf")
        mean = self.difference / self.rows
        variance = max(self.difference_squared / self.rows - mean * mean, 0.0)
        reach = _NORMAL_95 * sqrt(variance / self.rows)
        return mean, mean - reach, mean + reach


def judge_first(document: LearnedModelDocument, margin: float) -> Verdict:
    """Judge a model whose scope has no champion, by its own holdout."""
    if document.kind is LearnedKind.ANOMALY:
        return Verdict(Outcome.PROMOTE, "a score of the unusual has no truth to be measured by")
    if document.kind is LearnedKind.PLTV:
        return _judge_pltv(document, margin)
    subjects = [_LAST_TOUCH, *([_GLOBAL] if document.base_model_id else [])]
    for subject in subjects:
        if not _beats(document, subject, margin):
            return Verdict(Outcome.REFUSE, f"it does not beat {subject} on its holdout by {margin:.2%}")
    return Verdict(Outcome.PROMOTE, f"it beats {' and '.join(subjects)} on its holdout")


def judge_shadow(parts: Iterable[Shadow], rows_min: int, margin: float) -> tuple[Verdict, Shadow]:
    """Judge a challenger beside the champion; give also the sums that it was judged by."""
    shadow = Shadow()
    for part in parts:
        shadow = shadow.plus(part)
    mean, low, high = shadow.interval()
    if shadow.rows < rows_min:
        return Verdict(Outcome.WAIT, f"{shadow.rows} of {rows_min} rows came after both were trained"), shadow
    said = f"loss {mean:+.5f} [{low:+.5f}, {high:+.5f}] beside the champion on {shadow.rows} rows"
    if high < 0 and -mean >= margin * shadow.champion_loss / shadow.rows:
        return Verdict(Outcome.PROMOTE, said), shadow
    if low > 0 and shadow.rows >= _LOSING_ROWS * rows_min:
        return Verdict(Outcome.REFUSE, said), shadow
    return Verdict(Outcome.WAIT, said), shadow


def _judge_pltv(document: LearnedModelDocument, margin: float) -> Verdict:
    ratio = document.metric("total_ratio")
    if ratio is None or not RATIO_MIN <= ratio.value <= RATIO_MAX:
        told = "is not known" if ratio is None else f"is {ratio.value:.2f} of what came"
        return Verdict(Outcome.REFUSE, f"the total that it foretells {told}, not {RATIO_MIN} to {RATIO_MAX}")
    if _pinball(document, "model") >= _pinball(document, _MEAN_BY_SOURCE):
        return Verdict(Outcome.REFUSE, f"its bands are no better than {_MEAN_BY_SOURCE}'s on its holdout")
    beaten = [_MEAN_BY_SOURCE]
    if document.base_model_id is not None:
        if not _wins(document.metric("pinball_difference", _GLOBAL), _pinball(document, _GLOBAL), margin):
            return Verdict(Outcome.REFUSE, f"its bands do not beat {_GLOBAL}'s on its holdout by {margin:.2%}")
        beaten.append(_GLOBAL)
    return Verdict(Outcome.PROMOTE, f"its total is right and its bands beat {' and '.join(beaten)} on its holdout")


def _pinball(document: LearnedModelDocument, subject: str) -> float:
    """Add up the losses of both ends of a subject's bands; 0 where they are not known."""
    return sum(each.value for name in ("pinball_low", "pinball_high") if (each := document.metric(name, subject)))


def _beats(document: LearnedModelDocument, subject: str, margin: float) -> bool:
    loss = document.metric("log_loss", subject)
    return loss is not None and _wins(document.metric("log_loss_difference", subject), loss.value, margin)


def _wins(difference: Estimate | None, loss: float, margin: float) -> bool:
    """Say whether a loss less another's is below 0 beyond doubt, and by the margin as a share of the other's."""
    if difference is None or difference.high is None:
        return False
    return difference.high < 0 and -difference.value >= margin * loss
