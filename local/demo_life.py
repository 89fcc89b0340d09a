"""What an invented person of the demo does after the install: sessions, levels, purchases, advertisements seen."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from local.demo_people import Person, make_id

_RETURN_SHARE = 0.42
_RETURN_DECAY = 0.45
"""Day N after the install sees `_RETURN_SHARE * N ** -_RETURN_DECAY` of the people again."""

_SECOND_SESSION_SHARE = 0.4
_TUTORIAL_SHARE = 0.72
_IDENTIFY_SHARE = 0.45
_LEVEL_SHARE = 0.5
_CART_SHARE = 0.16
_PURCHASE_SHARE = 0.45
_AD_SHARES = (0.45, 0.2)

_PRICE_LOG_USD = 1.9
_PRICE_DEVIATION = 0.8
_AD_LOG_USD = -4.6
_AD_DEVIATION = 0.7

_PRODUCTS = ("gems_small", "gems_large", "starter_pack", "season_pass")
_AD_NETWORKS = ("admob", "applovin_max", "unity")


def events_after_install(chance: Random, person: Person, installed: datetime, end: datetime) -> list[dict[str, Any]]:
    """Invent all that a person does from their install to `end` (excluded), in time order."""
    numbers = count()
    happened: list[dict[str, Any]] = []
    fields: dict[str, Any] = dict(person.fields)
    level = 1
    for start in _session_starts(chance, installed, end):
        for kind, seconds, more in _session(chance, level, is_first=not happened):
            if kind == "identify":
                fields["user_id"] = f"user-{make_id(f'{person.name}/user')[:8]}"
            level += more.get("event_name") == "level_up"
            event_id = make_id(f"{person.name}/{next(numbers)}")
            time = start + timedelta(seconds=seconds)
            happened.append({"event_id": event_id, "event_type": kind, "event_time": time, **fields, **more})
    return [event for event in happened if event["event_time"] < end]


def _session_starts(chance: Random, installed: datetime, end: datetime) -> Iterator[datetime]:
    yield installed + timedelta(seconds=chance.uniform(1, 20))
    for day in range(1, (end - installed).days + 1):
        if chance.random() < _RETURN_SHARE * day**-_RETURN_DECAY:
            start = installed + timedelta(days=day, hours=chance.uniform(-3, 3))
            yield start
            if chance.random() < _SECOND_SESSION_SHARE:
                yield start + timedelta(hours=chance.uniform(3, 9))


def _session(chance: Random, level: int, *, is_first: bool) -> Iterator[tuple[str, float, dict[str, Any]]]:
    """Yield what happens in one session: event type, seconds since it began, and the event's own fields."""
    yield "session", 0.0, {}
    clock = 0.0
    if is_first and chance.random() < _TUTORIAL_SHARE:
        clock += chance.uniform(90, 300)
        yield "in_app", clock, {"event_name": "tutorial_complete"}
        if chance.random() < _IDENTIFY_SHARE:
            clock += chance.uniform(10, 60)
            yield "identify", clock, {}
    if chance.random() < _LEVEL_SHARE:
        clock += chance.uniform(60, 400)
        yield "in_app", clock, {"event_name": "level_up", "properties": {"level": level + 1}}
    for share in _AD_SHARES:
        if chance.random() < share:
            clock += chance.uniform(20, 120)
            revenue = chance.lognormvariate(_AD_LOG_USD, _AD_DEVIATION)
            network = {"ad_network": chance.choice(_AD_NETWORKS)}
            yield "ad_revenue", clock, {"revenue": f"{revenue:.6f}", "currency": "USD", "properties": network}
    if chance.random() < _CART_SHARE:
        clock += chance.uniform(20, 200)
        product = {"product_id": chance.choice(_PRODUCTS)}
        yield "in_app", clock, {"event_name": "add_to_cart"} | product
        if chance.random() < _PURCHASE_SHARE:
            clock += chance.uniform(15, 90)
            price = chance.lognormvariate(_PRICE_LOG_USD, _PRICE_DEVIATION)
            yield "purchase", clock, {"revenue": f"{price:.2f}", "currency": "USD", "quantity": 1} | product
