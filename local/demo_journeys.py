"""Two weeks of an invented app's marketing, with the true effect of every media source planted and written down.

Each person has an intent of their own and meets a few touches; each touch adds its source's effect to the
log-odds that they install (`local.demo_sources`). So the installs that a source really brought are known:
for every person it reached, the probability to install with its touches less that without them. A model's
credits can be held against that, which no real data allows.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson

from local.demo_life import events_after_install
from local.demo_people import (
    Period,
    Person,
    Touch,
    install_event,
    install_log_odds,
    make_person,
    make_touches,
    pick_time,
    sigmoid,
    touch_event,
)
from local.demo_sources import BASE_LOG_ODDS, EVERY_SOURCE

VERSION = 1
"""Raised with every change that makes other events of the same seed."""

PEOPLE_DEFAULT = 4_850
"""About 20,000 events: loaded in seconds, and enough for every chart."""

DAYS_DEFAULT = 14

_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


@dataclass(frozen=True, slots=True)
class Demo:
    """`rows` holds one event a line of NDJSON, each person whole and in time order; `truth` is JSON-able."""

    rows: tuple[bytes, ...]
    truth: dict[str, Any]


class _Ledger:
    """Adds up what the planted effects are expected to do."""

    def __init__(self) -> None:
        self.people: Counter[str] = Counter()
        self.touches: Counter[str] = Counter()
        self.incremental: defaultdict[str, float] = defaultdict(float)
        self.expected = 0.0
        self.without_touches = 0.0

    def add(self, person: Person, touches: list[Touch]) -> float:
        """Count one person, and return the probability that they install."""
        probability = sigmoid(install_log_odds(person, touches))
        self.expected += probability
        self.without_touches += sigmoid(install_log_odds(person, []))
        self.touches.update(touch.source.name for touch in touches)
        for name in sorted({touch.source.name for touch in touches}):
            self.people[name] += 1
            self.incremental[name] += probability - sigmoid(install_log_odds(person, touches, without=name))
        return probability


def make_demo(
    *,
    seed: int,
    now: datetime,
    app_id: str = "com.example.demo",
    people: int = PEOPLE_DEFAULT,
    days: int = DAYS_DEFAULT,
) -> Demo:
    """Invent the touches, installs and lives of `people` people in the `days` whole UTC days before `now`'s day.

    The same seed, day, app and days make the same events with the same ids; more people only add some.
    Takes about 400 bytes of memory an event. `now` needs an offset.
    """
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    period = Period(today - timedelta(days=days), days)
    chance = Random(seed)  # noqa: S311 - it is to be repeatable, not secret
    ledger = _Ledger()
    rows: list[bytes] = []
    installs = 0
    for number in range(people):
        person = make_person(chance, f"{VERSION}/{seed}/{today:%Y-%m-%d}/{days}/{app_id}/{number}", app_id)
        events = _events(chance, person, period, ledger)
        installs += any(event["event_type"] == "install" for event in events)
        rows += (orjson.dumps(event, option=_OPTIONS) for event in events)
    totals = {"people": people, "events": len(rows), "installs": installs}
    made = {"version": VERSION, "seed": seed, "from": f"{period.start:%Y-%m-%d}", "days": days, "app_id": app_id}
    return Demo(tuple(rows), made | totals | _truth(ledger))


def _events(chance: Random, person: Person, period: Period, ledger: _Ledger) -> list[dict[str, Any]]:
    at_phone = pick_time(chance, person, period)
    touches = make_touches(chance, person, at_phone, (at_phone - period.start).days)
    events = [touch_event(chance, person, touch) for touch in touches]
    if chance.random() < ledger.add(person, touches):
        install = install_event(chance, person, touches, at_phone, period.end)
        events += install, *events_after_install(chance, person, install["event_time"], period.end)
    return events


def _truth(ledger: _Ledger) -> dict[str, Any]:
    """Write the truth down: per source its effect, whom it reached, and the installs it is expected to have brought.

    The sources' incremental installs need not sum to all that advertising brought, because effects meet in
    one person and log-odds do not add up as probabilities do.
    """
    return {
        "base_log_odds": BASE_LOG_ODDS,
        "expected_installs": round(ledger.expected, 3),
        "expected_installs_without_touches": round(ledger.without_touches, 3),
        "channels": {
            source.name: {
                "log_odds_per_touch": source.effect,
                "touches": ledger.touches[source.name],
                "people_reached": ledger.people[source.name],
                "expected_incremental_installs": round(ledger.incremental[source.name], 3),
            }
            for source in EVERY_SOURCE
        },
    }
