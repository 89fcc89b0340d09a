"""Trainings and exports as jobs: what each is asked to do, its steps as a table, and how far it came.

Whoever carries out a step records it afterwards; one that dies in between has it done again, so each step finds by
itself what is there already.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict

from schemas.learning import LearnedKind


class LearningJobKind(StrEnum):
    """What a job of learning does."""

    RETRAIN = "retrain"
    LAKE_EXPORT = "lake_export"


LEARNING_JOBS = frozenset(kind.value for kind in LearningJobKind)


class LearningStep(StrEnum):
    """A piece of work that may be repeated; recorded when it is done."""

    EXPORT = "export"
    TRAIN = "train"
    REGISTER = "register"
    JUDGE = "judge"
    OBSERVE = "observe"


LEARNING_STEPS: Mapping[LearningJobKind, tuple[LearningStep, ...]] = MappingProxyType(
    {
        LearningJobKind.RETRAIN: (
            LearningStep.EXPORT,
            LearningStep.TRAIN,
            LearningStep.REGISTER,
            LearningStep.JUDGE,
        ),
        LearningJobKind.LAKE_EXPORT: (LearningStep.EXPORT, LearningStep.OBSERVE),
    }
)
"""What is to be done, in this order."""


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class TrainingProgress(_Document):
    """How far a training came, as it says itself: `total` None where it is not known."""

    stage: str
    done: int = 0
    total: int | None = None
    say: str = ""


class LearningDetail(_Document):
    """What is kept with a job: what was asked for, and what its run has found out.

    `model` is None for an export. `lines_done` of the training's log are in the job's. `base_model_id` is the global
    model that a tenant's is fine-tuned from, or (pLTV) has to beat, `verdict` what was decided about the model in the
    end. `times_lost` says how often the training was lost with whoever ran it, and submitted again.
    """

    model: LearnedKind | None = None
    seed: int | None = None
    asked_by: str = "schedule"
    base_model_id: str | None = None
    lines_done: int = 0
    progress: TrainingProgress | None = None
    verdict: str | None = None
    times_lost: int | None = None

    def stored(self) -> dict[str, Any]:
        """Give what the table keeps."""
        return self.model_dump(mode="json", exclude_none=True)
