"""The life of token keys."""

from datetime import UTC, datetime, timedelta

from schemas.ids import TenantId
from storage.postgres.directory import SigningKeyRecord
from tenancy.signing_keys import KeyState, schedule

START = datetime(2026, 11, 30, tzinfo=UTC)
TOKEN_SECONDS = 960


def key(kid: str, seconds: int) -> SigningKeyRecord:
    """Make a key that signs from so many seconds after the start."""
    return SigningKeyRecord(kid, TenantId("t1"), b"", "{}", START + timedelta(seconds=seconds))


def states(records: list[SigningKeyRecord], seconds: int) -> dict[str, str]:
    """Give each key's state so many seconds after the start."""
    now = START + timedelta(seconds=seconds)
    return {each.record.kid: each.state.value for each in schedule(records, now, TOKEN_SECONDS)}


def test_a_rotation() -> None:
    """The next key is published, signs from its time on, and the old one stays until its last token has expired."""
    keys = [key("old", 0), key("new", 900)]
    assert states(keys, 899) == {"old": "current", "new": "next"}
    assert states(keys, 900) == {"old": "retiring", "new": "current"}
    assert states(keys, 900 + TOKEN_SECONDS - 1) == {"old": "retiring", "new": "current"}
    assert states(keys, 900 + TOKEN_SECONDS) == {"new": "current"}


def test_rotations_that_follow_each_other_quickly() -> None:
    """Each key stays for its own last token, also if several retire at once."""
    keys = [key("a", 0), key("b", 100), key("c", 200)]
    assert states(keys, 250) == {"a": "retiring", "b": "retiring", "c": "current"}
    assert states(keys, 100 + TOKEN_SECONDS) == {"b": "retiring", "c": "current"}


def test_there_is_always_one_that_signs() -> None:
    """A clock behind the database's takes a first key that does not sign yet; without keys there is none."""
    assert states([key("only", 5)], 0) == {"only": "current"}
    assert states([], 0) == {}
    for seconds in range(0, 3_000, 50):
        found = list(states([key("a", 0), key("b", 900), key("c", 1_000)], seconds).values())
        assert found.count(KeyState.CURRENT) == 1
