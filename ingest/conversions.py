"""Which events are conversions: installs, sessions that a link opened, and what the tenant's policy names."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from schemas.event_types import EventType

ConversionTest = Callable[[dict[str, Any]], bool]

_TYPES_NAMED = frozenset({EventType.PURCHASE, EventType.AD_REVENUE})
"""Events that a policy names by their type; of in-app events it names the `event_name`."""


@lru_cache(maxsize=1024)
def conversion_tests(named: frozenset[str]) -> Mapping[str, ConversionTest]:
    """Make the tests by event type: a valid event of a type without one is no conversion.

    `named` are a policy's `conversion_events`. A session with a click id or deep link may be a re-engagement.
    """
    in_app = named - _TYPES_NAMED
    tests: dict[str, ConversionTest] = dict.fromkeys(
        (EventType.INSTALL, EventType.REINSTALL, *(named & _TYPES_NAMED)), lambda _: True
    )
    tests[EventType.SESSION] = lambda event: "deep_link" in event or "click_id" in event
    if in_app:
        tests[EventType.IN_APP] = lambda event: event["event_name"] in in_app
    return tests


DEFAULT_TESTS = conversion_tests(frozenset({EventType.PURCHASE}))
