"""What a rule sees of a conversion, and what it says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from schemas.fraud import Evidence, FraudFacts
from schemas.fraud_policy import FraudPolicy
from schemas.touchpoints import Conversion, Touchpoint, TouchType

INSTALLS = frozenset({"install", "reinstall"})


@dataclass(frozen=True, slots=True)
class Sight:
    """A conversion, the facts about it, and its valid touches, newest first."""

    conversion: Conversion
    facts: FraudFacts
    touches: tuple[Touchpoint, ...]
    policy: FraudPolicy

    @property
    def is_install(self) -> bool:
        """Say whether click-to-install times mean anything here."""
        return self.conversion.conversion_type in INSTALLS

    @property
    def begin(self) -> datetime:
        """When the install began, by the store; else the first open, or the conversion's own time."""
        return self.conversion.install_begin_time or self.conversion.conversion_time

    def ctit_seconds(self, touch: Touchpoint) -> float | None:
        """From a click to the install's begin; None where there is none."""
        if not self.is_install or touch.touch_type is not TouchType.CLICK:
            return None
        return (self.begin - touch.touch_time).total_seconds()


Observation = tuple[str, Evidence]
"""The sentence, and the numbers that it rests on."""

TouchRule = Callable[[Touchpoint, Sight], Observation | None]
ConversionRule = Callable[[Sight], Observation | None]
