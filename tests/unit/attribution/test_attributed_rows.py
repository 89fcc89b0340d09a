"""The row that reports read."""

from datetime import timedelta
from typing import Any

import orjson
from xxhash import xxh3_64_intdigest

from attribution.attributed_rows import attributed_row
from attribution.decide import attribute
from attribution.fraud.settle import settle
from attribution.people import NOBODY, person_key
from schemas.policy import Policy
from tests.unit.attribution.cases import case, touch
from tests.unit.attribution.fraud.test_settle import INJECTED

HOUR = timedelta(hours=1)
EVENT = {"event_id": "i-1", "event_type": "install", "device_id": "d-1", "app_id": "app", "country": "DE"}


def as_recorded(result: Any) -> dict[str, Any]:
    """Read a result as it comes back from Postgres."""
    read: dict[str, Any] = orjson.loads(orjson.dumps(result, default=lambda value: value._asdict()))
    return read


def test_a_row_says_who_won_and_how() -> None:
    """The winner's names, the event's fields, the install as its own source, and the journey oldest first."""
    cases = case(touch("old", 3 * HOUR, source="email"), touch("won", HOUR), touch("late", -HOUR))
    row = attributed_row(EVENT, as_recorded(attribute(cases, Policy(version=7))), 2)
    assert (row["media_source"], row["campaign"], row["attributed_touch_id"]) == ("google_ads", "spring", "won")
    assert (row["revision"], row["policy_version"], row["ctit_seconds"]) == (2, 7, 3600.0)
    assert (row["country"], row["app_id"]) == ("DE", "app")
    assert (row["install_id"], row["install_time"]) == ("conversion-1", row["conversion_time"])
    assert (row["touch_ids"], row["touch_sources"]) == (["old", "won"], ["email", "google_ads"])
    assert {name for name in row if name.startswith("touch_") and len(row[name]) != 2} == {"touch_credits"}
    assert (row["touch_credits"], row["learned_model"]) == ([], "")


def test_a_row_has_the_credits_of_its_touches() -> None:
    """In the order of the touches, oldest first, whatever their order in the result; and says which model gave them."""
    result = as_recorded(attribute(case(touch("old", 3 * HOUR), touch("won", HOUR)), Policy()))
    shared = {"touch_credits": {"won": 0.75, "old": 0.25}, "model_version": "rules-2+conversion-t1-0b9c"}
    row = attributed_row(EVENT, result | shared, 1)
    assert (row["touch_ids"], row["touch_credits"]) == (["old", "won"], [0.25, 0.75])
    assert row["learned_model"] == "conversion-t1-0b9c"


def test_an_organic_purchase_has_no_touch_and_no_install() -> None:
    """What a result does not have is left to the table's defaults."""
    row = attributed_row(EVENT | {"revenue": "4.99"}, as_recorded(attribute(case(kind="purchase"), Policy())), 1)
    assert (row["is_organic"], row["media_source"], row["revenue"]) == (True, "organic", "4.99")
    assert not row.keys() & {"attributed_touch_id", "match_type", "install_id", "install_time", "currency"}
    assert (row["touch_ids"], row["site_id"]) == ([], "")


def test_an_heir_names_its_install_and_its_source() -> None:
    """A purchase that inherits has the install's names, id and time, and is what the rules made of it."""
    result = as_recorded(attribute(case(touch("own", HOUR), kind="purchase"), Policy()))
    heritage = {
        "install_id": "i-1",
        "install_time": "2026-03-01T00:00:00Z",
        "site_id": "s",
        "conversion_kind": "purchase",
    }
    row = attributed_row(EVENT, result | heritage | {"media_source": "email"}, 1)
    assert {name: row[name] for name in heritage} == heritage
    assert (row["media_source"], row["touch_ids"]) == ("email", ["own"])


def test_a_person_is_known_by_the_strongest_identity() -> None:
    """device_id before gaid before user_id, hashed with its kind; nobody without any."""
    assert person_key({"user_id": "u", "gaid": "g", "device_id": "d"}) == xxh3_64_intdigest(b"vendor_id:d")
    assert person_key({"user_id": "u", "gaid": "g"}) == xxh3_64_intdigest(b"advertising_id:g")
    assert person_key({"user_id": "u"}) == xxh3_64_intdigest(b"user_id:u")
    assert person_key({"ip": "192.0.2.1"}) == NOBODY


def test_a_rejected_claim_is_told_beside_the_verdict_on_the_conversion() -> None:
    """Taken from an injector, an install is valid, and the row still tells who claimed it and how that was judged."""
    result = orjson.loads(orjson.dumps(settle(INJECTED, Policy(), attribute), default=lambda value: value._asdict()))
    row = attributed_row({"received_at": "2026-03-14T12:00:00Z"}, result, 1)
    assert (row["media_source"], row["fraud_verdict"], row["fraud_rules"]) == ("honest", "valid", [])
    assert (row["claimed_media_source"], row["claim_verdict"], row["claim_rules"]) == (
        "injector",
        "rejected",
        ["click_injection"],
    )
    assert row["claimed_ctit_seconds"] == -25.0
