"""The life of a tenant's token keys.

It follows from the times at which they begin to sign, and from nothing else:

    next      published, so that whoever checks tokens has it before it is used
    current   signs
    retiring  signs no more; verifies until the last token that it signed has expired

So no replica has to be told that a key's state changed, and none can be told wrongly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.postgres.directory import SigningKeyRecord


class KeyState(StrEnum):
    """What a token key is for at the moment."""

    NEXT = "next"
    CURRENT = "current"
    RETIRING = "retiring"


@dataclass(frozen=True, slots=True)
class ScheduledKey:
    """A key with its state; `ends_at` is when the last of its tokens has expired, None while it has no successor."""

    record: SigningKeyRecord
    state: KeyState
    ends_at: datetime | None


def schedule(records: Sequence[SigningKeyRecord], now: datetime, token_seconds: int) -> list[ScheduledKey]:
    """Give a tenant's keys that are not over, in the order in which they sign; exactly one of them is current.

    `records` come in the order of `signs_from`; a token may be accepted for `token_seconds` after it was signed.
    A clock that is behind the database's makes a first key current a little before its time.
    """
    begun = [index for index, record in enumerate(records) if record.signs_from <= now]
    current = begun[-1] if begun else 0
    scheduled = []
    for index, record in enumerate(records):
        ends_at = None
        if index + 1 < len(records):
            ends_at = records[index + 1].signs_from + timedelta(seconds=token_seconds)
        if index < current and ends_at is not None and ends_at <= now:
            continue
        state = KeyState.CURRENT if index == current else KeyState.RETIRING if index < current else KeyState.NEXT
        scheduled.append(ScheduledKey(record, state, ends_at))
    return scheduled
