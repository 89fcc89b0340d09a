"""Persons: the ids of one human being, and the links between ids that say so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class IdentityKind(StrEnum):
    """What an id names: a customer, a device by its advertising or vendor id, or somebody before login."""

    USER_ID = "user_id"
    ADVERTISING_ID = "advertising_id"
    VENDOR_ID = "vendor_id"
    ANONYMOUS_ID = "anonymous_id"


class IdentityKey(NamedTuple):
    """One id of a person."""

    kind: IdentityKind
    value: str


class Link(NamedTuple):
    """What an event says: this user and this other id are one person. `linked_at` is the event's time."""

    user_id: str
    key: IdentityKey
    event_id: str
    linked_at: datetime

    @property
    def user(self) -> IdentityKey:
        """Give the user's end of the link."""
        return IdentityKey(IdentityKind.USER_ID, self.user_id)


@dataclass(frozen=True, slots=True)
class Edge:
    """A recorded link; its event is the first that said so. A removed one counts for nothing and never comes back."""

    edge_id: int
    link: Link
    recorded_at: datetime
    removed_at: datetime | None = None
    removed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Sightings:
    """What a batch that was stored holds beside its rows: the hours of its events, links, and keys of touches.

    `hours` are the starts of hours (UTC) in which its events happened; `touch_keys` hashes of match keys, each with the
    time of its earliest touch in the batch.
    """

    hours: tuple[datetime, ...] = ()
    links: tuple[Link, ...] = ()
    touch_keys: tuple[tuple[int, datetime], ...] = ()
