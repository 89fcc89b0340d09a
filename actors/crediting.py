"""Adds the credits of learned models to what the rules decided in a call, or says why there are none.

The rules' results never wait longer than the deadline, and stand whatever becomes of the model.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import structlog

from actors.champion_calls import Champions
from actors.credit_giver import CreditGiver
from actors.model_shelf import ChampionsUnknownError, ModelShelf
from attribution.journeys import Floats
from schemas.ids import TenantId
from schemas.learning import LearnedKind
from schemas.results import AttributionOutcome, AttributionResult, ModelFallback
from schemas.settings import LearningSettings
from schemas.touchpoints import ConversionCase, Touchpoint
from telemetry.failpoints import hang, refuse

if TYPE_CHECKING:
    from attribution.ml.conversion import ConversionModel

log = structlog.get_logger()
