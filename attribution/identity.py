"""Who is one person: union-find over the links that events make between ids.

A link joins a user id with another id of whoever used it: a device, an advertising id, an id from before login. Persons
are the connected components of the links, so they depend on the set of links alone: not on the order in which they
came, and a link that is taken back leaves no trace.

Ids that stand for many people join nobody, or one tablet in a shop would make one person of all its customers: an id
that more than 5 users have, and a user id that more than 100 other ids have (`guest`, `null`). Which these are depends
on the links alone, too.

The method is weighted quick-union with path halving: Tarjan, "Efficiency of a good but not linear set union algorithm",
JACM 22 (1975). It takes nearly constant time a link.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from schemas.identity import IdentityKey, IdentityKind, Link
from schemas.limits import IDENTITY_KEYS_PER_USER_MAX, IDENTITY_USERS_PER_KEY_MAX
from schemas.touchpoints import MatchKey, MatchType

_ABSENT_UUID = "00000000-0000-0000-0000-000000000000"
_OTHER_FIELDS = (
    ("gaid", IdentityKind.ADVERTISING_ID),
    ("idfa", IdentityKind.ADVERTISING_ID),
    ("oaid", IdentityKind.ADVERTISING_ID),
    ("idfv", IdentityKind.VENDOR_ID),
    ("device_id", IdentityKind.VENDOR_ID),
    ("anonymous_id", IdentityKind.ANONYMOUS_ID),
)
KIND_OF_FIELD = {"user_id": IdentityKind.USER_ID} | dict(_OTHER_FIELDS)
"""The kind of id that each field of an event holds."""

ANONYMOUS_PREFIX = "anonymous_id:"
"""Whoever has no user id yet is filed under the anonymous one in its place; the prefix keeps the two apart."""

_MATCH_TYPES = {
    IdentityKind.USER_ID: MatchType.USER_ID,
    IdentityKind.ADVERTISING_ID: MatchType.ADVERTISING_ID,
    IdentityKind.VENDOR_ID: MatchType.VENDOR_ID,
}

Person = frozenset[IdentityKey]


def keys_of(event: Mapping[str, Any]) -> tuple[IdentityKey, ...]:
    """Read the ids of whoever sent an event, each once: the user's first."""
    found = dict.fromkeys(
        IdentityKey(kind, event[field])
        for field, kind in KIND_OF_FIELD.items()
        if event.get(field) and event[field] != _ABSENT_UUID
    )
    return tuple(found)


def links_of(event: Mapping[str, Any]) -> tuple[Link, ...]:
    """Read the links that an event makes: its user id with each of its other ids; none without a user id.

    Raises:
        KeyError, ValueError: it has no id, or no time as every accepted event has.
    """
    user_id = event.get("user_id")
    if not user_id:
        return ()
    linked_at = datetime.fromisoformat(event["event_time"])
    others = (key for key in keys_of(event) if key.kind is not IdentityKind.USER_ID)
    return tuple(Link(user_id, key, event["event_id"], linked_at) for key in others)


def match_key(key: IdentityKey) -> MatchKey:
    """Say under which key the touches of an id are filed."""
    if key.kind is IdentityKind.ANONYMOUS_ID:
        return MatchKey(MatchType.USER_ID, ANONYMOUS_PREFIX + key.value)
    return MatchKey(_MATCH_TYPES[key.kind], key.value)


def crowded(links: Iterable[Link]) -> set[IdentityKey]:
    """List the ids that stand for too many people to join anybody."""
    neighbours: defaultdict[IdentityKey, set[IdentityKey]] = defaultdict(set)
    for link in links:
        neighbours[link.user].add(link.key)
        neighbours[link.key].add(link.user)
    return {key for key, others in neighbours.items() if len(others) > degree_max(key)}


def degree_max(key: IdentityKey) -> int:
    """Say with how many others an id may be linked and still join them."""
    return IDENTITY_KEYS_PER_USER_MAX if key.kind is IdentityKind.USER_ID else IDENTITY_USERS_PER_KEY_MAX


def persons(links: Iterable[Link]) -> dict[IdentityKey, Person]:
    """Give each linked id its person; one that joins nobody is a person by itself."""
    links = tuple(links)
    joined = _Union()
    shared = crowded(links)
    for link in links:
        roots = joined.root(link.user), joined.root(link.key)
        if link.user not in shared and link.key not in shared:
            joined.join(*roots)
    members: defaultdict[IdentityKey, set[IdentityKey]] = defaultdict(set)
    for key in joined.parents:
        members[joined.root(key)].add(key)
    people = {root: frozenset(keys) for root, keys in members.items()}
    return {key: people[joined.root(key)] for key in joined.parents}


def canonical(person: Person) -> IdentityKey:
    """Give the id by which a person goes: the least user id, else the least of what there is."""
    return min(person, key=lambda key: (key.kind is not IdentityKind.USER_ID, key))


class _Union:
    """Disjoint sets of ids."""

    def __init__(self) -> None:
        self.parents: dict[IdentityKey, IdentityKey] = {}
        self._sizes: dict[IdentityKey, int] = {}

    def root(self, key: IdentityKey) -> IdentityKey:
        """Find the id that stands for a set; an unknown id is a new set."""
        parents = self.parents
        if key not in parents:
            parents[key] = key
            self._sizes[key] = 1
        while parents[key] != key:
            parents[key] = parents[parents[key]]
            key = parents[key]
        return key

    def join(self, first: IdentityKey, second: IdentityKey) -> None:
        """Make one set of two, given by their roots."""
        if first != second:
            small, large = sorted((first, second), key=self._sizes.__getitem__)
            self.parents[small] = large
            self._sizes[large] += self._sizes[small]
