"""Finds the persons around ids: reads links outward from them until nothing new joins."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from attribution.identity import Person, crowded, degree_max, persons
from schemas.identity import Edge, IdentityKey
from storage.postgres.identity_edges import IdentityEdges


@dataclass(frozen=True, slots=True)
class People:
    """Persons by each of their ids, the edges among which they were found, and the ids that stand for too many."""

    persons: Mapping[IdentityKey, Person] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    crowded: frozenset[IdentityKey] = frozenset()

    def of(self, keys: Iterable[IdentityKey]) -> set[IdentityKey]:
        """Give all ids of whoever has these."""
        found: set[IdentityKey] = set()
        for key in keys:
            found |= self.persons.get(key, frozenset({key}))
        return found


class Persons:
    """The persons of one tenant."""

    def __init__(self, edges: IdentityEdges) -> None:
        self._edges = edges

    async def around(self, keys: Collection[IdentityKey]) -> People:
        """Find the persons of ids.

        Each round asks for the edges of the ids that the last one found. Of an id with more edges than join, one more
        than that is read, so that it is known for it, and nothing is asked beyond it.
        """
        found: dict[int, Edge] = {}
        asked: set[IdentityKey] = set()
        frontier = set(keys)
        while frontier:
            asked |= frontier
            for edge in await self._edges.around({key: degree_max(key) + 1 for key in frontier}):
                found[edge.edge_id] = edge
            links = [edge.link for edge in found.values()]
            full = crowded(links)
            ends = {end for link in links if not {link.user, link.key} & full for end in (link.user, link.key)}
            frontier = ends - asked
        links = [edge.link for edge in found.values()]
        return People(persons(links), tuple(found.values()), frozenset(crowded(links)))
